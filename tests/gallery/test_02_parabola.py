"""Where the sign of a step leads."""

from typing import Any

import numpy as np
import pytest


class TestParabola:
    def test_ends_after_21_moves(self, run: Any, example: Any) -> None:
        found = example.descend()
        assert found.nit == 21
        assert found.x == pytest.approx(1.76778623 * 0.8**21)
        assert found.x == pytest.approx(0.016305, abs=1e-6)
        assert example.descend(-1.76778623).x == -found.x
        told = run()
        assert "after 21 moves" in told
        assert "∇F · d < 0 just where F falls: True" in told

    @pytest.mark.parametrize("start", [1.76778623, -0.5, 3.0])
    def test_climbs_the_opposite_by_the_same_steps(self, start: float, example: Any) -> None:
        down = example.descend(start)
        up = example.climb(start, down.nit)
        assert up.nit == down.nit > 10
        assert up.history.x == down.history.x

    @pytest.mark.parametrize("start", [1.76778623, -0.5, 3.0])
    def test_runs_away_with_the_sign_turned(self, start: float, example: Any) -> None:
        away = example.run_away(start)
        assert away.status.name == "DIVERGED"
        assert [verdict.name for verdict in away.history.diagnose()] == ["exploding"]
        assert (np.sign(away.x), abs(away.x) > 1e4) == (np.sign(start), True)

    def test_the_gradients_direction_gains_most(self, example: Any) -> None:
        gained, slope = example.gains()
        assert gained.argmax() == slope.argmax()
        assert gained.argmax() == pytest.approx(180 + np.degrees(np.arctan(3)), abs=0.5)
        assert gained.argmin() == gained.argmax() - 180

    def test_a_direction_goes_down_iff_its_slope_is_negative(self, example: Any) -> None:
        gained, slope = example.gains()
        clear = np.abs(slope) > 0.01
        assert ((gained < 0) == (slope < 0))[clear].all()
        assert clear.sum() >= 356
