"""The mean by squared errors, the median by absolute ones, and a normal distribution within one sd."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import lognorm, norm

pytest.importorskip("statsmodels")
seeds = pytest.mark.parametrize("seed", [0, 1, 2])


def least_absolute(X: Any, y: Any) -> Any:
    """The exact minimum, by linear programming: each error is the difference of two numbers from 0 up."""
    n, k = X.shape
    costs, errors = np.r_[np.zeros(k), np.ones(2 * n)], np.c_[X, np.eye(n), -np.eye(n)]
    bounds = [(None, None)] * k + [(0, None)] * (2 * n)
    return linprog(costs, A_eq=errors, b_eq=y, bounds=bounds).x[:k]


class TestMeanAndMedian:
    @seeds
    def test_squares_find_the_mean(self, seed: int, example: Any) -> None:
        X, y = example.rides(seed)
        found = example.fit(example.squared_error, X, y)
        assert found.success
        assert found.x == pytest.approx(np.linalg.lstsq(X, y)[0], abs=1e-6)
        assert np.mean(y - X @ found.x) == pytest.approx(0, abs=1e-8)

    @seeds
    def test_sizes_find_the_median(self, seed: int, example: Any) -> None:
        X, y = example.rides(seed)
        found, peer = example.fit(example.absolute_error, X, y), example.by_statsmodels(X, y)
        assert found.success
        assert found.x == pytest.approx(peer, abs=1e-5)
        assert found.x == pytest.approx(least_absolute(X, y), abs=1e-6)
        assert found.fun <= example.absolute_error(peer, X, y)[0] + 1e-9
        assert np.mean(y > X @ found.x) == pytest.approx(0.5, abs=2 / len(y))

    @seeds
    def test_each_is_near_its_own_truth(self, seed: int, example: Any) -> None:
        X, y = example.rides(seed)
        ends = np.array([[1, 0], [1, 5], [1, 10]])
        mean, median = ends @ example.MEAN, ends @ example.MEDIAN
        squares = ends @ example.fit(example.squared_error, X, y).x
        sizes = ends @ example.fit(example.absolute_error, X, y).x
        assert (np.abs(squares - mean) < np.abs(squares - median)).all()
        assert (np.abs(sizes - median) < np.abs(sizes - mean)).all()

    def test_the_truths_are_those_of_the_delay(self, example: Any) -> None:
        delay, median, mean = lognorm(1), example.MEDIAN, example.MEAN
        assert median == pytest.approx([5 + delay.median(), 2 + 0.6 * delay.median()])
        assert mean == pytest.approx([5 + delay.mean(), 2 + 0.6 * delay.mean()])

    def test_a_kink_has_no_slope(self, example: Any) -> None:
        X, _ = example.rides()
        assert (example.absolute_error(example.MEDIAN, X, X @ example.MEDIAN)[1] == 0).all()


class TestNormal:
    @seeds
    def test_mean_and_median_are_one(self, seed: int, example: Any) -> None:
        ones, iq = example.people(seed)
        mean = example.fit(example.squared_error, ones, iq).x[0]
        median = example.fit(example.absolute_error, ones, iq).x[0]
        assert mean == pytest.approx(np.mean(iq), abs=1e-6)
        # With an even number of people any point between the two in the middle is a median.
        below, above = np.sort(iq)[[len(iq) // 2 - 1, len(iq) // 2]]
        assert below - 1e-9 <= median <= above + 1e-9
        error = 15 / np.sqrt(len(iq))  # of a mean; a median's is √(π/2) times as large
        assert mean == pytest.approx(100, abs=3 * error)
        assert median == pytest.approx(100, abs=4 * error)
        within = np.mean((iq >= 85) & (iq <= 115))
        assert within == pytest.approx(0.6827, abs=3 * np.sqrt(0.6827 * 0.3173 / len(iq)))

    def test_share_within_one_sd(self, example: Any) -> None:
        assert example.normal_share(85, 115) == pytest.approx(0.6827, abs=5e-5)
        low, high = norm.cdf([100, 130], 100, 15)
        assert example.normal_share(100, 130) == pytest.approx(high - low, abs=1e-12)


def test_is_drawn(run: Any) -> None:
    told = run()
    assert told.count("error: right") == 2
    assert "50.0 % of the rides are above" in told
    assert "from 85 to 115 0.6827" in told
