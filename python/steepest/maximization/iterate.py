"""Where a run is: a private copy of x0, stepped in place, that others see but cannot write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array, described, refuse_sparse
from ..points import Point


class Iterate:
    """The numbers of x0 in arrays of its own, nested as x0 is.

    ``x`` is what an optimizer steps, ``arrays`` its leaves in order. ``shown()`` is what f and grad get:
    a live read-only view, and numbers where x0 had numbers.
    """

    def __init__(self, x0: Any) -> None:
        x0 = _tables_as_arrays(x0, "x0")
        try:
            self.point = Point(x0)
        except (TypeError, ValueError) as error:
            raise type(error)(f"x0: {error}") from error
        self.arrays: list[Array] = [leaf.array for leaf in self.point.leaves]
        self.size = sum(array.size for array in self.arrays)
        if self.size == 0:
            raise ValueError("x0: has no elements, expected at least one number")
        for leaf in self.point.leaves:
            if not np.isfinite(leaf.array).all():
                raise ValueError(f"x0: {leaf.label} is not finite")
        self.x = self.point._fill(self.point.root, iter(self.arrays))
        view = self.point.shown()
        self.has_numbers = self.point.has_numbers()
        self.shown = self.point.shown if self.has_numbers else lambda: view

    def formed(self, arrays: list[Array]) -> Any:
        """Copies of these arrays in x0's form."""
        return self.point.filled([array.copy() for array in arrays])

    def copies(self) -> list[Array]:
        """Copies of the arrays as they are now."""
        return [array.copy() for array in self.arrays]

    def write(self, arrays: list[Array]) -> None:
        """Go to where these arrays say."""
        for array, value in zip(self.arrays, arrays, strict=True):
            array[...] = value

    def placed(self, nested: Any) -> list[Any]:
        """Gradients in any form an optimizer takes, as a flat list in the order of the arrays."""
        root = self.point.root
        is_list = isinstance(nested, (list, tuple))
        if is_list and not isinstance(root, list) and len(nested) == len(self.arrays):
            return list(nested)
        return self.point.place(nested)

    def flat(self, nested: Any) -> Array:
        """Anything nested as x0 as one float64 vector, None as zeros."""
        return np.concatenate(
            [
                np.zeros(array.size) if part is None else np.asarray(part, np.float64).reshape(-1)
                for array, part in zip(self.arrays, self.placed(nested), strict=True)
            ]
        )

    def unflat(self, vector: Array) -> Any:
        """A vector in x0's form."""
        ends = np.cumsum([array.size for array in self.arrays])[:-1]
        parts = zip(np.split(vector, ends), self.arrays, strict=True)
        return self.formed([part.reshape(array.shape).astype(array.dtype) for part, array in parts])


def _tables_as_arrays(value: Any, label: str) -> Any:
    """The same nesting, where a list of numbers, or of lists of numbers, is an array."""
    if isinstance(value, (str, bytes, np.ma.MaskedArray)):
        raise TypeError(f"{label}: got {described(value)}, expected numbers")
    refuse_sparse(label, value)
    if isinstance(value, Mapping):
        return {key: _tables_as_arrays(v, f"{label}[{key!r}]") for key, v in value.items()}
    if not isinstance(value, (list, tuple)):
        return value
    if _is_table(value):
        try:
            return np.array(value)
        except ValueError as error:
            raise ValueError(f"{label}: its rows differ in length ({error})") from error
    items = (_tables_as_arrays(v, f"{label}[{i}]") for i, v in enumerate(value))
    if hasattr(value, "_fields"):
        return type(value)(*items)
    return tuple(items) if isinstance(value, tuple) else list(items)


def _is_table(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or hasattr(value, "_fields") or not value:
        return False
    return all(_is_number(item) for item in value) or all(_is_table(item) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.generic))
