"""No unit of a column and no earlier fit makes a linear estimator worse; what is constant stays out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import steepest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.preprocessing import scale
from steepest.clients.sklearn import LinearRegressor, SoftmaxClassifier

SEEDS = [0, 1, 2]
UNITS = [1e-100, 1e-8, 1e4, 1e8, 1e100]


def iris() -> Any:
    return load_iris(return_X_y=True)


def diabetes() -> Any:
    return load_diabetes(return_X_y=True, scaled=False)


def raw(seed: int) -> Any:
    """An income, a time in seconds and a number, and what all three say something of."""
    rng = np.random.default_rng(seed)
    income, time, other = (
        rng.lognormal(10, 1, 500),
        1.7e9 + rng.uniform(0, 1e7, 500),
        rng.normal(size=500),
    )
    y = income * 1e-4 + (time - 1.7e9) * 1e-6 + other + rng.normal(size=500)
    return np.c_[income, time, other], y


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS)
    def test_of_a_column_do_not_matter(self, unit: float) -> None:
        X, y = diabetes()
        units = np.where(np.arange(X.shape[1]) % 2, unit, 1.0)
        options = (
            {},
            {"optimizer": "adam", "learning_rate": 3.0},
            {"fit_intercept": False, "max_iter": 50, "tol": None},
        )
        for given in options:
            found = LinearRegressor(alpha=0, **given).fit(X, y)
            other = LinearRegressor(alpha=0, **given).fit(X * units, y)
            assert other.n_iter_ == found.n_iter_
            assert other.coef_ * units == pytest.approx(found.coef_, rel=1e-6)
        labels = y > 150
        found = SoftmaxClassifier(alpha=0).fit(X, labels)
        other = SoftmaxClassifier(alpha=0).fit(X * units, labels)
        assert other.predict_proba(X * units) == pytest.approx(found.predict_proba(X), abs=1e-6)

    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
    def test_of_raw_columns_are_taken_by_any_optimizer(self, seed: int, make: Any) -> None:
        X, y = raw(seed)
        best = Ridge(1e-4 * len(y)).fit(X - X.mean(axis=0), y)
        for given in ({}, {"optimizer": "sgd", "learning_rate": 0.1}):
            found = LinearRegressor(**given).fit(make(X), y)
            assert found.predict(X) == pytest.approx(best.predict(X - X.mean(axis=0)), abs=0.05)

    @pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
    def test_leave_the_penalty_that_of_the_coefficients_given(self, unit: float) -> None:
        X, y = diabetes()
        X = scale(X) * np.where(np.arange(X.shape[1]) % 2, unit, 1.0)
        peer = Ridge(0.1 * len(y)).fit(X, y)
        found = LinearRegressor(alpha=0.1, tol=1e-14, max_iter=10_000, warm_start=True).fit(X, y)
        assert found.coef_ == pytest.approx(peer.coef_, rel=1e-4, abs=1e-5)
        objective = ((found.predict(X) - y) ** 2).mean() / 2 + 0.05 * (found.coef_**2).sum()
        assert found.set_params(max_iter=1, tol=None).fit(X, y).loss_curve_[-1] == pytest.approx(
            objective, rel=1e-12
        )

    @pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
    @pytest.mark.parametrize("offset", [0.0, 1e3])
    def test_of_the_target_do_not_matter(self, unit: float, offset: float) -> None:
        X, y = diabetes()
        y = (y - y.mean() + offset) * unit
        assert LinearRegressor().fit(X, y).score(X, y) > 0.517

    @pytest.mark.parametrize("seed", SEEDS)
    def test_are_learnt_from_part_to_part(self, seed: int) -> None:
        X, y = raw(seed)
        best = LinearRegression().fit(X, y).score(X, y)
        rng = np.random.default_rng(seed)
        found = LinearRegressor(learning_rate=0.02)
        found.partial_fit(X[:1], y[:1])  # where every column is constant
        assert (found.coef_ == 0).all()
        for _ in range(60):
            for rows in np.array_split(rng.permutation(len(y)), 10):
                found.partial_fit(X[rows], y[rows])
        assert found.score(X, y) > best - 0.01

    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
    def test_of_another_part_change_nothing_but_the_step(self, make: Any) -> None:
        X, y = raw(0)
        rate = [0.1, 0.1, 1e-30]
        found = LinearRegressor("sgd", learning_rate=lambda t: rate[t - 1])
        for rows in (slice(0, 30), slice(30, 60)):
            found.partial_fit(make(X[rows]), y[rows])
        coef, wanted = found.coef_, found.predict(X)
        assert wanted.std() > 1
        found.partial_fit(make(X[60:] * 2), y[60:])
        assert found.coef_ == pytest.approx(coef, rel=1e-12)
        assert found.predict(X) == pytest.approx(wanted, rel=1e-6)

    def test_of_parts_after_a_fit_are_those_of_all_rows(self) -> None:
        X, y = diabetes()
        found = LinearRegressor().fit(X, y)
        wanted = found.predict(X)
        found.partial_fit(X[:1], y[:1])
        assert found.predict(X) == pytest.approx(wanted, abs=0.05)

    def test_of_float64_parts_after_float32_ones(self) -> None:
        X, y = iris()
        found = SoftmaxClassifier().partial_fit(X.astype(np.float32), y, [0, 1, 2])
        found.partial_fit(X, y)
        assert found.coef_.dtype == np.float32
        found = LinearRegressor().partial_fit(X, y).partial_fit(X.astype(np.float32), y)
        assert found.coef_.dtype == np.float64
        assert found.optimizer_.step_count == 2


class TestConstantColumns:
    @pytest.mark.parametrize("alpha", [0, 1e-4])
    @pytest.mark.parametrize("constant", [0.0, 0.1, 3.7, 1e6 + 0.1])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_have_a_coefficient_of_zero(self, constant: float, alpha: float, dtype: Any) -> None:
        for (X, y), kind in ((diabetes(), LinearRegressor), (iris(), SoftmaxClassifier)):
            wide = np.c_[X, np.full(len(X), constant)].astype(dtype)
            for given in (wide, sparse.csr_array(wide)):
                found = kind(alpha=alpha, max_iter=50, tol=None).fit(given, y)
                assert (found.coef_[..., -1] == 0).all()
                assert (found.coef_[..., 0] != 0).all()

    def test_alone_do_nothing(self) -> None:
        X, y = iris()
        found = SoftmaxClassifier().fit(X * 0 + 3, y)
        assert (found.coef_ == 0).all()
        assert found.predict_proba(X) == pytest.approx(1 / 3)

    def test_serve_where_there_is_no_intercept(self) -> None:
        y = diabetes()[1]
        found = LinearRegressor(alpha=0, fit_intercept=False).fit(np.full((len(y), 1), 3.7), y)
        assert found.coef_ * 3.7 == pytest.approx(y.mean(), rel=1e-3)


class TestRefits:
    def test_are_never_worse(self) -> None:
        X, y = diabetes()
        found = LinearRegressor(warm_start=True, alpha=0).fit(X, y)
        for _ in range(12):
            before = found.score(X, y)
            assert found.fit(X, y).score(X, y) >= before - 1e-12

    @pytest.mark.parametrize("given", [{}, {"optimizer": "adam", "batch_size": 100}])
    def test_of_a_classifier_are_never_worse(self, given: Any) -> None:
        X, y = load_breast_cancer(return_X_y=True)
        found = SoftmaxClassifier(alpha=0, warm_start=True, max_iter=100, tol=None, **given)
        losses = [log_loss(y, found.fit(X, y).predict_proba(X)) for _ in range(6)]
        assert (np.diff(losses) <= 1e-12).all()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_with_early_stopping_are_never_worse(self, seed: int) -> None:
        X, y = diabetes()
        found = LinearRegressor(early_stopping=True, warm_start=True, random_state=seed)
        scores = [found.fit(X, y).best_validation_score_ for _ in range(3)]
        assert scores == sorted(scores)
        assert scores[-1] > 0.2

    def test_by_a_rate_that_is_too_high_say_so_and_change_nothing(self) -> None:
        X, y = iris()
        found = SoftmaxClassifier(warm_start=True).fit(X, y)
        before = found.predict_proba(X)
        found.set_params(optimizer=steepest.SGD, learning_rate=1e3, max_iter=5)
        with pytest.warns(UserWarning, match="the loss has risen"):
            found.fit(X, y)
        assert found.predict_proba(X) == pytest.approx(before, abs=1e-9)

    def test_an_overshoot_is_no_standstill(self) -> None:
        X, y = diabetes()
        found = LinearRegressor(n_iter_no_change=3, warm_start=True).fit(X, y)
        found.fit(X, y)
        curve = np.array(found.loss_curve_[-found.n_iter_ :])
        assert curve[1:4].min() > curve[0]  # it has overshot
        assert curve[-1] <= curve[0] + 1e-6 * y.var()
