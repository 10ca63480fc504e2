"""What may be done at every iteration beside stepping: callbacks, a bar, the points, an average."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import extras
from ..arrays import Array
from .history import History
from .iterate import Iterate
from .stops import Rule, Status, Stop


@dataclass(frozen=True, slots=True)
class State:
    """What a callback of :func:`maximize` or :func:`minimize` is told. All of it is its own.

    Attributes
    ----------
    iteration : int
        Steps done so far.
    x : in x0's form
        The point.
    fun : float
        f there; on the batch, if there are any.
    jac : in x0's form
        The gradient there.
    grad_norm : float
        Its norm, or with bounds or a projection that of the projected gradient.
    lr : float
        The rate of the last step.
    time : float
        Seconds since the run began.
    history : History
        Everything up to here.
    """

    iteration: int
    x: Any
    fun: float
    jac: Any
    grad_norm: float
    lr: float
    time: float
    history: History


def told(x: Iterate, gradient: Any) -> Any:
    """A copy of a gradient in x0's form."""
    pairs = zip(x.arrays, x.parts(gradient), strict=True)
    return x.formed([np.zeros_like(a) if g is None else np.array(g, a.dtype) for a, g in pairs])


def reporting(callback: Callable[[State], Any], x: Iterate, history: History) -> Rule:
    """Tell a callback; if it returns True or raises StopIteration, stop."""

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        _, _, lr, time = history.last()
        state = State(
            t, x.formed(x.arrays), value, told(x, gradient), norm, lr, time, history.so_far()
        )
        try:
            stop = callback(state)
        except StopIteration:
            stop = True
        if isinstance(stop, (bool, np.bool_)) and stop:
            return Stop(Status.CALLBACK, "the callback said stop")
        return None

    return rule


def points(x: Iterate, history: History) -> Rule:
    """Keep a copy of every point."""

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        history.x.append(x.formed(x.arrays))
        return None

    return rule


def bar(total: int | None) -> tuple[Rule, Callable[[], None]]:
    """Show a bar of tqdm, in a notebook its own; and what closes it."""
    try:
        from tqdm.auto import tqdm
    except ModuleNotFoundError as missing:
        raise extras.missing("progress", "tqdm", "progress") from missing
    shown = tqdm(total=total, unit=" steps")

    def rule(t: int, value: float, norm: float, gradient: Any) -> Stop | None:
        shown.set_postfix_str(f"f {value:.6g}, gradient {norm:.2e}", refresh=False)
        shown.update(t - shown.n)
        return None

    return rule, shown.close


class Average:
    """The mean of the points from some step on: Polyak and Juditsky, 1992.

    After step t ≥ ``first``, with n = t − first + 1: a ← a + (x − a) / n.
    """

    def __init__(self, x: Iterate, first: int) -> None:
        self._x, self._first = x, first
        self.arrays: list[Array] = []

    def __call__(self, steps: int) -> None:
        """Count the point as it is after so many steps."""
        n = steps - self._first + 1
        if n == 1:
            self.arrays = self._x.copies()
        elif n > 1:
            for mean, now in zip(self.arrays, self._x.arrays, strict=True):
                mean += (now - mean) / n

    def saved(self) -> list[Any]:
        """The means as lists of numbers."""
        return [mean.tolist() for mean in self.arrays]

    def restore(self, saved: list[Any]) -> None:
        """Go on from what `saved` gave."""
        pairs = zip(self._x.arrays, saved, strict=False)
        self.arrays = [np.array(numbers, array.dtype) for array, numbers in pairs]
