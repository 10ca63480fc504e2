"""The family's classes under another library's conventions: by name, or with its base."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, Signature
from typing import Any, TypeVar

import numpy as np

from . import family
from .arrays import Array
from .optimizer import Optimizer

Base = TypeVar("Base")

#: Every optimizer by its name in lower case, as other libraries spell functions and choices.
BY_NAME: dict[str, type[Optimizer]] = {
    name.lower(): getattr(family, name) for name in family.__all__
}


def climbs(optimizer: type[Optimizer]) -> bool:
    """Whether it goes up unless asked not to."""
    up = inspect.signature(optimizer).parameters.get("maximize")
    return up is not None and bool(up.default)


def classes(
    base: type[Base], rate: str, given: Mapping[str, Any], instead: Iterable[str]
) -> dict[str, type[Base]]:
    """A subclass of ``base`` for each of steepest's optimizers, by its name, with that one in ``_family``.

    Its signature, which help() and registries read, has the learning rate first, under the name ``rate``;
    then what is ``given``, with its default; then the optimizer's options but those of which something
    else is taken ``instead``.
    """

    def spelt(name: str) -> type[Base]:
        optimizer = getattr(family, name)
        options = dict(inspect.signature(optimizer).parameters)
        del options["parameters"]
        first = options.pop("lr").replace(name=rate, annotation=Parameter.empty)
        own = {key: option.default for key, option in options.items() if key not in instead}
        defaults = {**given, **own, **given}
        others = (Parameter(k, Parameter.KEYWORD_ONLY, default=v) for k, v in defaults.items())
        attributes = {
            "__doc__": f"`steepest.{name}`; arguments as for :class:`{base.__name__}`.",
            "__module__": base.__module__,
            "__signature__": Signature([first, *others]),
            "_family": optimizer,
        }
        return type(name, (base,), attributes)

    return {name: spelt(name) for name in family.__all__}


def check(optimizer: Callable[..., Optimizer] | None, **options: Any) -> None:
    """TypeError or ValueError unless the optimizer takes these options; there are no parameters yet."""
    if optimizer is None:
        raise TypeError("Optimizer: is none itself, expected one of its subclasses")
    optimizer(np.zeros(1, np.float32), **options)


def refuse(options: Iterable[str], instead: Mapping[str, str]) -> None:
    """TypeError for an option that is spelt otherwise, with what to write ``instead``."""
    for name in options:
        if name in instead:
            raise TypeError(f"{name}: not taken here, expected {instead[name]}")


def check_real(label: str, array: Array) -> None:
    """TypeError for complex numbers, where the library has no convention for their gradient."""
    if np.iscomplexobj(array):
        raise TypeError(
            f"{label}: got an array of {array.dtype}, expected float32 or float64; "
            "step its real and its imaginary part, as two arrays"
        )


def default_rate(optimizer: Callable[..., Optimizer]) -> Any:
    """The learning rate that an optimizer has by default."""
    return inspect.signature(optimizer).parameters["lr"].default
