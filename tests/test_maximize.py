"""maximize and minimize: the loop, when it stops, what it refuses, and going on from a file."""

from __future__ import annotations

import inspect
import itertools
import math
import re
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import steepest
from harness import assert_same_bits
from objectives import Rows, area, area_slope, logistic, quadratic, rosenbrock
from steepest import SGD, Adam, GradientAscent, GradientDescent, Rprop, maximize, minimize
from steepest.maximization import Status

from examples.choose_defaults import OBJECTIVES, steps


def square(x: Any) -> Any:
    return x**2


def slope(x: Any) -> Any:
    return 2 * x


def plain(**more: Any) -> dict[str, Any]:
    """The textbook's rule, run for a number of steps whatever happens."""
    return {"optimizer": SGD, "gtol": None, **more}


class TestTheLoop:
    def test_is_the_textbooks(self) -> None:
        x = 57.0
        for _ in range(60):
            x += 0.1 * (100 - 2 * x)
        found = maximize(area, 57.0, area_slope, **plain(lr=0.1, max_iter=60))
        assert found.x == x
        assert found.nit == 60
        assert found.fun == area(x)
        assert found.jac == area_slope(x)

    @pytest.mark.parametrize("optimizer", [SGD, Adam, Rprop, GradientDescent])
    def test_has_the_bits_of_one_written_by_hand(self, optimizer: Any) -> None:
        problem = rosenbrock(4)
        by_hand = problem.x0.copy()
        opt = optimizer(by_hand, lr=1e-3)
        for _ in range(50):
            opt.step(problem.grad(by_hand))
        options = plain(optimizer=optimizer, lr=1e-3, max_iter=50)
        found = minimize(problem.f, problem.x0, problem.grad, **options)
        assert_same_bits(found.x, by_hand)

    def test_maximizing_is_minimizing_the_negative(self) -> None:
        problem = logistic()
        down = minimize(problem.f, problem.x0, problem.grad)
        up = maximize(lambda w: -problem.f(w), problem.x0, lambda w: -problem.grad(w))
        assert_same_bits(up.x, down.x)
        assert up.fun == -down.fun
        assert up.nit == down.nit

    def test_takes_options_of_the_optimizer(self) -> None:
        by_hand = np.array([3.0])
        opt = GradientAscent(by_hand, lr=0.05, momentum=0.5, beta=None, nesterov=True)
        for _ in range(7):
            opt.step(-2 * by_hand)
        options = plain(optimizer=GradientAscent, lr=0.05, momentum=0.5, beta=None, nesterov=True)
        found = maximize(lambda x: -(x[0] ** 2), [3.0], lambda x: -2 * x, max_iter=7, **options)
        assert_same_bits(found.x, by_hand)

    def test_takes_the_reference_optimizers(self) -> None:
        problem = quadratic(4)
        ours, theirs = (
            minimize(problem.f, problem.x0, problem.grad, optimizer=kind, lr=0.1, max_iter=30)
            for kind in (Adam, steepest.reference.Adam)
        )
        assert_same_bits(ours.x, theirs.x)

    def test_value_and_gradient_may_come_together(self) -> None:
        apart = minimize(square, 3.0, slope)
        together = minimize(lambda x: (x**2, 2 * x), 3.0, True)
        assert together.x == apart.x
        assert together.nfev == together.njev == apart.nfev

    def test_differences_stand_in_for_a_gradient(self) -> None:
        problem = logistic()
        found = minimize(problem.f, problem.x0)
        assert found.success
        assert problem.error(found.x) < 1e-4
        assert found.nfev == (found.nit + 1) * (1 + 2 * 3)
        assert found.njev == 0

    def test_args_go_to_f_and_grad(self) -> None:
        found = minimize(
            lambda x, a, b: a * (x - b) ** 2, 0.0, lambda x, a, b: 2 * a * (x - b), args=(3.0, 5.0)
        )
        assert found.x == pytest.approx(5, abs=1e-6)

    def test_zero_iterations_evaluate_x0(self) -> None:
        found = minimize(square, 3.0, slope, max_iter=0)
        assert (found.x, found.fun, found.jac, found.nit) == (3.0, 9.0, 6.0, 0)
        assert found.status == Status.MAX_ITER
        assert not found.success

    def test_signatures_are_the_same(self) -> None:
        assert inspect.signature(maximize) == inspect.signature(minimize)


Pair = namedtuple("Pair", "a b")


class TestTheForm:
    @pytest.mark.parametrize(
        "x0",
        [
            3.0,
            np.array(3.0),
            np.array([3.0, -1.0]),
            np.ones((2, 3), np.float32),
            {"w": np.ones(2), "b": 1.0},
            [np.ones(2), (np.ones(1), {"c": np.float32(2.0)})],
            Pair(np.ones(2), 3.0),
        ],
        ids=["number", "0-d", "vector", "float32", "dict", "nested", "named"],
    )
    def test_of_x0_is_that_of_x(self, x0: Any) -> None:
        def leaves(value: Any) -> list[Any]:
            if isinstance(value, dict):
                value = list(value.values())
            if isinstance(value, (list, tuple)):
                return [leaf for item in value for leaf in leaves(item)]
            return [value]

        def again(value: Any, x: Any) -> Any:
            if isinstance(x, dict):
                return {key: again(value, item) for key, item in x.items()}
            if isinstance(x, (list, tuple)):
                return [again(value, item) for item in x]
            return value(x)

        def form(value: Any) -> Any:
            return type(value) if not isinstance(value, float) else float

        before = [np.array(leaf) for leaf in leaves(x0)]
        found = minimize(
            lambda x: sum(float(np.sum(leaf**2)) for leaf in leaves(x)),
            x0,
            lambda x: again(lambda leaf: 2 * leaf, x),
            gtol=1e-4,
        )
        assert type(found.x) in (type(x0), np.float64)
        for ours, given, was in zip(leaves(found.x), leaves(x0), before, strict=True):
            assert np.shape(ours) == np.shape(given)
            assert np.asarray(ours).dtype == np.asarray(given).dtype
            assert np.array_equal(given, was)  # x0 is not changed
            assert np.abs(ours).max() < 1e-3
            assert isinstance(ours, np.ndarray) == isinstance(given, np.ndarray)
        assert len(leaves(found.jac)) == len(before)
        assert found.success

    def test_integers_become_float64(self) -> None:
        found = minimize(lambda x: (x**2).sum(), np.array([3, 4]), lambda x: 2 * x)
        assert found.x.dtype == np.float64
        assert type(minimize(square, 3, slope).x) is np.float64

    def test_a_list_of_numbers_is_an_array(self) -> None:
        found = minimize(lambda x: x @ x, [3.0, 4], lambda x: 2 * x)
        assert found.x.shape == (2,)
        assert minimize(lambda x: (x**2).sum(), [[1, 2], [3, 4]], slope).x.shape == (2, 2)

    def test_f_and_grad_see_a_live_read_only_view(self) -> None:
        seen: list[Any] = []

        def f(x: Any) -> float:
            seen.append(x)
            return float(x @ x)

        minimize(f, np.ones(3), slope, optimizer=SGD, lr=0.1, max_iter=3)
        assert len({id(x) for x in seen}) == 1
        with pytest.raises(ValueError, match="read-only"):
            seen[0][0] = 1
        assert seen[0][0] != 1  # it has moved

    def test_callbacks_and_history_get_copies(self) -> None:
        states: list[Any] = []
        options = plain(lr=0.1, max_iter=3, callback=states.append, keep_iterates=True)
        found = minimize(lambda x: x @ x, np.ones(2), slope, **options)
        points = [1.0, 0.8, 0.64, 0.512]
        assert [state.x[0] for state in states] == pytest.approx(points)
        assert [x[0] for x in found.history.x] == pytest.approx(points)
        assert [state.jac[0] for state in states] == pytest.approx([2 * p for p in points])
        assert [state.iteration for state in states] == [0, 1, 2, 3]
        assert [len(state.history) for state in states] == [1, 2, 3, 4]
        states[1].x[0] = found.history.x[2][0] = 7
        assert found.x[0] == pytest.approx(0.512)


