"""Schedules made of schedules: a warm-up before one, and one after another.

What they are made of may be a number, a schedule, or any callable t → lr.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .. import options
from ..options import Check
from .decays import Constant
from .schedule import MILESTONES, STEPS, Schedule, check_one_more

_CONSTANT_TOO = options.or_schedule(
    options.number(lambda x: x >= 0, "a finite number >= 0, or a schedule t -> lr", cast=False)
)


def _as_schedule(name: str, value: Any) -> Callable[[int], float]:
    found: Any = _CONSTANT_TOO(name, value)
    return found if callable(found) else Constant(found)


_SCHEDULE = Check(_as_schedule)


@dataclass(frozen=True, repr=False)
class WarmUp(Schedule):
    """Another schedule, that the first steps approach in a straight line from 0.

    Parameters
    ----------
    lr : float or callable t → lr
        The schedule. Its steps are counted from the first one of the warm-up.
    steps : int
        The steps W of the warm-up.

    Notes
    -----
    ::

        lr(t) = lr(t) · min(1, t / W)

    the same as an optimizer's ``warmup_steps``. Linear warm-up: Goyal et al., Accurate, large minibatch SGD,
    2017, section 2.2; in this form Ma and Yarats, On the adequacy of untuned warmup for adaptive
    optimization, 2021. For a schedule that begins when the warm-up has ended see :class:`Sequential`.

    Examples
    --------
    >>> from steepest.schedules import Cosine, WarmUp
    >>> rate = WarmUp(Cosine(0.1, T_max=1000), steps=4)
    >>> [round(rate(t), 6) for t in (1, 2, 4, 500, 1001)]
    [0.025, 0.05, 0.099998, 0.050157, 0.0]
    """

    lr: float | Callable[[int], float]
    steps: int

    _checks: ClassVar = {"lr": _SCHEDULE, "steps": STEPS}

    def _rate(self, n: int) -> float:
        t, steps = n + 1, self.steps
        lr: Any = self.lr
        value: float = lr(t)
        return value * (t / steps) if t < steps else value


@dataclass(frozen=True, repr=False)
class Sequential(Schedule):
    """One schedule after another; torch's SequentialLR.

    Parameters
    ----------
    schedules : sequence of float or callable t → lr
        The schedules in order, one more than there are milestones. Each counts its steps from its own
        first one.
    milestones : sequence of int
        How many steps there are before each schedule but the first, rising.

    Notes
    -----
    ::

        lr(t) = schedules[k](t − m)    k: how many milestones are at most t − 1; m: the last of them, or 0

    In torch all schedulers share the optimizer's rate; here each has its own.

    Examples
    --------
    >>> from steepest.schedules import Cosine, Linear, Sequential
    >>> rate = Sequential([Linear(0.1, 0.25, total_iters=3), Cosine(0.1, T_max=100)], [3])
    >>> [round(rate(t), 6) for t in (1, 2, 3, 4, 104)]
    [0.025, 0.05, 0.075, 0.1, 0.0]
    """

    schedules: Sequence[float | Callable[[int], float]]
    milestones: Sequence[int]

    _checks: ClassVar = {
        "schedules": options.several(_SCHEDULE, "a list of schedules"),
        "milestones": MILESTONES,
    }

    def __post_init__(self) -> None:
        """Check the arguments, by themselves and together."""
        super().__post_init__()
        check_one_more("schedules", len(self.schedules), len(self.milestones))

    def _rate(self, n: int) -> float:
        k = bisect_right(self.milestones, n)
        begin = self.milestones[k - 1] if k else 0
        schedule: Any = self.schedules[k]
        value: float = schedule(n - begin + 1)
        return value
