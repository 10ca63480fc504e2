"""Scores that are linear in the columns, as an optimizer steps them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...arrays import Array


class Affine:
    """W (x − c) + b, for columns x around their centre c: its arrays W and b are stepped in place.

    That is another intercept for the same coefficients, and no column's offset makes the descent slow.

    Parameters
    ----------
    arrays : dict of ndarray
        ``"coef"``: W, of shape (n_features,) or (n_outputs, n_features), and ``"intercept"``: b, of shape ()
        or (n_outputs,). They are kept.
    center : ndarray of shape (n_features,)
        c.
    steps_intercept : bool
        Whether b has a gradient; otherwise it stays.
    """

    def __init__(self, arrays: dict[str, Array], center: Array, steps_intercept: bool) -> None:
        self.arrays = arrays
        self.center = center
        self.steps_intercept = steps_intercept

    @property
    def coef(self) -> Array:
        """W, live."""
        return self.arrays["coef"]

    def intercept(self) -> Any:
        """The intercept of columns that are not centred: an array, or a number."""
        return (self.arrays["intercept"] - self.coef @ self.center)[()]

    def scores(self, X: Any) -> Array:
        """The scores of rows, shape (n,) or (n, n_outputs)."""
        found: Array = X @ self.coef.T + self.intercept()
        return found

    def gradient(self, X: Any, slopes: Array) -> tuple[Array, Array | None]:
        """The gradient by W and b of what has these derivatives by the rows' scores."""
        total = slopes.sum(axis=0)
        by_coef = slopes.T @ X - np.multiply.outer(total, self.center)
        return by_coef, total if self.steps_intercept else None

    def copies(self) -> dict[str, Array]:
        """W and b as they are now."""
        return {name: array.copy() for name, array in self.arrays.items()}

    def write(self, values: dict[str, Array]) -> None:
        """Go to where these copies say."""
        for name, array in self.arrays.items():
            array[...] = values[name]
