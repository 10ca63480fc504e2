"""SoftmaxClassifier and LinearRegressor are scikit-learn's estimators, and find what its solvers find."""

from __future__ import annotations

import pickle
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import steepest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils.estimator_checks import parametrize_with_checks
from steepest.clients.sklearn import LinearRegressor, SoftmaxClassifier
from steepest.optimizer import Optimizer

KINDS = [
    kind
    for kind in (vars(steepest).get(name) for name in steepest.__all__)
    if isinstance(kind, type) and issubclass(kind, Optimizer)
]
SEEDS = [0, 1, 2]


def iris() -> Any:
    return load_iris(return_X_y=True)


def diabetes(**options: Any) -> Any:
    return load_diabetes(return_X_y=True, **options)


def logistic(X: Any, y: Any, alpha: float, **options: Any) -> LogisticRegression:
    """The same objective by scikit-learn."""
    C = 1 / (alpha * X.shape[0])
    return LogisticRegression(C=C, solver="newton-cg", tol=1e-12, max_iter=10_000, **options).fit(
        X, y
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([SoftmaxClassifier(), LinearRegressor()])
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


class TestSoftmax:
    @pytest.mark.parametrize("load", [load_iris, load_breast_cancer, load_wine, load_digits])
    def test_is_logistic_regression(self, load: Any) -> None:
        X, y = load(return_X_y=True)
        X = scale(X)
        peer = logistic(X, y, 0.01)
        found = SoftmaxClassifier(alpha=0.01, tol=1e-12).fit(X, y)
        assert found.coef_.shape == peer.coef_.shape
        assert found.coef_ == pytest.approx(peer.coef_, abs=1e-4)
        assert found.intercept_ == pytest.approx(peer.intercept_, abs=1e-4)
        assert found.predict_proba(X) == pytest.approx(peer.predict_proba(X), abs=1e-4)
        assert found.decision_function(X) == pytest.approx(peer.decision_function(X), abs=1e-3)
        assert (found.predict(X) == peer.predict(X)).all()

    def test_is_logistic_regression_with_weights_and_no_intercept(self) -> None:
        X, y = iris()
        weights = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
        found = SoftmaxClassifier(alpha=0.01, tol=1e-12, fit_intercept=False, max_iter=20_000)
        found.fit(X, y, sample_weight=weights)
        peer = LogisticRegression(
            C=1 / (0.01 * weights.sum()), fit_intercept=False, tol=1e-10, max_iter=10_000
        ).fit(X, y, sample_weight=weights)
        assert (found.intercept_ == 0).all()
        assert found.coef_ == pytest.approx(peer.coef_, abs=1e-4)

    @pytest.mark.parametrize("load", [load_iris, load_breast_cancer, load_wine, load_digits])
    def test_needs_neither_scaling_nor_a_rate(self, load: Any) -> None:
        X, y = load(return_X_y=True)
        found = SoftmaxClassifier().fit(X, y)
        optimum = logistic(scale(X, with_std=False), y, found.alpha)
        penalty = found.alpha / 2 * (optimum.coef_**2).sum()
        least = log_loss(y, optimum.predict_proba(scale(X, with_std=False))) + penalty
        assert found.loss_curve_[-1] < least + 1e-3
        assert found.score(X, y) > 0.97

    def test_an_offset_of_the_columns_changes_the_intercept_only(self) -> None:
        X, y = iris()
        found, moved = (SoftmaxClassifier(tol=1e-10).fit(A, y) for A in (X, X + 1e4))
        assert moved.coef_ == pytest.approx(found.coef_, abs=1e-2)
        assert moved.predict_proba(X + 1e4) == pytest.approx(found.predict_proba(X), abs=1e-4)

    def test_coefficients_have_a_mean_of_zero_over_the_classes(self) -> None:
        X, y = iris()
        found = SoftmaxClassifier("adam", alpha=0, learning_rate=0.1, tol=None, max_iter=20)
        found.fit(X, y)
        assert found.coef_.mean(axis=0) == pytest.approx(0, abs=1e-15)
        assert found.intercept_.mean() == pytest.approx(0, abs=1e-15)

    def test_the_loss_is_the_stated_objective(self) -> None:
        X, y = iris()
        weights = np.random.default_rng(0).uniform(0, 2, len(y))
        found = SoftmaxClassifier(alpha=0.1, warm_start=True).fit(X, y, weights)
        assert found.loss_curve_[0] == pytest.approx(np.log(3))
        before = log_loss(y, found.predict_proba(X), sample_weight=weights)
        before += 0.1 / 2 * (found.coef_**2).sum()
        found.set_params(max_iter=1, tol=None).fit(X, y, weights)
        assert found.loss_curve_[-1] == pytest.approx(before, abs=1e-9)
        assert found.n_iter_ == 1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_batches_come_close_to_the_optimum(self, seed: int) -> None:
        X, y = iris()
        X = scale(X)
        found = SoftmaxClassifier(
            "adam", learning_rate=0.02, alpha=0.01, batch_size=50, random_state=seed
        ).fit(X, y)
        peer = logistic(X, y, 0.01)
        assert found.optimizer_.step_count == 3 * found.n_iter_
        assert found.predict_proba(X) == pytest.approx(peer.predict_proba(X), abs=0.02)
        again = clone(found).fit(X, y)
        assert (again.coef_ == found.coef_).all()
        other = clone(found).set_params(random_state=seed + 10).fit(X, y)
        assert (other.coef_ != found.coef_).any()

    def test_parts_need_their_classes_first(self) -> None:
        X, y = iris()
        with pytest.raises(ValueError, match="classes must be passed on the first call"):
            SoftmaxClassifier().partial_fit(X, y)
        found = SoftmaxClassifier(learning_rate=0.1)
        for _ in range(100):
            for part in (slice(0, 60), slice(60, 150)):  # the first has no third class
                found.partial_fit(X[part], y[part], classes=[0, 1, 2])
        assert found.score(X, y) > 0.9
        assert found.optimizer_.step_count == len(found.loss_curve_) == 200
        with pytest.raises(ValueError, match=r"classes: got \[0 1\], expected \[0 1 2\]"):
            found.partial_fit(X, y, classes=[0, 1])
        with pytest.raises(ValueError, match="previously unseen"):
            found.partial_fit(X, y + 1)

    def test_early_stopping_ends_with_the_best_it_held_out(self) -> None:
        X, y = iris()
        X = scale(X[:, :2])  # which cannot tell all of them apart
        for seed in SEEDS:
            found = SoftmaxClassifier(
                "adam", learning_rate=0.05, early_stopping=True, random_state=seed, batch_size=20
            ).fit(X, y)
            rng = np.random.RandomState(seed)
            _, held_out, _, labels = train_test_split(
                X, y, test_size=0.1, stratify=y, random_state=rng
            )
            assert found.score(held_out, labels) == found.best_validation_score_
            assert max(found.validation_scores_) == found.best_validation_score_
            assert len(found.validation_scores_) == found.n_iter_ < found.max_iter

    def test_one_class_is_refused(self) -> None:
        with pytest.raises(ValueError, match="got one class"):
            SoftmaxClassifier().fit(np.eye(3), [1, 1, 1])


class TestRegressor:
    @pytest.mark.parametrize("alpha", [0, 1e-3])
    @pytest.mark.parametrize("scaled", [True, False])
    def test_is_least_squares(self, alpha: float, scaled: bool) -> None:
        X, y = diabetes(scaled=scaled)
        peer = Ridge(alpha=alpha * len(y)).fit(X, y) if alpha else LinearRegression().fit(X, y)
        found = LinearRegressor(alpha=alpha, tol=1e-14, max_iter=10_000).fit(X, y)
        assert found.coef_ == pytest.approx(peer.coef_, abs=1e-4 * np.abs(peer.coef_).max())
        assert found.intercept_ == pytest.approx(peer.intercept_, rel=1e-4)
        assert isinstance(found.intercept_, float)

    def test_has_a_default_that_explains_as_much(self) -> None:
        for X, y in (diabetes(), diabetes(scaled=False)):
            assert LinearRegressor().fit(X, y).score(X, y) > Ridge(1e-4 * len(y)).fit(X, y).score(
                X, y
            ) - (1e-3)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    def test_several_targets_with_weights(self, fit_intercept: bool) -> None:
        rng = np.random.default_rng(0)
        X, weights = rng.normal(size=(50, 4)) + 3, rng.integers(0, 3, 50).astype(float)
        y = X @ rng.normal(size=(4, 2)) + [5, -5] + rng.normal(size=(50, 2))
        options = {"fit_intercept": fit_intercept}
        peer = Ridge(0.01 * weights.sum(), **options).fit(X, y, sample_weight=weights)
        found = LinearRegressor(alpha=0.01, tol=1e-13, **options).fit(X, y, sample_weight=weights)
        assert found.coef_ == pytest.approx(peer.coef_, abs=1e-5)
        assert found.intercept_ == pytest.approx(np.broadcast_to(peer.intercept_, 2), abs=1e-4)
        assert found.predict(X) == pytest.approx(peer.predict(X), abs=1e-4)

    def test_a_step_of_sgd_is_the_stated_gradient(self) -> None:
        X, y = diabetes(scaled=False)
        found = LinearRegressor("sgd", learning_rate=0.5, alpha=0.1, warm_start=True)
        found.partial_fit(X, y).partial_fit(X, y)
        rate = 0.5 / (X.var(axis=0) + 0.1)  # √ of it for the step, and √ for the gradient
        centred = X - X.mean(axis=0)
        first = rate * (centred.T @ (y - y.mean())) / len(y)
        error = centred @ first - (y - y.mean())
        second = first - rate * (centred.T @ error / len(y) + 0.1 * first)
        assert found.coef_ == pytest.approx(second, rel=1e-10)
        losses = ((y - y.mean()) ** 2).mean() / 2, (error**2).mean() / 2 + 0.05 * (first**2).sum()
        assert found.loss_curve_ == pytest.approx(losses, rel=1e-10)

    def test_batches_keep_rows_targets_and_weights_together(self) -> None:
        rng = np.random.default_rng(0)
        X, y, weights = rng.normal(size=(7, 3)), rng.normal(size=7), rng.uniform(0, 2, 7)
        found = LinearRegressor("sgd", learning_rate=0.1, alpha=0, batch_size=3, shuffle=False)
        found.partial_fit(X, y, sample_weight=weights)
        weights = weights / weights.mean()
        coef, intercept = np.zeros(3), weights @ y / 7
        centred = X - weights @ X / 7
        rate = 0.1 / (weights @ centred**2 / 7)
        for rows in (slice(0, 3), slice(3, 6), slice(6, 7)):
            error = weights[rows] * (centred[rows] @ coef + intercept - y[rows]) / len(y[rows])
            coef, intercept = coef - rate * (error @ centred[rows]), intercept - 0.1 * error.sum()
        assert found.coef_ == pytest.approx(coef, rel=1e-12)
        assert found.intercept_ == pytest.approx(intercept - coef @ (weights @ X) / 7, rel=1e-12)

    def test_the_unit_of_the_target_does_not_matter(self) -> None:
        X, y = diabetes()
        found, other = (LinearRegressor().fit(X, y * unit) for unit in (1, 2**-10))
        assert other.n_iter_ == found.n_iter_
        assert other.coef_ * 2**10 == pytest.approx(found.coef_, rel=1e-9)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_parts_in_any_order(self, seed: int) -> None:
        X, y = diabetes()
        X, y, rng = scale(X), y / 100, np.random.default_rng(seed)
        found = LinearRegressor(learning_rate=lambda t: 0.05 / (1 + 0.05 * t))
        for _ in range(30):
            for part in np.array_split(rng.permutation(len(y)), 5):
                found.partial_fit(X[part], y[part])
        assert found.score(X, y) > LinearRegression().fit(X, y).score(X, y) - 0.01

    def test_early_stopping_scores_r2(self) -> None:
        X, y = diabetes()
        found = LinearRegressor(early_stopping=True, random_state=0).fit(X, y)
        _, held_out, _, wanted = train_test_split(
            X, y, test_size=0.1, random_state=np.random.RandomState(0)
        )
        assert found.score(held_out, wanted) == pytest.approx(found.best_validation_score_)

    def test_targets_of_another_shape_are_refused(self) -> None:
        X, y = diabetes()
        found = LinearRegressor().partial_fit(X, y)
        with pytest.raises(ValueError, match=r"rows of shape \(2,\), expected \(\) as before"):
            found.partial_fit(X, np.c_[y, y])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_any_optimizer_descends(kind: Any) -> None:
    X, y = iris()
    found = SoftmaxClassifier(kind, max_iter=50).fit(scale(X), y)
    assert type(found.optimizer_) is kind
    assert found.loss_curve_[-1] < found.loss_curve_[0]
    named = SoftmaxClassifier(kind.__name__.lower(), max_iter=50).fit(scale(X), y)
    assert (named.coef_ == found.coef_).all()


class TestAsAnEstimator:
    def test_options_reach_the_optimizer(self) -> None:
        X, y = iris()
        options = {"momentum": 0.5, "nesterov": True}
        found = SoftmaxClassifier("SGD", learning_rate=0.2, optimizer_params=options, tol=None)
        found.set_params(max_iter=3).fit(X, y)
        assert (found.optimizer_.lr, found.optimizer_.param_groups[0]["momentum"]) == (0.2, 0.5)

    def test_in_a_pipeline_in_a_search(self) -> None:
        frame, y = load_iris(return_X_y=True, as_frame=True)
        pipeline = make_pipeline(StandardScaler(), SoftmaxClassifier(learning_rate=0.1))
        choices = {
            "softmaxclassifier__alpha": [1e-3, 10.0],
            "softmaxclassifier__optimizer": [steepest.Adam, "rprop"],
        }
        search = GridSearchCV(pipeline, choices, cv=3).fit(frame, y)
        assert search.best_params_["softmaxclassifier__alpha"] == 1e-3
        assert search.best_score_ > 0.95
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_frames_keep_their_names(self) -> None:
        frame, y = load_diabetes(return_X_y=True, as_frame=True)
        found = LinearRegressor().fit(frame, y)
        assert list(found.feature_names_in_) == list(frame.columns)
        with pytest.raises(ValueError, match="feature names"):
            found.predict(pd.DataFrame(frame.to_numpy(), columns=list("abcdefghij")))

    def test_labels_may_be_words(self) -> None:
        X, y = iris()
        words = np.array(["a", "b", "c"], dtype=object)[y]
        found = SoftmaxClassifier().fit(X, words)
        assert found.score(X, words) > 0.97

    @pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix])
    @pytest.mark.parametrize("batch_size", [None, 40])
    def test_sparse_data_gives_the_same(self, make: Any, batch_size: Any) -> None:
        X, y = load_digits(return_X_y=True, n_class=3)
        options = {"batch_size": batch_size, "random_state": 0, "max_iter": 30, "tol": None}
        for estimator in (SoftmaxClassifier(**options), LinearRegressor(**options)):
            dense, thin = (clone(estimator).fit(A, y) for A in (X, make(X)))
            assert thin.coef_ == pytest.approx(dense.coef_, abs=1e-6)
            assert thin.predict(make(X)) == pytest.approx(dense.predict(X), abs=1e-5)
        without = LinearRegressor(fit_intercept=False, **options).fit(make(X), y)
        assert without.intercept_ == 0

    def test_parts_after_a_fit_are_stepped_as_parts(self) -> None:
        X, y = diabetes()
        found = LinearRegressor(learning_rate=0.1).fit(X, y)
        coef, intercept = found.coef_, found.intercept_
        found.partial_fit(X, y + 50)
        assert type(found.optimizer_) is steepest.Adam
        steps = np.abs(found.coef_ - coef) * np.sqrt(X.var(axis=0) + found.alpha)
        assert steps.max() == pytest.approx(0.1, rel=1e-3)
        assert found.intercept_ == pytest.approx(
            intercept + 0.1, abs=1e-3
        )  # X has columns around 0
        found.set_params(learning_rate=5.0).partial_fit(X, y + 50)
        assert found.optimizer_.step_count == 2
        assert found.optimizer_.lr == 0.1  # which the parts go on with

    def test_a_plateau_observes_the_loss(self) -> None:
        X, y = iris()
        rate = steepest.schedules.Plateau(0.1, patience=3)
        found = SoftmaxClassifier("adam", learning_rate=rate, alpha=0.01).fit(scale(X), y)
        assert found.optimizer_.effective_lr < 0.1
        assert rate(1) == 0.1

    def test_float32_stays(self) -> None:
        X, y = iris()
        for estimator in (SoftmaxClassifier(alpha=np.float64(1e-4)), LinearRegressor()):
            found = estimator.fit(X.astype(np.float32), y)
            assert found.coef_.dtype == found.intercept_.dtype == np.float32
            assert found.score(X, y) > 0.9

    @pytest.mark.parametrize("mmap_mode", [None, "r"])
    def test_goes_on_after_loading(self, mmap_mode: Any, tmp_path: Any) -> None:
        X, y = iris()
        found = SoftmaxClassifier(random_state=0, batch_size=20).partial_fit(X, y, [0, 1, 2])
        joblib.dump(found, tmp_path / "found")
        loaded = joblib.load(tmp_path / "found", mmap_mode=mmap_mode)
        assert (loaded.predict_proba(X) == found.predict_proba(X)).all()
        for estimator in (found, loaded, pickle.loads(pickle.dumps(found))):
            first = estimator.coef_.copy()
            estimator.partial_fit(X, y)
            assert (estimator.coef_ != first).all()
        assert (loaded.coef_ == found.coef_).all()
        assert loaded.optimizer_.step_count == 16

    def test_warm_start_goes_on_and_a_cold_one_does_not(self) -> None:
        X, y = iris()
        short = {"max_iter": 5, "tol": None}
        warm, cold = SoftmaxClassifier(warm_start=True, **short), SoftmaxClassifier(**short)
        for _ in range(2):
            warm.fit(X, y)
            cold.fit(X, y)
        assert (len(warm.loss_curve_), len(cold.loss_curve_)) == (10, 5)
        assert warm.loss_curve_[5] < cold.loss_curve_[-1]
        assert warm.optimizer_.step_count == 5

    def test_what_was_read_before_does_not_change(self) -> None:
        X, y = iris()
        for found in (SoftmaxClassifier().partial_fit(X, y, [0, 1, 2]), LinearRegressor()):
            coef = found.partial_fit(X, y).coef_
            before = coef.copy()
            found.partial_fit(X, y)
            assert (coef == before).all()