class TestStops:
    def test_gtol_is_the_gradients_norm(self) -> None:
        found = minimize(
            lambda x: x @ x, np.array([3.0, 4.0]), slope, optimizer=SGD, lr=0.25, gtol=1.0
        )
        # The norm is 10 at first, and halves at every step.
        assert (found.status, found.nit, found.success) == (Status.GTOL, 4, True)
        assert found.history.grad_norm == pytest.approx([10, 5, 2.5, 1.25, 0.625])

    def test_gtol_may_be_met_exactly(self) -> None:
        options: dict[str, Any] = {"optimizer": SGD, "lr": 0.25}
        assert minimize(square, 1.0, slope, gtol=0.5, **options).nit == 2  # 2, 1, 0.5
        assert minimize(lambda x: 1.0, 1.0, lambda x: 0.0, gtol=0, **options).nit == 0

    def test_ftol_is_the_gain_in_patience_iterations(self) -> None:
        options = plain(lr=0.25, ftol=1e-3, patience=4)
        found = minimize(lambda x: x**2, 1.0, slope, **options)
        # x⁲ is 4⁻ᵗ; from 4 to 8 it loses 0.0039, from 8 to 12 1.5e-5.
        assert (found.status, found.nit, found.success) == (Status.FTOL, 12, True)

    def test_ftol_is_relative_where_f_is_large(self) -> None:
        options = plain(lr=0.25, ftol=1e-3, patience=4)
        found = minimize(lambda x: x**2 + 10, 1.0, slope, **options)
        assert found.nit == 8  # 0.0039 < 1e-3 · 10

    @pytest.mark.parametrize(
        ("run", "start"),
        [
            (lambda: minimize(lambda x: x @ x, np.ones(2), lambda x: -2 * x), 2.0),
            (
                lambda: minimize(square, 1.0, slope, optimizer=SGD, lr=1.01, ftol=1e-9, gtol=None),
                1.0,
            ),
            (lambda: maximize(area, 57.0, lambda x: -area_slope(x)), area(57.0)),
            (lambda: maximize(area, 57.0, area_slope, optimizer=SGD, lr=1.01, ftol=0), area(57.0)),
        ],
        ids=["sign", "rate", "fence's sign", "fence's rate"],
    )
    def test_a_run_that_only_gets_worse_is_no_success(self, run: Any, start: float) -> None:
        found = run()
        assert (found.status, found.success, found.nit) == (Status.DIVERGED, False, 200)
        assert found.fun == start  # x0 is the best there was
        assert "wrong way" in found.message
        assert "check_gradient" in found.message
        assert "smaller rate" in found.message

    def test_ftol_is_no_end_away_from_the_best(self) -> None:
        """Around 0 for ever, after having been at it: 1, 0, then ±0.1."""
        slopes = iter([1.0, -0.1])
        options = plain(lr=1.0, ftol=1e-6, patience=4, max_iter=50)
        found = minimize(square, 1.0, lambda x: next(slopes, 2 * x), **options)
        assert found.fun == pytest.approx(0.01)
        assert (found.status, found.success) == (Status.MAX_ITER, False)
        rough = minimize(square, 0.1, slope, **options)  # the same, but nothing better was seen
        assert (rough.status, rough.nit) == (Status.FTOL, 4)

    def test_ftol_forgives_rounding(self) -> None:
        """Last values a few ulps worse than the best, with ftol = 0, are an end."""
        for dtype in (np.float32, np.float64):
            values = itertools.chain([3.0], itertools.repeat(3.0 + 9 * float(np.finfo(dtype).eps)))
            options = plain(lr=0.1, ftol=0, patience=4)
            found = minimize(lambda x, v=values: next(v), dtype(1), np.ones_like, **options)  # type: ignore[misc]
            assert (found.status, found.nit) == (Status.FTOL, 4)

    def test_ftol_over_batches_is_of_their_mean(self) -> None:
        batches = [np.float64(b) for b in (0.0, 1.0, -1.0, 0.5)]
        options = plain(lr=0.01, ftol=1e-6, patience=8, batches=batches, max_iter=2000)

        def f(x: Any, b: Any) -> Any:
            return (x - b) ** 2

        good = minimize(f, 2.0, lambda x, b: 2 * (x - b), **options)
        assert good.status == Status.FTOL
        bad = minimize(f, 2.0, lambda x, b: 2 * (b - x), **options)
        assert bad.fun > good.fun + 1
        assert not bad.success

    def test_the_last_iteration_says_that_f_is_worse(self) -> None:
        found = minimize(square, 1.0, slope, **plain(lr=1.01, max_iter=5))
        assert "f is worse than at first, 1.21899 after 1 (steepest.check_gradient" in found.message
        assert "worse" not in minimize(square, 1.0, slope, **plain(lr=0.1, max_iter=5)).message

    def test_xtol_is_the_length_of_a_step(self) -> None:
        found = minimize(lambda x: x @ x, np.array([0.6, 0.8]), slope, **plain(lr=0.25, xtol=0.1))
        # ‖x‖ is 2⁻ᵗ, and that is the length of the step to it, too.
        assert (found.status, found.nit, found.success) == (Status.XTOL, 4, True)

    def test_the_parabolas_rule(self) -> None:
        """Stop when the derivative changes by no more than 1e-2: of x² that is twice the step's length."""
        start = 1.76778623
        by_xtol = minimize(square, start, slope, **plain(lr=0.1, xtol=0.5e-2))
        assert by_xtol.nit == 21
        assert by_xtol.x == pytest.approx(0.016305, abs=1e-6)
        last = [math.inf]

        def rule(state: Any) -> bool:
            change, last[0] = abs(state.jac - last[0]), state.jac
            return bool(change <= 1e-2)

        by_rule = minimize(square, start, slope, **plain(lr=0.1, callback=rule))
        assert (by_rule.nit, by_rule.x) == (21, by_xtol.x)
        assert by_rule.status == Status.CALLBACK
        assert by_rule.success

    def test_target(self) -> None:
        up = maximize(area, 57.0, area_slope, optimizer=SGD, lr=0.1, target=2499.0)
        assert up.status == Status.TARGET
        assert up.history.value[-2] < 2499 <= up.fun
        down = minimize(square, 3.0, slope, optimizer=SGD, lr=0.1, target=0.5)
        assert down.history.value[-2] > 0.5 >= down.fun

    def test_max_iter(self) -> None:
        found = minimize(square, 3.0, slope, optimizer=SGD, lr=0.001, max_iter=5)
        assert (found.status, found.nit, found.success) == (Status.MAX_ITER, 5, False)
        assert "max_iter = 5" in found.message
        assert len(found.history) == found.nfev == found.njev == 6

    def test_max_time(self) -> None:
        found = minimize(square, 3.0, slope, **plain(lr=1e-9, max_time=0.02))
        assert found.status == Status.MAX_TIME
        assert not found.success
        assert found.history.time[-1] >= 0.02 > found.history.time[-2]

    @pytest.mark.parametrize("way", ["true", "stop"])
    def test_callback(self, way: str) -> None:
        def callback(state: Any) -> Any:
            if state.iteration == 3:
                if way == "stop":
                    raise StopIteration
                return True
            return 7  # neither True nor anything else stops it

        found = minimize(square, 3.0, slope, **plain(lr=0.1, callback=callback))
        assert (found.status, found.nit, found.success) == (Status.CALLBACK, 3, True)

    def test_every_status_has_its_own_message(self) -> None:
        def at_once(state: Any) -> bool:
            return True

        runs = [
            minimize(square, 3.0, slope),
            minimize(square, 3.0, slope, gtol=None),
            minimize(square, 3.0, slope, xtol=0.1),
            minimize(square, 3.0, slope, target=1.0),
            minimize(square, 3.0, slope, callback=at_once),
            minimize(square, 3.0, slope, max_iter=3),
            minimize(square, 3.0, slope, **plain(lr=10.0, max_norm=1e3)),
        ]
        assert len({found.status for found in runs}) == len({found.message for found in runs}) == 7

    @pytest.mark.parametrize("never", ["gtol", "ftol"])
    def test_none_turns_a_tolerance_off(self, never: str) -> None:
        options: dict[str, Any] = {"gtol": None, "ftol": None, "max_iter": 400}
        assert minimize(square, 3.0, slope, **options).status == Status.MAX_ITER
        other = {"gtol": "ftol", "ftol": "gtol"}[never]
        options[other] = "auto"
        assert minimize(square, 3.0, slope, **options).status.name.lower() == other


