"""Epochs of steps down a penalised mean loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...arrays import Array
from ...maximization.loop import observers
from ...minibatches import Minibatches
from ...optimizer import Optimizer
from .affine import Affine

#: Rows X, targets, and weights whose mean is 1.
Sample = tuple[Any, Array, Array]


class Lowest:
    """What is stepped, as it was where the values noted were lowest."""

    def __init__(self, affine: Affine) -> None:
        self.value = np.inf
        self._affine = affine
        self._kept = affine.copies()

    def note(self, value: float) -> None:
        """Take this as the value where it is now."""
        if value < self.value:
            self.value, self._kept = value, self._affine.copies()

    def restore(self) -> None:
        """Go back there."""
        self._affine.write(self._kept)


class Descent:
    """The steps of an estimator; its subclass says what the scores of rows cost."""

    alpha: float
    max_iter: int
    tol: float | None
    n_iter_no_change: int

    n_iter_: int
    optimizer_: Optimizer
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    _affine: Affine

    def _losses(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        """Every row's loss, and its derivative by the scores."""
        raise NotImplementedError

    def _loss_unit(self, sample: Sample) -> float:
        """What ``tol`` is a part of."""
        raise NotImplementedError

    def _validation_score(self, scores: Array, targets: Array, weights: Array) -> float:
        raise NotImplementedError

    def _epoch(
        self, sample: Sample, batches: Minibatches, see: Callable[[float], Any] | None = None
    ) -> float:
        """A step for every batch; what sees a batch's loss is called before its step. Their mean."""
        X, targets, weights = sample
        total = 0.0
        for rows in batches:
            part = sample if len(batches) == 1 else (X[rows], targets[rows], weights[rows])
            loss, gradient = self._objective(part)
            if see is not None:
                see(loss)
            self.optimizer_.step(gradient)
            total += loss * len(rows)
        mean = total / len(weights)
        self.loss_curve_.append(mean)
        for observe in observers(self.optimizer_.lr, -1):
            observe(mean)
        return mean

    def _descend(self, sample: Sample, held_out: Sample | None, batches: Minibatches) -> str | None:
        """Epochs until nothing improves, and back to where it was best; says what went wrong."""
        tol, unit = self.tol or 0.0, self._loss_unit(sample)
        first, _ = self._objective(sample)
        highest = first + unit * max(tol, np.finfo(sample[0].dtype).eps ** 0.5)
        lowest = Lowest(self._affine)
        see = None
        if held_out is None:
            tol *= unit
            lowest.note(first)
            see = lowest.note if len(batches) == 1 else None
        elif self.validation_scores_:  # of an earlier fit, which this one is not to make worse
            lowest.note(-self._score(held_out))
        best, stale = np.inf, 0
        for epoch in range(1, self.max_iter + 1):
            self.n_iter_ = epoch
            measured = self._epoch(sample, batches, see)
            overshoots = see is not None and measured > highest  # and is on its way back
            if held_out is not None:
                measured = -self._score(held_out)
                self.validation_scores_ = [*(self.validation_scores_ or []), -measured]
                lowest.note(measured)
            stale = 0 if overshoots or measured <= best - tol else stale + 1
            best = min(best, measured)
            if self.tol is not None and stale == self.n_iter_no_change:
                break
        last, _ = self._objective(sample)
        if held_out is None:
            lowest.note(last)
        else:
            self.best_validation_score_ = -lowest.value
        lowest.restore()
        if self.tol is None:
            return None
        if not last <= highest:
            return "the loss has risen"
        if stale < self.n_iter_no_change:
            return f"max_iter={self.max_iter} epochs were not enough to converge"
        return None

    def _objective(self, sample: Sample) -> tuple[float, dict[str, Any]]:
        """The penalised mean loss of these rows, and its gradient."""
        X, targets, weights = sample
        coef, alpha = self._affine.coef, float(self.alpha)  # a NumPy number makes float32 float64
        losses, slopes = self._losses(self._affine.scores(X), targets)
        loss = losses @ weights / len(weights) + alpha / 2 * (coef**2).sum()
        slopes = (slopes.T * (weights / len(weights))).T
        return float(loss), self._affine.gradient(X, slopes, alpha * coef)

    def _score(self, held_out: Sample) -> float:
        X, targets, weights = held_out
        return self._validation_score(self._affine.scores(X), targets, weights)
