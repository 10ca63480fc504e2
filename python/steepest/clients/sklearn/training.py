"""What the linear estimators share: parameters, how a training starts and what it leaves."""

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
from ...minibatches import minibatches
from .affine import Affine
from .checks import check_parameters
from .columns import Columns
from .descent import Descent, Sample
from .optimizers import optimizer_class, revived

_DTYPES = [np.float64, np.float32]
_ADVICE = "try another learning_rate or max_iter"


class LinearTrained(Descent, BaseEstimator):  # type: ignore[misc]
    """Scores x · coef + intercept, trained by any optimizer; a subclass says what they cost."""

    #: How `validate_data` checks y.
    _y_checks: ClassVar[dict[str, bool]] = {}
    #: How many rows held out are needed for a score.
    _least_held_out: ClassVar[int] = 1
    #: Whether the best intercept over centred columns is the one to start from, whatever the coefficients.
    _intercept_is_known: ClassVar[bool] = False

    coef_: Array
    intercept_: Any
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

    __init__.__qualname__ = "__init__"  # an error about a keyword is not this class's

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

    def _first(self, sample: Sample) -> tuple[Array, Array]:
        """Coefficients and an intercept to start from."""
        raise NotImplementedError

    def _stratified(self, targets: Array) -> Array | None:
        """What a validation set is to have its share of."""
        return None

    def _published(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        return coef, intercept

    # -- training -----------------------------------------------------------------------------

    def _checked(self, X: Any, y: Any, goes_on: bool, is_part: bool) -> Any:
        """Data as an array or a CSR matrix, of float32 or float64, after all parameters were checked."""
        check_parameters(self)
        is_stepped = goes_on and is_part and self._steps_parts
        dtype = self._affine.coef.dtype if is_stepped else _DTYPES
        how = {"accept_sparse": "csr", "dtype": dtype, **self._y_checks}
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
            if (scored := np.count_nonzero(held_weights)) < self._least_held_out:
                raise ValueError(
                    f"validation_fraction: got {self.validation_fraction}, which leaves {scored} of the rows "
                    f"with a weight to score, expected at least {self._least_held_out}"
                )
        if not weights.any():
            raise ValueError("sample_weight: got only zeros to train with, expected a positive one")
        sample = X, targets, weights / weights.mean()
        if goes_on and is_part:
            self._measure_more(sample)
        if not (goes_on and is_part and self._steps_parts):
            self._start(sample, goes_on=goes_on, is_part=is_part)
        if not goes_on:
            self.loss_curve_ = []
            self.validation_scores_ = [] if self.early_stopping else None
            self.best_validation_score_ = None
        seed = int(rng.randint(2**31 - 1))
        rows = np.arange(len(weights))
        batches = minibatches(rows, self._rows_a_step(len(rows)), seed, shuffle=self.shuffle)
        trouble = None
        with np.errstate(over="ignore", invalid="ignore"):  # said by the error
            try:
                if is_part:
                    self.n_iter_ = 1
                    self._epoch(sample, batches)
                else:
                    trouble = self._descend(sample, held_out, batches)
            except FloatingPointError as error:
                raise ValueError(f"the training has diverged ({error}): {_ADVICE}") from error
        if trouble:
            warnings.warn(f"{trouble}: {_ADVICE}", ConvergenceWarning, stacklevel=4)
        self.coef_, self.intercept_ = self._published(self._affine.coef, self._affine.intercept())
        return self

    def _measure_more(self, sample: Sample) -> None:
        """Take the columns of another part into account, and stay at the same scores."""
        X, _, weights = sample
        coef, intercept = self._affine.coef, self._affine.intercept()
        self._affine.columns.measure(X, weights, float(self.alpha), self.fit_intercept)
        self._affine.move(coef, intercept)

    def _start(self, sample: Sample, *, goes_on: bool, is_part: bool) -> None:
        """The optimizer over what it steps: from where an earlier fit ended, or from the beginning."""
        X, _, weights = sample
        if goes_on and is_part:
            columns = self._affine.columns
        else:
            columns = Columns()
            columns.measure(X, weights, float(self.alpha), self.fit_intercept)
        steps_intercept = self.fit_intercept and (is_part or not self._intercept_is_known)
        coef, intercept = self._first(sample)
        if goes_on:
            coef = self.coef_
        if goes_on and steps_intercept:
            intercept = self.intercept_ + coef @ columns.center
        if not self.fit_intercept:
            intercept = np.zeros_like(intercept)
        start = {"coef": coef / columns.unit, "intercept": np.asarray(intercept)}
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
            scale=self._loss_unit(sample) ** 0.5,
        )
        self._affine = Affine(x.x, columns, steps_intercept)
        self._steps_parts = is_part

    def _rows_a_step(self, rows: int) -> int:
        return rows if self.batch_size is None else min(self.batch_size, rows)

    def _linear(self, X: Any) -> Array:
        """x · coef_ + intercept_ for every row."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=_DTYPES, reset=False)
        scores: Array = X @ self.coef_.T + self.intercept_
        return scores