class TestDivergence:
    @pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("where", ["f", "grad"])
    def test_returns_the_best_finite_point(self, wrong: float, where: str) -> None:
        """Down the slope of x until x < −2.05, where there is nothing."""

        def f(x: Any) -> Any:
            return wrong if where == "f" and x < -2.05 else x

        def grad(x: Any) -> Any:
            return wrong if where == "grad" and x < -2.05 else np.float64(1.0)

        found = minimize(f, 1.0, grad, **plain(lr=0.1))
        assert found.status == Status.DIVERGED
        assert not found.success
        assert found.x == pytest.approx(-2.0)
        assert found.fun == pytest.approx(-2.0)
        assert "diverged at iteration 31" in found.message

    def test_too_large_a_rate(self) -> None:
        with np.errstate(over="ignore"):
            found = minimize(lambda x: x @ x, np.ones(2), slope, **plain(lr=1.1))
        assert found.status == Status.DIVERGED
        assert np.array_equal(found.x, np.ones(2))
        assert found.fun == 2

    def test_max_norm(self) -> None:
        found = maximize(
            lambda x: x.sum(), np.zeros(4), np.ones_like, **plain(lr=1.0, max_norm=9.0)
        )
        assert found.status == Status.DIVERGED
        assert "max_norm = 9" in found.message
        assert np.array_equal(found.x, np.full(4, 5.0))  # ‖x‖ = 10 is the best that was seen


class TestLargeAndSmall:
    """Gradients whose squares are no numbers any more, or 0."""

    @pytest.mark.parametrize(
        ("dtype", "unit"),
        [
            (np.float64, 1e160),
            (np.float64, 1e-170),
            (np.float32, 1e19),
            (np.float32, 1e30),
            (np.float32, 1e-24),
            (np.float32, 1e-37),
        ],
    )
    @pytest.mark.parametrize("form", ["vector", "matrix", "nested", "bounds"])
    def test_norms_are_right(self, dtype: Any, unit: float, form: str) -> None:
        """Of the gradient (3, 4) in any unit: 5 units."""
        slope = dtype(unit) * np.array([3, 4], dtype)
        x0: Any = np.zeros(2, dtype)
        more: dict[str, Any] = {"gtol": 1e-6 * unit, "max_iter": 1}
        if form == "matrix":
            slope, x0 = slope[:, None], x0[:, None]
        elif form == "nested":
            x0 = {"a": x0[:1], "b": x0[1:]}
            slope = {"a": slope[:1], "b": slope[1:]}
        elif form == "bounds":
            more["bounds"] = [(None, None)] * 2
        found = minimize(lambda x: 0.0, x0, lambda x: slope, **more)
        assert found.status == Status.MAX_ITER, found.message
        assert found.history.grad_norm[0] == pytest.approx(5 * unit, rel=1e-6)

    def test_norm_beyond_all_numbers_is_the_largest(self) -> None:
        slope = np.full(4, 1.7e308)
        found = minimize(lambda x: 0.0, np.ones(4), lambda x: slope, max_iter=2)
        assert (found.status, found.fun) == (Status.MAX_ITER, 0)
        assert found.history.grad_norm[0] == sys.float_info.max

    def test_zero_is_zero(self) -> None:
        assert minimize(lambda x: 1.0, np.ones(2), np.zeros_like).history.grad_norm[0] == 0

    def test_a_large_f_is_no_divergence(self) -> None:
        found = minimize(lambda x: 1e160 * (x @ x) / 2, np.ones(2), lambda x: 1e160 * x)
        assert found.nit > 10
        assert found.fun < 1e145

    @pytest.mark.parametrize(("dtype", "unit"), [(np.float32, 1e-24), (np.float64, 1e-170)])
    def test_a_small_gradient_is_none_that_is_small_enough(self, dtype: Any, unit: Any) -> None:
        """gtol is a part of the first norm."""
        found = minimize(
            lambda x: float(x @ x) * unit, np.ones(2, dtype), lambda x: 2 * dtype(unit) * x,
            ftol=None,
        )  # fmt: skip
        assert found.status == Status.GTOL
        assert np.abs(found.x).max() < 1e-5

    def test_lengths_of_x_and_of_steps_are_right_too(self) -> None:
        x0 = np.full(2, 1e20, np.float32)
        options = plain(lr=1.0, max_iter=3)
        assert minimize(lambda x: 0.0, x0, np.zeros_like, max_norm=1e21, **options).nit == 3
        moving = minimize(lambda x: 0.0, x0, lambda x: x / 2, xtol=0.1, **options)
        assert moving.status == Status.MAX_ITER  # half of x is no short step


