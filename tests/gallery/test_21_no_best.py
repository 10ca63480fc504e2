"""No optimizer is best everywhere."""

from typing import Any

import numpy as np
import pytest
from steepest import family


class TestNoBest:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_each_is_far_behind_somewhere(self, seed: int, example: Any) -> None:
        found = example.table(seed)
        assert len(found) == 5
        behind = {
            name: max(ends[name] / min(ends.values()) for ends in found.values())
            for name in example.OPTIMIZERS
        }
        assert len(behind) == len(family.__all__)
        assert min(behind.values()) > 1000
        best = [min(ends, key=lambda name: ends[name]) for ends in found.values()]
        assert len(set(best)) == 4
        assert best[0] == "GradientDescent"
        assert best[1] == "Rprop"
        # In its best run each objective is all but solved; batches are noisy.
        least = [min(ends.values()) for ends in found.values()]
        assert (np.array(least) < [1e-3, 1e-8, 1e-15, 1e-15, 1e-2]).all()

    def test_their_least_values_are_0(self, example: Any) -> None:
        truths = [np.ones(2), np.zeros(10), np.zeros(10), np.zeros(2)]
        objectives = [*example.objectives().values()]
        for (f, *_), truth in zip(objectives, truths, strict=False):
            assert f(truth) == 0

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "bent valley         GradientDescent" in told
