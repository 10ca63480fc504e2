"""Hyperparameters: what each may be, and the sentence when it is something else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np


class Check:
    """How an option is checked: by itself, and for arrays of a dtype."""

    def __init__(
        self,
        check: Callable[[str, Any], Any],
        fits: Callable[[str, Any, np.dtype[Any]], None] = lambda name, value, dtype: None,
    ) -> None:
        self._check = check
        self.fits = fits

    def __call__(self, name: str, value: Any) -> Any:
        """The value, coerced; TypeError or ValueError, naming the option, if it is not taken."""
        return self._check(name, value)


def _scalar(name: str, value: Any, wanted: str) -> Any:
    """A Python number from a Python or NumPy scalar; TypeError for anything else, bools included."""
    if (isinstance(value, np.ndarray) and value.shape == ()) or isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: got {_described(value)}, expected {wanted}")
    return value


def _described(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({type(value).__name__})"


def number(
    holds: Callable[[float], bool], wanted: str, *, cast: bool = True, normal: bool = False
) -> Check:
    """A check for a finite real number for which ``holds`` is true.

    It is ``cast`` to an array's dtype, unless the law needs it in float64 only. A ``normal`` one keeps a
    divisor or a step from 0, and must do so where subnormal numbers count as 0.
    """

    def check(name: str, value: Any) -> float:
        scalar = _scalar(name, value, wanted)
        try:
            found = float(scalar)
        except OverflowError:
            found = math.inf
        if not (math.isfinite(found) and holds(found)):
            raise ValueError(f"{name}: got {value!r}, expected {wanted}")
        return found

    def fits(name: str, value: float, dtype: np.dtype[Any]) -> None:
        with np.errstate(all="ignore"):
            found = float(dtype.type(value))
        if math.isinf(found):
            raise ValueError(f"{name}: {value!r} overflows {dtype}, expected a smaller number")
        tiny = np.finfo(dtype).smallest_normal
        if normal and found < tiny:
            raise ValueError(
                f"{name}: {value!r} underflows in {dtype}, "
                f"expected at least {tiny!s}, its smallest normal number"
            )
        if found == 0 and not holds(0.0):
            raise ValueError(
                f"{name}: {value!r} underflows to 0 in {dtype}, expected a larger number"
            )

    return Check(check, fits) if cast else Check(check)


def count(wanted: str, least: int = 0) -> Check:
    """A check for an integer of at least 0, or another least one."""

    def check(name: str, value: Any) -> int:
        scalar = _scalar(name, value, wanted)
        if not isinstance(scalar, int):
            raise TypeError(f"{name}: got {_described(value)}, expected {wanted}")
        if not least <= scalar < 2**63:
            raise ValueError(f"{name}: got {value!r}, expected {wanted}")
        return scalar

    return Check(check)


def optional(check: Check) -> Check:
    """The same check, with None for "off"."""

    def fits(name: str, value: Any, dtype: np.dtype[Any]) -> None:
        if value is not None:
            check.fits(name, value, dtype)

    return Check(lambda name, value: None if value is None else check(name, value), fits)


def pair(check: Check) -> Check:
    """A check for two values, each of which passes the same check."""

    def check_both(name: str, value: Any) -> tuple[Any, Any]:
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"{name}: got {_described(value)}, expected two numbers")
        if len(value) != 2:
            raise ValueError(f"{name}: got {len(value)} numbers, expected two")
        return check(f"{name}[0]", value[0]), check(f"{name}[1]", value[1])

    def fit_both(name: str, value: tuple[Any, Any], dtype: np.dtype[Any]) -> None:
        check.fits(f"{name}[0]", value[0], dtype)
        check.fits(f"{name}[1]", value[1], dtype)

    return Check(check_both, fit_both)


def several(check: Check, wanted: str) -> Check:
    """A check for a list, tuple, range or flat array whose items pass the same check; a tuple of them."""

    def check_all(name: str, value: Any) -> tuple[Any, ...]:
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = value.tolist()
        if not isinstance(value, (tuple, list, range)):
            raise TypeError(f"{name}: got {_described(value)}, expected {wanted}")
        return tuple(check(f"{name}[{i}]", item) for i, item in enumerate(value))

    return Check(check_all)


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: got {_described(value)}, expected True or False")
    return bool(value)


#: A check for True or False.
switch = Check(_switch)


def choice(*choices: str) -> Check:
    """A check for one of a few words."""
    wanted = "one of " + ", ".join(map(repr, choices))

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name}: got {_described(value)}, expected {wanted}")
        if value not in choices:
            raise ValueError(f"{name}: got {value!r}, expected {wanted}")
        return str(value)

    return Check(check)


def _callback(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise TypeError(f"{name}: got {_described(value)}, expected a callable or None")
    return value


#: A check for something callable, or None.
callback = Check(_callback)


def or_schedule(check: Check) -> Check:
    """The same check, with a callable t → number for a value that changes; see `rate_at`."""

    def check_value(name: str, value: Any) -> Any:
        if not callable(value):
            return check(name, value)
        if isinstance(value, type):
            raise TypeError(
                f"{name}: got the class {value.__name__}, expected an instance of it: call it first"
            )
        return value

    def fits(name: str, value: Any, dtype: np.dtype[Any]) -> None:
        if not callable(value):
            check.fits(name, value, dtype)

    return Check(check_value, fits)


FRACTION = number(lambda x: 0 <= x < 1, "a number from 0 up to but not including 1")
POSITIVE = number(lambda x: x > 0, "a finite number > 0", normal=True)
NOT_NEGATIVE = number(lambda x: x >= 0, "a finite number >= 0")
NOT_NEGATIVE_FLOAT64 = number(lambda x: x >= 0, "a finite number >= 0", cast=False)

#: A learning rate that may be a schedule.
LR = or_schedule(
    number(lambda x: x >= 0, "a finite number lr >= 0, or a schedule: a callable t -> lr")
)


def rate_at(
    name: str, schedule: Callable[[int], Any], t: int, dtypes: Iterable[np.dtype[Any]] = ()
) -> float:
    """What a schedule gives for step t, if it is a rate for arrays of these dtypes.

    Raises TypeError or ValueError, naming t and the value. What the schedule itself raises passes through.
    """
    value = schedule(t)
    if isinstance(value, float) and 0 <= value <= 1e30:  # is right in any dtype: no closer look
        return float(value)
    label = f"{name}: step t = {t} of {schedule!r}"
    rate: float = NOT_NEGATIVE(label, value)
    for dtype in dtypes:
        NOT_NEGATIVE.fits(label, rate, dtype)
    return rate


#: The options every law has; the sweep applies them around it.
COMMON: Mapping[str, Check] = {
    "lr": LR,
    "clip_value": optional(number(lambda x: x > 0, "a finite number > 0, or None")),
    "lr_decay": optional(
        number(lambda x: 0 < x <= 1, "a number 0 < lr_decay <= 1, or None", cast=False)
    ),
    "warmup_steps": count("an integer >= 0"),
    "weight_decay": NOT_NEGATIVE,
    "maximize": switch,
}

#: The options of an optimizer as a whole.
GLOBAL: Mapping[str, Check] = {
    "logging_interval": Check(
        lambda name, value: optional(count("an integer >= 0, or None"))(name, value) or 0
    ),
    "clip_norm": optional(number(lambda x: x > 0, "a finite number > 0, or None")),
    "nonfinite": choice("raise", "skip", "propagate"),
    "callback": callback,
}


def checked(options: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The options coerced by their checks; those that have none as they are."""
    return {
        name: checks[name](name, value) if name in checks else value
        for name, value in options.items()
    }