class Wrong(Exception):
    pass


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as in a terminal: what a shell runs in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class TestInterruption:
    @pytest.mark.parametrize("who", ["f", "grad", "callback", "project"])
    def test_an_exception_passes_through_with_the_result_so_far(self, who: str) -> None:
        count = 0

        def at_the_tenth(name: str) -> None:
            nonlocal count
            count += name == who
            if count == 10:
                raise Wrong("here")

        def f(x: Any) -> Any:
            at_the_tenth("f")
            return x**2

        def grad(x: Any) -> Any:
            at_the_tenth("grad")
            return 2 * x

        def project(x: Any) -> Any:
            at_the_tenth("project")
            return x

        more: dict[str, Any] = {"callback": lambda state: at_the_tenth("callback")}
        if who == "project":
            more["project"] = project
        with pytest.raises(Wrong) as raised:
            minimize(f, 1.0, grad, **plain(lr=0.1, **more))
        found = raised.value.result  # type: ignore[attr-defined]
        assert found.status == Status.RAISED
        assert "Wrong: here" in found.message
        assert found.fun == found.x**2 == found.history.value.min()
        assert 4 <= found.nit <= 10

    @pytest.mark.parametrize("choice", ["raise", "return"])
    @pytest.mark.usefixtures("interruptible")
    def test_ctrl_c(self, choice: Any) -> None:
        count = 0

        def f(x: Any) -> Any:
            nonlocal count
            count += 1
            if count == 5:
                signal.raise_signal(signal.SIGINT)
            return x**2

        options = plain(lr=0.1, on_interrupt=choice)
        if choice == "return":
            found = minimize(f, 1.0, slope, **options)
        else:
            with pytest.raises(KeyboardInterrupt) as raised:
                minimize(f, 1.0, slope, **options)
            found = raised.value.result  # type: ignore[attr-defined]
        assert found.status == Status.INTERRUPTED
        assert not found.success
        assert found.nit == 4
        assert found.x == pytest.approx(0.8**3)  # the last point that was evaluated
        assert found.fun == found.x**2

    @pytest.mark.parametrize("error", [Wrong("here"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
    def test_at_x0_there_is_no_best_point(self, error: Any) -> None:
        def f(x: Any) -> Any:
            raise error

        with pytest.raises(type(error)) as raised:
            minimize(f, 3.0, slope)
        found = raised.value.result
        assert found.x == 3
        assert "best" not in found.message
        assert "x is x0" in found.message

    def test_an_exception_that_takes_no_result_passes_through(self) -> None:
        class Sealed(Exception):
            def __setattr__(self, name: str, value: Any) -> None:
                raise AttributeError("sealed")

        def f(x: Any) -> Any:
            raise Sealed("mine")

        with pytest.raises(Sealed, match="mine"):
            minimize(f, 1.0, slope)

    def test_the_end_of_the_program_carries_the_result(self) -> None:
        def leave(state: Any) -> None:
            if state.iteration == 3:
                raise SystemExit

        with pytest.raises(SystemExit) as raised:
            minimize(square, 1.0, slope, callback=leave)
        assert raised.value.result.nit == 3  # type: ignore[attr-defined]

    def test_ctrl_c_from_outside(self) -> None:
        script = """if True:
            import signal
            from steepest import SGD, minimize
            signal.signal(signal.SIGINT, signal.default_int_handler)
            def f(x):
                told.append(1)
                if len(told) == 10: print("on its way", flush=True)
                return float(x @ x)
            told = []
            found = minimize(f, [1.0, 2.0], lambda x: 2 * x, optimizer=SGD, lr=1e-9, gtol=None,
                             max_iter=10**9, on_interrupt="return")
            print(found.status.name, len(found.history) > 0)
            """
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "on its way\n"
        child.send_signal(signal.SIGINT)
        told, _ = child.communicate(timeout=30)
        assert told == "INTERRUPTED True\n"


class TestRefused:
    @pytest.mark.parametrize(
        ("f", "said"),
        [
            (lambda x: x, r"f: returned .* of shape \(2,\), expected one real number"),
            (lambda x: None, "f: returned None"),
            (lambda x: "1", "expected one real number"),
            (lambda x: 1j, "expected one real number"),
            (lambda x: True, "expected one real number"),
        ],
        ids=["array", "None", "str", "complex", "bool"],
    )
    def test_f_that_gives_no_number(self, f: Any, said: str) -> None:
        with pytest.raises(TypeError, match=said):
            minimize(f, np.ones(2), slope)

    def test_f_that_gives_no_number_later(self) -> None:
        values = iter([1.0, 1.0])
        with pytest.raises(TypeError, match="expected one real number") as raised:
            minimize(lambda x: next(values, None), np.ones(2), slope)
        assert raised.value.result.nit == 2  # type: ignore[attr-defined]

    @pytest.mark.parametrize("value", [1, np.float32(1), np.array(1.0), np.int64(1)], ids=repr)
    def test_but_any_real_number_is_taken(self, value: Any) -> None:
        assert minimize(lambda x: value, 1.0, lambda x: 0.0).fun == 1

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_f_not_finite_at_x0(self, value: float) -> None:
        with pytest.raises(ValueError, match=r"f: is .* at x0"):
            minimize(lambda x: value, 1.0, slope)

    def test_gradient_not_finite_at_x0(self) -> None:
        with pytest.raises(ValueError, match="gradient at x0 is not finite"):
            minimize(lambda x: x @ x, np.ones(2), lambda x: x * math.nan)

    @pytest.mark.parametrize(
        ("x0", "grad", "error", "said"),
        [
            (np.ones(2), lambda x: np.ones(3), ValueError, r"shape \(3,\), expected \(2,\)"),
            (np.ones(2), lambda x: np.ones((2, 1)), ValueError, r"shape \(2, 1\), expected \(2,\)"),
            (np.ones(2), lambda x: np.ones(2, np.float32), TypeError, "gradient is float32"),
            (np.ones(2), lambda x: "gradient", TypeError, "gradient"),
            ({"a": 1.0}, lambda x: {"b": 1.0}, ValueError, "no 'a'"),
            ({"a": 1.0}, lambda x: np.ones(1), TypeError, "expected a dict"),
            ([np.ones(1), np.ones(2)], lambda x: [np.ones(1)], ValueError, "1 entries, expected 2"),
        ],
        ids=["longer", "column", "dtype", "text", "key", "structure", "fewer"],
    )
    def test_gradient_of_another_form(self, x0: Any, grad: Any, error: Any, said: str) -> None:
        with pytest.raises(error, match=said):
            minimize(lambda x: 1.0, x0, grad)

    @pytest.mark.parametrize(
        ("grad", "error", "said"),
        [
            (lambda x: np.zeros(3), ValueError, r"shape \(3,\), expected \(2,\)"),
            (lambda x: np.zeros((2, 1)), ValueError, r"shape \(2, 1\), expected \(2,\)"),
            (lambda x: np.zeros(2, np.float32), TypeError, "gradient is float32"),
            (lambda x: "gradient", TypeError, "gradient is str"),
            (lambda x: [x], TypeError, "gradient is list"),
            (lambda x: None, TypeError, "grad: returned None"),
        ],
        ids=["longer zeros", "column", "dtype", "text", "list", "None"],
    )
    def test_gradient_of_another_form_later(self, grad: Any, error: Any, said: str) -> None:
        """Small enough for gtol or not: it is no end, and no success."""
        calls = iter([slope, slope])
        with pytest.raises(error, match=said) as raised:
            minimize(lambda x: x @ x, np.ones(2), lambda x: next(calls, grad)(x))
        assert raised.value.result.nit == 2  # type: ignore[attr-defined]

    def test_nested_gradient_that_is_none_at_all(self) -> None:
        x0 = {"a": 1.0, "b": np.ones(2)}
        for grad in (lambda x: None, dict.fromkeys):
            with pytest.raises(TypeError, match="grad: returned None"):
                minimize(lambda x: 1.0, x0, grad)

    @pytest.mark.parametrize(
        ("x0", "error", "said"),
        [
            (np.array([1.0, math.nan]), ValueError, "x0: .*not finite"),
            (math.inf, ValueError, "not finite"),
            (np.array([]), ValueError, "no elements"),
            ([], ValueError, "x0"),
            ({}, ValueError, "x0"),
            ("abc", TypeError, "x0: got"),
            (None, TypeError, "x0"),
            (np.array([1j], object), TypeError, "x0"),
            (np.array([True]), TypeError, "x0"),
            (np.ones(2, np.float16), TypeError, "x0"),
            (np.ma.masked_array([1.0, 2.0]), TypeError, "x0"),
            ([[1.0, 2.0], [3.0]], ValueError, "x0: its rows differ"),
            ({"a": [1.0, None]}, TypeError, "x0.a.1: got NoneType"),
            ([{"params": np.ones(2)}], ValueError, "x0: .* reads as an optimizer's groups"),
        ],
        ids=repr,
    )
    def test_x0(self, x0: Any, error: Any, said: str) -> None:
        with pytest.raises(error, match=said):
            minimize(lambda x: 1.0, x0, lambda x: x)

    @pytest.mark.parametrize(
        ("options", "error", "said"),
        [
            ({"max_iter": -1}, ValueError, "max_iter: got -1"),
            ({"max_iter": 1.5}, TypeError, "max_iter: got 1.5"),
            ({"gtol": -1.0}, ValueError, "gtol: got -1.0"),
            ({"gtol": "small"}, TypeError, "gtol"),
            ({"ftol": math.nan}, ValueError, "ftol"),
            ({"xtol": True}, TypeError, "xtol"),
            ({"target": math.inf}, ValueError, "target"),
            ({"max_time": 0}, ValueError, "max_time"),
            ({"max_norm": -1}, ValueError, "max_norm"),
            ({"patience": 0}, ValueError, "patience"),
            ({"callback": 1}, TypeError, "callback"),
            ({"progress": "yes"}, TypeError, "progress"),
            ({"on_interrupt": "ignore"}, ValueError, "on_interrupt"),
            ({"average": -1}, ValueError, "average"),
            ({"args": [1]}, TypeError, "args"),
            ({"optimizer": "SGD"}, TypeError, "optimizer: got"),
            ({"optimizer": SGD(np.ones(1), lr=1.0)}, TypeError, "optimizer: .* expected a class"),
            ({"momentum": 0.9}, TypeError, "momentum: no option of Rprop"),
            ({"optimizer": SGD, "maximize": True}, TypeError, "maximize: no option of SGD"),
            ({"lr": -1.0}, ValueError, "lr: got -1.0"),
            ({"epochs": 3}, ValueError, "epochs: .* no batches"),
            ({"batches": 3}, TypeError, "batches: got"),
            ({"batches": iter([1])}, TypeError, "batches"),
            ({"batches": [1], "epochs": 0}, ValueError, "epochs"),
            ({"batches": [1], "checkpoint": "run.npz"}, TypeError, "cannot be saved"),
            ({"restarts": 3}, ValueError, "restarts: needs a sampler"),
            ({"restarts": 3, "bounds": (0, None)}, ValueError, "not all finite"),
            ({"restarts": 3, "batches": [1]}, ValueError, "restarts"),
            ({"project": 3}, TypeError, "project: got"),
            (
                {"optimizer": SGD, "lr": 0.1, "nonfinite": "skip"},
                ValueError,
                "nonfinite: got 'skip'",
            ),
            ({"checkpoint": 3}, TypeError, "checkpoint: got int, expected a path"),
            ({"resume": b"run.npz"}, TypeError, "resume: got bytes, expected a path"),
            ({"seed": -1}, ValueError, "seed: got -1"),
            ({"seed": "one"}, TypeError, "seed: got 'one'"),
        ],
        ids=str,
    )
    def test_options(self, options: Any, error: Any, said: str) -> None:
        with pytest.raises(error, match=said):
            minimize(lambda x, batch=0: x**2, 1.0, lambda x, batch=0: 2 * x, **options)

    def test_what_is_no_function(self) -> None:
        with pytest.raises(TypeError, match="f: got"):
            minimize(3, 1.0)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="grad: got"):
            minimize(square, 1.0, 3)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"expected \(value, gradient\)"):
            minimize(square, 1.0, True)

    def test_descent_cannot_maximize(self) -> None:
        with pytest.raises(ValueError, match="GradientDescent only descends"):
            maximize(area, 57.0, area_slope, optimizer=GradientDescent)

    def test_batches_that_give_nothing(self) -> None:
        with pytest.raises(ValueError, match="batches: an epoch gave no batch"):
            minimize(lambda x, batch: x**2, 1.0, lambda x, batch: 2 * x, batches=[])


class TestBounds:
    class Box:
        """As scipy.optimize.Bounds."""

        def __init__(self, lb: Any, ub: Any) -> None:
            self.lb, self.ub = lb, ub

    def test_hold_everywhere_and_the_optimum_is_scipys(self) -> None:
        optimize = pytest.importorskip("scipy.optimize")
        problem = quadratic(6, 100)
        box = optimize.Bounds(-0.3, [0.2] * 5 + [np.inf])
        seen: list[Any] = []

        def f(x: Any) -> float:
            seen.append(x.copy())
            return problem.f(x)

        found = minimize(f, problem.x0, problem.grad, bounds=box)
        theirs = optimize.minimize(problem.f, problem.x0, jac=problem.grad, bounds=box, tol=1e-12)
        assert found.success
        assert found.x == pytest.approx(theirs.x, abs=1e-6)
        assert (np.array(seen) >= -0.3).all()
        assert (np.array(seen)[:, :5] <= 0.2).all()
        assert found.check().ok

    @pytest.mark.parametrize(
        ("x0", "bounds", "end"),
        [
            (1.0, (2, None), 2),
            (1.0, [(2, None)], 2),
            (1.0, Box(2, np.inf), 2),
            (np.ones(2), [(2, None), (None, -1)], [2, -1]),
            (np.ones(2), Box([2, -np.inf], [np.inf, -1]), [2, -1]),
            (np.ones((2, 1), np.float32), Box(2, 9), [[2], [2]]),
            ({"a": np.ones(2), "b": 1.0}, {"a": (2, None), "b": None}, {"a": [2, 2], "b": 0}),
            ([np.ones(2), np.ones(1)], [([2, 3], None), Box(1, 2)], [[2, 3], [1]]),
        ],
        ids=str,
    )
    def test_forms(self, x0: Any, bounds: Any, end: Any) -> None:
        def parts(x: Any) -> list[Any]:
            x = list(x.values()) if isinstance(x, dict) else x
            return x if isinstance(x, list) else [x]

        def grad(x: Any) -> Any:
            if isinstance(x, dict):
                return {key: 2 * value for key, value in x.items()}
            return [2 * p for p in x] if isinstance(x, list) else 2 * x

        found = minimize(
            lambda x: float(sum((p**2).sum() for p in parts(x))), x0, grad, bounds=bounds
        )
        assert found.success
        wanted = [end] if not isinstance(x0, (dict, list)) else parts(end)
        for ours, where in zip(parts(found.x), wanted, strict=True):
            assert np.asarray(ours) == pytest.approx(np.array(where, float), abs=1e-6)

    @pytest.mark.parametrize(
        ("bounds", "error", "said"),
        [
            ([(2, 1), (0, 1)], ValueError, r"bounds: .* at \(0,\) has 2.0 to 1.0"),
            ([(0, math.nan), (0, 1)], ValueError, "expected lower <= upper"),
            ([(0, 1)], ValueError, "1 entries, expected a pair .* each of 2 numbers"),
            ([(0, 1, 2), (0, 1)], ValueError, "a pair"),
            (3, TypeError, "bounds: got"),
            (Box([0, 0, 0], 1), ValueError, r"no bound for shape \(2,\)"),
            ([("a", 1), (0, 1)], ValueError, "bounds: expected pairs of numbers"),
            ([(1j, 1), (0, 1)], TypeError, "bounds: expected pairs of numbers"),
            ([(math.inf, math.inf), (0, 1)], ValueError, "bounds: .* at .0,. has inf to inf"),
            ([(-math.inf, -math.inf), (0, 1)], ValueError, "bounds: .* has -inf to -inf"),
        ],
        ids=str,
    )
    def test_refused(self, bounds: Any, error: Any, said: str) -> None:
        with pytest.raises(error, match=said):
            minimize(lambda x: x @ x, np.ones(2), slope, bounds=bounds)

    def test_of_another_structure_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"^bounds: found no 'a'"):
            minimize(lambda x: 1.0, {"a": 1.0}, lambda x: x, bounds={"b": (0, 1)})

    def test_of_a_number_may_have_a_row_and_a_number_may_have_none(self) -> None:
        box = SimpleNamespace(lb=np.ones(1), ub=np.full(1, 3.0))  # SciPy's for one number
        assert minimize(square, 2.0, slope, bounds=box).x == 1
        found = minimize(lambda x: x @ x, np.ones(2), slope, bounds=[None, (0.5, 2)], gtol=1e-9)
        assert found.x == pytest.approx([0, 0.5], abs=1e-8)

    @pytest.mark.parametrize("bound", [0.1, 0.3, 1e-46, 1e39, 16777217.0])
    def test_are_rounded_into_the_box(self, bound: float) -> None:
        """The last number of float32 within them, by Python's own comparison of float64."""
        for sign in (1, -1):
            found = minimize(
                lambda x, s=sign: -s * float(x),  # type: ignore[misc]
                np.float32(0),
                lambda x, s=sign: np.float32(-s),  # type: ignore[misc]
                bounds=sorted([0.0, sign * bound]),
                **plain(lr=3e38, max_iter=3),
            )
            end = abs(found.x)
            assert end.dtype == np.float32
            with np.errstate(over="ignore"):
                beyond = np.nextafter(end, np.float32(np.inf))
            assert float(end) <= bound < float(beyond)

    def test_that_no_number_is_between_hold_the_nearest(self) -> None:
        for bound in (0.1, 0.7):  # the nearest is above, and below
            x0 = np.float32(bound)
            found = minimize(square, x0, slope, bounds=(bound, bound))
            assert found.x == x0
            assert "outside" not in found.message

    def test_may_be_an_iterator_for_all_runs(self) -> None:
        found = minimize(
            lambda x: x @ x, np.ones(2), slope, bounds=zip([1, 2], [3, 4], strict=True), restarts=2
        )
        assert [list(run.x) for run in found.runs] == [[1.0, 2.0]] * 3

    def test_x0_outside_is_projected_and_said(self, caplog: Any) -> None:
        found = minimize(square, 5.0, slope, bounds=(1, 3), keep_iterates=True)
        assert found.history.x[0] == 3
        assert found.x == 1
        assert "x0 was outside the bounds and was projected" in found.message
        assert "projected" in caplog.text
        assert "outside" not in minimize(square, 2.0, slope, bounds=(1, 3)).message

    def test_the_gradient_norm_is_the_projected_ones(self) -> None:
        found = minimize(square, 2.0, slope, bounds=(1, 3), gtol=1e-6)
        assert found.status == Status.GTOL
        assert found.history.grad_norm[-1] == 0
        assert found.jac == 2


