"""A parabola through the fence's data, by mean absolute error."""

from typing import Any

import numpy as np
import pytest


class TestFenceData:
    def test_first_guesses(self, example: Any) -> None:
        assert example.mean_absolute_error(example.START) == 6748.5
        assert example.gradient(example.START).tolist() == [-3283.5, -49.5]
        assert example.mean_absolute_error(np.array([-0.5, 33])) == 1674.75
        assert example.gradient(example.TRUTH).tolist() == [0, 0]

    def test_ends_at_the_truth(self, example: Any) -> None:
        found = example.descend()
        assert found.nit == 20_000
        assert found.x.tolist() == found.history.x[-1].tolist()
        a, b = np.abs(found.x - [-1, 100])
        assert (a < 1e-4, b < 1e-2) == (True, True)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_ends_about_as_near_from_a_start_a_billionth_beside(
        self, seed: int, example: Any
    ) -> None:
        beside = np.random.default_rng(seed).normal(scale=1e-9, size=2)
        a, b = np.abs(example.descend(start=example.START + beside).x - example.TRUTH)
        assert (a < 1e-3, b < 1e-2) == (True, True)

    def test_errors_cancel_without_the_absolute_value(self, example: Any) -> None:
        ab = example.cancelling()
        assert example.errors(ab).mean() == pytest.approx(0, abs=1e-9)
        assert example.mean_absolute_error(ab) > 900

    def test_is_told_and_drawn(self, run: Any) -> None:
        told = run()
        assert "GradientReport: right" in told
        assert "After 20000 steps a is off by " in told
        assert "±1000: mean 0, mean absolute 1000" in told
