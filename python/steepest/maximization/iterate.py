"""Where a run is: a private copy of x0, stepped in place, that others see but cannot write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..arrays import Array, described, of_reals, reals
from ..points import Point


class Iterate:
    """The numbers of x0 in arrays of its own, nested as x0 is.

    ``x`` is what an optimizer steps. ``shown()`` is what f and grad get: a live read-only view, and numbers
    where x0 had numbers. ``arrays`` are the real numbers of x's leaves in order, live, too: of a complex leaf
    Re and Im along a last axis. Whatever is measured or kept is arrays like these.
    """

    def __init__(self, x0: Any) -> None:
        self.point = Point(x0, takes_complex=True, name="x0")
        leaves = [leaf.array for leaf in self.point.leaves]
        self.arrays: list[Array] = [reals(array) for array in leaves]
        self.is_real = all(a is leaf for a, leaf in zip(self.arrays, leaves, strict=True))
        self.size = sum(array.size for array in self.arrays)
        if self.size == 0:
            raise ValueError("x0: has no elements, expected at least one number")
        for leaf in self.point.leaves:
            if not np.isfinite(leaf.array).all():
                raise ValueError(f"x0: {leaf.label} is not finite")
        self.x = self.point._fill(self.point.root, iter(leaves))
        view = self.point.shown()
        self.has_numbers = self.point.has_numbers()
        self.shown = self.point.shown if self.has_numbers else lambda: view

    def filled(self, arrays: Iterable[Array]) -> Any:
        """These arrays in x0's form, in their memory."""
        pairs = zip(arrays, self.point.leaves, strict=True)
        return self.point.filled([of_reals(array, leaf.dtype, leaf.shape) for array, leaf in pairs])

    def formed(self, arrays: Iterable[Array]) -> Any:
        """Copies of these arrays in x0's form."""
        return self.filled(array.copy() for array in arrays)

    def copies(self) -> list[Array]:
        """Copies of the arrays as they are now."""
        return [array.copy() for array in self.arrays]

    def write(self, arrays: list[Array]) -> None:
        """Go to where these arrays say."""
        for array, value in zip(self.arrays, arrays, strict=True):
            array[...] = value

    def placed(self, nested: Any) -> list[Any]:
        """Gradients in any form an optimizer takes, as a flat list in the order of the arrays."""
        is_list = isinstance(nested, (list, tuple))
        if is_list and isinstance(self.point.root, dict) and len(nested) == len(self.arrays):
            return list(nested)
        return self.point.place(nested)

    def parts(self, nested: Any) -> list[Any]:
        """The same as arrays like x's, None where there is no gradient."""
        placed = self.placed(nested)
        if self.is_real:
            return placed
        return [None if given is None else reals(np.asarray(given)) for given in placed]

    def placed_as(self, what: str, nested: Any) -> list[Any]:
        """Anything nested as x0 as a flat list; ``what`` it is called in messages."""
        try:
            return self.point.place(nested)
        except (TypeError, ValueError) as error:
            raise type(error)(str(error).replace("gradients", what, 1)) from error

    def fitted(self, what: str, nested: Any) -> list[Array]:
        """Points that ``what`` has returned, as arrays like x's."""
        fitted = []
        for leaf, value in zip(self.point.leaves, self.placed_as(what, nested), strict=True):
            array = np.asarray(value)
            if array.shape != leaf.shape:
                raise ValueError(
                    f"{what}: returned shape {array.shape} for {leaf.label}, expected {leaf.shape}"
                )
            if array.dtype.kind not in "fiu" + leaf.dtype.kind:
                wanted = "real" if leaf.dtype.kind == "f" else "complex"
                raise TypeError(
                    f"{what}: returned {described(array)} for {leaf.label}, expected {wanted} numbers"
                )
            fitted.append(reals(array.astype(leaf.dtype, copy=False)))
        return fitted

    def flat(self, nested: Any) -> Array:
        """Anything nested as x0 as one vector of real numbers in float64, None as zeros."""
        return np.concatenate(
            [
                np.zeros(array.size) if part is None else np.asarray(part, np.float64).reshape(-1)
                for array, part in zip(self.arrays, self.parts(nested), strict=True)
            ]
        )

    def unflat(self, vector: Array) -> Any:
        """A vector in x0's form."""
        ends = np.cumsum([array.size for array in self.arrays])[:-1]
        parts = zip(np.split(vector, ends), self.arrays, strict=True)
        return self.formed([part.reshape(array.shape).astype(array.dtype) for part, array in parts])
