"""The search for a Gaussian process's kernel parameters."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from ... import minimize
from ...arrays import Array
from .optimizers import optimizer_class


def gaussian_process_optimizer(
    obj_func: Callable[..., Any], initial_theta: Array, bounds: Any, **options: Any
) -> tuple[Array, float]:
    """The ``optimizer`` of scikit-learn's GaussianProcessRegressor and GaussianProcessClassifier.

    Give it as it is, or with options by `functools.partial`; the estimator calls it, once for each restart.

    Parameters
    ----------
    obj_func : callable
        ``obj_func(theta)`` gives the negative log marginal likelihood and its gradient.
    initial_theta : ndarray of float64, shape (n,)
        The logarithms of the kernel's parameters to start from.
    bounds : ndarray of float64, shape (n, 2)
        The lowest and highest of each.
    **options
        Of :func:`steepest.minimize`: ``optimizer=Adam``, or its name ``"adam"``, ``lr=0.1``, ``max_iter``,
        ``callback``, and the optimizer's own. Two defaults are others, as an evaluation is dear here:
        ``ftol=1e-9`` with any optimizer, and ``patience=20``.

    Returns
    -------
    theta : ndarray of float64, shape (n,)
        The best that was found.
    value : float
        The negative log marginal likelihood there.

    Raises
    ------
    TypeError, ValueError
        As :func:`steepest.minimize`.

    Warns
    -----
    ConvergenceWarning
        If the search ended without meeting a tolerance.

    Notes
    -----
    As with scikit-learn's own search, a start where the kernel matrix has no Cholesky factor is returned as
    it is, with the value ∞, so that another restart wins.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> from sklearn.gaussian_process.kernels import RBF
    >>> from steepest import Adam
    >>> from steepest.clients.sklearn import gaussian_process_optimizer
    >>> X = np.linspace(0, 6, 20)[:, None]
    >>> by_adam = partial(gaussian_process_optimizer, optimizer=Adam, lr=0.1)
    >>> fit = GaussianProcessRegressor(RBF(), alpha=1e-3, optimizer=by_adam).fit(X, np.sin(X[:, 0]))
    >>> fit.kernel_
    RBF(length_scale=1.95)
    """
    start = obj_func(initial_theta)[0]
    if not math.isfinite(start):
        return initial_theta, start

    def objective(theta: Array) -> Any:
        return obj_func(theta.copy())  # what it is called with is the caller's to keep

    options = {"ftol": 1e-9, "patience": 20, **options}
    if options.get("optimizer") is not None:
        options["optimizer"] = optimizer_class(options["optimizer"])
    found = minimize(objective, initial_theta, True, bounds=bounds, **options)
    if not found.success:
        warnings.warn(
            f"gaussian_process_optimizer: {found.message}", ConvergenceWarning, stacklevel=2
        )
    return found.x, found.fun
