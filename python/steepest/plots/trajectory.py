"""The way of a run over its objective."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import options
from ..arrays import Array, described
from ..maximization.iterate import Iterate
from . import style
from .landscape import RESOLUTION, Landscape, kind_of, limits_of
from .plane import Plane
from .runs import results as named_results

_COUNT = options.count("an integer of at least 8", 8)


class Way:
    """The points of one run, a column a coordinate, and the artists that draw them: `show` moves these."""

    def __init__(self, axes: Any, columns: list[Array], label: str, look: dict[str, Any]) -> None:
        self.columns = columns
        start, end = (
            [column[place] for column in columns] for place in (slice(1), slice(-1, None))
        )
        (self.line,) = axes.plot(*columns, label=label or None, zorder=3, **look)
        axes.plot(*start, "o", color="black", mfc="white", ms=5, zorder=4)
        star = {"color": look["color"], "mec": "white", "ms": 12, "marker": "*"}
        if "alpha" in look:  # one of many
            star = {"color": "black", "ms": 5, "marker": "^"}
        (self.end,) = axes.plot(*end, ls="", zorder=5, **star)

    def show(self, step: int) -> list[Any]:
        """Draw the points up to a step; the artists that have changed."""
        until = [column[: step + 1] for column in self.columns]
        last = [column[-1:] for column in until]
        for artist, columns in ((self.line, until), (self.end, last)):
            set_data = artist.set_data if len(columns) == 2 else artist.set_data_3d
            set_data(*columns)
        return [self.line, self.end]

    def __len__(self) -> int:
        return len(self.columns[0])


def draw(
    results: Any,
    f: Callable[[Any], Any] | None,
    kind: str | None,
    plane: Any,
    at: Any,
    limits: Any,
    points: int | None,
    ax: Any,
) -> tuple[Any, list[Way]]:
    """The objective and the ways over it; see `plot_trajectory`."""
    shown = named_results(results)
    first = next(iter(shown.values()))
    problem = first._problem
    bounds = None if problem is None else problem.bounds
    if f is None:
        if problem is None:
            raise ValueError(
                "f: there is no objective to draw: the run took batches, or was not pickled with it; "
                "give one, as in f=lambda x: …"
            )
        f = problem.objective.f_at
    elif not callable(f):
        raise TypeError(f"f: got {described(f)}, expected a function of x")
    if points is not None:
        points = _COUNT("points", points)
    runs = [(label, run) for label, found in shown.items() for run in found.runs or [found]]
    x = Iterate(first.x)
    vectors = []
    for _, run in runs:
        try:
            vectors.append(np.array([x.flat(point) for point in run.history.x]))
        except (TypeError, ValueError) as error:
            raise ValueError("results: their x differ in form, expected the same") from error
    if len({vector.shape[1] for vector in vectors}) > 1:
        raise ValueError("results: their x differ in size, expected the same")
    over = Plane(plane, x, first.x if at is None else at, np.concatenate(vectors))
    chosen = kind_of(kind, over)
    landscape = Landscape(f, over, bounds, first.history._sign > 0)
    within = limits_of(limits, np.concatenate([over.coordinates(v) for v in vectors]), landscape)
    axes = style.one(ax, *_SIZES[chosen], solid=chosen == "surface")
    landscape.draw(axes, chosen, within, points or RESOLUTION[chosen])
    quiet = any(found.runs for found in shown.values())
    several, ways = len(shown) > 1, []
    for i, ((label, _), vector) in enumerate(zip(runs, vectors, strict=True)):
        columns = list(over.coordinates(vector).T)
        if chosen != "contour":
            columns.append(landscape.heights(vector))
        ways.append(Way(axes, columns, label, _look(i, len(vector), several, quiet)))
    if quiet:
        _mark_best(axes, over, landscape, chosen, [found.x for found in shown.values()])
    if over.note:
        axes.set_title(over.note, loc="right", size=9, color="0.35")
    if several and not quiet:
        axes.legend(frameon=True, framealpha=0.85, edgecolor="none")
    return axes, ways


def _look(i: int, length: int, several: bool, quiet: bool) -> dict[str, Any]:
    """How the i-th way is drawn: one of many starts, or one of several of which none may hide another."""
    if quiet:
        return {"color": style.COLOURS[4], "lw": 3, "alpha": 0.4}
    marks = {"marker": "o", "ms": 3.5} if length <= 100 else {}
    widths = {"lw": max(1.2, 2.6 - 0.7 * i)} if several else {}
    return {**style.line(i), **marks, **widths}


_SIZES = {"curve": (8, 4), "contour": (7, 4.6), "surface": (7, 5)}


def _mark_best(axes: Any, plane: Plane, landscape: Landscape, kind: str, found: list[Any]) -> None:
    """A star where the best of many starts has ended."""
    vectors = np.array([plane.x.flat(x) for x in found])
    columns = list(plane.coordinates(vectors).T)
    if kind != "contour":
        columns.append(landscape.heights(vectors))
    axes.plot(*columns, "*", color="black", mec="white", ms=16, zorder=6)


def plot_trajectory(
    results: Any,
    f: Callable[[Any], Any] | None = None,
    *,
    kind: str | None = None,
    plane: Any = None,
    at: Any = None,
    limits: Any = None,
    points: int | None = None,
    ax: Any = None,
) -> Any:
    """Draw the points of a run over its objective: a curve, contours, or a surface.

    A circle is where a run began, a star where it ended. With ``restarts`` all runs are drawn alike, with
    triangles where they ended, and the star is the best's.

    Parameters
    ----------
    results : Result, or a list or dict of them
        Runs with ``keep_iterates=True``, of x of the same form; a dict's keys are the names in the legend.
        The objective, its bounds and its direction are those of the first.
    f : callable or None, default None
        What to draw, a function of x alone. None: the objective of the first result, which one that took
        batches, or was unpickled, does not have.
    kind : {"curve", "contour", "surface"} or None, default None
        A curve is over a line, the others are over a plane. None: a curve or contours.
    plane : None, "path", int or str, direction, or a pair of these, default None
        What of x is drawn. One or two of its numbers, by their place in x as one flat vector or by their
        names as "w[2]"; or one or two directions in x's form, of which the unit is their own length. "path":
        the plane through ``at`` in which the points of all runs lie best. All other numbers are those of
        ``at``. None: x itself, if it has one number or two, else "path".
    at : in x's form, or None, default None
        The point that the plane goes through. None: where the first run ended.
    limits : pair, or pair of pairs, or None, default None
        The lowest and highest coordinate that is drawn, for each axis. None: where the points are.
    points : int or None, default None
        Values of f along each side, at least 8. None: 300 along a line, 60 · 60 on a plane.
    ax : Axes or None, default None
        Where to draw; for a surface with ``projection="3d"``. None: in a new figure.

    Returns
    -------
    Axes
        Of the drawing; its figure is ``.figure``.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there are no points or no objective, or an argument has a wrong value.
    ImportError
        If matplotlib is not installed.

    Notes
    -----
    f is asked once at every point that is drawn, and not beyond bounds; where it is not finite, nothing is
    drawn. White is where f is best, and contours are the closer the better it is: their distances to the best
    height grow as the cube.

    In a plane that does not hold all of x points are drawn where they are nearest to it, and the heights of
    theirs are f's own, not those of the plane below or above them. "path" is from the singular vectors of the
    points' distances to ``at`` (Li et al., "Visualizing the loss landscape of neural nets", 2018, section 7).

    Examples
    --------
    >>> from steepest import SGD, minimize, plots
    >>> found = minimize(
    ...     lambda x: x @ x, [3.0, 4.0], lambda x: 2 * x, optimizer=SGD, lr=0.1, keep_iterates=True
    ... )
    >>> axes = plots.plot_trajectory(found, points=20)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('x[0]', 'x[1]')
    >>> axes.figure.savefig("way.png")
    """
    axes, _ = draw(results, f, kind, plane, at, limits, points, ax)
    return axes
