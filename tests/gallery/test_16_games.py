"""Matching pennies: away from the equilibrium, on average at it, and with optimism onto it."""

import re
from typing import Any

import numpy as np
import pytest
from steepest import check_gradient


class TestGames:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_rivals(self, seed: int, example: Any) -> None:
        games = example.games(seed)
        rivals, calm = games["rivals"], games["rivals with optimism"]
        assert len(rivals) == len(calm) == 4001
        orbit = (1 / (rivals * (1 - rivals))).sum(axis=1)  # constant in continuous time
        assert (np.diff(orbit) > 0).all()
        assert example.away(rivals[-100:]).min() > 0.45
        assert np.abs(rivals.mean(axis=0) - 0.5).max() <= 0.03
        assert np.abs(calm[-1] - 0.5).max() <= 1e-4
        assert (rivals[0] == calm[0]).all()
        assert example.away(calm[0]) > 0.04

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_partners_reach_the_maximum(self, seed: int, example: Any) -> None:
        p, q = example.games(seed)["partners"][-1]
        assert (2 * p - 1) * (2 * q - 1) == pytest.approx(1, abs=1e-5)

    def test_partners_by_plain_steps_get_there_slowly(self, example: Any) -> None:
        ways = example.play(np.array([0.3, 0.5]), example.PARTNERS)
        won = (2 * ways - 1).prod(axis=1)
        assert (np.diff(won) > 0).all()
        assert 0.998 < won[-1] < 0.9995

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_gradient(self, seed: int, example: Any) -> None:
        at = np.random.default_rng(seed).normal(size=2)
        assert check_gradient(example.payoff, example.slopes, at).ok

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "gradient: right" in told
        averages = [float(found) for found in re.findall(r"on average (\d\.\d+)", told)]
        assert averages == pytest.approx([0.015] * 3, abs=0.005)
