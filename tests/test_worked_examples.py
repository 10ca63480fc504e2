"""The worked examples say what they should, on the last point, and draw their pictures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(name: str) -> Any:
    """The module of an example, whose file's name begins with a number."""
    pytest.importorskip("matplotlib")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tmp_path: Any, monkeypatch: Any, capsys: Any) -> Any:
    """Run an example as a user would, its picture in another place, and give what it prints."""

    def run(name: str, picture: str) -> str:
        module = example(name)
        monkeypatch.setattr(module, "__file__", str(tmp_path / f"{name}.py"))
        monkeypatch.setattr(sys, "argv", [f"{name}.py"])
        module.main()
        assert (tmp_path / "pictures" / picture).stat().st_size > 5000
        told: str = capsys.readouterr().out
        return told

    return run


class TestFence:
    def test_figures(self, run: Any) -> None:
        fence = example("01_fence")
        assert [fence.area(x) for x in (57, 54, 52, 51, 50, 49)] == [
            2451,
            2484,
            2496,
            2499,
            2500,
            2499,
        ]
        assert [fence.slope(x) for x in (57, 54, 52)] == [-14, -8, -4]
        assert fence.climb(60).x == pytest.approx(50.00001, abs=5e-6)
        found = fence.climb()
        assert abs(found.x - 50) < 1e-6
        assert found.check().kind == "maximum"
        assert "maximum" in run("01_fence", "01_fence.png")


class TestParabola:
    def test_ends_after_21_moves(self, run: Any) -> None:
        parabola = example("02_parabola")
        found = parabola.descend()
        assert found.nit == 21
        assert found.x == pytest.approx(1.76778623 * 0.8**21)
        assert found.x == pytest.approx(0.016305, abs=1e-6)
        assert parabola.descend(-1.76778623).x == -found.x
        assert "after 21 moves" in run("02_parabola", "02_parabola.gif")

    @pytest.mark.parametrize("start", [1.76778623, -0.5, 3.0])
    def test_runs_away_with_the_sign_turned(self, start: float) -> None:
        away = example("02_parabola").run_away(start)
        assert away.status.name == "DIVERGED"
        assert [verdict.name for verdict in away.history.diagnose()] == ["exploding"]
        assert (np.sign(away.x), abs(away.x) > 1e4) == (np.sign(start), True)

    def test_the_gradients_direction_gains_most(self) -> None:
        gained, slope = example("02_parabola").gains()
        assert gained.argmax() == slope.argmax()
        clear = np.abs(slope) > 0.01
        assert ((gained > 0) == (slope > 0))[clear].all()


class TestManyStarts:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_find_the_highest(self, seed: int) -> None:
        starts = example("03_many_starts")
        assert starts.one().x == pytest.approx(0.31278, abs=1e-5)
        best = starts.many(seed)
        assert abs(best.x) == pytest.approx(0.70573, abs=1e-5)
        assert best.fun == pytest.approx(0.70287, abs=1e-5)
        assert 1 < best.agreeing < 21

    def test_are_drawn(self, run: Any) -> None:
        assert "x = 0.31278" in run("03_many_starts", "03_many_starts.png")


class TestRegression:
    def test_likelihood_and_least_squares_agree(self, run: Any) -> None:
        pytest.importorskip("sklearn")
        regression = example("05_regression")
        X, y = regression.load()
        exact = np.linalg.lstsq(X, y)[0]
        for found in (regression.by_likelihood(X, y).x["w"], regression.by_least_squares(X, y).x):
            assert found == pytest.approx(exact, abs=1e-6)
        assert "σ 53.476129, by the residuals 53.476129" in run(
            "05_regression", "05_regression.png"
        )

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_minibatches_come_close(self, seed: int) -> None:
        pytest.importorskip("sklearn")
        regression = example("05_regression")
        X, y = regression.load()
        best = np.mean((y - X @ np.linalg.lstsq(X, y)[0]) ** 2)
        found = regression.by_minibatches(X, y, seed)
        assert found.status.name == "EPOCHS"
        assert np.mean((y - X @ found.x) ** 2) < best * (1 + 1e-5)
