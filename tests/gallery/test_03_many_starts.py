"""One ascent and many."""

from typing import Any

import pytest
from steepest import maximize

MAXIMA = {-0.70573: 0.70287, -0.31278: 0.30650, 0.0: 0.0, 0.31278: 0.30650, 0.70573: 0.70287}
ENDS = {-1.0: 0.0, 1.0: 0.0}


class TestManyStarts:
    @pytest.mark.parametrize(("x", "highest"), [*MAXIMA.items(), *ENDS.items()])
    @pytest.mark.parametrize("beside", [-0.05, 0.05])
    def test_an_ascent_ends_at_the_maximum_it_began_near(
        self, x: float, highest: float, beside: float, example: Any
    ) -> None:
        start = min(max(x + beside, -1), 1)
        found = maximize(example.f, start, example.gradient, **example.PLAIN)
        assert found.x == pytest.approx(x, abs=1e-5)
        assert found.fun == pytest.approx(highest, abs=1e-5)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_find_the_highest(self, seed: int, example: Any) -> None:
        assert example.one().x == pytest.approx(0.31278, abs=1e-5)
        best = example.many(seed)
        assert abs(best.x) == pytest.approx(0.70573, abs=1e-5)
        assert best.fun == pytest.approx(0.70287, abs=1e-5)
        ends = [min(MAXIMA | ENDS, key=lambda maximum: abs(run.x - maximum)) for run in best.runs]
        assert [run.x for run in best.runs] == pytest.approx(ends, abs=1e-5)
        assert best.agreeing == sum(abs(end) == 0.70573 for end in ends) > 1

    def test_are_drawn(self, run: Any) -> None:
        assert "x = 0.31278" in run()
