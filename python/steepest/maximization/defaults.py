"""What a run steps with where it is not told: chosen by the measurement in docs/defaults.md."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import described
from ..family import SGD, Adam, GradientAscent, Rprop
from ..optimizer import Optimizer
from .iterate import Iterate

#: The first step of Rprop as a part of x0's scale.
FIRST_STEP = 0.01
MAX_ITER = 50_000
GTOL = 1e-6
FTOL = 1e-9


def scale_of(x: Iterate) -> float:
    """The largest size of a real number in x0, or 1 if all are 0, but for what rounding leaves of them."""
    largest = max(float(np.abs(array).max(initial=0)) for array in x.arrays)
    return largest if largest > 1e-15 else 1.0


def build(
    optimizer: type[Optimizer] | None,
    options: Mapping[str, Any],
    x: Iterate,
    *,
    maximize: bool,
    with_batches: bool,
    projected: bool,
    scale: float | None = None,
) -> Optimizer:
    """The optimizer over x: the class asked for with its options, or the default one.

    Rprop's first step is a part of ``scale``, of x0's without one.
    """
    options = dict(options)
    if optimizer is None:
        if projected:
            optimizer = SGD
            options = {"lr": 0.01, "momentum": 0.9, **options}
        elif with_batches:
            optimizer = Adam
        else:
            optimizer = Rprop
            scale = scale or scale_of(x)
            most = min(float(np.finfo(array.dtype).max) for array in x.arrays)
            sizes = (1e-12 * min(scale, 1.0), min(1e3 * max(scale, 1.0), most))
            options = {"lr": FIRST_STEP * scale, "step_sizes": sizes, **options}
    if not (isinstance(optimizer, type) and issubclass(optimizer, Optimizer)):
        raise TypeError(f"optimizer: got {described(optimizer)}, expected a class such as SGD")
    if isinstance(x.x, list) and all(isinstance(p, dict) and "params" in p for p in x.x):
        raise ValueError(
            "x0: a list of dicts with 'params' reads as an optimizer's groups; expected another key"
        )
    known = inspect.signature(optimizer).parameters
    for name in options:
        if name not in known or name in ("parameters", "maximize", "callback"):
            offered = [n for n in known if n not in ("parameters", "maximize", "callback")]
            raise TypeError(
                f"{name}: no option of {optimizer.__name__}, which has {offered}, nor of the loop"
            )
    if "maximize" in known:
        options["maximize"] = maximize
    elif maximize:
        raise ValueError(
            f"optimizer: {optimizer.__name__} only descends; maximize needs {GradientAscent.__name__}"
        )
    return optimizer(x.x, **options)
