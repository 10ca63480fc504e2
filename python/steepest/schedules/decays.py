"""Schedules that go one way, from simple to complex.

Names, arguments and defaults are those of torch's, whose values these are: n = t − 1 is how often its
scheduler was stepped. torch multiplies the rate of the step before; here each is its closed form.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .. import options
from .schedule import (
    COUNTS,
    FRACTION,
    MILESTONES,
    RATE,
    STEPS,
    Schedule,
    check_one_more,
    power,
)

_UP_TO_1 = options.number(lambda x: 0 < x <= 1, "a number > 0 and <= 1", cast=False)


@dataclass(frozen=True, repr=False)
class Constant(Schedule):
    """The same rate always, or a part of it for the first steps; torch's ConstantLR.

    Parameters
    ----------
    lr : float
        The rate, at least 0.
    factor : float, default 1.0
        What it is multiplied by at first, from 0 to 1. torch's default is 1/3.
    total_iters : int, default 5
        For how many steps.

    Notes
    -----
    ::

        lr(t) = lr · factor    while n = t − 1 < total_iters, then lr

    Examples
    --------
    >>> from steepest.schedules import Constant
    >>> Constant(0.1)(1000)
    0.1
    """

    lr: float
    factor: float = 1.0
    total_iters: int = 5

    _checks: ClassVar = {"lr": RATE, "factor": FRACTION, "total_iters": STEPS}

    def _rate(self, n: int) -> float:
        return self.lr * self.factor if n < self.total_iters else self.lr


@dataclass(frozen=True, repr=False)
class Linear(Schedule):
    """In a straight line from one part of the rate to another; torch's LinearLR.

    Parameters
    ----------
    lr : float
        The rate, at least 0.
    start_factor : float, default 1/3
        The part of it in step 1, more than 0 and at most 1.
    end_factor : float, default 1.0
        The part of it after ``total_iters`` steps and from then on, from 0 to 1.
    total_iters : int, default 5
        Steps until then.

    Notes
    -----
    ::

        lr(t) = lr · (start + (end − start) · min(n, T) / T)    n = t − 1, T = total_iters

    Examples
    --------
    >>> from steepest.schedules import Linear
    >>> decay = Linear(0.5, start_factor=1.0, end_factor=0.0, total_iters=4)
    >>> [decay(t) for t in range(1, 7)]
    [0.5, 0.375, 0.25, 0.125, 0.0, 0.0]
    """

    lr: float
    start_factor: float = 1.0 / 3
    end_factor: float = 1.0
    total_iters: int = 5

    _checks: ClassVar = {
        "lr": RATE,
        "start_factor": _UP_TO_1,
        "end_factor": FRACTION,
        "total_iters": STEPS,
    }

    def _rate(self, n: int) -> float:
        start, end, total = self.start_factor, self.end_factor, self.total_iters
        done = n if n < total else total
        return self.lr * (start + (end - start) * done / total)


@dataclass(frozen=True, repr=False)
class Exponential(Schedule):
    """A constant factor every step; torch's ExponentialLR.

    Parameters
    ----------
    lr : float
        The rate of step 1, at least 0.
    gamma : float
        The factor, at least 0. More than 1 sweeps the rate upwards, as to find the largest that works.

    Notes
    -----
    ::

        lr(t) = lr · γᵗ⁻¹

    Examples
    --------
    >>> from steepest.schedules import Exponential
    >>> Exponential(1.0, gamma=0.5)(4)
    0.125
    """

    lr: float
    gamma: float

    _checks: ClassVar = {"lr": RATE, "gamma": RATE}

    def _rate(self, n: int) -> float:
        return self.lr * power(self.gamma, n)


@dataclass(frozen=True, repr=False)
class Step(Schedule):
    """A constant factor every so many steps; torch's StepLR.

    Parameters
    ----------
    lr : float
        The rate of step 1, at least 0.
    step_size : int
        Steps between two factors.
    gamma : float, default 0.1
        The factor, at least 0.

    Notes
    -----
    ::

        lr(t) = lr · γ^⌊(t − 1) / step_size⌋

    Examples
    --------
    >>> from steepest.schedules import Step
    >>> half = Step(1.0, step_size=2, gamma=0.5)
    >>> [half(t) for t in range(1, 7)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    lr: float
    step_size: int
    gamma: float = 0.1

    _checks: ClassVar = {"lr": RATE, "step_size": STEPS, "gamma": RATE}

    def _rate(self, n: int) -> float:
        return self.lr * power(self.gamma, n // self.step_size)


@dataclass(frozen=True, repr=False)
class MultiStep(Schedule):
    """A constant factor at every milestone; torch's MultiStepLR.

    Parameters
    ----------
    lr : float
        The rate at first, at least 0.
    milestones : sequence of int
        How many steps there are before a factor; in any order, one that is repeated counts as often.
    gamma : float, default 0.1
        The factor, at least 0.

    Notes
    -----
    ::

        lr(t) = lr · γ^k    k: how many milestones are at most t − 1

    Examples
    --------
    >>> from steepest.schedules import MultiStep
    >>> decay = MultiStep(1.0, milestones=[2, 3], gamma=0.5)
    >>> [decay(t) for t in range(1, 6)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    lr: float
    milestones: Sequence[int]
    gamma: float = 0.1

    _checks: ClassVar = {"lr": RATE, "milestones": COUNTS, "gamma": RATE}

    def __post_init__(self) -> None:
        """Check the arguments, and order the milestones."""
        super().__post_init__()
        object.__setattr__(self, "milestones", tuple(sorted(self.milestones)))

    def _rate(self, n: int) -> float:
        return self.lr * power(self.gamma, bisect_right(self.milestones, n))


@dataclass(frozen=True, repr=False)
class Piecewise(Schedule):
    """One rate after another, each for a while.

    Parameters
    ----------
    values : sequence of float
        The rates in order, each at least 0; one more than there are milestones.
    milestones : sequence of int
        How many steps there are before each rate but the first, rising.

    Notes
    -----
    The values of a step function::

        lr(t) = values[k]    k: how many milestones are at most t − 1

    as :class:`MultiStep`, but with any rates. TensorFlow's PiecewiseConstantDecay takes the next one
    a step later, at its step > boundary, counted from 0.

    Examples
    --------
    >>> from steepest.schedules import Piecewise
    >>> rates = Piecewise([0.1, 0.3, 0.02], milestones=[2, 4])
    >>> [rates(t) for t in range(1, 7)]
    [0.1, 0.1, 0.3, 0.3, 0.02, 0.02]
    """

    values: Sequence[float]
    milestones: Sequence[int]

    _checks: ClassVar = {
        "values": options.several(RATE, "a list of numbers >= 0"),
        "milestones": MILESTONES,
    }

    def __post_init__(self) -> None:
        """Check the arguments, by themselves and together."""
        super().__post_init__()
        check_one_more("values", len(self.values), len(self.milestones))

    def _rate(self, n: int) -> float:
        return self.values[bisect_right(self.milestones, n)]


@dataclass(frozen=True, repr=False)
class InverseSqrt(Schedule):
    """Up in a straight line, then down with the root of the step count.

    Parameters
    ----------
    lr : float
        The largest rate, at least 0: that of step ``warmup_steps``.
    warmup_steps : int, default 1
        Steps over which it rises; 1 for none: lr / √t.

    Notes
    -----
    With W = warmup_steps::

        lr(t) = lr · min(t / W, √(W / t))

    Vaswani et al., Attention is all you need, 2017, equation 3, d_model^−½ · min(t^−½, t W^−3/2), is this
    with lr = (d_model · W)^−½.

    Examples
    --------
    >>> from steepest.schedules import InverseSqrt
    >>> rate = InverseSqrt(0.5, warmup_steps=4)
    >>> [rate(t) for t in (1, 2, 4, 16, 64)]
    [0.125, 0.25, 0.5, 0.25, 0.125]
    """

    lr: float
    warmup_steps: int = 1

    _checks: ClassVar = {"lr": RATE, "warmup_steps": STEPS}

    def _rate(self, n: int) -> float:
        t, warmup = n + 1, self.warmup_steps
        return self.lr * (t / warmup if t < warmup else math.sqrt(warmup / t))


@dataclass(frozen=True, repr=False)
class Polynomial(Schedule):
    """Down to 0 with a power of the steps that are left; torch's PolynomialLR.

    Parameters
    ----------
    lr : float
        The rate of step 1, at least 0.
    total_iters : int, default 5
        Steps until it is 0, where it stays.
    power : float, default 1.0
        The power, at least 0; 1 is a straight line.

    Notes
    -----
    ::

        lr(t) = lr · (1 − min(n, T) / T)^power    n = t − 1, T = total_iters

    Examples
    --------
    >>> from steepest.schedules import Polynomial
    >>> decay = Polynomial(1.0, total_iters=4, power=2.0)
    >>> [decay(t) for t in range(1, 7)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    lr: float
    total_iters: int = 5
    power: float = 1.0

    _checks: ClassVar = {"lr": RATE, "total_iters": STEPS, "power": RATE}

    def _rate(self, n: int) -> float:
        total = self.total_iters
        done = n if n < total else total
        left: float = (1.0 - done / total) ** self.power
        return self.lr * left
