"""Schedules that turn: half a cosine, cosines that restart, and cycles up and down.

Names, arguments, defaults and values are torch's, as in `decays`; n = t − 1 is how often its scheduler was
stepped. Momentum is not cycled.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import ClassVar

from .. import options
from .schedule import FRACTION, POSITIVE, RATE, STEPS, Schedule, power

#: Where a line ends and the next one begins: after how many steps, at what rate.
_Turn = tuple[float, float]


@dataclass(frozen=True, repr=False)
class Cosine(Schedule):
    """Down along half a cosine, and up again if it is stepped on; torch's CosineAnnealingLR.

    Parameters
    ----------
    lr : float
        The rate of step 1, at least 0.
    T_max : int
        Steps until it is ``eta_min``, half a period.
    eta_min : float, default 0.0
        The least rate, at least 0.

    Notes
    -----
    ::

        lr(t) = eta_min + (lr − eta_min) · (1 + cos(π n / T_max)) / 2    n = t − 1

    Loshchilov and Hutter, SGDR, 2017, equation 5, without the restarts. Beyond ``T_max`` it rises,
    and is lr again after 2 · T_max steps.

    Examples
    --------
    >>> from steepest.schedules import Cosine
    >>> decay = Cosine(0.1, T_max=100)
    >>> round(decay(51), 6), decay(101)
    (0.05, 0.0)
    """

    lr: float
    T_max: int
    eta_min: float = 0.0

    _checks: ClassVar = {"lr": RATE, "T_max": STEPS, "eta_min": RATE}

    def _rate(self, n: int) -> float:
        half = self.T_max
        part = (1 + math.cos(math.pi * n / half)) / 2
        if n > half:
            # Where it begins to rise torch starts anew from 1 − cos(π / T_max), and multiplies from there.
            # The factor is 1 but for rounding: 3e-11 more for a T_max of 1105.
            first = n - (n - 1 - half) % (2 * half)
            begun = 1 + math.cos(math.pi * first / half)
            if begun:
                part *= (1 - math.cos(math.pi / half)) / begun
        return self.eta_min + (self.lr - self.eta_min) * part


@dataclass(frozen=True, repr=False)
class CosineWarmRestarts(Schedule):
    """Down along half a cosine, again and again; torch's CosineAnnealingWarmRestarts.

    Parameters
    ----------
    lr : float
        The rate of step 1 and after every restart, at least 0.
    T_0 : int
        Steps until the first restart.
    T_mult : int, default 1
        The factor on the steps from one restart to the next.
    eta_min : float, default 0.0
        The rate that it goes down to, at least 0.

    Notes
    -----
    With c steps since the last restart, and T_i from that one to the next::

        lr(t) = eta_min + (lr − eta_min) · (1 + cos(π c / T_i)) / 2

    Loshchilov and Hutter, SGDR, 2017, equation 5.

    Examples
    --------
    >>> from steepest.schedules import CosineWarmRestarts
    >>> rate = CosineWarmRestarts(0.1, T_0=2, T_mult=2)
    >>> [round(rate(t), 6) for t in range(1, 8)]
    [0.1, 0.05, 0.1, 0.085355, 0.05, 0.014645, 0.1]
    """

    lr: float
    T_0: int
    T_mult: int = 1
    eta_min: float = 0.0
    _restarts: list[int] = field(init=False, compare=False)

    _checks: ClassVar = {"lr": RATE, "T_0": STEPS, "T_mult": STEPS, "eta_min": RATE}

    def __post_init__(self) -> None:
        """Check the arguments, and note when the restarts are that there can be."""
        super().__post_init__()
        restarts = [0]
        while self.T_mult > 1 and restarts[-1] < 2**63:
            restarts.append(restarts[-1] + self.T_0 * self.T_mult ** (len(restarts) - 1))
        object.__setattr__(self, "_restarts", restarts)

    def _rate(self, n: int) -> float:
        if self.T_mult == 1:
            since, period = n % self.T_0, self.T_0
        else:
            k = bisect_right(self._restarts, n) - 1
            since, period = n - self._restarts[k], self.T_0 * self.T_mult**k
        part = (1 + math.cos(math.pi * since / period)) / 2
        return self.eta_min + (self.lr - self.eta_min) * part


@dataclass(frozen=True, repr=False)
class Cyclic(Schedule):
    """Up and down in straight lines between two rates; torch's CyclicLR.

    Parameters
    ----------
    base_lr : float
        The rate of step 1, where every cycle begins and ends; at least 0.
    max_lr : float
        The rate at the top of the first cycle, at least 0.
    step_size_up : int, default 2000
        Steps up.
    step_size_down : int, optional
        Steps down; as many as up if not given.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        Whether the height stays, is halved every cycle, or is multiplied by ``gamma`` every step.
    gamma : float, default 1.0
        That factor, at least 0.

    Notes
    -----
    ::

        lr(t) = base_lr + (max_lr − base_lr) · x · s

    x goes from 0 to 1 in ``step_size_up`` steps and back in ``step_size_down``; s is 1, 2^(1 − cycle) with
    cycles counted from 1, or gamma^(t − 1). Smith, Cyclical learning rates for training neural networks,
    2017. torch's ``scale_fn`` is not here: any callable t → lr can be a schedule.

    Examples
    --------
    >>> from steepest.schedules import Cyclic
    >>> rate = Cyclic(1.0, 3.0, step_size_up=2, mode="triangular2")
    >>> [rate(t) for t in range(1, 10)]
    [1.0, 2.0, 3.0, 2.0, 1.0, 1.5, 2.0, 1.5, 1.0]
    """

    base_lr: float
    max_lr: float
    step_size_up: int = 2000
    step_size_down: int | None = None
    mode: str = "triangular"
    gamma: float = 1.0

    _checks: ClassVar = {
        "base_lr": RATE,
        "max_lr": RATE,
        "step_size_up": STEPS,
        "step_size_down": options.optional(STEPS),
        "mode": options.choice("triangular", "triangular2", "exp_range"),
        "gamma": RATE,
    }

    def _rate(self, n: int) -> float:
        up = self.step_size_up
        total = up + (self.step_size_down or up)
        top = up / total
        cycle = math.floor(1 + n / total)
        x = 1.0 + n / total - cycle
        part = x / top if x <= top else (x - 1) / (top - 1)
        height = (self.max_lr - self.base_lr) * part
        if self.mode == "triangular2":
            height *= math.ldexp(1.0, 1 - cycle)
        elif self.mode == "exp_range":
            height *= power(self.gamma, n)
        return self.base_lr + height


@dataclass(frozen=True, repr=False)
class OneCycle(Schedule):
    """Up to a large rate and down to a very small one, once; torch's OneCycleLR.

    Parameters
    ----------
    max_lr : float
        The largest rate, at least 0.
    total_steps : int
        The steps of the whole cycle.
    pct_start : float, default 0.3
        The part of them that go up, from 0 to 1.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Along half a cosine, or in straight lines.
    div_factor : float, default 25.0
        max_lr divided by the rate of step 1, more than 0.
    final_div_factor : float, default 1e4
        The rate of step 1 divided by the last one, more than 0.
    three_phase : bool, default False
        Go down to the first rate in as many steps as up, and in the rest to the last one.

    Raises
    ------
    ValueError
        When it is called for a step beyond ``total_steps`` + 1. torch goes one step beyond, along the same
        curve, and so does this; in a straight line that can be less than 0.

    Notes
    -----
    With p from 0 to 1 in every phase, from rate a to b::

        lr(t) = b + (a − b) · (1 + cos(π p)) / 2    or a + (b − a) · p

    Up in pct_start · total_steps − 1 steps; where that is 0, step 1 is at the top, and torch divides by 0.
    Smith and Topin, Super-convergence, 2018.

    Examples
    --------
    >>> from steepest.schedules import OneCycle
    >>> rate = OneCycle(1.0, total_steps=10)
    >>> [round(rate(t), 9) for t in (1, 3, 10)]
    [0.04, 1.0, 4e-06]
    """

    max_lr: float
    total_steps: int
    pct_start: float = 0.3
    anneal_strategy: str = "cos"
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    three_phase: bool = False
    _ends: list[float] = field(init=False, compare=False)
    _phases: list[tuple[_Turn, _Turn]] = field(init=False, compare=False)

    _checks: ClassVar = {
        "max_lr": RATE,
        "total_steps": STEPS,
        "pct_start": FRACTION,
        "anneal_strategy": options.choice("cos", "linear"),
        "div_factor": POSITIVE,
        "final_div_factor": POSITIVE,
        "three_phase": options.switch,
    }

    def __post_init__(self) -> None:
        """Check the arguments, and lay out the phases: where each begins and ends, from what rate to what."""
        super().__post_init__()
        high, low = self.max_lr, self.max_lr / self.div_factor
        up = self.pct_start * self.total_steps
        turns = [(0.0, low), (up - 1, high)]
        if self.three_phase:
            turns.append((2 * up - 2, low))
        turns.append((self.total_steps - 1, low / self.final_div_factor))
        object.__setattr__(self, "_ends", [n for n, _ in turns[1:-1]])
        object.__setattr__(self, "_phases", list(itertools.pairwise(turns)))

    def _rate(self, n: int) -> float:
        if n > self.total_steps:
            raise ValueError(
                f"total_steps: the cycle has {self.total_steps}, and is asked for step {n + 1}; "
                "make it longer, or end the run"
            )
        (begin, a), (end, b) = self._phases[bisect_left(self._ends, n)]
        part = (n - begin) / (end - begin) if end != begin else 1.0
        if self.anneal_strategy == "linear":
            return (b - a) * part + a
        return b + (a - b) / 2.0 * (math.cos(math.pi * part) + 1)