class TestProjection:
    def onto_circle(self, x: Any) -> Any:
        return x / np.linalg.norm(x)

    def test_finds_the_largest_eigenvalue(self) -> None:
        rng = np.random.default_rng(0)
        A = rng.normal(size=(6, 6))
        A = A + A.T
        found = maximize(
            lambda x: x @ A @ x, rng.normal(size=6), lambda x: 2 * A @ x, project=self.onto_circle
        )
        assert found.success
        assert found.fun == pytest.approx(np.linalg.eigvalsh(A)[-1], abs=1e-9)
        assert np.linalg.norm(found.x) == pytest.approx(1)
        assert found.check().kind == "constrained"

    def test_is_applied_to_x0_and_every_step(self) -> None:
        options = plain(lr=0.1, max_iter=5, project=self.onto_circle, keep_iterates=True)
        found = minimize(
            lambda x: x @ [1.0, 2.0],
            np.array([3.0, 4.0]),
            lambda x: np.array([1.0, 2.0]),
            **options,
        )
        assert np.linalg.norm(found.history.x, axis=1) == pytest.approx(np.ones(6))

    def test_gets_a_copy_in_x0s_form(self) -> None:
        def project(x: Any) -> Any:
            x["a"][...] = np.maximum(x["a"], 0.5)
            return x

        found = minimize(
            lambda x: x["a"] @ x["a"],
            {"a": np.ones(2)},
            lambda x: {"a": 2 * x["a"]},
            project=project,
        )
        assert np.array_equal(found.x["a"], [0.5, 0.5])

    @pytest.mark.parametrize(
        ("project", "error", "said"),
        [
            (lambda x: x[:1], ValueError, r"project: returned shape \(1,\)"),
            (lambda x: x[:, None], ValueError, r"project: returned shape \(2, 1\)"),
            (lambda x: None, ValueError, r"project: returned shape \(\)"),
            (lambda x: x + 1j, TypeError, "project: returned an array of complex128"),
            (lambda x: x * math.nan, ValueError, "project: .* not finite"),
        ],
    )
    def test_of_another_shape_is_refused(self, project: Any, error: Any, said: str) -> None:
        with pytest.raises(error, match=said):
            minimize(lambda x: x @ x, np.ones(2), slope, project=project)

    def test_beside_bounds_is_refused_before_the_first_call(self) -> None:
        """Bounds and then the simplex ended at (.467, .267, .267): a success out of bounds."""
        calls: list[Any] = []
        with pytest.raises(ValueError, match=r"bounds, project: got both.*a project of your own"):
            maximize(
                lambda x: calls.append(x) or 1.0,
                [0.1, 0.45, 0.45],
                lambda x: calls.append(x) or np.ones(3),
                bounds=[(0, 0.2), (0, 1), (0, 1)],
                project=lambda x: calls.append(x) or x,
            )
        assert calls == []

    def test_onto_bounds_and_simplex_of_ones_own(self) -> None:
        """What the message advises: the nearest point that both allow, by the multiplier of the sum."""
        c, high = np.array([1.0, -1.0, -1.0]), np.array([0.2, 1.0, 1.0])

        def project(x: Any) -> Any:
            low, up = x.min() - 1, x.max()
            for _ in range(60):
                middle = (low + up) / 2
                low, up = (middle, up) if np.clip(x - middle, 0, high).sum() > 1 else (low, middle)
            return np.clip(x - up, 0, high)

        found = maximize(lambda x: c @ x, [0.1, 0.45, 0.45], lambda x: c, project=project, lr=0.5)
        assert found.success
        assert found.x == pytest.approx([0.2, 0.4, 0.4])

    @pytest.mark.parametrize("calls", [1, 2, 3, 4, 5])
    def test_that_gives_nan_is_blamed(self, calls: int) -> None:
        """Its first call is for x0, then one for the norm and one for the step in turn."""
        count = itertools.count(1)

        def project(x: Any) -> Any:
            return x * math.nan if next(count) > calls else x

        with pytest.raises(ValueError, match="project: returned what is not finite") as raised:
            minimize(lambda x: x @ x, np.ones(2), slope, project=project)
        found = raised.value.result  # type: ignore[attr-defined]
        assert found.status == Status.RAISED
        assert found.fun == found.x @ found.x <= 2

    def test_is_not_blamed_for_a_run_that_diverges(self) -> None:
        options = plain(lr=1.7e308, project=lambda x: x)
        with np.errstate(all="ignore"):
            found = minimize(lambda x: x @ x, np.ones(2), slope, **options)
        assert (found.status, found.fun) == (Status.DIVERGED, 2)

    def test_of_another_structure_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"project: .*no 'a'"):
            minimize(lambda x: 1.0, {"a": 1.0}, lambda x: x, project=lambda x: {"b": 1.0})


