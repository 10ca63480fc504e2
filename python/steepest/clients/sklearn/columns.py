"""Where the columns of the data are, and how far they spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from ...arrays import Array


class Columns:
    """Every column's centre, the size of a step of its coefficient, and whether it has anything to tell.

    The mean of (x − c)² + α is the curvature of a penalised squared loss along a coefficient. Steps in units
    of 1 / √ of it are as long for every column, so no column's scale makes the descent slow.

    Attributes
    ----------
    center : ndarray of shape (n_features,)
        c: the mean, or 0 where there is no intercept to make up for it.
    unit : ndarray of shape (n_features,)
        1 / √(mean of (x − c)² + α).
    varies : ndarray of bool, shape (n_features,)
        False where x − c is 0 in every row, but for what rounding leaves of it.
    """

    center: Array
    unit: Array
    varies: Array

    def __init__(self) -> None:
        self._scaler = StandardScaler(
            with_mean=False
        )  # which sparse data needs; the mean is measured

    def measure(self, X: Any, weights: Array, alpha: float, fit_intercept: bool) -> None:
        """Take these rows into account as well as all before."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = self._scaler.partial_fit(X, sample_weight=weights)
            mean, squares = found.mean_, found.var_
            self.varies = np.sqrt(squares) == found.scale_  # which is 1 for a constant column
            if not fit_intercept:
                mean, squares = np.zeros_like(mean), squares + mean**2
                self.varies = squares > 0
        if not np.isfinite(squares).all():
            raise ValueError("X: got values whose squares are not finite, expected smaller ones")
        curvature = self.varies * squares + alpha
        self.center = mean.astype(X.dtype)
        self.unit = (1 / np.sqrt(np.where(curvature > 0, curvature, 1))).astype(X.dtype)
