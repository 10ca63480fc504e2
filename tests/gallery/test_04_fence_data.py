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
        assert a == pytest.approx(2e-7, rel=0.25)
        assert b == pytest.approx(4e-5, rel=0.25)

    def test_errors_cancel_without_the_absolute_value(self, example: Any) -> None:
        ab = example.cancelling()
        assert example.errors(ab).mean() == pytest.approx(0, abs=1e-9)
        assert example.mean_absolute_error(ab) > 900

    def test_is_told_and_drawn(self, run: Any) -> None:
        told = run()
        assert "GradientReport: right" in told
        assert "a is off by 2e-07, b by 4e-05" in told
        assert "±1000: mean 0, mean absolute 1000" in told
