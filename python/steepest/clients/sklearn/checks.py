"""What the parameters of the linear estimators may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_scalar


def check_parameters(estimator: Any) -> None:
    """TypeError or ValueError, as scikit-learn words them, for a parameter that is not what it may be."""
    for name in ("fit_intercept", "shuffle", "early_stopping", "warm_start"):
        check_scalar(getattr(estimator, name), name, (bool, np.bool_))
    _check_finite(estimator.alpha, "alpha")
    check_scalar(estimator.max_iter, "max_iter", Integral, min_val=1)
    check_scalar(estimator.n_iter_no_change, "n_iter_no_change", Integral, min_val=1)
    if estimator.batch_size is not None:
        check_scalar(estimator.batch_size, "batch_size", Integral, min_val=1)
    if estimator.tol is not None:
        _check_finite(estimator.tol, "tol")
    fraction = estimator.validation_fraction
    inside = {"min_val": 0, "max_val": 1, "include_boundaries": "neither"}
    check_scalar(fraction, "validation_fraction", Real, **inside)
    options = estimator.optimizer_params
    if options is not None:
        check_scalar(options, "optimizer_params", Mapping)
        if "lr" in options and estimator.learning_rate is not None:
            raise ValueError(
                f"learning_rate: got {estimator.learning_rate!r} as well as optimizer_params['lr'] == "
                f"{options['lr']!r}, expected one of them"
            )


def _check_finite(value: Any, name: str) -> None:
    check_scalar(value, name, Real, min_val=0)
    if not math.isfinite(value):
        raise ValueError(f"{name} == {value}, must be finite.")
