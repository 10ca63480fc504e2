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
        assert "after 21 moves" in run()

    @pytest.mark.parametrize("start", [1.76778623, -0.5, 3.0])
    def test_runs_away_with_the_sign_turned(self, start: float, example: Any) -> None:
        away = example.run_away(start)
        assert away.status.name == "DIVERGED"
        assert [verdict.name for verdict in away.history.diagnose()] == ["exploding"]
        assert (np.sign(away.x), abs(away.x) > 1e4) == (np.sign(start), True)

    def test_the_gradients_direction_gains_most(self, example: Any) -> None:
        gained, slope = example.gains()
        assert gained.argmax() == slope.argmax()
        clear = np.abs(slope) > 0.01
        assert ((gained > 0) == (slope > 0))[clear].all()
