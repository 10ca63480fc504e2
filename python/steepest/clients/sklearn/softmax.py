"""The softmax classifier: logistic regression of any number of classes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from ...arrays import Array
from .descent import Sample
from .training import LinearTrained


class SoftmaxClassifier(ClassifierMixin, LinearTrained):  # type: ignore[misc]
    """Logistic regression of two or more classes, trained by any optimizer.

    Parameters
    ----------
    optimizer : class, str or None, default None
        One of the family, as ``steepest.Adam``, or its name, ``"adam"``. None: Rprop, which needs no rate;
        over batches Adam.
    learning_rate : float, callable t -> float or None, default None
        Its rate, a number or a schedule of the steps; see Notes. None: its own default. A
        :class:`~steepest.schedules.Plateau` is copied, and observes the loss after every epoch.
    optimizer_params : dict or None, default None
        Its other options: ``{"momentum": 0.9}``; ``"lr"`` only without ``learning_rate``.
    alpha : float, default 1e-4
        Strength α ≥ 0 of the L2 penalty, as SGDClassifier's. LogisticRegression's is C = 1 / (α n).
    fit_intercept : bool, default True
        Whether there is an intercept, which is not penalised.
    batch_size : int or None, default None
        Rows a step, at least 1. None: all of them.
    max_iter : int, default 1000
        The most epochs, at least 1.
    tol : float or None, default 1e-6
        Stop if in ``n_iter_no_change`` epochs in a row the loss has not gone below its best by more than
        this, or with ``early_stopping`` the accuracy above; at least 0. None: only after ``max_iter`` epochs.
    n_iter_no_change : int, default 30
        So many epochs, at least 1; without batches an epoch is a step, and momentum overshoots for some 20.
    shuffle : bool, default True
        A new order of the rows every epoch; without effect without batches.
    random_state : int, RandomState or None, default None
        Of the order and of the rows held out.
    early_stopping : bool, default False
        Hold rows out, of each class its share, and end with the coefficients of the best accuracy there.
    validation_fraction : float, default 0.1
        The part held out, between 0 and 1.
    warm_start : bool, default False
        Begin another ``fit`` where the last one ended, with the optimizer's state anew, and never end with a
        higher loss than that; with ``early_stopping`` a lower score, of the rows now held out.

    Attributes
    ----------
    coef_ : ndarray of shape (n_classes, n_features); of two classes (1, n_features)
        The coefficients.
    intercept_ : ndarray of shape (n_classes,); of two classes (1,)
        The intercepts.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_, feature_names_in_
        As always.
    n_iter_ : int
        Epochs of the last call.
    loss_curve_ : list of float
        The objective, by epoch: the mean of its batches, each before its step.
    validation_scores_ : list of float, or None
        With ``early_stopping`` the accuracy of the rows held out, by epoch.
    best_validation_score_ : float or None
        That of the coefficients it ended with; the highest of them, or of where a ``warm_start`` began.
    optimizer_ : Optimizer
        The optimizer, with its state.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not what it may be, there is only one class, squares of X overflow, or the
        training diverged.

    Warns
    -----
    ConvergenceWarning
        If ``max_iter`` epochs were not enough, or the loss ended above where it began. In any case ``fit``
        ends with the best coefficients that it has measured: without batches of every epoch, over batches the
        better of first and last.

    Notes
    -----
    With scores zᵢ = W xᵢ + b, and weights sᵢ, scaled to a mean of 1, the objective is::

        1/n Σᵢ sᵢ (log Σₖ exp zᵢₖ − zᵢ,yᵢ) + α/2 ‖W‖²

    Of two classes there is one row of W, the score of the other class is 0. That is scikit-learn's
    LogisticRegression. Of three or more, only differences of scores count: coefficients and intercepts are
    given with their mean over the classes 0.

    Sparse matrices are taken as they are. Neither the offset nor the unit of a column matters: the optimizer
    steps Wₖⱼ √(varⱼ + α), the coefficients of columns of one scale around their means; the objective stays as
    above. Rates and an optimizer's own weight decay are meant of those. A column that is constant has the
    coefficient 0. ``partial_fit`` learns means and variances from part to part.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from steepest.clients.sklearn import SoftmaxClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = SoftmaxClassifier(alpha=0.01).fit(X[:1200], y[:1200])
    >>> classifier.score(X[1200:], y[1200:]) > 0.9
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all of the data.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features)
            The rows; float32 stays float32, anything else becomes float64.
        y : array of shape (n_samples,)
            Their classes.
        sample_weight : array of shape (n_samples,) or None, default None
            Their weights, at least 0; only their ratios count.

        Returns
        -------
        self
        """
        goes_on = self.warm_start and hasattr(self, "coef_")
        X, y = self._checked(X, y, goes_on, is_part=False)
        check_classification_targets(y)
        if not goes_on:
            self.classes_ = unique_labels(y)
        return self._train_classes(X, y, sample_weight, goes_on=goes_on, is_part=False)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train through one epoch of a part of the data; the optimizer goes on from part to part.

        Parameters
        ----------
        X, y, sample_weight
            As for :meth:`fit`. The default optimizer is Adam here. After a ``fit`` it begins anew.
        classes : array of shape (n_classes,)
            All classes there will be; needed in the first call only.

        Returns
        -------
        self
        """
        goes_on = hasattr(self, "coef_")
        if not goes_on and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        X, y = self._checked(X, y, goes_on, is_part=True)
        check_classification_targets(y)
        if classes is not None:
            classes = unique_labels(classes)
            if goes_on and not np.array_equal(self.classes_, classes):
                raise ValueError(f"classes: got {classes}, expected {self.classes_} as before")
            self.classes_ = classes
        return self._train_classes(X, y, sample_weight, goes_on=goes_on, is_part=True)

    def decision_function(self, X: Any) -> Array:
        """The scores: shape (n_samples, n_classes), of two classes (n_samples,), for the second."""
        scores = self._linear(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> Array:
        """The likeliest class of every row, shape (n_samples,)."""
        codes = _of_all_classes(self._linear(X)).argmax(axis=1)
        labels: Array = self.classes_[codes]
        return labels

    def predict_proba(self, X: Any) -> Array:
        """The probability of every class, shape (n_samples, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Its logarithm, shape (n_samples, n_classes)."""
        logarithms: Array = log_softmax(_of_all_classes(self._linear(X)), axis=1)
        return logarithms

    def _train_classes(self, X: Any, y: Any, sample_weight: Any, **how: bool) -> Self:
        if len(self.classes_) < 2:
            raise ValueError(f"y: got one class ({self.classes_[0]!r}), expected at least two")
        codes = LabelEncoder().fit(self.classes_).transform(y)
        return self._train(X, codes, sample_weight, **how)

    def _first(self, sample: Sample) -> tuple[Array, Array]:
        scores = 1 if len(self.classes_) == 2 else len(self.classes_)
        return np.zeros((scores, sample[0].shape[1])), np.zeros(scores)

    def _losses(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        log_p = log_softmax(_of_all_classes(scores), axis=1)
        rows = np.arange(len(targets))
        errors = np.exp(log_p)
        errors[rows, targets] -= 1
        return -log_p[rows, targets], errors[:, -scores.shape[1] :]

    def _loss_unit(self, sample: Sample) -> float:
        return 1.0

    def _validation_score(self, scores: Array, targets: Array, weights: Array) -> float:
        guesses = _of_all_classes(scores).argmax(axis=1)
        return float(accuracy_score(targets, guesses, sample_weight=weights))

    def _stratified(self, targets: Array) -> Array:
        return targets

    def _published(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        if len(coef) == 1:
            return coef, intercept
        return coef - coef.mean(axis=0), intercept - intercept.mean()


def _of_all_classes(scores: Array) -> Array:
    """A score for every class: of two only the second has one, and the first 0."""
    if scores.shape[1] > 1:
        return scores
    return np.hstack([np.zeros_like(scores), scores])
