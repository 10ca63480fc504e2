"""What each option is for: on and off."""

from typing import Any

import numpy as np
import pytest


def leaps(error: Any) -> Any:
    """The steps after which it is off by more than 0.05."""
    return np.flatnonzero(np.abs(error) > 0.05)


class TestWhatEachIsFor:
    def test_momentum_leaves_a_shallow_maximum(self, example: Any) -> None:
        plain, rolling = example.momentum(0.0), example.momentum(0.9)
        assert plain.x == pytest.approx(3.064, abs=5e-4)
        assert rolling.x == pytest.approx(1.532, abs=5e-4)
        assert rolling.fun > plain.fun
        assert {plain.check().kind, rolling.check().kind} == {"maximum"}

    @pytest.mark.parametrize(
        ("name", "off", "on", "truth"), [("clipping", None, 1.0, 1.0), ("warm_up", 0, 20, 0.0)]
    )
    def test_clipping_and_warm_up_survive(
        self, name: str, off: Any, on: Any, truth: float, example: Any
    ) -> None:
        run = getattr(example, name)
        lost, found = run(off), run(on)
        assert lost.status.name == "DIVERGED"
        assert found.x == pytest.approx(truth, abs=1e-4)
        assert found.check().ok

    def test_looking_ahead_damps(self, example: Any) -> None:
        heavy, ahead = (np.array(example.nesterov(on).history.x) for on in (False, True))
        # Both are linear recurrences; the product of their roots, √ of which is the damping, is c.
        for x, b, c in ((heavy, 1 + 0.9 - 0.1, 0.9), (ahead, 1.9 * 0.9, 0.9 * 0.9)):
            assert x[2:] == pytest.approx(b * x[1:-1] - c * x[:-2], abs=1e-12)
        assert -ahead.min() < 0.7 * -heavy.min()
        assert np.abs(ahead[50:]).max() < 0.1 * np.abs(heavy[50:]).max()

    def test_a_falling_rate_crosses_less_and_prevents_a_late_leap(self, example: Any) -> None:
        swinging, settled = example.decay(None), example.decay(0.99)
        assert 9 + swinging.max() == pytest.approx(15.24, abs=5e-3)
        crossings = [np.count_nonzero(np.diff(np.sign(e[:201]))) for e in (swinging, settled)]
        assert crossings == [34, 20]
        # Within these 200 steps it is hardly sooner; what it prevents comes long after.
        assert [leaps(e[:201])[-1] for e in (swinging, settled)] == [94, 92]
        assert leaps(settled)[-1] == 92
        assert leaps(swinging)[-1] > 600
        assert np.abs(settled[-300:]).max() < 1e-9

    def test_correction_alone_lowers_the_peak_and_leaps_all_the_same(self, example: Any) -> None:
        swinging, corrected = example.decay(None), example.decay(None, corrected=True)
        assert corrected.max() < swinging.max() - 1
        assert np.count_nonzero(np.diff(np.sign(corrected[:201]))) == 26
        assert leaps(corrected[:201])[-1] == 102
        assert leaps(corrected)[-1] > 700

    def test_correction_tames_the_first_steps(self, example: Any) -> None:
        raw, corrected = example.correction(False), example.correction(True)
        assert raw[0] == pytest.approx(1 / np.sqrt(1 - 0.999), rel=1e-6)
        assert (raw.argmax() + 1, raw.max()) == (12, pytest.approx(65.7, abs=0.05))
        assert (corrected[0], corrected.max()) == pytest.approx((1, 10), rel=1e-3)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert "without it x = 3.064, with it 1.532" in told
        assert "15.24, 34 crossings" in told
