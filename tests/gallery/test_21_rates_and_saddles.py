"""Rates that crawl and thrash, and a saddle."""

from typing import Any

import numpy as np
import pytest


class TestRates:
    @pytest.mark.parametrize("rate", [0.00001, 0.01, 2 / 11, 0.2, 0.21])
    def test_a_step_is_a_factor(self, rate: float, example: Any) -> None:
        assert rate in example.RATES.values()
        found = example.at_rate(rate)
        factors = np.abs(1 - rate * example.CURVATURES)
        assert np.abs(found.x) == pytest.approx(factors**found.nit, rel=1e-9)

    def test_the_history_says_what_is_wrong(self, example: Any) -> None:
        said = {
            name: [verdict.name for verdict in example.at_rate(rate).history.diagnose()]
            for name, rate in example.RATES.items()
        }
        assert said == {
            "crawls": ["stalled"],
            "is slow": [],
            "is best": [],
            "thrashes": ["oscillating"],
            "runs away": ["exploding"],
        }

    def test_the_best_is_best(self, example: Any) -> None:
        ends = {rate: example.at_rate(rate).fun for rate in [*example.RATES.values(), 0.17, 0.19]}
        assert min(ends, key=lambda rate: ends[rate]) == 2 / 11


class TestSaddle:
    def test_a_run_from_the_ridge_ends_on_it(self, example: Any) -> None:
        found = example.from_ridge(0.0)
        assert found.success
        assert found.x == pytest.approx([0, 0], abs=1e-6)
        check = found.check()
        assert (check.kind, check.ok) == ("saddle", False)
        assert check.curvatures == pytest.approx([-2, 2], abs=1e-3)

    @pytest.mark.parametrize("nudge", [1e-3, -1e-3, 1e-6])
    def test_a_nudge_leads_off(self, nudge: float, example: Any) -> None:
        found = example.from_ridge(nudge)
        assert found.x == pytest.approx([0, np.sign(nudge) * np.sqrt(2)], abs=1e-6)
        assert found.fun == pytest.approx(-1, abs=1e-9)
        assert found.check().kind == "minimum"

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_so_does_noise(self, seed: int, example: Any) -> None:
        assert np.abs(example.with_noise(seed).x) == pytest.approx([0, np.sqrt(2)], abs=1e-3)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert "saddle" in told
        assert "oscillating" in told
