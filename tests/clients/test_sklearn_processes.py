"""The kernel search ends where scikit-learn's own ends, and is handed around as that is."""

from __future__ import annotations

import pickle
import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.model_selection import GridSearchCV
from steepest import Adam
from steepest.clients.sklearn import gaussian_process_optimizer

SEEDS = [0, 1, 2]
BY_ADAM = partial(gaussian_process_optimizer, optimizer=Adam, lr=0.1)


def data(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 10, (40, 2))
    return X, np.sin(X[:, 0]) + 0.1 * rng.normal(size=40)


def fitted(seed: int, kernel: Any, optimizer: Any, **options: Any) -> GaussianProcessRegressor:
    with warnings.catch_warnings():  # scikit-learn's, of a length scale at its bound
        warnings.filterwarnings("ignore", "The optimal value found", ConvergenceWarning)
        return GaussianProcessRegressor(kernel, optimizer=optimizer, **options).fit(*data(seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("search", "of_length"),
    [
        (gaussian_process_optimizer, RBF),
        (gaussian_process_optimizer, partial(Matern, nu=1.5)),
        (BY_ADAM, RBF),
    ],
    ids=["RBF", "Matern", "RBF by Adam"],
)
def test_ends_where_the_search_of_scikit_learn_ends(seed: int, search: Any, of_length: Any) -> None:
    kernel = 1.0 * of_length(1.0) + WhiteKernel(0.1)
    ours, theirs = (fitted(seed, kernel, which) for which in (search, "fmin_l_bfgs_b"))
    best = theirs.log_marginal_likelihood_value_
    assert ours.log_marginal_likelihood_value_ == pytest.approx(best, abs=1e-5)
    assert ours.kernel_.theta == pytest.approx(theirs.kernel_.theta, abs=5e-3)
    X, _ = data(seed)
    assert ours.predict(X) == pytest.approx(theirs.predict(X), abs=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_with_restarts_and_a_parameter_at_its_bound(seed: int) -> None:
    kernel = ConstantKernel(1.0) * RBF([1.0, 1.0], (0.1, 50.0)) + WhiteKernel(0.1)
    options: dict[str, Any] = {"n_restarts_optimizer": 2, "random_state": 0}
    ours = fitted(seed, kernel, gaussian_process_optimizer, **options)
    theirs = fitted(seed, kernel, "fmin_l_bfgs_b", **options)
    best = theirs.log_marginal_likelihood_value_
    assert ours.log_marginal_likelihood_value_ > best - 1e-5
    assert ours.kernel_.k1.k2.length_scale[1] == pytest.approx(50.0)  # y knows of one column only
    assert ours.kernel_.k1.k2.length_scale[1] <= 50.0 * (1 + 1e-12)


def test_a_fixed_parameter_stays() -> None:
    found = fitted(0, RBF(2.0, "fixed") + WhiteKernel(0.1), gaussian_process_optimizer)
    assert found.kernel_.k1.length_scale == 2.0
    assert found.kernel_.k2.noise_level != 0.1


def test_classification() -> None:
    X, y = load_iris(return_X_y=True)
    X, y = X[50:, :2], y[50:]
    ours = GaussianProcessClassifier(1.0 * RBF(1.0), optimizer=gaussian_process_optimizer)
    theirs = GaussianProcessClassifier(1.0 * RBF(1.0)).fit(X, y)
    value = ours.fit(X, y).log_marginal_likelihood_value_
    assert value == pytest.approx(theirs.log_marginal_likelihood_value_, abs=1e-4)


@pytest.mark.parametrize("search", [gaussian_process_optimizer, BY_ADAM], ids=["default", "adam"])
def test_is_cloned_pickled_and_searched(search: Any) -> None:
    model = GaussianProcessRegressor(RBF(1.0) + WhiteKernel(0.1), optimizer=search)
    copies = [clone(model), pickle.loads(pickle.dumps(model))]
    X, y = data(0)
    values = [m.fit(X, y).log_marginal_likelihood_value_ for m in (model, *copies)]
    assert values[0] == values[1] == values[2]
    with warnings.catch_warnings():  # scikit-learn's, of a noise at its bound
        warnings.filterwarnings("ignore", "The optimal value found", ConvergenceWarning)
        grid = GridSearchCV(model, {"optimizer": [search, "fmin_l_bfgs_b"]}, cv=2).fit(X, y)
    first, second = grid.cv_results_["mean_test_score"]
    assert first == pytest.approx(second, abs=1e-3)


class TestByHand:
    @staticmethod
    def bowl(theta: Any, eval_gradient: bool = True) -> Any:
        return ((theta - 3) ** 2).sum(), 2 * (theta - 3)

    def test_gives_the_point_and_the_value_within_the_bounds(self) -> None:
        start = np.zeros(2)
        theta, value = gaussian_process_optimizer(self.bowl, start, np.array([[-5, 5], [-5, 2.0]]))
        assert theta == pytest.approx([3, 2], abs=1e-5)
        assert value == self.bowl(theta)[0]
        assert (start == 0).all()

    def test_what_the_objective_keeps_stays(self) -> None:
        seen = []

        def objective(theta: Any) -> Any:
            seen.append(theta)
            return self.bowl(theta)

        gaussian_process_optimizer(objective, np.zeros(1), np.array([[-5, 5]]))
        assert len({float(theta[0]) for theta in seen}) > 10

    def test_a_start_without_a_likelihood_is_given_back(self) -> None:
        start = np.array([1.0])
        theta, value = gaussian_process_optimizer(
            lambda theta: (np.inf, np.zeros(1)), start, np.array([[-5, 5]])
        )
        assert (theta, value) == (start, np.inf)

    def test_ends_where_nothing_is_gained_with_any_optimizer(self) -> None:
        flat, seen = np.array([1e-3]), []
        _, value = gaussian_process_optimizer(
            lambda theta: (seen.append(theta) or 1.0, flat), np.zeros(1), [(-5, 5)], optimizer=Adam
        )
        assert value == 1.0
        assert len(seen) < 50

    def test_says_that_it_has_not_converged(self) -> None:
        with pytest.warns(ConvergenceWarning, match="max_iter = 3 iterations are done"):
            gaussian_process_optimizer(self.bowl, np.zeros(1), [(-5, 5)], max_iter=3)

    def test_an_unknown_option_is_refused(self) -> None:
        with pytest.raises(TypeError, match="speed: no option of"):
            gaussian_process_optimizer(self.bowl, np.zeros(1), [(-5, 5)], speed=3)

    def test_an_optimizer_may_be_named(self) -> None:
        start, bounds = np.zeros(2), np.array([[-5, 5], [-5, 5]])
        named = gaussian_process_optimizer(self.bowl, start, bounds, optimizer="adam", lr=0.1)
        found = gaussian_process_optimizer(self.bowl, start, bounds, optimizer=Adam, lr=0.1)
        assert (named[0] == found[0]).all()
        with pytest.raises(ValueError, match="optimizer: got 'adams', expected one of"):
            gaussian_process_optimizer(self.bowl, start, bounds, optimizer="adams")
