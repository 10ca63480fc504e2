"""One ascent and many."""

from typing import Any

import pytest


class TestManyStarts:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_find_the_highest(self, seed: int, example: Any) -> None:
        assert example.one().x == pytest.approx(0.31278, abs=1e-5)
        best = example.many(seed)
        assert abs(best.x) == pytest.approx(0.70573, abs=1e-5)
        assert best.fun == pytest.approx(0.70287, abs=1e-5)
        assert 1 < best.agreeing < 21

    def test_are_drawn(self, run: Any) -> None:
        assert "x = 0.31278" in run()
