"""The ten benchmarks of gradient-ascent, each run to its end."""

import importlib
import sys
from typing import Any

import numpy as np
import pytest

from benches import ten

SEEDS = [0, 1, 2]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    if ten.torch:
        ten.torch.set_num_threads(1)


def problems(number: int) -> list[Any]:
    """In NumPy where it is there, and in torch if that is."""
    made = [ten.in_numpy] if number in ten.IN_NUMPY else []
    return made + ([ten.in_torch] if ten.torch else [])


in_torch = pytest.mark.skipif(ten.torch is None, reason="torch is not installed")


class TestInNumPyAndTorch:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_linear_layer_is_driven_to_ten(self, seed: int) -> None:
        for make in problems(1):
            assert ten.ours(1, make(1, seed)).figure == pytest.approx(10, abs=1e-5)

    @pytest.mark.parametrize("number", [2, 7])
    def test_bowls_are_climbed_to_their_top(self, number: int) -> None:
        for make in problems(number):
            assert np.abs(ten.ours(number, make(number)).figure).max() < 1e-20

    def test_of_many_peaks_the_nearest_is_found(self) -> None:
        for make in problems(6):
            assert ten.ours(6, make(6)).figure[0] == pytest.approx(0.31278, abs=5e-6)

    @pytest.mark.parametrize("number", ten.IN_NUMPY)
    def test_the_gradients_by_hand_are_torchs(self, number: int) -> None:
        pytest.importorskip("torch")
        by_hand, theirs = ten.in_numpy(number), ten.in_torch(number)
        for p, values in zip(theirs.parameters, by_hand.parameters, strict=True):
            p.data.copy_(ten.torch.tensor(values).reshape(p.shape))
        theirs.gradients()
        found = np.concatenate([p.grad.numpy().ravel() for p in theirs.parameters])
        assert found == pytest.approx(np.concatenate(by_hand.gradients()), rel=1e-5)


@in_torch
class TestWithoutAnOptimum:
    @pytest.mark.parametrize("number", ten.UNBOUNDED)
    @pytest.mark.parametrize("seed", SEEDS)
    def test_they_run_away_and_a_ball_holds_them(self, number: int, seed: int) -> None:
        problem = ten.in_torch(number, seed)
        start = problem.figure()
        run = ten.ours(number, problem, bounded=True)
        assert run.norm == pytest.approx(10, abs=1e-5)
        assert np.isfinite(run.figure)
        assert run.figure < start
        # All the way to the best that the ball allows; the convolution's flat slope is all but there.
        assert run.figure == pytest.approx(problem.best, rel=2e-3 if number == 8 else 1e-5)
        # The constraint is active: the gradient leads out of the ball.
        problem.gradients()
        weights = np.concatenate([array.ravel() for array in ten.arrays(problem.parameters)])
        slope = np.concatenate([p.grad.numpy().ravel() for p in problem.parameters])
        assert weights @ slope > 0.99 * np.linalg.norm(weights) * np.linalg.norm(slope)
        said = ten.verdict(ten.in_torch(number, seed))
        assert said.status.name == "DIVERGED"
        assert "max_norm" in said.message

    @pytest.mark.parametrize("number", ten.UNBOUNDED)
    def test_without_the_ball_they_run_further_than_the_package_tells(self, number: int) -> None:
        figure = float(ten.PROBLEMS[number][1].replace("−", "-"))
        assert ten.ours(number, ten.in_torch(number)).figure < figure


@in_torch
class TestRecurrent:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_rnn_comes_to_one(self, seed: int) -> None:
        assert ten.ours(9, ten.in_torch(9, seed)).figure == pytest.approx(1, abs=1e-5)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_lstm_comes_to_the_best_there_is(self, seed: int) -> None:
        problem = ten.in_torch(10, seed)
        figure = ten.ours(10, problem).figure
        assert figure == pytest.approx(problem.best, abs=1e-4)
        # With the third seed's cells at first nothing can: the best there is is 0.7977.
        assert figure >= min(0.8204, problem.best - 1e-4)
        assert (problem.best > 0.8204) == (seed < 2)


def test_the_weights_are_torchs_own_memory() -> None:
    pytest.importorskip("torch")
    problem = ten.in_torch(1)
    memory = [p.data_ptr() for p in problem.parameters]
    before = problem.figure()
    ten.ours(1, problem)
    assert [p.data_ptr() for p in problem.parameters] == memory
    assert problem.figure() != before


def test_without_torch_those_in_numpy_are_there(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    alone = importlib.reload(ten)
    monkeypatch.setattr(sys, "argv", ["ten"])
    try:
        alone.main()
    finally:
        monkeypatch.undo()
        importlib.reload(ten)
    told = capsys.readouterr().out
    assert [line[2] for line in told.splitlines() if line.startswith("| ")][2:] == list("1267")
    assert "torch is missing, and with it 3, 4, 5, 8, 9, 10" in told
