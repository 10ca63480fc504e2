"""The fence's figures."""

from typing import Any

import pytest


class TestFence:
    def test_figures(self, run: Any, example: Any) -> None:
        assert [example.area(x) for x in (57, 54, 52, 51, 50, 49)] == [
            2451,
            2484,
            2496,
            2499,
            2500,
            2499,
        ]
        assert [example.slope(x) for x in (57, 54, 52)] == [-14, -8, -4]
        assert example.climb(60).x == pytest.approx(50.00001, abs=5e-6)
        found = example.climb()
        assert abs(found.x - 50) < 1e-6
        assert found.check().kind == "maximum"
        assert "maximum" in run()
