"""When a run ends: the statuses, and the rules that are asked at every iteration."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from .history import History
from .iterate import Iterate
from .objective import norm_of


class Status(IntEnum):
    """Why a run ended. Up to CALLBACK it is what was asked for, and a success."""

    GTOL = 0
    FTOL = 1
    XTOL = 2
    TARGET = 3
    EPOCHS = 4
    CALLBACK = 5
    MAX_ITER = 6
    MAX_TIME = 7
    DIVERGED = 8
    INTERRUPTED = 9
    RAISED = 10


class Stop(NamedTuple):
    """A status and the sentence that goes with it."""

    status: Status
    message: str


#: What to look at if f only gets worse.
WRONG_WAY = "steepest.check_gradient says whether grad is right; if it is, try a smaller rate"

#: Asked with the iteration, f's value, the gradient's norm and the gradient; None to go on.
Rule = Callable[[int, float, float, Any], Stop | None]


def gradient_small(norm: float, gtol: float) -> Stop:
    """‖∇f‖ ≤ gtol."""
    return Stop(Status.GTOL, f"the gradient's norm, {norm:.3g}, is at most gtol = {gtol:g}")


class Settled:
    """Whether the best value has gained at most ftol · max(1, |best|) in the last ``patience`` iterations.

    It is looked at when iteration ``due`` has come. A last value worse than the best by more than that, or
    than ``rounding`` · max(1, |best|), is no end: the run goes on, or has diverged if at two looks in turn it
    has gained nothing and is worse than both at first and a look before. A batch's value is no value of f:
    over batches the mean of the last ``patience`` must not be worse than the first.
    """

    def __init__(
        self,
        ftol: float,
        patience: int,
        sign: int,
        history: History,
        rounding: float,
        with_batches: bool,
    ) -> None:
        self._ftol, self._patience, self._sign, self._history = ftol, patience, sign, history
        self._slack, self._with_batches = max(ftol, rounding), with_batches
        self.due = 0
        self._before, self._last, self._first, self._losses = -math.inf, math.inf, math.inf, 0
        # A run that goes on from a file was looked at before, whenever patience divided the steps.
        heights = sign * history.value
        best = np.maximum.accumulate(heights)
        for t in range(0, len(heights), patience):
            self.look(float(best[t]), float(heights[t]))

    def look(self, best: float, now: float) -> Stop | None:
        """Stop if the gain since the last look is small; of ± f, the best so far and that at x."""
        gain, self._before = best - self._before, best
        last, self._last = self._last, now
        if self.due == 0:
            self._first = now
        self.due += self._patience
        scale = max(1.0, abs(best))
        if gain > self._ftol * scale:
            self._losses = 0
            return None
        if self._with_batches:
            recent = self._sign * self._history.value[-self._patience :]
            if recent.mean() < self._first:
                return None
        elif now < best - self._slack * scale:
            loses = now < min(self._first, last) - self._slack * scale
            self._losses = self._losses + 1 if loses else 0
            return None if self._losses < 2 else self._lost(now)
        return Stop(
            Status.FTOL,
            f"the value has gained {gain:.3g} in {self._patience} iterations, "
            f"at most ftol · max(1, |f|) with ftol = {self._ftol:g}",
        )

    def _lost(self, now: float) -> Stop:
        first, now = self._sign * self._first, self._sign * now
        t = self.due - self._patience
        return diverged(f"f goes the wrong way, from {first:.6g} to {now:.6g} ({WRONG_WAY})", t)


def step_at_most(xtol: float, x: Iterate) -> Rule:
    """‖x_t − x_{t−1}‖ ≤ xtol · max(1, ‖x_t‖)."""
    last: list[Any] = []

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        now = x.copies()
        if last:
            step = norm_of([a - b for a, b in zip(now, last, strict=True)])
            if step <= xtol * max(1.0, norm_of(now)):
                return Stop(
                    Status.XTOL,
                    f"the last step, {step:.3g} long, is at most xtol · max(1, ‖x‖) "
                    f"with xtol = {xtol:g}",
                )
        last[:] = now
        return None

    return rule


def target_reached(target: float, sign: int) -> Rule:
    """f is at least, or when minimizing at most, the target."""

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        if sign * (value - target) >= 0:
            return Stop(Status.TARGET, f"the value, {value:.6g}, has reached target = {target:g}")
        return None

    return rule


def out_of_bounds(max_norm: float, x: Iterate) -> Rule:
    """‖x‖ > max_norm."""

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        found = norm_of(x.arrays)
        if not found <= max_norm:
            return diverged(f"‖x‖ = {found:.5g} is more than max_norm = {max_norm:g}", t)
        return None

    return rule


def time_over(max_time: float, history: History) -> Rule:
    """More than max_time seconds have passed."""

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        if history.last()[3] >= max_time:
            return Stop(Status.MAX_TIME, f"max_time = {max_time:g} s have passed")
        return None

    return rule


def all_iterations(max_iter: int) -> Stop:
    """The end of a run that nothing else has ended."""
    return Stop(Status.MAX_ITER, f"max_iter = {max_iter} iterations are done")


def worse_than_at_first(history: History, sign: int) -> str:
    """What to say of a run at whose end f is worse than at its beginning; nothing if it is not."""
    first, last = history.value[0], history.value[-1]
    if sign * last >= sign * first:
        return ""
    return f"; f is worse than at first, {last:.6g} after {first:.6g} ({WRONG_WAY})"


def all_epochs() -> Stop:
    """The end of a run through all batches."""
    return Stop(Status.EPOCHS, "all epochs are done")


def diverged(why: str, t: int) -> Stop:
    """The end of a run that has gone where nothing is to be found."""
    return Stop(Status.DIVERGED, f"diverged at iteration {t}: {why}; x is the best finite point")


def cut_short(error: BaseException, seen: bool = True) -> Stop:
    """The end of a run that something was raised in; ``seen`` if it had found a finite value."""
    where = "x is the best finite point" if seen else "x is x0, where f has no value yet"
    if isinstance(error, KeyboardInterrupt):
        return Stop(Status.INTERRUPTED, f"interrupted; {where}")
    return Stop(Status.RAISED, f"{type(error).__name__}: {error}; {where}")
