"""The history of a run, and what it says is wrong with one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from objectives import area, area_slope, logistic, quadratic, rosenbrock
from steepest import SGD, Adam, GradientAscent, GradientDescent, Rprop, maximize, minimize
from steepest.maximization.diagnosis import verdicts


def bowl(curvatures: Any) -> Any:
    """f and grad of Σ c x² / 2."""
    c = np.asarray(curvatures, float)
    return (lambda x: float(c @ x**2) / 2), (lambda x: c * x)


class TestSeries:
    def test_are_what_was_evaluated(self) -> None:
        seen: list[Any] = []

        def grad(x: Any) -> Any:
            seen.append(x.copy())
            return 2 * x

        found = minimize(lambda x: x @ x, np.array([3.0, 4.0]), grad, max_iter=20)
        history = found.history
        assert len(history) == len(seen) == 21
        assert history.value == pytest.approx([x @ x for x in seen])
        assert history.grad_norm == pytest.approx([2 * np.linalg.norm(x) for x in seen])
        assert (np.diff(history.time) >= 0).all()
        assert history.time[0] >= 0
        assert history.x == []

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_norm_is_over_all_arrays(self, dtype: Any) -> None:
        x0 = {"a": np.full((2, 3), 2, dtype), "b": (np.array(1, dtype), np.ones(4, dtype))}
        f = minimize(
            lambda x: 1.0,
            x0,
            lambda x: {"a": 3 * x["a"], "b": (None, x["b"][1])},
            max_iter=0,
        )
        assert f.history.grad_norm == pytest.approx([np.sqrt(6 * 36 + 4)])
        assert f.jac["b"][0] == 0

    def test_lr_is_that_of_the_step_that_led_there(self) -> None:
        options: dict[str, Any] = {"optimizer": GradientDescent, "lr": 0.1, "max_iter": 4}
        steady = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, **options)
        assert steady.history.lr == pytest.approx([0.1] * 5)
        decaying = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, lr_decay=0.5, **options)
        assert decaying.history.lr == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.0125])

    def test_are_copies(self) -> None:
        history = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, max_iter=5).history
        history.value[:] = 7
        assert history.value[0] == 1

    def test_repr_names_length_and_values(self) -> None:
        history = maximize(area, 57.0, area_slope, optimizer=SGD, lr=0.1, max_iter=60).history
        assert repr(history) == "History(61 iterations, value 2451 → 2500)"


def named(found: Any) -> list[str]:
    verdicts = found.history.diagnose()
    for verdict in verdicts:
        assert str(verdict) == f"{verdict.name}: {verdict.seen}; try {verdict.try_}"
    return [verdict.name for verdict in verdicts]


class TestDiagnosis:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_oscillating(self, sign: int) -> None:
        """A large rate on the steep side of |x|: it goes back and forth over the top and stays there."""
        go = maximize if sign > 0 else minimize
        found = go(
            lambda x: -sign * float(np.abs(x).sum()),
            np.array([5.0, 3.03]),
            lambda x: -sign * np.sign(x),
            optimizer=SGD,
            lr=0.25,
            max_iter=200,
        )
        assert named(found) == ["oscillating"]
        assert "lr/3 or lr_decay" in str(found.history.diagnose()[0])

    def test_exploding(self) -> None:
        f, grad = bowl([1.0, 10.0])
        found = minimize(f, np.ones(2), grad, optimizer=SGD, lr=0.25, max_iter=60)
        assert named(found) == ["exploding"]
        assert "clip_norm" in found.history.diagnose()[0].try_

    def test_exploding_where_f_ends(self) -> None:
        found = maximize(
            lambda x: np.log(x) if x > 0 else np.nan, 1.0, lambda x: -1 / x, optimizer=SGD, lr=0.3
        )
        assert named(found) == ["exploding"]

    def test_exploding_without_an_optimum(self) -> None:
        found = maximize(
            lambda x: x**3, 1.0, lambda x: 3 * x**2, optimizer=SGD, lr=0.1, max_norm=1e4
        )
        assert named(found) == ["exploding"]
        assert "bounds" in found.history.diagnose()[0].try_

    def test_vanishing_from_the_start(self) -> None:
        def squared_error(x: Any) -> Any:  # of a saturated sigmoid
            return (1 - 1 / (1 + np.exp(-x))) ** 2

        def gradient(x: Any) -> Any:
            s = 1 / (1 + np.exp(-x))
            return -2 * (1 - s) * s * (1 - s)

        found = minimize(squared_error, -20.0, gradient, optimizer=SGD, lr=0.1, max_iter=100)
        assert named(found) == ["vanishing"]

    def test_vanishing_after_a_leap(self) -> None:
        """A unit that dies: beyond 0 the output is 1, whatever x is."""
        found = minimize(
            lambda x: max(x, 0.0) ** 2 - 2 * max(x, 0.0),
            1.9,
            lambda x: 2 * x - 2 if x > 0 else 0.0,
            optimizer=SGD,
            lr=1.5,
            max_iter=20,
        )
        assert named(found) == ["vanishing"]

    def test_not_vanishing_while_there_is_a_gradient(self) -> None:
        value, norm, rate = np.array([1.0, 0.5, 0.6]), np.array([2.0, 1e-3, 1e-3]), np.ones(3)
        assert verdicts(value, norm, rate, -1) == []
        assert [v.name for v in verdicts(value, norm * [1, 1, 0], rate, -1)] == ["vanishing"]

    @pytest.mark.parametrize("curvature", [[2.0], [2.0, 0.01]], ids=["alone", "beside another"])
    def test_oscillating_from_x_to_minus_x(self, curvature: Any) -> None:
        """At lr = 2 / curvature a step ends on the other side, as high as it began."""
        h = np.array(curvature)
        found = minimize(
            lambda x: x @ (h * x) / 2,
            np.ones(len(h)),
            lambda x: h * x,
            optimizer=SGD,
            lr=1.0,
            max_iter=200,
        )
        assert named(found) == ["oscillating"]
        assert "lr/3" in str(found.history.diagnose()[0])

    def test_stalled_by_a_small_rate(self) -> None:
        f, grad = bowl([1.0, 3.0])
        found = minimize(f, np.ones(2), grad, optimizer=SGD, lr=1e-6, max_iter=300)
        assert named(found) == ["stalled"]
        assert "10 lr" in found.history.diagnose()[0].try_

    def test_stalled_by_a_fast_decay(self) -> None:
        f, grad = bowl([1.0, 3.0])
        options: dict[str, Any] = {"optimizer": GradientDescent, "momentum": 0.0, "beta": None}
        found = minimize(f, np.ones(2), grad, lr=0.05, lr_decay=0.8, max_iter=300, **options)
        assert named(found) == ["stalled"]

    def test_thrashing(self) -> None:
        """Steps of sign longer than the bowl is wide: no better at the end than at the start."""
        rng = np.random.default_rng(0)
        f, grad = bowl(rng.uniform(0.5, 2, 5))
        found = minimize(
            f, rng.uniform(-1, 1, 5), grad, optimizer=Adam, lr=30.0, betas=(0.0, 0.0), max_iter=200
        )
        assert named(found) == ["thrashing"]

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"optimizer": Adam, "lr": 0.05, "max_iter": 1000},
            {"optimizer": GradientAscent, "max_iter": 1000},
            {"optimizer": SGD, "lr": 1e-3, "momentum": 0.9, "max_iter": 1000},
            {"optimizer": SGD, "lr": 1e-3, "max_iter": 500},
            {"optimizer": Rprop, "max_iter": 40},
        ],
        ids=str,
    )
    @pytest.mark.parametrize(
        "problem",
        [quadratic(), quadratic(8, 500.0), rosenbrock(), logistic(), logistic(scale=10.0)],
        ids=["bowl", "ill", "rosenbrock", "logistic", "unscaled"],
    )
    def test_of_a_healthy_run_is_empty(self, problem: Any, options: Any) -> None:
        if options.get("optimizer") is GradientAscent:
            found = maximize(
                lambda x: -problem.f(x), problem.x0, lambda x: -problem.grad(x), **options
            )
        else:
            found = minimize(problem.f, problem.x0, problem.grad, **options)
        assert named(found) == []

    def test_of_a_fence_is_empty(self) -> None:
        for more in ({}, {"optimizer": SGD, "lr": 0.1}, {"optimizer": SGD, "lr": 0.9}):
            assert named(maximize(area, 57.0, area_slope, **more)) == []  # type: ignore[arg-type]