class TestTrouble:
    def test_too_few_epochs(self) -> None:
        X, y = iris()
        with pytest.warns(ConvergenceWarning, match="max_iter=5 epochs were not enough"):
            SoftmaxClassifier(max_iter=5).fit(X, y)

    def test_a_loss_that_has_risen(self) -> None:
        X, y = diabetes()
        with pytest.warns(ConvergenceWarning, match="the loss has risen"):
            found = LinearRegressor("adam", learning_rate=1e5, max_iter=100).fit(X, y)
        assert found.score(X, y) == pytest.approx(0)  # as it was before the first step
        assert found.loss_curve_[-1] > 1e3 * found.loss_curve_[0]

    def test_divergence(self) -> None:
        X, y = diabetes()
        with pytest.raises(ValueError, match=r"has diverged .*: try another learning_rate"):
            LinearRegressor("sgd", learning_rate=1e6, tol=None).fit(scale(X), y)

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            ({"optimizer": "newton"}, ValueError, "optimizer: got 'newton', expected one of"),
            ({"optimizer": 3}, TypeError, r"optimizer: got .*expected a class"),
            ({"optimizer": steepest.StepInfo}, TypeError, "optimizer: got"),
            ({"optimizer_params": {"momentun": 0.9}}, TypeError, "momentun: no option of"),
            ({"learning_rate": -1.0}, ValueError, "lr: got -1.0"),
            ({"alpha": -1}, ValueError, "alpha == -1, must be >= 0"),
            ({"max_iter": 0}, ValueError, "max_iter == 0, must be >= 1"),
            ({"tol": "small"}, TypeError, "tol must be an instance of"),
            ({"n_iter_no_change": 0}, ValueError, "n_iter_no_change == 0"),
            ({"batch_size": 2.5}, TypeError, "batch_size must be an instance of"),
            ({"validation_fraction": 1.0}, ValueError, "validation_fraction == 1.0, must be < 1"),
            ({"alpha": np.nan}, ValueError, "alpha == nan, must be finite"),
            ({"alpha": np.inf}, ValueError, "alpha == inf, must be finite"),
            ({"tol": np.nan}, ValueError, "tol == nan, must be finite"),
            ({"fit_intercept": "False"}, TypeError, "fit_intercept must be an instance of"),
            ({"early_stopping": "z"}, TypeError, "early_stopping must be an instance of"),
            ({"shuffle": 1}, TypeError, "shuffle must be an instance of"),
            ({"warm_start": None}, TypeError, "warm_start must be an instance of"),
            ({"optimizer_params": [1]}, TypeError, "optimizer_params must be an instance of"),
            (
                {"optimizer": "sgd", "learning_rate": 0.5, "optimizer_params": {"lr": 0.1}},
                ValueError,
                r"learning_rate: got 0.5 as well as optimizer_params\['lr'\] == 0.1",
            ),
        ],
    )
    def test_bad_parameters(self, given: Any, error: type[Exception], message: str) -> None:
        X, y = iris()
        estimator = SoftmaxClassifier(**given)
        with pytest.raises(error, match=message):
            estimator.fit(X, y)
        assert not hasattr(estimator, "coef_")

    def test_unknown_keywords_blame_no_other_class(self) -> None:
        with pytest.raises(TypeError, match=r"^__init__\(\) got an unexpected .*'alfa'"):
            SoftmaxClassifier(alfa=1)  # type: ignore[call-arg]

    def test_one_row_held_out_has_no_r2(self) -> None:
        X, y = diabetes()
        early = {"early_stopping": True, "random_state": 0}
        found = LinearRegressor(validation_fraction=0.002, **early)
        with pytest.raises(ValueError, match=r"validation_fraction: got 0.002, .* leaves 1 of"):
            found.fit(X, y)
        assert not hasattr(found, "coef_")
        X, y = iris()
        with pytest.raises(ValueError, match=r"validation_fraction: got 0.1, .* leaves 0 of"):
            SoftmaxClassifier(**early).fit(X, y, sample_weight=(np.arange(150) == 1) * 1.0)
        with pytest.raises(ValueError, match="sample_weight: got only zeros to train with"):
            SoftmaxClassifier(**early).fit(X, y, sample_weight=(np.arange(150) == 0) * 1.0)

    def test_squares_that_overflow(self) -> None:
        X, y = iris()
        with pytest.raises(ValueError, match="X: got values whose squares are not finite"):
            SoftmaxClassifier().fit(X * 1e200, y)
        with pytest.raises(ValueError, match="y: got values whose squares are not finite"):
            LinearRegressor().fit(X, y * 1e200)

    def test_parts_hold_nothing_out(self) -> None:
        X, y = iris()
        with pytest.raises(ValueError, match="does not support early_stopping"):
            SoftmaxClassifier(early_stopping=True).partial_fit(X, y, [0, 1, 2])
