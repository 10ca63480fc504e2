"""How all pictures look: colours, sizes, and the figure that is made where none is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import extras
from ..arrays import Array, described

#: Okabe and Ito's colours, which the colour-blind can tell apart, but for the yellow, which is pale on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
#: Beyond seven curves the colours come again with other dashes.
DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)))
GRID = {"color": "0.9", "lw": 0.7}


def figure(width: float, height: float) -> Any:
    """A new figure, so many inches large; ImportError if there is no matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        raise extras.missing("plots", "matplotlib", "plot") from missing
    return Figure(figsize=(width, height), dpi=140, layout="constrained")


def one(ax: Any, width: float, height: float, *, solid: bool = False) -> Any:
    """The Axes given, or new ones; three-dimensional if ``solid``."""
    if ax is None:
        projection = {"projection": "3d"} if solid else None
        return tidy(figure(width, height).subplots(subplot_kw=projection))
    if not hasattr(ax, "plot") or not hasattr(ax, "figure"):
        raise TypeError(f"ax: got {described(ax)}, expected an Axes of matplotlib")
    if solid != hasattr(ax, "plot_surface"):
        wanted = 'projection="3d"' if solid else "two dimensions"
        raise ValueError(f"ax: got {type(ax).__name__}, expected Axes with {wanted}")
    return tidy(ax)


def several(ax: Any, count: int, width: float, height: float, **grid: Any) -> list[Any]:
    """So many Axes: those given, or new ones in a figure; ``grid`` is for its subplots."""
    if ax is None:
        made = figure(width, height).subplots(squeeze=False, **grid)
        return [tidy(axes) for axes in made.flat]
    given = list(ax) if isinstance(ax, (list, tuple)) else list(np.ravel(ax))
    if len(given) != count:
        raise ValueError(f"ax: got {len(given)} Axes, expected {count}")
    return [one(axes, width, height) for axes in given]


def tidy(axes: Any) -> Any:
    """The Axes without a frame's upper and right side, and with a pale grid behind everything."""
    if hasattr(axes, "plot_surface"):
        return axes
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(**GRID)
    axes.set_axisbelow(True)
    return axes


def save(figure: Any, path: str | Path) -> None:
    """Write a figure to a file, in a folder that is made if it is missing."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def line(i: int) -> dict[str, Any]:
    """How the i-th of several curves looks."""
    again, colour = divmod(i, len(COLOURS))
    return {"color": COLOURS[colour], "ls": DASHES[again % len(DASHES)], "lw": 1.8}


def drawable(values: Any) -> Array:
    """Values as they are, but NaN, which is not drawn, where they are beyond what axes can hold."""
    values = np.asarray(values, np.float64)
    return np.where(np.abs(values) < 1e100, values, np.nan)


def spans_decades(values: Any, decades: float = 3) -> bool:
    """Whether numbers are all above 0 and so far apart that only a logarithmic axis shows them."""
    values = np.asarray(values)[np.isfinite(values)]
    return bool(len(values) and values.min() > 0 and values.max() > values.min() * 10**decades)
