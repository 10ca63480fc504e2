"""Small problems with known answers, reached as a user would reach them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import steepest
from cases import Array

PLAIN: dict[str, Any] = {"momentum": 0.0, "beta": None}


def test_quadratic_reaches_its_known_optimum(library: Any) -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6))
    hessian, slope = root @ root.T + np.eye(6), rng.normal(size=6)
    x = np.zeros(6)
    opt = library.GradientAscent(x, lr_decay=0.995)
    for _ in range(3000):
        opt.step(slope - hessian @ x)
    np.testing.assert_allclose(x, np.linalg.solve(hessian, slope), atol=1e-6)


def test_fence_of_the_largest_field(library: Any) -> None:
    """A(l) = 100 l − l² from l = 57: the maximum is l = 50, A = 2500."""
    length = np.array(57.0)
    opt = library.GradientAscent(length, lr=0.1, **PLAIN)
    path = []
    for _ in range(80):
        opt.step(np.float64(100 - 2 * length))
        path.append(float(length))
    assert path[59] == pytest.approx(50.00001, abs=1e-6)
    assert abs(path[79] - 50) < 1e-6
    assert 100 * length - length**2 == pytest.approx(2500)
    np.testing.assert_allclose(path, 50 + 7 * 0.8 ** np.arange(1, 81), rtol=1e-14)


@pytest.mark.parametrize("start", [1.76778623, -1.76778623])
def test_parabola_is_descended_in_21_moves(library: Any, start: float) -> None:
    """y = x²; stop when the derivative changes by no more than 0.01."""
    x = np.array([start])
    opt = library.GradientDescent(x, lr=0.1, **PLAIN)
    moves, change = 0, np.inf
    while change > 1e-2:
        slope = 2 * x
        opt.step(slope)
        moves += 1
        change = abs(float(2 * x[0] - slope[0]))
    assert moves == 21
    assert abs(x[0]) == pytest.approx(0.016305, abs=1e-6)


def test_parabola_runs_away_with_the_sign_turned(library: Any) -> None:
    x = np.array([1.0])
    opt = library.GradientAscent(x, lr=0.1, **PLAIN)
    for _ in range(10):
        opt.step(2 * x)
    assert x[0] == pytest.approx(1.2**10)


def test_fence_data_by_mean_absolute_error() -> None:
    """y = 100x − x² fitted by ax² + bx: the truth is a = −1, b = 100."""
    x = np.arange(100.0)
    y = 100 * x - x**2
    terms = np.stack([x**2, x])
    ab = np.array([-2.0, 30.0])

    def gradient() -> Array:
        return (terms * np.sign(ab @ terms - y)).mean(axis=1)

    assert np.mean(abs(ab @ terms - y)) == 6748.5
    assert gradient().tolist() == [-3283.5, -49.5]
    opt = steepest.GradientDescent(ab, lr=0.05, lr_decay=0.9997, bias_correction=False)
    for _ in range(20_000):
        opt.step(gradient())
    assert abs(ab[0] + 1) < 1e-4
    assert abs(ab[1] - 100) < 1e-2


def outputs_of_one_unit(library: Any, steps: int, **options: Any) -> Array:
    """The output wb → w·2 + b driven to 9 by squared loss, before each step."""
    wb = np.array([0.1, 0.0])
    opt = library.GradientDescent(wb, lr=0.1, beta=0.99, bias_correction=False, **options)
    outputs = []
    for _ in range(steps):
        output = wb[0] * 2 + wb[1]
        outputs.append(output)
        opt.step(2 * (output - 9) * np.array([2.0, 1.0]))
    return np.array(outputs)


def test_one_unit_oscillates_about_its_target(library: Any) -> None:
    outputs = outputs_of_one_unit(library, 200)
    assert outputs.max() == pytest.approx(15.24, abs=0.005)
    assert np.count_nonzero(np.diff(np.sign(outputs - 9))) == 34


def test_decay_stops_the_oscillation(library: Any) -> None:
    def last_time_off_by_a_hundredth(**options: Any) -> int:
        off = abs(outputs_of_one_unit(library, 2000, **options) - 9) > 0.01
        return int(np.flatnonzero(off)[-1])

    assert last_time_off_by_a_hundredth() > 1900
    assert last_time_off_by_a_hundredth(lr_decay=0.99) < 200


class ReluNetwork:
    """64-64-10 with one hidden ReLU layer, and its mean log-likelihood's gradient."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.parameters = {
            "W1": rng.normal(size=(64, 64)) * np.sqrt(2 / 64),
            "b1": np.zeros(64),
            "W2": rng.normal(size=(64, 10)) * np.sqrt(2 / 64),
            "b2": np.zeros(10),
        }

    def forward(self, x: Array) -> tuple[Array, Array]:
        p = self.parameters
        hidden = np.maximum(x @ p["W1"] + p["b1"], 0)
        scores = hidden @ p["W2"] + p["b2"]
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, odds / odds.sum(axis=1, keepdims=True)

    def gradient(self, x: Array, labels: Array) -> dict[str, Array]:
        hidden, probabilities = self.forward(x)
        error = (np.eye(10)[labels] - probabilities) / len(x)
        back = (error @ self.parameters["W2"].T) * (hidden > 0)
        return {
            "W1": x.T @ back,
            "b1": back.sum(axis=0),
            "W2": hidden.T @ error,
            "b2": error.sum(axis=0),
        }

    def accuracy(self, x: Array, labels: Array) -> float:
        return float((self.forward(x)[1].argmax(axis=1) == labels).mean())


def accuracy_on_digits(seed: int, **options: Any) -> float:
    """Test accuracy after 300 minibatches of 200."""
    datasets = pytest.importorskip("sklearn.datasets")
    x, labels = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(7).permutation(len(x))
    x, labels = x[order] / 16, labels[order]
    network = ReluNetwork(seed)
    opt = steepest.GradientAscent(network.parameters, **options)
    rng = np.random.default_rng(seed)
    for step in range(300):
        if step % 7 == 0:
            batches = np.split(rng.permutation(1400), 7)
        batch = batches[step % 7]
        opt.step(network.gradient(x[batch], labels[batch]))
    return network.accuracy(x[1400:], labels[1400:])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_relu_network_learns_digits_by_the_default_call(seed: int) -> None:
    assert accuracy_on_digits(seed) >= 0.95


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_relu_network_loses_its_units_without_bias_correction(seed: int) -> None:
    assert accuracy_on_digits(seed, bias_correction=False) < 0.8
