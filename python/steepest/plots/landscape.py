"""An objective drawn over a line or a plane: a curve, contours, or a surface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import Array, described
from ..differences import as_value
from ..maximization.bounds import Bounds
from .plane import Plane

KINDS = ("curve", "contour", "surface")
#: Points along each side of the drawing.
RESOLUTION = {"curve": 300, "contour": 60, "surface": 60}


class Landscape:
    """f over a line or a plane.

    Parameters
    ----------
    f : callable
        Gives f at a point in x's form.
    plane : Plane
        What is drawn of it.
    bounds : Bounds or None
        Beyond them f is not asked, and nothing is drawn.
    maximized : bool
        Whether high is good.
    """

    def __init__(
        self, f: Callable[[Any], Any], plane: Plane, bounds: Bounds | None, maximized: bool
    ) -> None:
        self.f, self.plane, self.bounds, self.maximized = f, plane, bounds, maximized

    def height(self, vector: Array) -> float:
        """f at a point, NaN where it has no finite value."""
        x = self.plane.x
        if not np.isfinite(vector).all():
            return np.nan
        form = x.unflat(vector)
        if self.bounds is not None and not self.bounds.hold(_arrays(x, vector)):
            return np.nan
        try:
            with np.errstate(all="ignore"):
                value = as_value(self.f(form))
        except ArithmeticError:
            return np.nan
        return value if np.isfinite(value) else np.nan

    def heights(self, vectors: Array) -> Array:
        """f at points, a row each."""
        return np.array([self.height(vector) for vector in vectors])

    def within(self, low: Array, high: Array) -> tuple[Array, Array]:
        """These limits, but none beyond bounds on a number that is drawn."""
        if self.bounds is None or not self.plane.is_of_numbers:
            return low, high
        least, most = (
            np.concatenate([side.reshape(-1) for side in sides])
            for sides in (self.bounds.low, self.bounds.high)
        )
        places = self.plane.directions.argmax(axis=1)
        return np.maximum(low, least[places]), np.minimum(high, most[places])

    def draw(self, axes: Any, kind: str, limits: list[tuple[float, float]], points: int) -> None:
        """Draw f within limits as one of `KINDS`, with so many points along a side."""
        sides = [np.linspace(low, high, points) for low, high in limits]
        if kind == "curve":
            heights = self.heights(np.array([self.plane.vector(np.array([s])) for s in sides[0]]))
            axes.plot(sides[0], heights, color="0.45", lw=1.6, zorder=1)
            low, high = limits[0]
            air = 0.02 * (high - low)  # for marks at its ends
            axes.set(xlabel=self.plane.labels[0], ylabel="f", xlim=(low - air, high + air))
            return
        X, Y = np.meshgrid(*sides)
        vectors = [self.plane.vector(np.array(pair)) for pair in zip(X.flat, Y.flat, strict=True)]
        Z = np.ma.masked_invalid(self.heights(np.array(vectors)).reshape(X.shape))
        if Z.count() < 4:
            raise ValueError("f: is not finite where it is to be drawn")
        axes.set(xlabel=self.plane.labels[0], ylabel=self.plane.labels[1])
        if kind == "surface":
            axes.computed_zorder = False  # or the surface hides the way over it
            heights = Z.filled(np.nan)
            look = {"edgecolor": "white", "lw": 0.25, "alpha": 0.85, "zorder": 1}
            norm = _by_rank(self._levels(float(Z.min()), float(Z.max()), 40))
            axes.plot_surface(
                X, Y, heights, cmap=self._greys(), norm=norm, rcount=40, ccount=40, **look
            )
            axes.set_zlabel("f", labelpad=8)
            axes.xaxis.labelpad = axes.yaxis.labelpad = 8
            return
        levels = self._levels(float(Z.min()), float(Z.max()))
        axes.grid(visible=False)
        axes.contourf(X, Y, Z, levels, cmap=self._greys(), norm=_by_rank(levels), zorder=0)
        axes.contour(X, Y, Z, levels, colors="white", linewidths=0.8, zorder=1)
        axes.set(xlim=limits[0], ylim=limits[1])

    def _levels(self, low: float, high: float, count: int = 11) -> Array:
        """Heights closer to each other near the best: their distances to it grow as the cube."""
        if high <= low:
            high = low + max(abs(low), 1.0) * 1e-6
        steps = np.linspace(0, 1, count) ** 3
        return high - (high - low) * steps[::-1] if self.maximized else low + (high - low) * steps

    def _greys(self) -> Any:
        """Pale greys, white where f is best."""
        from matplotlib.colors import LinearSegmentedColormap

        ends = ["0.62", "1.0"] if self.maximized else ["1.0", "0.62"]
        return LinearSegmentedColormap.from_list("heights", ends)


def _by_rank(levels: Array) -> Any:
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, 256)


def _arrays(x: Any, vector: Array) -> list[Array]:
    ends = np.cumsum([array.size for array in x.arrays])[:-1]
    parts = zip(np.split(vector, ends), x.arrays, strict=True)
    return [part.reshape(array.shape).astype(array.dtype) for part, array in parts]


def kind_of(kind: Any, plane: Plane) -> str:
    """The kind asked for, or the usual one."""
    if kind is None:
        return "curve" if plane.dimensions == 1 else "contour"
    if kind not in KINDS:
        raise ValueError(f"kind: got {kind!r}, expected one of {list(KINDS)}")
    if (kind == "curve") != (plane.dimensions == 1):
        wanted = "two numbers or a plane" if plane.dimensions == 1 else "one number or a line"
        raise ValueError(f"kind: got {kind!r}, expected it with {wanted} only")
    return str(kind)


def limits_of(asked: Any, coordinates: Array, landscape: Landscape) -> list[tuple[float, float]]:
    """The limits asked for, or the smallest that hold all points, with some air."""
    count = landscape.plane.dimensions
    if asked is not None:
        pairs = [asked] if count == 1 and np.ndim(asked) == 1 else asked
        try:
            found = [(float(low), float(high)) for low, high in pairs]
        except (TypeError, ValueError):
            raise TypeError(f"limits: got {described(asked)}, expected {count} pairs") from None
        if len(found) != count or not all(low < high for low, high in found):
            raise ValueError(f"limits: got {asked}, expected {count} pairs (low, high), low < high")
        if not np.isfinite(found).all():
            raise ValueError(f"limits: got {asked}, expected finite numbers")
        return found
    inside = coordinates[np.isfinite(coordinates).all(axis=1)]
    low, high = inside.min(axis=0), inside.max(axis=0)
    width = high - low
    # A picture of a way along one axis needs some height, too; and of one that stays, any.
    width = np.maximum(width, 0.3 * width.max())
    width[width == 0] = 0.1 * max(1.0, float(np.abs(inside).max()))
    middle = (low + high) / 2
    low, high = landscape.within(middle - 0.65 * width, middle + 0.65 * width)
    return list(zip(low.tolist(), high.tolist(), strict=True))
