"""The curve of a sweep of rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import described
from ..trials.sweep import Sweep
from . import style


def plot_sweep(sweep: Sweep, *, ax: Any = None) -> Any:
    """Draw the value by rate, the value at the start, and the rate that is suggested.

    Parameters
    ----------
    sweep : Sweep
        What :func:`lr_finder` has found.
    ax : Axes or None, default None
        Where to draw. None: in a new figure.

    Returns
    -------
    Axes
        Of the drawing.

    Raises
    ------
    TypeError
        If ``sweep`` or ``ax`` is of another kind.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from steepest import lr_finder, plots
    >>> axes = plots.plot_sweep(lr_finder(lambda x: x**2, 3.0, lambda x: 2 * x))
    >>> axes.get_xscale()
    'log'
    """
    if not isinstance(sweep, Sweep):
        raise TypeError(f"sweep: got {described(sweep)}, expected what lr_finder returns")
    axes = style.one(ax, 8, 4)
    value = style.drawable(sweep.value)
    is_ramp = sweep.method == "ramp"
    axes.axhline(sweep.start, color="0.5", lw=1, ls="--", label="at the start")
    look = {"color": "0.7", "lw": 1} if is_ramp else {**style.line(0), "marker": "o", "ms": 3.5}
    axes.plot(sweep.lr, value, label="each step" if is_ramp else "after a short run", **look)
    if is_ramp:
        axes.plot(sweep.lr, style.drawable(sweep.smoothed), label="smoothed", **style.line(0))
    if sweep.suggestion is not None:
        shown = f"suggestion: {sweep.suggestion:.2g}"
        axes.axvline(sweep.suggestion, color=style.COLOURS[1], lw=1.8, label=shown)
    heights = (sweep.smoothed if is_ramp else value)[np.isfinite(value)]
    axes.set(xscale="log", xlabel=f"learning rate of {sweep.optimizer}", ylabel="f(x)")
    if len(heights):
        gained = max(np.ptp([*heights[:-1], sweep.start]), 1e-12 * abs(sweep.start), 1e-300)
        low, high = min([*heights[:-1], sweep.start]), max([*heights[:-1], sweep.start])
        axes.set_ylim(low - 0.15 * gained, high + 0.25 * gained)
    axes.legend(frameon=False)
    return axes
