"""The runs of a comparison beside each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import options
from ..arrays import Array, described
from ..trials.comparison import Comparison, Row
from . import style

_ALONG = {"iteration": "iteration", "evaluations": "evaluations of f", "time": "time in s"}
_OPTIMUM = options.optional(options.number(lambda x: True, "a finite number or None", cast=False))


def plot_comparison(
    comparison: Comparison,
    *,
    by: str = "evaluations",
    optimum: float | None = None,
    ax: Any = None,
) -> Any:
    """Draw the values on the way of each run, and what each rate has come to.

    Each optimizer has a colour; its best run is heavy and in the legend, the others are pale. To the right a
    dotted line is an optimizer without a rate, and a cross above the panel a run that was cut short.

    Parameters
    ----------
    comparison : Comparison
        What :func:`compare` has found.
    by : {"evaluations", "iteration", "time"}, default "evaluations"
        What is to the right: calls of f, steps, or seconds.
    optimum : float or None, default None
        f's best value, if it is known: then distances to it are drawn, on a logarithmic axis. None: the
        values themselves, on one if they are all positive and range over more than three decades.
    ax : pair of Axes, or None, default None
        Where to draw. None: in a new figure.

    Returns
    -------
    Figure
        With two Axes.

    Raises
    ------
    TypeError
        If ``comparison`` or ``ax`` is of another kind.
    ValueError
        If ``by`` is none of those above, or ``ax`` are not two.
    ImportError
        If matplotlib is not installed.

    Notes
    -----
    The axes reach from the best value to the worse side of the one at x0: what goes beyond is not shown.

    Examples
    --------
    >>> from steepest import SGD, Adam, compare, plots
    >>> found = compare(lambda x: x**2, 3.0, lambda x: 2 * x, [SGD, Adam])
    >>> figure = plots.plot_comparison(found, optimum=0.0)
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['evaluations of f', 'learning rate']
    """
    if not isinstance(comparison, Comparison):
        raise TypeError(f"comparison: got {described(comparison)}, expected what compare returns")
    if by not in _ALONG:
        raise ValueError(f"by: got {by!r}, expected one of {list(_ALONG)}")
    optimum = _OPTIMUM("optimum", optimum)
    left, right = style.several(ax, 2, 9.6, 4, ncols=2, width_ratios=[1.5, 1], sharey=True)
    rows = comparison.rows

    def shown(values: Any) -> Any:
        values = style.drawable(values)
        if optimum is None:
            return values
        distances = np.abs(values - optimum)
        return np.where(distances > 0, distances, np.nan)

    ranges = _Range(
        [shown(row.result.history.value) for row in rows if row.is_whole],
        [shown(row.result.history.value[:1]) for row in rows],
        high_is_good=comparison.maximized and optimum is None,
        distances=optimum is not None,
    )
    strip = 0.0
    for i, name in enumerate(dict.fromkeys(row.optimizer for row in rows)):
        own = [row for row in rows if row.optimizer == name]
        look = style.line(i)
        for row in reversed(own):
            emphasis = {"label": row.name} if row is own[0] else {"lw": 0.9, "alpha": 0.45}
            left.plot(_along(row, by), shown(row.result.history.value), **{**look, **emphasis})
        rated = [row for row in own if isinstance(row.lr, (int, float)) and row.lr > 0]
        whole = sorted((row for row in rated if row.is_whole), key=lambda row: row.lr)
        rates, values = [row.lr for row in whole], [row.value for row in whole]
        right.plot(rates, shown(values), marker="o", ms=5, **look)
        cut = [row.lr for row in rated if not row.is_whole]
        if cut:  # above the panel, a line for each optimizer
            strip += 0.045
            place = {"transform": right.get_xaxis_transform(), "clip_on": False}
            right.plot(cut, [1 + strip] * len(cut), "x", color=look["color"], mew=2, **place)
        for row in own:
            if row not in rated and row.is_whole:
                right.axhline(float(shown(row.value)), color=look["color"], ls=":", lw=1.8)
    ylabel = "f(x)" if optimum is None else "distance of f(x) to the optimum"
    left.set(xlabel=_ALONG[by], ylabel=ylabel, **ranges.of_axes)
    right.set(xscale="log", xlabel="learning rate", **ranges.of_axes)
    words = "in the end; × was cut short" if strip else "in the end"
    right.set_title(words, loc="left", size=10, y=1.015 + strip + 0.03 * bool(strip))
    left.set_title("on the way", loc="left", size=10)
    left.legend(frameon=False, fontsize=8)
    return left.figure


class _Range:
    """From the best value that was reached to a little beyond the one at the start, and how it is divided."""

    def __init__(
        self, courses: list[Array], starts: list[Array], *, high_is_good: bool, distances: bool
    ) -> None:
        self.high_is_good = high_is_good
        seen = np.concatenate([*courses, *starts])
        seen = seen[np.isfinite(seen)]
        self.of_axes: dict[str, Any] = {}
        if not len(seen):
            return
        start = np.nanmean(np.concatenate(starts))
        best = seen.max() if high_is_good else seen.min()
        if distances or style.spans_decades([best, start]):
            self.of_axes = {"yscale": "log", "ylim": (best / 3, start * 5)}
        elif best != start:
            good, bad = best + 0.05 * (best - start), start - 0.25 * (best - start)
            self.of_axes = {"ylim": (min(good, bad), max(good, bad))}


def _along(row: Row, by: str) -> Array:
    """Where a run's values lie on the x-axis."""
    history = row.result.history
    if by == "time":
        return history.time
    steps = np.arange(len(history))
    if by == "iteration":
        return steps
    return (steps + 1) * (row.evaluations // max(1, len(history)))
