"""What a sweep of rates has found: a curve, and what it suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import Array


@dataclass(frozen=True, repr=False, eq=False)
class Sweep:
    """The values that rates have led to, from :func:`lr_finder`.

    Attributes
    ----------
    lr : ndarray of float64
        The rates that were tried, rising.
    value : ndarray of float64
        f after the short run at each rate, or after the step with it, on the next batch; NaN or infinite
        where it diverged.
    smoothed : ndarray of float64
        What was looked at: ``value`` itself after short runs, else its smoothed course.
    start : float
        f at x0, or on the first batch there.
    suggestion : float or None
        A rate to begin with; None if no rate has made f better.
    message : str
        Why that one.
    method : {"runs", "ramp"}
        How it was found.
    optimizer : str
        The optimizer's name.
    maximized : bool
        Whether it climbed.
    """

    lr: Array
    value: Array
    smoothed: Array
    start: float
    suggestion: float | None
    message: str
    method: str
    optimizer: str
    maximized: bool

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the value by rate, with the suggestion; see :func:`steepest.plots.plot_sweep`.

        Examples
        --------
        >>> from steepest import lr_finder
        >>> axes = lr_finder(lambda x: x**2, 3.0, lambda x: 2 * x).plot()
        >>> axes.figure.savefig("rates.png")
        """
        from ..plots import plot_sweep

        return plot_sweep(self, ax=ax)

    def __repr__(self) -> str:
        suggestion = "none" if self.suggestion is None else f"{self.suggestion:.3g}"
        rates = f"{len(self.lr)} rates from {self.lr[0]:.3g} to {self.lr[-1]:.3g}"
        return f"Sweep({self.optimizer}, {rates}; suggestion: lr {suggestion}: {self.message})"
