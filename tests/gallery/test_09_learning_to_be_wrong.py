"""Learning to be right, and to be wrong."""

import math
from typing import Any

import numpy as np
import pytest
from steepest import check_gradient, maximize, minimize

SEEDS = (0, 1, 2)


def exactly(theta: Any) -> float:
    """How often a line is right about classes of N(±(1, 1), 1), in closed form."""
    across, offset = theta[:2].sum(), theta[2]
    spread = np.hypot(*theta[:2]) * math.sqrt(2)
    return (
        float(2 + math.erf((across + offset) / spread) + math.erf((across - offset) / spread)) / 4
    )


class TestLearningToBeWrong:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_opposite_of_the_ascent_is_as_good(self, seed: int, example: Any) -> None:
        X, y = example.classes(seed)
        assert check_gradient(example.loss, example.gradient, [0.3, -0.7, 0.2], args=(X, y))
        down, up = example.train(minimize, X, y), example.train(maximize, X, y)
        assert down.nit == up.nit == 400
        right, opposite = example.accuracy(down.x, X, y), 1 - example.accuracy(up.x, X, y)
        assert abs(right - opposite) <= 0.02
        best = (1 + math.erf(1)) / 2
        assert round(best, 4) == example.BEST
        assert 0.98 * best < exactly(down.x) <= best
        assert 0.98 * best < exactly(-up.x) <= best

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_ascent_becomes_sure(self, seed: int, example: Any) -> None:
        X, y = example.classes(seed)
        down, up = example.train(minimize, X, y), example.train(maximize, X, y)
        widths = [example.band(up.history.x[step]) for step in (10, 50, 100, 400)]
        assert widths == pytest.approx([0.68, 0.12, 0.06, 0.015], rel=0.1)
        assert min(example.band(theta) for theta in down.history.x[1:]) > 1
        # Points that are all wrong by far pull alike at every step.
        pull = np.linalg.norm(X.T @ (1 - 2 * y)) / len(y)
        assert np.linalg.norm(up.x) == pytest.approx(0.5 * 400 * pull, rel=0.05)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_fails_off_centre(self, seed: int, example: Any) -> None:
        X, y = example.classes(seed, centre=2)
        down, up = example.train(minimize, X, y), example.train(maximize, X, y)
        assert example.accuracy(down.x, X, y) > 0.9
        assert 1 - example.accuracy(up.x, X, y) == pytest.approx(0.53, abs=0.02)
        one_name = np.mean(X @ up.x < 0)
        assert one_name > 0.9

    @pytest.mark.parametrize("seed", SEEDS)
    def test_agrees_with_scikit_learn(self, seed: int, example: Any) -> None:
        linear_model = pytest.importorskip("sklearn.linear_model")
        X, y = example.classes(seed)
        likeliest = linear_model.LogisticRegression(C=np.inf, tol=1e-8).fit(X[:, :2], y)
        down = example.train(minimize, X, y, steps=3000)
        expected = [*likeliest.coef_[0], *likeliest.intercept_]
        assert down.x == pytest.approx(expected, abs=1e-3)

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "the opposite of the ascent 0.9" in told
        assert "The gradient: right" in told
