"""What a run has seen, iteration by iteration."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from ..arrays import Array
from .diagnosis import Verdict, verdicts

#: The series of a history, as they are saved.
SERIES = ("value", "grad_norm", "lr", "time")


class History:
    """Value, gradient norm, rate and time at every iteration of a run.

    Attributes
    ----------
    value : ndarray of float64
        f at the points x₀, x₁, …; on its batch, where there are batches.
    grad_norm : ndarray of float64
        The gradient's norm there; of the projected gradient P(x ± g) − x with bounds or a projection.
    lr : ndarray of float64
        The rate of the step that led there; at x₀ the rate to begin with.
    time : ndarray of float64
        Seconds since the run began.
    x : list
        The points, in x0's form, if they were asked for with ``keep_iterates=True``; else empty.

    All are copies. Entry t is x after t steps; a run that ended by itself has ``nit + 1`` of them, one over
    batches ``nit``. A value that was not finite, and ended the run, is the last.

    Examples
    --------
    >>> from steepest import SGD, minimize
    >>> found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, optimizer=SGD, lr=0.25, max_iter=2)
    >>> found.history.value
    array([1.    , 0.25  , 0.0625])
    >>> found.history.grad_norm
    array([2. , 1. , 0.5])
    """

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._values: list[float] = []
        self._norms: list[float] = []
        self._rates: list[Any] = []
        self._times: list[float] = []
        self.x: list[Any] = []
        self._begin = perf_counter()
        self._length: int | None = None

    def writers(self) -> list[Callable[[Any], None]]:
        """What writes down an iteration's value, gradient norm and rate, and when it was, by perf_counter."""
        return [series.append for series in (self._values, self._norms, self._rates, self._times)]

    def last(self) -> tuple[float, float, float, float]:
        """The last entry: value, gradient norm, rate, time."""
        return self._values[-1], self._norms[-1], self._rates[-1], self._times[-1] - self._begin

    def so_far(self) -> History:
        """The entries that there are, to which none are added."""
        view = copy.copy(self)
        view._length, view.x = len(self), list(self.x)
        return view

    def __len__(self) -> int:
        return len(self._values[: self._length])

    @property
    def value(self) -> Array:
        """f's values."""
        return np.array(self._values[: self._length], np.float64)

    @property
    def grad_norm(self) -> Array:
        """The gradients' norms."""
        return np.array(self._norms[: self._length], np.float64)

    @property
    def lr(self) -> Array:
        """The rates of the steps."""
        return np.array(self._rates[: self._length], np.float64)

    @property
    def time(self) -> Array:
        """Seconds since the run began."""
        return np.array(self._times[: self._length], np.float64) - self._begin

    def diagnose(self) -> list[Verdict]:
        """What seems wrong with the run, in words, and what to try; empty if nothing does.

        Returns
        -------
        list of Verdict
            Each with a ``name`` ("oscillating", "exploding", "vanishing", "stalled", "thrashing"), what was
            ``seen``, and what to ``try_``; as a string it is a sentence.

        Notes
        -----
        The rules, in `docs/maximize.md`, look at values, gradient norms and rates only. They are meant for f
        as a whole: from batch to batch values differ anyway.

        Examples
        --------
        >>> from steepest import SGD, minimize
        >>> found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, optimizer=SGD, lr=1.1, max_iter=50)
        >>> [verdict.name for verdict in found.history.diagnose()]
        ['exploding']
        """
        return verdicts(self.value, self.grad_norm, self.lr, self._sign)

    def plot(
        self,
        series: Sequence[str] = ("value", "grad_norm", "lr"),
        *,
        by: str = "iteration",
        ax: Any = None,
    ) -> Any:
        """Draw value, gradient norm and rate by iteration; see :func:`steepest.plots.plot_history`.

        Examples
        --------
        >>> from steepest import minimize
        >>> figure = minimize(lambda x: x**2, 1.0, lambda x: 2 * x).history.plot()
        >>> figure.savefig("run.png")
        """
        from ..plots import plot_history

        return plot_history(self, series, by=by, ax=ax)

    def saved(self, length: int) -> dict[str, list[float]]:
        """The first iterations as lists of numbers."""
        return {name: getattr(self, name)[:length].tolist() for name in SERIES}

    def restore(self, saved: dict[str, list[float]]) -> None:
        """Go on from what `saved` gave; time goes on, too."""
        self._values, self._norms, self._rates, times = (list(saved[name]) for name in SERIES)
        self._begin = perf_counter() - (times[-1] if times else 0.0)
        self._times = [self._begin + seconds for seconds in times]

    def __repr__(self) -> str:
        if not len(self):
            return "History(no iterations)"
        first, last = self.value[[0, -1]]
        return f"History({len(self)} iterations, value {first:.6g} → {last:.6g})"
