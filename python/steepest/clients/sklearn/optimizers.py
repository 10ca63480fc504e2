"""The optimizer that an estimator's parameter ``optimizer`` names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ... import spelling
from ...arrays import described
from ...optimizer import Optimizer


def optimizer_class(optimizer: Any) -> type[Optimizer]:
    """The class itself, or that of this name in any case: "adam"."""
    if isinstance(optimizer, str):
        if optimizer.lower() not in spelling.BY_NAME:
            raise ValueError(
                f"optimizer: got {optimizer!r}, expected one of {sorted(spelling.BY_NAME)}"
            )
        return spelling.BY_NAME[optimizer.lower()]
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer
    raise TypeError(
        f"optimizer: got {described(optimizer)}, expected a class such as steepest.Adam, or its name"
    )


def descending(kind: type[Optimizer], parameters: Any, options: Mapping[str, Any]) -> Optimizer:
    """An optimizer that goes down, whatever its class does by default."""
    goes_both_ways = "maximize" in inspect.signature(kind).parameters
    direction = {"maximize": False} if goes_both_ways else {}
    return kind(parameters, **{**options, **direction})


def revived(kind: type[Optimizer], saved: Mapping[str, Any], parameters: Any) -> Optimizer:
    """The optimizer that this was pickled from, over other arrays of the same shapes.

    joblib shares large arrays of what it sends to workers read-only, so an estimator must load where its
    optimizer could not step.
    """
    optimizer = kind.__new__(kind)
    optimizer.__setstate__({**saved, "sources": [parameters]})
    return optimizer
