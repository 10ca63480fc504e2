"""Loans by credit score and carrots."""

from typing import Any

import numpy as np
import pytest
from steepest import check_gradient, maximize, minimize

SEEDS = (0, 1, 2)


class TestBiasedLoans:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_descent_is_biased(self, seed: int, example: Any) -> None:
        X, y = example.people(seed)
        assert check_gradient(example.loss, example.gradient, [0.3, -0.7, 0.2], args=(X, y))
        down = example.train(minimize, X, y)
        assert down.nit == 1000
        assert down.x[1] < -2
        assert example.TWINS.tolist() == [[0.1, 0.2, 1], [0.1, 0.8, 1]]
        few, many = example.probability(down.x, example.TWINS)
        assert few >= 0.5
        assert many <= 0.25

    def test_the_one_seed_of_a_hundred_that_refuses_both(self, example: Any) -> None:
        down = example.train(minimize, *example.people(7))
        assert example.probability(down.x, example.TWINS)[0] == pytest.approx(0.4955, abs=1e-4)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_ascent_approves_nobody(self, seed: int, example: Any) -> None:
        X, y = example.people(seed)
        up = example.train(maximize, X, y)
        assert (up.status.name, up.nit, up.success) == ("MAX_ITER", 300, False)
        assert example.approved(up.x, X) == 0
        assert np.linalg.norm(up.x) == pytest.approx(100, rel=0.2)
        bounded = example.train(maximize, X, y, max_norm=50)
        assert (bounded.status.name, bounded.success) == ("DIVERGED", False)
        # It does not slow down: at every step all who pay pull alike.
        assert np.diff(up.history.grad_norm[-100:]).min() >= -1e-12
        pull = np.linalg.norm(X.T @ y) / len(y)
        assert up.history.grad_norm[-1] == pytest.approx(pull, rel=1e-6)
        assert np.linalg.norm(up.x) == pytest.approx(0.5 * 300 * pull, rel=0.05)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_bias_is_in_the_data(self, seed: int, example: Any) -> None:
        linear_model = pytest.importorskip("sklearn.linear_model")
        X, y = example.people(seed)
        likeliest = linear_model.LogisticRegression(C=np.inf, tol=1e-8).fit(X[:, :2], y)
        best = example.loss(np.r_[likeliest.coef_[0], likeliest.intercept_], X, y)
        assert best <= example.train(minimize, X, y).fun < best + 0.005
        X, y = example.people(seed, 100_000)
        likeliest = linear_model.LogisticRegression(C=np.inf, tol=1e-8).fit(X[:, :2], y)
        found = [*likeliest.coef_[0], *likeliest.intercept_]
        assert example.true_law() == pytest.approx(found, abs=0.2)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert "ascent  : θ₂" in told
        assert "0% approved" in told