class TestRestarts:
    """−x sin 5πx on [−1, 1] has maxima at ±.70573 (.70287), ±.31278 (.30650) and 0 (0)."""

    def f(self, x: Any) -> Any:
        return -x * np.sin(5 * np.pi * x)

    def grad(self, x: Any) -> Any:
        return -np.sin(5 * np.pi * x) - 5 * np.pi * x * np.cos(5 * np.pi * x)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_find_the_highest_of_several_maxima(self, seed: int) -> None:
        options: dict[str, Any] = {"optimizer": SGD, "lr": 0.002}
        one = maximize(self.f, 0.5, self.grad, **options)
        assert one.x == pytest.approx(0.31278, abs=1e-4)
        best = maximize(self.f, 0.5, self.grad, bounds=(-1, 1), restarts=20, seed=seed, **options)
        assert abs(best.x) == pytest.approx(0.70573, abs=1e-4)
        assert best.fun == pytest.approx(0.70287, abs=1e-5)
        assert len(best.runs) == 21
        assert best.runs[0].x == pytest.approx(one.x, abs=1e-6)
        near = [abs(abs(run.x) - 0.70573) < 1e-4 for run in best.runs]
        assert best.agreeing == sum(near) > 1
        assert f"the best of 21 runs, of which {best.agreeing} agree" in best.message

    def test_follow_from_the_seed(self) -> None:
        def starts(seed: Any) -> list[float]:
            found = maximize(
                self.f, 0.5, self.grad, bounds=(-1, 1), restarts=4, seed=seed, keep_iterates=True
            )
            return [run.history.x[0] for run in found.runs]

        assert starts(7) == starts(7) != starts(8)

    def test_take_a_sampler(self) -> None:
        found = minimize(
            lambda x: x["a"] ** 2,
            {"a": 1.0},
            lambda x: {"a": 2 * x["a"]},
            restarts=3,
            seed=1,
            sampler=lambda rng: {"a": rng.normal()},
            keep_iterates=True,
        )
        rng = np.random.default_rng(1)
        assert [run.history.x[0]["a"] for run in found.runs] == [1.0, *rng.normal(size=3)]

    @pytest.mark.parametrize(
        ("sampler", "error", "said"),
        [
            (lambda rng: rng.normal(size=3), ValueError, r"sampler: returned shape \(3,\)"),
            (lambda rng: np.array(["a", "b"]), TypeError, "sampler: returned"),
        ],
        ids=["shape", "text"],
    )
    def test_a_sampler_of_another_form_is_refused_first(
        self, sampler: Any, error: Any, said: str
    ) -> None:
        with pytest.raises(error, match=said):
            minimize(square, np.ones(2), slope, restarts=2, sampler=sampler)

    def test_a_sampler_gives_starts_of_x0s_dtype(self) -> None:
        found = minimize(
            lambda x: float(x @ x),
            np.ones(2, np.float32),
            slope,
            restarts=1,
            sampler=lambda rng: [2, 3],
        )
        assert found.runs[1].x.dtype == np.float32

    @pytest.mark.parametrize("choice", ["raise", "return"])
    @pytest.mark.parametrize(("seed", "last_is_best"), [(0, False), (4, True)])
    def test_ctrl_c_ends_them_all(self, choice: Any, seed: int, last_is_best: bool) -> None:
        calls = iter(range(1000))

        def f(x: Any) -> Any:
            if next(calls) == 25:
                raise KeyboardInterrupt
            return x**2

        def go() -> Any:
            options = plain(lr=0.1, max_iter=9)
            options |= {"bounds": (-3, 3), "restarts": 5, "seed": seed, "on_interrupt": choice}
            return minimize(f, 3.0, slope, **options)

        if choice == "return":
            found = go()
        else:
            with pytest.raises(KeyboardInterrupt) as raised:
                go()
            found = raised.value.result  # type: ignore[attr-defined]
        assert (found.status, found.success) == (Status.INTERRUPTED, False)
        assert [run.nit for run in found.runs] == [9, 9, 5]
        best = min(found.runs, key=lambda run: run.fun)
        assert (found.fun, found.x) == (best.fun, best.x)
        assert (best is found.runs[2]) == last_is_best

    def test_an_exception_carries_all_runs_so_far(self) -> None:
        calls = iter(range(1000))
        with pytest.raises(ValueError, match="f: is nan at x0") as raised:
            minimize(
                lambda x: x**2 if next(calls) < 20 else math.nan,
                3.0,
                slope,
                bounds=(-3, 3),
                restarts=5,
                seed=0,
                **plain(lr=0.1, max_iter=9),
            )
        found = raised.value.result  # type: ignore[attr-defined]
        assert (found.status, len(found.runs)) == (Status.RAISED, 3)
        assert found.fun == min(run.fun for run in found.runs[:2])

    def test_one_that_diverged_is_not_the_best(self) -> None:
        found = minimize(
            lambda x: x**3 - 3 * x,  # has a minimum of −2 at 1, and falls for ever below −1
            0.0,
            lambda x: 3 * x**2 - 3,
            restarts=1,
            sampler=lambda rng: -3.0,
            **plain(lr=0.01, max_iter=1000, max_norm=1e3),
        )
        assert found.runs[1].status == Status.DIVERGED
        assert found.runs[1].fun < -2
        assert found.x == pytest.approx(1)


