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

    def test_is_shown_as_it_happens(self, example: Any, capsys: Any) -> None:
        example.climb(2, live=True)
        lines = capsys.readouterr().out.splitlines()
        assert [line.split(",")[0] for line in lines] == [
            "step  0: l  57.000000",
            "step  1: l  55.600000",
            "step  2: l  54.480000",
        ]
