"""Curves of a run: value, gradient norm and rate by iteration or time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import style
from .runs import histories

_LABELS = {"value": "f(x)", "grad_norm": "‖∇f(x)‖", "lr": "learning rate"}
_ALONG = {"iteration": "iteration", "time": "time in s"}


def plot_history(
    history: Any,
    series: Sequence[str] = ("value", "grad_norm", "lr"),
    *,
    by: str = "iteration",
    ax: Any = None,
) -> Any:
    """Draw value, gradient norm and rate, one below the other.

    Parameters
    ----------
    history : History, Result, or a list or dict of them
        What to draw; the keys of a dict are the curves' names in the legend.
    series : sequence of {"value", "grad_norm", "lr"}, default all three
        Which curves, from above.
    by : {"iteration", "time"}, default "iteration"
        What they are drawn over: steps, or seconds since the run began.
    ax : sequence of Axes, or Axes, or None, default None
        Where to draw, one Axes for each of the series. None: in a new figure.

    Returns
    -------
    Figure
        With one Axes for each of the series.

    Raises
    ------
    TypeError
        If ``history`` or ``ax`` is of another kind.
    ValueError
        If a name is none of those above, there is nothing to draw, or ``ax`` are too many or too few.
    ImportError
        If matplotlib is not installed.

    Notes
    -----
    Norms are drawn on a logarithmic axis; values and rates are if they are positive and range over more than
    three and one decades. A norm of 0 is left out, and what is not finite or beyond 1e100.

    Examples
    --------
    >>> from steepest import minimize, plots
    >>> found = minimize(lambda x: x @ x, [3.0, 4.0], lambda x: 2 * x)
    >>> figure = plots.plot_history(found)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['f(x)', '‖∇f(x)‖', 'learning rate']
    >>> figure.savefig("run.png")
    """
    shown = histories(history)
    series = [series] if isinstance(series, str) else list(series)
    for name in series:
        if name not in _LABELS:
            raise ValueError(f"series: got {name!r}, expected of {list(_LABELS)}")
    if not series:
        raise ValueError(f"series: got none, expected of {list(_LABELS)}")
    if by not in _ALONG:
        raise ValueError(f"by: got {by!r}, expected one of {list(_ALONG)}")
    height = 0.6 + 1.7 * len(series)
    panels = style.several(ax, len(series), 8, height, nrows=len(series), sharex=True)
    for axes, name in zip(panels, series, strict=True):
        drawn = []
        for i, (label, run) in enumerate(shown.items()):
            along = run.time if by == "time" else np.arange(len(run))
            values = style.drawable(getattr(run, name))
            if name == "grad_norm":
                values[values == 0] = np.nan
            drawn.append(values)
            marks = {"marker": "o", "ms": 3} if len(run) == 1 else {}
            axes.plot(along, values, label=label, **style.line(i), **marks)
        values = np.concatenate(drawn)
        decades = {"value": 3, "grad_norm": 0, "lr": 1}[name]
        axes.set_yscale("log" if style.spans_decades(values, decades) else "linear")
        axes.set_ylabel(_LABELS[name])
    panels[-1].set_xlabel(_ALONG[by])
    if len(shown) > 1:
        panels[0].legend(frameon=False)
    return panels[0].figure