class TestAverage:
    def test_is_the_mean_of_the_points(self) -> None:
        options = plain(lr=0.9, max_iter=9, keep_iterates=True)
        found = minimize(square, 3.0, slope, average=True, **options)
        assert found.x == pytest.approx(np.mean(found.history.x[1:]))
        assert found.fun == found.x**2
        late = minimize(square, 3.0, slope, average=4, **options)
        assert late.x == pytest.approx(np.mean(found.history.x[4:]))
        assert late.jac == 2 * late.x


class TestBatches:
    data = np.random.default_rng(5).normal(3.0, 1.0, size=(23, 2))

    @staticmethod
    def f(x: Any, batch: Any) -> float:
        return float(((x - batch) ** 2).sum(1).mean() / 2)

    @staticmethod
    def grad(x: Any, batch: Any) -> Any:
        return (x - batch).mean(0)

    def test_are_gone_through_once_an_epoch(self) -> None:
        by_hand = np.zeros(2)
        opt = Adam(by_hand)
        for _ in range(3):
            for start in range(0, 23, 5):
                opt.step(self.grad(by_hand, self.data[start : start + 5]))
        batches = [self.data[start : start + 5] for start in range(0, 23, 5)]
        found = minimize(self.f, np.zeros(2), self.grad, batches=batches, epochs=3)
        assert_same_bits(found.x, by_hand)
        assert (found.status, found.success, found.nit) == (Status.EPOCHS, True, 15)
        assert len(found.history) == 15
        assert found.fun == pytest.approx(found.history.value[-5:].mean())

    def test_find_the_mean(self) -> None:
        found = minimize(
            self.f, np.zeros(2), self.grad, batches=Rows(self.data, 5), epochs=200, lr=0.05,
            optimizer=SGD, average=500,
        )  # fmt: skip
        assert found.x == pytest.approx(self.data.mean(0), abs=0.02)

    def test_max_iter_counts_steps(self) -> None:
        found = minimize(self.f, np.zeros(2), self.grad, batches=Rows(self.data, 5), max_iter=7)
        assert (found.status, found.nit, len(found.history)) == (Status.MAX_ITER, 7, 7)

    def test_work_with_args_differences_and_value_with_gradient(self) -> None:
        options: dict[str, Any] = {"max_iter": 7, "optimizer": SGD, "lr": 0.1}
        usual = minimize(self.f, np.zeros(2), self.grad, batches=Rows(self.data, 5), **options)
        both = minimize(
            lambda x, batch, k: (k * self.f(x, batch), k * self.grad(x, batch)),
            np.zeros(2), True, args=(1.0,), batches=Rows(self.data, 5), **options,
        )  # fmt: skip
        assert_same_bits(both.x, usual.x)
        rough = minimize(self.f, np.zeros(2), batches=Rows(self.data, 5), **options)
        assert rough.x == pytest.approx(usual.x, abs=1e-8)

    def test_a_second_run_has_as_many_epochs(self) -> None:
        batches = Rows(self.data, 5)
        for _ in range(2):
            assert minimize(self.f, np.zeros(2), self.grad, batches=batches, epochs=2).nit == 10

    def test_have_no_objective_as_a_whole_to_check(self) -> None:
        found = minimize(self.f, np.zeros(2), self.grad, batches=Rows(self.data, 5), epochs=1)
        with pytest.raises(ValueError, match="batches"):
            found.check()


class Stopped(Exception):
    pass