class Table(NamedTuple):
    """The options that a law has in a parameter group, and the states they call for.

    Attributes
    ----------
    checks : the options in the order of the constructor, and how each is checked
    states : the state arrays of a parameter in the law's order, and whether options call for each
    counted : the state whose allocation restarts the count of an array's steps
    carried : a number the law keeps for each array as a whole, 1 at first; it comes after the states
    exclusive : raises ValueError for options that exclude each other
    fixed : options whose value makes the class what it is
    """

    checks: Mapping[str, Check]
    states: Mapping[str, Callable[[Mapping[str, Any]], bool]]
    counted: str | None = None
    carried: str | None = None
    exclusive: Callable[[Mapping[str, Any]], None] = lambda options: None
    fixed: Mapping[str, Any] = MappingProxyType({})

    def checked(
        self, options: Mapping[str, Any], dtypes: Iterable[np.dtype[Any]] = ()
    ) -> dict[str, Any]:
        """The options coerced, each right by itself, with the others and for arrays of these dtypes."""
        found = checked(options, self.checks)
        for name, value in self.fixed.items():
            if found.get(name, value) != value:
                raise ValueError(
                    f"{name}: got {found[name]}, expected {value}, always in this class"
                )
        self.exclusive(found)
        for dtype in dict.fromkeys(dtypes):
            for name, check in self.checks.items():
                if name in found:
                    check.fits(name, found[name], dtype)
        return found

    def states_for(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """The state arrays these options call for, the number carried last."""
        arrays = tuple(name for name, wanted in self.states.items() if wanted(options))
        return arrays if self.carried is None else (*arrays, self.carried)
