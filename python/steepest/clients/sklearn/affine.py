"""Scores that are linear in the columns, as an optimizer steps them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...arrays import Array
from .columns import Columns


class Affine:
    """W (x − c) + b with W = V u, for columns x around their centre c: V and b are stepped in place.

    The same scores as W x + a, but neither a column's offset nor its unit makes the descent slow.

    Parameters
    ----------
    arrays : dict of ndarray
        ``"coef"``: V, of shape (n_features,) or (n_outputs, n_features), and ``"intercept"``: b, of shape ()
        or (n_outputs,). They are kept.
    columns : Columns
        c and u.
    steps_intercept : bool
        Whether b has a gradient; otherwise it stays.
    """

    def __init__(self, arrays: dict[str, Array], columns: Columns, steps_intercept: bool) -> None:
        self.arrays = arrays
        self.columns = columns
        self.steps_intercept = steps_intercept

    @property
    def coef(self) -> Array:
        """W."""
        return self.arrays["coef"] * self.columns.unit

    def intercept(self) -> Any:
        """a = b − W c: an array, or a number."""
        return (self.arrays["intercept"] - self.coef @ self.columns.center)[()]

    def move(self, coef: Array, intercept: Any) -> None:
        """Go to where W and a are these, with c and u as they are now."""
        self.arrays["coef"][...] = coef / self.columns.unit
        self.arrays["intercept"][...] = intercept + coef @ self.columns.center

    def scores(self, X: Any) -> Array:
        """The scores of rows, shape (n,) or (n, n_outputs)."""
        found: Array = X @ self.coef.T + self.intercept()
        return found

    def gradient(self, X: Any, slopes: Array, by_penalty: Array) -> dict[str, Array | None]:
        """The gradient by V and b, of derivatives by the rows' scores and, of a penalty, by W."""
        total = slopes.sum(axis=0)
        by_coef = slopes.T @ X - np.multiply.outer(total, self.columns.center)
        by_coef = (by_coef * self.columns.varies + by_penalty) * self.columns.unit
        return {"coef": by_coef, "intercept": total if self.steps_intercept else None}

    def copies(self) -> dict[str, Array]:
        """V and b as they are now."""
        return {name: array.copy() for name, array in self.arrays.items()}

    def write(self, values: dict[str, Array]) -> None:
        """Go to where these copies say."""
        for name, array in self.arrays.items():
            array[...] = values[name]
