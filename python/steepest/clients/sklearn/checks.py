"""What the parameters of the linear estimators may be."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils import check_scalar


def check_parameters(estimator: Any) -> None:
    """TypeError or ValueError, as scikit-learn words them, for a parameter that is not what it may be."""
    check_scalar(estimator.alpha, "alpha", Real, min_val=0)
    check_scalar(estimator.max_iter, "max_iter", Integral, min_val=1)
    check_scalar(estimator.n_iter_no_change, "n_iter_no_change", Integral, min_val=1)
    if estimator.batch_size is not None:
        check_scalar(estimator.batch_size, "batch_size", Integral, min_val=1)
    if estimator.tol is not None:
        check_scalar(estimator.tol, "tol", Real, min_val=0)
    fraction = estimator.validation_fraction
    inside = {"min_val": 0, "max_val": 1, "include_boundaries": "neither"}
    check_scalar(fraction, "validation_fraction", Real, **inside)
