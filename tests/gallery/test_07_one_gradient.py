"""Divergence, cross-entropy and likelihood, beside SciPy's entropies and fit."""

from typing import Any

import numpy as np
import pytest

stats = pytest.importorskip("scipy.stats")
approx_fprime = pytest.importorskip("scipy.optimize").approx_fprime

SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])


class TestOneGradient:
    @SEEDS
    def test_is_that_of_all_three(self, seed: int, example: Any) -> None:
        data = example.letters(seed)
        theta = np.random.default_rng(seed).normal(size=5)
        for loss in example.LOSSES.values():
            slope = approx_fprime(theta, loss, 1e-7, data)
            assert slope == pytest.approx(example.slope(theta, data), abs=1e-6)

    @SEEDS
    def test_the_losses_are_those_of_scipy(self, seed: int, example: Any) -> None:
        data, theta = example.letters(seed), np.random.default_rng(seed).normal(size=5)
        p, q = example.frequencies(data), np.exp(example.log_q(theta))
        assert q.sum() == pytest.approx(1)
        value = {name: loss(theta, data) for name, loss in example.LOSSES.items()}
        assert value["KL divergence"] == pytest.approx(stats.entropy(p, q))
        assert value["cross-entropy"] == pytest.approx(stats.entropy(p) + stats.entropy(p, q))
        assert value["negative log-likelihood"] == pytest.approx(-np.mean(np.log(q[data])))

    @SEEDS
    def test_leads_to_the_frequencies_and_to_a_divergence_of_0(
        self, seed: int, example: Any
    ) -> None:
        data = example.letters(seed)
        p = example.frequencies(data)
        runs = {name: example.descend(name, data) for name in example.LOSSES}
        for name, run in runs.items():
            assert run.success
            assert np.exp(example.log_q(run.x)) == pytest.approx(p, abs=1e-8)
            least = 0 if name == "KL divergence" else stats.entropy(p)
            assert run.fun == pytest.approx(least, abs=1e-12)
            assert np.min(run.history.value) > least - 1e-12


class TestANegativeLogLikelihood:
    @SEEDS
    def test_ends_below_0(self, seed: int, example: Any) -> None:
        x = example.lengths(seed)
        run = example.fit(x)
        mean, sd = stats.norm.fit(x)
        assert (run.x[0], np.exp(run.x[1])) == pytest.approx((mean, sd), abs=1e-8)
        assert run.fun == pytest.approx(-stats.norm.logpdf(x, mean, sd).mean(), abs=1e-9)
        assert run.fun < -0.8
        assert run.check().ok

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert "screws: right;" in told
        assert told.count("q − p is right") == 3
