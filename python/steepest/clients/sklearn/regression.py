"""Linear least squares."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array

from ...arrays import Array
from .descent import Sample
from .training import LinearTrained


class LinearRegressor(RegressorMixin, LinearTrained):  # type: ignore[misc]
    """Least squares with an L2 penalty, trained by any optimizer.

    Parameters
    ----------
    optimizer, learning_rate, optimizer_params, fit_intercept, batch_size, max_iter, n_iter_no_change, \
shuffle, random_state, validation_fraction, warm_start
        As for :class:`SoftmaxClassifier`.
    alpha : float, default 1e-4
        Strength α ≥ 0 of the L2 penalty, as SGDRegressor's. Ridge's is α n; 0 is LinearRegression.
    tol : float or None, default 1e-6
        As for :class:`SoftmaxClassifier`, of the part of y's variance that is not explained, or with
        ``early_stopping`` of R².
    early_stopping : bool, default False
        Hold rows out, at least two, and end with the coefficients of the best R² there.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,), for y with columns (n_targets, n_features)
        The coefficients.
    intercept_ : float, for y with columns ndarray of shape (n_targets,)
        The intercept.
    n_features_in_, feature_names_in_, n_iter_, loss_curve_, validation_scores_, \
best_validation_score_, optimizer_
        As for :class:`SoftmaxClassifier`; the validation scores are R².

    Raises
    ------
    TypeError, ValueError
        If a parameter is not what it may be, squares of X or y overflow, or the training diverged.

    Warns
    -----
    ConvergenceWarning
        As :class:`SoftmaxClassifier`.

    Notes
    -----
    With weights sᵢ, scaled to a mean of 1, the objective is::

        1/n Σᵢ sᵢ ½ ‖yᵢ − W xᵢ − b‖² + α/2 ‖W‖²

    It starts from W = 0. The intercept that is best for W is known, the mean of y − W x, so ``fit`` steps W
    alone. Columns are taken as :class:`SoftmaxClassifier` takes them. Any optimizer but the default wants a
    rate of y's scale.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from steepest.clients.sklearn import LinearRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> round(LinearRegressor().fit(X, y).score(X, y), 3)
    0.518
    """

    _y_checks: ClassVar[dict[str, bool]] = {"multi_output": True, "y_numeric": True}
    _intercept_is_known = True  # the mean of y
    _least_held_out = 2  # of one row there is no R²

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all of the data.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features)
            The rows; float32 stays float32, anything else becomes float64.
        y : array of shape (n_samples,) or (n_samples, n_targets)
            The targets.
        sample_weight : array of shape (n_samples,) or None, default None
            The rows' weights, at least 0; only their ratios count.

        Returns
        -------
        self
        """
        goes_on = self.warm_start and hasattr(self, "coef_")
        return self._train_targets(X, y, sample_weight, goes_on=goes_on, is_part=False)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train through one epoch of a part of the data; the optimizer goes on from part to part.

        Parameters
        ----------
        X, y, sample_weight
            As for :meth:`fit`. The default optimizer is Adam here. After a ``fit`` it begins anew.

        Returns
        -------
        self
        """
        goes_on = hasattr(self, "coef_")
        return self._train_targets(X, y, sample_weight, goes_on=goes_on, is_part=True)

    def predict(self, X: Any) -> Array:
        """X · coef_ᵀ + intercept_, shape (n_samples,), or (n_samples, n_targets) if y had columns."""
        return self._linear(X)

    def _train_targets(
        self, X: Any, y: Any, sample_weight: Any, *, goes_on: bool, is_part: bool
    ) -> Self:
        X, y = self._checked(X, y, goes_on, is_part)
        targets = check_array(y, ensure_2d=False, dtype=X.dtype)
        if goes_on and targets.shape[1:] != self.coef_.shape[:-1]:
            raise ValueError(
                f"y: got rows of shape {targets.shape[1:]}, expected {self.coef_.shape[:-1]} as before"
            )
        return self._train(X, targets, sample_weight, goes_on=goes_on, is_part=is_part)

    def _first(self, sample: Sample) -> tuple[Array, Array]:
        X, targets, weights = sample
        outputs = targets.shape[1:]
        return np.zeros((*outputs, X.shape[1])), np.asarray(weights @ targets / len(targets))

    def _losses(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        errors = scores - targets
        losses = (errors**2).reshape(len(errors), -1).sum(axis=1) / 2
        return losses, errors

    def _loss_unit(self, sample: Sample) -> float:
        _, targets, weights = sample
        with np.errstate(over="ignore", invalid="ignore"):
            losses, _ = self._losses(weights @ targets / len(targets), targets)
            unit = float(losses @ weights / len(weights))
        if not np.isfinite(unit):
            raise ValueError("y: got values whose squares are not finite, expected smaller ones")
        return unit or 1.0

    def _validation_score(self, scores: Array, targets: Array, weights: Array) -> float:
        return float(r2_score(targets, scores, sample_weight=weights))
