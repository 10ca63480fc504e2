"""Schedules from their form in JSON, and what a checkpoint holds for a rate of any kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .chains import Sequential, WarmUp
from .cycles import Cosine, CosineWarmRestarts, Cyclic, OneCycle
from .decays import (
    Constant,
    Exponential,
    InverseSqrt,
    Linear,
    MultiStep,
    Piecewise,
    Polynomial,
    Step,
)
from .plateau import Plateau
from .schedule import Schedule

KINDS: Mapping[str, type[Schedule]] = {
    kind.__name__: kind
    for kind in (
        *(Constant, Linear, Exponential, Step, MultiStep, Piecewise, InverseSqrt, Polynomial),
        *(Cosine, CosineWarmRestarts, Cyclic, OneCycle),
        *(WarmUp, Sequential, Plateau),
    )
}

#: What stands in a checkpoint for a callable that is not one of these.
_YOURS = "callable"


def from_dict(saved: Mapping[str, Any]) -> Schedule:
    """The schedule that gave this dict by ``to_dict``.

    Parameters
    ----------
    saved : dict
        ``"schedule"``: the name of the class; and its arguments, schedules among them as such dicts.

    Raises
    ------
    TypeError, ValueError
        If it is not such a dict, or an argument is refused.

    Examples
    --------
    >>> from steepest.schedules import Cosine, from_dict
    >>> Cosine(0.1, T_max=50).to_dict()
    {'schedule': 'Cosine', 'lr': 0.1, 'T_max': 50, 'eta_min': 0.0}
    >>> from_dict(Cosine(0.1, T_max=50).to_dict())
    Cosine(lr=0.1, T_max=50)
    """
    try:
        return _from_dict("schedule", saved)
    except RecursionError:
        raise ValueError("schedule: schedules within schedules are nested too deep") from None


def _from_dict(label: str, saved: Any) -> Schedule:
    if not isinstance(saved, Mapping):
        raise TypeError(f"{label}: got {saved!r} ({type(saved).__name__}), expected a dict")
    given = dict(saved)
    name = given.pop("schedule", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"{label}: got {name!r}, expected one of {list(KINDS)}")
    expected = list(kind._defaults())
    if sorted(map(str, given)) != sorted(expected):
        raise ValueError(f"{label}: {name} with {list(given)}, expected {expected}")
    return kind(**{key: _revived(key, value) for key, value in given.items()})


def _revived(name: str, value: Any) -> Any:
    """An argument, the schedules in it made of their dicts."""
    if isinstance(value, Mapping) and "schedule" in value:
        return _from_dict(name, value)
    if isinstance(value, list):
        return [_revived(f"{name}[{i}]", item) for i, item in enumerate(value)]
    return value


def to_json(lr: float | Callable[[int], float]) -> Any:
    """What a checkpoint holds for a rate: a number, a schedule's dict, or the name of a callable of yours.

    A callable that is not one of these, or a schedule that has one in it, cannot be saved: only a note that
    there was one, so that :func:`from_json` can ask for it.
    """
    if not callable(lr):
        return lr
    if isinstance(lr, Schedule):
        try:
            return lr.to_dict()
        except TypeError:
            pass
    return {"schedule": _YOURS, "name": getattr(lr, "__qualname__", type(lr).__qualname__)}


def from_json(saved: Any, given: float | Callable[[int], float]) -> Any:
    """The rate of a checkpoint.

    Parameters
    ----------
    saved : number or dict
        What :func:`to_json` returned.
    given : float or callable t → lr
        The rate that the loading optimizer has. It stays if what was saved was a callable of yours.

    Raises
    ------
    TypeError, ValueError
        If it is not such a thing; or if a callable of yours was saved, and none is given.
    """
    if not isinstance(saved, Mapping):
        return saved
    if saved.get("schedule") != _YOURS:
        return from_dict(saved)
    if not callable(given):
        raise ValueError(
            f"lr: was a callable, {saved.get('name')}, which a file cannot hold; got {given!r}, "
            "expected it to be given again: opt.lr = …, then load"
        )
    return given