class TestResume:
    @pytest.mark.parametrize("steps", [3, 5, 7, 15])
    @pytest.mark.parametrize("optimizer", [Adam, Rprop, GradientDescent, SGD])
    def test_in_the_middle_of_an_epoch_is_bit_exact(
        self, tmp_path: Any, steps: int, optimizer: Any
    ) -> None:
        """An epoch has five batches. The first run is killed after some steps; a file has them."""
        f, grad, data = TestBatches.f, TestBatches.grad, TestBatches.data
        path = tmp_path / "run.npz"
        options: dict[str, Any] = {"optimizer": optimizer, "lr": 0.01, "epochs": 6, "average": 2}
        whole = minimize(f, np.zeros(2), grad, batches=Rows(data, 5), **options)

        def kill(state: Any) -> None:
            if state.iteration == steps + 1:
                raise Stopped

        with pytest.raises(Stopped):
            minimize(
                f, np.zeros(2), grad, batches=Rows(data, 5), callback=kill, checkpoint=path,
                checkpoint_interval=steps, **options,
            )  # fmt: skip
        again = minimize(f, np.ones(2), grad, batches=Rows(data, 5), resume=path, **options)
        assert_same_bits(again.x, whole.x)
        assert_same_bits(again.history.value, whole.history.value)
        assert_same_bits(again.history.grad_norm, whole.history.grad_norm)
        assert (again.nit, again.nfev, again.fun) == (whole.nit, whole.nfev, whole.fun)
        assert (np.diff(again.history.time) >= 0).all()

    def test_of_a_whole_objective_is_too(self, tmp_path: Any) -> None:
        problem, path = rosenbrock(4), tmp_path / "run.npz"
        whole = minimize(problem.f, problem.x0, problem.grad)
        part = minimize(problem.f, problem.x0, problem.grad, max_iter=130, checkpoint=path)
        assert part.status == Status.MAX_ITER
        again = minimize(problem.f, problem.x0, problem.grad, resume=path)
        assert_same_bits(again.x, whole.x)
        assert_same_bits(again.history.value, whole.history.value)
        assert (again.nit, again.status, again.message) == (whole.nit, whole.status, whole.message)

    def test_looks_for_ftol_as_a_run_that_never_stopped(self, tmp_path: Any) -> None:
        path, options = tmp_path / "run.npz", plain(lr=0.25, ftol=1e-3, patience=4)
        minimize(square, 1.0, slope, max_iter=10, checkpoint=path, **options)
        assert minimize(square, 1.0, slope, resume=path, **options).nit == 12

    @pytest.mark.parametrize("steps", [5, 8, 9, 12, 15])
    def test_gets_worse_as_a_run_that_never_stopped(self, tmp_path: Any, steps: int) -> None:
        path, options = tmp_path / "run.npz", plain(lr=1.01, ftol=1e-3, patience=8)
        minimize(square, 1.0, slope, max_iter=steps, checkpoint=path, **options)
        again = minimize(square, 1.0, slope, resume=path, **options)
        assert (again.status, again.nit, again.x) == (Status.DIVERGED, 16, 1)

    def test_counts_the_epochs_of_batches_that_were_used_before(self, tmp_path: Any) -> None:
        f, grad, data = TestBatches.f, TestBatches.grad, TestBatches.data
        path, used = tmp_path / "run.npz", Rows(data, 5)
        used.epoch = 3
        minimize(f, np.zeros(2), grad, batches=used, epochs=4, max_iter=7, checkpoint=path)
        again = minimize(f, np.zeros(2), grad, batches=Rows(data, 5), epochs=4, resume=path)
        assert (again.nit, again.status) == (20, Status.EPOCHS)

    def test_after_the_epochs_goes_on_with_more(self, tmp_path: Any) -> None:
        f, grad, data = TestBatches.f, TestBatches.grad, TestBatches.data
        path = tmp_path / "run.npz"
        whole = minimize(f, np.zeros(2), grad, batches=Rows(data, 5), epochs=5)
        minimize(f, np.zeros(2), grad, batches=Rows(data, 5), epochs=2, checkpoint=path)
        again = minimize(f, np.zeros(2), grad, batches=Rows(data, 5), epochs=5, resume=path)
        assert_same_bits(again.x, whole.x)

    def test_goes_on_after_any_end_of_a_whole_objective(self, tmp_path: Any) -> None:
        path = tmp_path / "run.npz"
        whole = minimize(square, 1.0, slope, **plain(lr=0.1, max_iter=40))
        stop = {"callback": lambda state: state.iteration == 13, "checkpoint": path}
        first = minimize(square, 1.0, slope, **plain(lr=0.1), **stop)
        assert first.status == Status.CALLBACK
        again = minimize(square, 5.0, slope, resume=path, **plain(lr=0.1, max_iter=40))
        assert again.x == whole.x
        assert np.array_equal(again.history.value, whole.history.value)

    def test_refuses_another_average(self, tmp_path: Any) -> None:
        path = tmp_path / "run.npz"
        options = plain(lr=0.1, max_iter=20)
        minimize(square, 1.0, slope, checkpoint=path, **options)
        with pytest.raises(ValueError, match="average: got 5, expected what"):
            minimize(square, 1.0, slope, resume=path, average=5, **options)

    def test_says_nothing_of_x0(self, tmp_path: Any) -> None:
        path = tmp_path / "run.npz"
        options = plain(lr=0.1, max_iter=20, bounds=(-2, 2))
        minimize(square, 1.0, slope, checkpoint=path, **options)
        assert "outside" not in minimize(square, 9.0, slope, resume=path, **options).message

    def test_refuses_what_does_not_fit(self, tmp_path: Any) -> None:
        path = tmp_path / "run.npz"
        minimize(square, 3.0, slope, max_iter=20, checkpoint=path)
        with pytest.raises(ValueError, match="Rprop"):
            minimize(square, 3.0, slope, optimizer=Adam, resume=path)
        with pytest.raises(ValueError, match=r"does not fit|not a checkpoint"):
            minimize(square, {"a": 1.0}, slope, resume=path)
        with pytest.raises(ValueError, match="20 steps"):
            minimize(square, 3.0, slope, max_iter=10, resume=path)
        Adam(np.ones(1)).save(path)
        with pytest.raises(ValueError, match=r"an optimizer, not a run|not a checkpoint"):
            minimize(lambda x: x @ x, np.ones(1), slope, optimizer=Adam, resume=path)
        with pytest.raises(FileNotFoundError):
            minimize(square, 3.0, slope, resume=tmp_path / "none.npz")


class TestProgress:
    def test_shows_a_bar(self, capsys: Any) -> None:
        pytest.importorskip("tqdm")
        minimize(square, 3.0, slope, progress=True, max_iter=30)
        assert "30/30" in capsys.readouterr().err

    def test_without_tqdm_says_what_to_install(self, monkeypatch: Any) -> None:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
        with pytest.raises(ImportError, match=r'pip install "steepest\[progress\]"'):
            minimize(square, 3.0, slope, progress=True)


class TestDefaults:
    """The call without options simply works; docs/defaults.md has the sizes that count."""

    @pytest.mark.parametrize(
        ("problem", "accuracy"),
        [
            (quadratic(), 1e-5),
            (quadratic(10, 1e3), 1e-3),
            (rosenbrock(), 1e-3),
            (rosenbrock(10), 1e-3),
            (logistic(), 1e-4),
            (logistic(scale=1000.0), 1e-4),
        ],
        ids=["quadratic", "ill-conditioned", "rosenbrock", "rosenbrock-10", "logistic", "unscaled"],
    )
    def test_reaches_the_optimum(self, problem: Any, accuracy: float) -> None:
        found = minimize(problem.f, problem.x0, problem.grad)
        assert found.success
        assert problem.error(found.x) < accuracy
        assert found.history.diagnose() == []
        assert found.check().ok

    @pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
    def test_whatever_the_unit(self, unit: float) -> None:
        """The fence in other units of length; its area is in units of their square."""
        found = maximize(
            lambda x: 100 * x / unit - (x / unit) ** 2,
            57 * unit,
            lambda x: (100 - 2 * x / unit) / unit,
        )
        assert found.success
        assert found.x / unit == pytest.approx(50, abs=1e-3)
        assert found.nit < 300

    @pytest.mark.parametrize("x0", [5.6e-17, 1e-300, -5e-324, np.float32(1e-40)])
    def test_what_rounding_left_of_zero_is_no_scale(self, x0: Any) -> None:
        """A first step of a hundredth of it would gain nothing in 100 iterations, and end as a success."""
        found = minimize(lambda x: float((x - 1.5) ** 2), x0, lambda x: 2 * (x - 1.5))
        assert found.x == pytest.approx(1.5, abs=1e-4)

    def test_the_largest_numbers_are_a_scale(self) -> None:
        for x0 in (1e307, np.float32(1e37)):
            assert minimize(lambda x: float(np.abs(x)), x0, np.sign).fun < x0

    def test_rates_are_what_the_docs_say(self) -> None:
        """Rprop's first step is a hundredth of x0's scale."""
        found = minimize(lambda x: x @ x, np.array([3.0, -5.0]), slope)
        assert found.history.lr[0] == 0.05
        assert minimize(lambda x: (x - 1) ** 2, 0.0, lambda x: 2 * (x - 1)).history.lr[0] == 0.01
        project = minimize(square, 1.0, slope, project=lambda x: x)
        assert project.history.lr[0] == 0.01
        found = minimize(square, 1.0, slope, optimizer=Adam, lr=0.1, max_iter=3)
        assert set(found.history.lr) == {0.1}

    @pytest.mark.parametrize("name", OBJECTIVES)
    def test_is_as_good_as_docs_defaults_says(self, name: str) -> None:
        text = (Path(__file__).parents[1] / "docs/defaults.md").read_text(encoding="utf-8")
        row = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
        written = int(row.split("|")[3].replace(",", ""))
        told = steps(OBJECTIVES[name](), {})
        assert told.replace(",", "").isdigit(), told  # or it says what went wrong
        assert int(told.replace(",", "")) <= 1.5 * written


def test_the_code_in_the_docs_runs(capsys: Any) -> None:
    text = (Path(__file__).parents[1] / "docs/maximize.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, "docs/maximize.md", "exec"), names)
    told = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    shown = [line[2:] for line in re.findall(r"^# .*$", text, re.MULTILINE)]
    for line in told[:11]:  # the result and its check, as printed there
        assert any(line.strip() == said.strip() for said in shown), line
