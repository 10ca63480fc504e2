"""How the linear estimators are trained: epochs of steps down a penalised mean loss."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ...arrays import Array
from ...checkpoint import copied_rates
from ...maximization.defaults import build
from ...maximization.iterate import Iterate
from ...maximization.loop import observers
from ...minibatches import minibatches
from ...optimizer import Optimizer
from .affine import Affine
from .checks import check_parameters
from .optimizers import optimizer_class, revived

#: Rows X, targets, and weights whose mean is 1.
Sample = tuple[Any, Array, Array]

_DTYPES = [np.float64, np.float32]
_ADVICE = "try another learning_rate or max_iter, or scale the columns of X"


class LinearTrained(BaseEstimator):  # type: ignore[misc]
    """Scores x · coef + intercept, trained by any optimizer; a subclass says what they cost."""

    #: How `validate_data` checks y.
    _y_checks: ClassVar[dict[str, bool]] = {}
    #: Whether the best intercept over centred columns is the one to start from, whatever the coefficients.
    _intercept_is_known: ClassVar[bool] = False

    coef_: Array
    intercept_: Any
    n_iter_: int
    optimizer_: Optimizer
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    _affine: Affine
    _steps_parts: bool

    def __init__(
        self,
        optimizer: Any = None,
        *,
        learning_rate: Any = None,
        optimizer_params: Any = None,
        alpha: float = 1e-4,
        fit_intercept: bool = True,
        batch_size: int | None = None,
        max_iter: int = 1000,
        tol: float | None = 1e-6,
        n_iter_no_change: int = 30,
        shuffle: bool = True,
        random_state: Any = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
    ) -> None:
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.optimizer_params = optimizer_params
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.shuffle = shuffle
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "optimizer_" in state:
            state["optimizer_"] = type(self.optimizer_), self.optimizer_.__getstate__()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "optimizer_" in state:
            self._affine.arrays = self._affine.copies()
            kind, saved = state["optimizer_"]
            self.optimizer_ = revived(kind, saved, self._affine.arrays)

    # -- what a subclass says -----------------------------------------------------------------

    def _losses(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        """Every row's loss, and its derivative by the scores."""
        raise NotImplementedError

    def _loss_unit(self, sample: Sample) -> float:
        """What ``tol`` is a part of."""
        raise NotImplementedError

    def _validation_score(self, scores: Array, targets: Array, weights: Array) -> float:
        raise NotImplementedError

    def _first(self, sample: Sample) -> tuple[Array, Array]:
        """Coefficients and an intercept to start from."""
        raise NotImplementedError

    def _stratified(self, targets: Array) -> Array | None:
        """What a validation set is to have its share of."""
        return None

    def _published(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        return coef, intercept

    # -- training -----------------------------------------------------------------------------

    def _checked(self, X: Any, y: Any, goes_on: bool) -> Any:
        """Data as an array or a CSR matrix, of float32 or float64, after all parameters were checked."""
        check_parameters(self)
        how = {"accept_sparse": "csr", "dtype": _DTYPES, **self._y_checks}
        return validate_data(self, X, y, reset=not goes_on, **how)

    def _train(
        self, X: Any, targets: Array, sample_weight: Any, *, goes_on: bool, is_part: bool
    ) -> Self:
        """Start, or go on, and step: until it has converged, or through one epoch of a part."""
        weights = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        rng = check_random_state(self.random_state)
        held_out: Sample | None = None
        if self.early_stopping:
            if is_part:
                raise ValueError("partial_fit does not support early_stopping=True")
            X, held_X, targets, held_targets, weights, held_weights = train_test_split(
                X,
                targets,
                weights,
                test_size=self.validation_fraction,
                stratify=self._stratified(targets),
                random_state=rng,
            )
            held_out = held_X, held_targets, held_weights
        sample = X, targets, weights / weights.mean()
        if not (goes_on and is_part and self._steps_parts):
            self._start(sample, goes_on=goes_on, is_part=is_part)
        if not goes_on:
            self.loss_curve_ = []
            self.validation_scores_ = [] if self.early_stopping else None
            self.best_validation_score_ = None
        with np.errstate(over="ignore", invalid="ignore"):  # said by the error
            try:
                trouble = self._descend(sample, held_out, 1 if is_part else self.max_iter, rng)
            except FloatingPointError as error:
                raise ValueError(f"the training has diverged ({error}): {_ADVICE}") from error
        if trouble and not is_part:
            warnings.warn(f"{trouble}: {_ADVICE}", ConvergenceWarning, stacklevel=4)
        self.coef_, self.intercept_ = self._published(
            self._affine.coef.copy(), self._affine.intercept()
        )
        return self

    def _start(self, sample: Sample, *, goes_on: bool, is_part: bool) -> None:
        """The optimizer over what it steps: from where an earlier fit ended, or from the beginning."""
        X, _, weights = sample
        center = weights @ X / len(weights)
        if not self.fit_intercept:
            center = np.zeros_like(center)
        steps_intercept = self.fit_intercept and (is_part or not self._intercept_is_known)
        coef, intercept = self._first(sample)
        if goes_on:
            coef = self.coef_
        if goes_on and steps_intercept:
            intercept = self.intercept_ + coef @ center
        if not self.fit_intercept:
            intercept = np.zeros_like(intercept)
        start = {"coef": coef, "intercept": np.asarray(intercept)}
        x = Iterate({name: array.astype(X.dtype) for name, array in start.items()})
        (lr,) = copied_rates([self.learning_rate])  # a Plateau is a parameter, and stays as it is
        rate = {} if lr is None else {"lr": lr}
        self.optimizer_ = build(
            None if self.optimizer is None else optimizer_class(self.optimizer),
            {**rate, **(self.optimizer_params or {})},
            x,
            maximize=False,
            with_batches=is_part or self._rows_a_step(len(weights)) < len(weights),
            projected=False,
        )
        self._affine = Affine(x.x, center, steps_intercept)
        self._steps_parts = is_part

    def _rows_a_step(self, rows: int) -> int:
        return rows if self.batch_size is None else min(self.batch_size, rows)

    def _descend(
        self, sample: Sample, held_out: Sample | None, max_iter: int, rng: np.random.RandomState
    ) -> str | None:
        """Epochs of steps, until loss or validation score no longer improves; says if that is not met."""
        X, targets, weights = sample
        n = len(weights)
        seed = int(rng.randint(2**31 - 1))
        batches = minibatches(np.arange(n), self._rows_a_step(n), seed, shuffle=self.shuffle)
        unit = 1.0 if held_out else self._loss_unit(sample)
        best, stale = np.inf, 0
        kept: dict[str, Array] | None = None
        trouble: str | None = f"max_iter={max_iter} epochs were not enough to converge"
        for self.n_iter_ in range(1, max_iter + 1):
            total = 0.0
            for rows in batches:
                part = sample if len(batches) == 1 else (X[rows], targets[rows], weights[rows])
                loss, gradient = self._objective(part)
                self.optimizer_.step(gradient)
                total += loss * len(rows)
            self.loss_curve_.append(total / n)
            for observe in observers(self.optimizer_.lr, -1):
                observe(total / n)
            measured = self.loss_curve_[-1] / unit
            if held_out:
                measured = -self._validate(held_out)
                if measured < best:
                    kept = self._affine.copies()
            if self.tol is not None:
                stale = stale + 1 if measured > best - self.tol else 0
            best = min(best, measured)
            if stale == self.n_iter_no_change:
                has_risen = self.loss_curve_[-1] > self.loss_curve_[0]
                trouble = "the loss has risen" if has_risen else None
                break
        if kept is not None:
            self._affine.write(kept)
        return trouble if self.tol is not None else None

    def _objective(self, sample: Sample) -> tuple[float, dict[str, Any]]:
        """The penalised mean loss of these rows, and its gradient."""
        X, targets, weights = sample
        coef, alpha = self._affine.coef, float(self.alpha)  # a NumPy number makes float32 float64
        losses, slopes = self._losses(self._affine.scores(X), targets)
        loss = losses @ weights / len(weights) + alpha / 2 * (coef**2).sum()
        slopes = (slopes.T * (weights / len(weights))).T
        by_coef, by_intercept = self._affine.gradient(X, slopes)
        return float(loss), {"coef": by_coef + alpha * coef, "intercept": by_intercept}

    def _validate(self, held_out: Sample) -> float:
        X, targets, weights = held_out
        score = self._validation_score(self._affine.scores(X), targets, weights)
        self.validation_scores_ = [*(self.validation_scores_ or []), score]
        self.best_validation_score_ = max(self.validation_scores_)
        return score

    def _linear(self, X: Any) -> Array:
        """x · coef_ + intercept_ for every row."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=_DTYPES, reset=False)
        scores: Array = X @ self.coef_.T + self.intercept_
        return scores
