"""What all schedules have in common: arguments that are checked, a call, a repr, and a form to save."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from .. import options
from ..options import Check

RATE = options.NOT_NEGATIVE_FLOAT64
POSITIVE = options.number(lambda x: x > 0, "a finite number > 0", cast=False)
FRACTION = options.number(lambda x: 0 <= x <= 1, "a number from 0 to 1", cast=False)
STEPS = options.count("an integer >= 1", least=1)
COUNT = options.count("an integer >= 0")
COUNTS = options.several(COUNT, "a list of integers >= 0")


def _rising(name: str, value: Any) -> Any:
    found = options.several(STEPS, "a list of integers >= 1")(name, value)
    if any(later <= earlier for earlier, later in itertools.pairwise(found)):
        raise ValueError(f"{name}: got {list(found)}, expected each larger than the one before")
    return found


#: Where one thing ends and another begins: a list of integers.
MILESTONES = Check(_rising)


def check_one_more(name: str, found: int, milestones: int) -> None:
    """ValueError unless there is one more of these than there are milestones between them."""
    if found != milestones + 1:
        raise ValueError(
            f"{name}: got {found} for {milestones} milestones, expected {milestones + 1}"
        )


def power(base: float, exponent: int) -> float:
    """The power; infinity where it overflows, which the optimizer then refuses by name."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


class Schedule:
    """A learning rate that changes: called with the step count t = 1, 2, … it gives the rate of that step.

    All schedules here are dataclasses: immutable but for :class:`Plateau`'s state, equal if their
    arguments are, small to pickle, and with a form for JSON.
    """

    #: How each argument is checked.
    _checks: ClassVar[Mapping[str, Check]] = {}

    def __post_init__(self) -> None:
        for name, check in self._checks.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def __call__(self, t: int) -> float:
        """The rate of step t.

        Parameters
        ----------
        t : int
            The count of this step, 1 for the first.

        Raises
        ------
        TypeError
            If t is not an integer.
        ValueError
            If it is less than 1.
        """
        if type(t) is not int or t < 1:
            t = STEPS("t", t)
        return self._rate(t - 1)

    def _rate(self, n: int) -> float:
        """The rate after n steps."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The class under ``"schedule"``, and all arguments, as JSON has them; :func:`from_dict` reads it.

        Raises
        ------
        TypeError
            If a part of it is a callable of yours, for which JSON has no form.
        """
        values = {name: _plain(name, getattr(self, name)) for name in self._defaults()}
        return {"schedule": type(self).__name__, **values}

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """The arguments in order, and what each is by default."""
        described: Any = cls
        return {field.name: field.default for field in dataclasses.fields(described) if field.init}

    def __repr__(self) -> str:
        values = {name: (getattr(self, name), usual) for name, usual in self._defaults().items()}
        chosen = [f"{name}={value!r}" for name, (value, usual) in values.items() if value != usual]
        return f"{type(self).__name__}({', '.join(chosen)})"


def _plain(name: str, value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Schedule):
        return value.to_dict()
    if callable(value):
        raise TypeError(
            f"{name}: {value!r} is a callable of yours, which cannot be saved; "
            "write it with those of steepest.schedules, or give it again after loading"
        )
    if isinstance(value, tuple):
        return [_plain(f"{name}[{i}]", item) for i, item in enumerate(value)]
    return value
