"""The generator finds the target, by two groups of one optimizer."""

import re
from typing import Any

import numpy as np
import pytest
from steepest import check_gradient


class TestGAN:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_generator_finds_the_target(self, seed: int, example: Any) -> None:
        g, d, way = example.duel(seed)
        assert len(way) == 4001
        assert way[0].tolist() == [0, 1]
        assert np.ptp(way[-500:, 1]) < 0.03  # they are at rest
        made = example.generated(g, np.random.default_rng(99).normal(size=100_000))
        assert abs(g["b"] - 4) <= 0.05
        assert abs(abs(g["a"]) - 1.5) <= 0.05
        assert (made.mean(), made.std()) == pytest.approx(way[-1], abs=0.02)
        real = np.random.default_rng(98).normal(4, 1.5, 10_000)
        said = example.sigmoid(example.logit(d, real)[0])
        assert np.mean(np.abs(said - 0.5)) < 0.02  # it cannot tell

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_gradients(self, seed: int, example: Any) -> None:
        rng = np.random.default_rng(seed)
        (g, d), z, real = example.start(rng), rng.normal(size=20), rng.normal(4, 1.5, 20)
        assert check_gradient(example.passing, True, g, (d, z)).ok
        assert check_gradient(example.mistaken, True, d, (real, example.generated(g, z))).ok

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert told.count("gradient: right") + told.count("discriminator's: right") == 2
        means = re.findall(r"mean (\S+) \(of 4.0\), standard deviation (\S+) \(of 1.5\)", told)
        assert np.array(means, float) == pytest.approx(np.array([[4, 1.5]] * 3), abs=0.05)
        (swings,) = re.findall(r"still swings by (\d\.\d+)", told)
        assert float(swings) == pytest.approx(0.23, abs=0.1)
