"""Through which numbers an objective is cut: points of any form as one or two coordinates, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import Array, described
from ..maximization.iterate import Iterate


class Plane:
    """A line or a plane through a point of x's form: x = origin + coordinates · directions.

    Parameters
    ----------
    asked : None, "path", or one or two numbers or directions
        As `plot_trajectory` describes it.
    x : Iterate
        The form of x.
    at : nesting
        A point that it goes through.
    points : ndarray, shape (m, n)
        The points of all runs, for "path".
    """

    def __init__(self, asked: Any, x: Iterate, at: Any, points: Array) -> None:
        self.x = x
        names = names_of(x)
        self.origin = self._vector("at", at)
        self.is_of_numbers = False
        if asked is None:
            asked = tuple(range(len(names))) if len(names) <= 2 else "path"
        if isinstance(asked, str) and asked == "path":
            self.directions, held = _along(points - self.origin)
            self.labels = ["along the path", "across"]
            self.note = f"the plane holds {held:.0%} of the way"
            return
        axes = list(asked) if isinstance(asked, (tuple, list)) else [asked]
        if len(axes) not in (1, 2):
            raise ValueError(f"plane: got {len(axes)} axes, expected one or two")
        rows, self.labels = [], []
        for i, axis in enumerate(axes):
            if isinstance(axis, (int, np.integer, str)):
                k = _place(axis, names)
                rows.append(np.eye(1, len(names), k)[0])
                self.origin[k] = 0.0  # so that the coordinate is the number itself
                self.labels.append(names[k])
            else:
                vector = self._vector("plane", axis)
                if not vector.any():
                    raise ValueError("plane: got a direction of zeros")
                rows.append(vector)
                self.labels.append(["first direction", "second direction"][i])
        self.directions = np.array(rows)
        if np.linalg.matrix_rank(self.directions) < len(axes):
            raise ValueError("plane: its two axes are the same")
        rest = len(names) - len(axes)
        self.is_of_numbers = all(label in names for label in self.labels)
        self.note = f"the other {rest} held" if rest and self.is_of_numbers else ""

    def _vector(self, name: str, nested: Any) -> Array:
        """A point or direction in x's form as a vector."""
        try:
            vector = self.x.flat(nested)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from error
        if vector.size != self.x.size:
            raise ValueError(f"{name}: got {vector.size} numbers, expected {self.x.size} as in x")
        if not np.isfinite(vector).all():
            raise ValueError(f"{name}: is not finite")
        return vector

    @property
    def dimensions(self) -> int:
        """1 for a line, 2 for a plane."""
        return len(self.directions)

    def coordinates(self, points: Array) -> Array:
        """The coordinates, shape (m, 1 or 2), of the points in it that are nearest to these, shape (m, n)."""
        inverse = np.linalg.pinv(self.directions)
        with np.errstate(all="ignore"):
            found: Array = (points - self.origin) @ inverse
        return found

    def vector(self, coordinates: Array) -> Array:
        """The point with these coordinates as one vector."""
        found: Array = self.origin + coordinates @ self.directions
        return found


def names_of(x: Iterate) -> list[str]:
    """What the numbers of a point are called: "x" or "w[2]" or "W[0, 1]", or "x.real"."""
    names = []
    for leaf in x.point.leaves:
        name = "x" if leaf.name == x.point.name else leaf.name
        parts = (".real", ".imag") if leaf.dtype.kind == "c" else ("",)
        for place in np.ndindex(leaf.shape):
            number = f"{name}[{', '.join(map(str, place))}]" if place else name
            names += [number + part for part in parts]
    return names


def _place(axis: Any, names: Sequence[str]) -> int:
    """Where a number is, by its place or its name."""
    if isinstance(axis, str):
        if axis not in names:
            known = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
            raise ValueError(f'plane: got {axis!r}, expected "path" or one of {known}')
        return names.index(axis)
    if isinstance(axis, bool):
        raise TypeError(f"plane: got {described(axis)}, expected a number's place or name")
    if not -len(names) <= axis < len(names):
        raise ValueError(f"plane: got {axis}, expected a place below {len(names)}")
    return int(axis) % len(names)


def _along(offsets: Array) -> tuple[Array, float]:
    """The two directions that hold most of the points' squared distances, and which part of them."""
    finite = offsets[np.isfinite(offsets).all(axis=1)]
    _, sizes, directions = np.linalg.svd(finite, full_matrices=len(finite) < 2)
    chosen = directions[:2]
    largest = np.abs(chosen).argmax(axis=1)
    chosen = chosen * np.sign(chosen[range(2), largest])[:, None]
    total = float(sizes @ sizes)
    return chosen, float(sizes[:2] @ sizes[:2]) / total if total else 1.0
