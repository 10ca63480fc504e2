"""The law against recurrences worked out by hand; each holds for kernels and reference alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from cases import ALONE, DTYPES, PAIRED, Array, Case, gradient, start
from harness import assert_same_arrays, assert_same_bits, build, copies, run
from oracle import Oracle, power

every_dtype = pytest.mark.parametrize("dtype", DTYPES)

PLAIN: dict[str, Any] = {"momentum": 0.0, "beta": None}


def walk(opt: Any, theta: Array, gradients: list[float]) -> list[float]:
    """How far each step moves the single number θ."""
    moves = []
    for g in gradients:
        before = float(theta[0])
        opt.step(np.array([g]))
        moves.append(float(theta[0]) - before)
    return moves


# -- The equations, one by one ---------------------------------------------------------------------


@every_dtype
def test_plain_step_is_the_textbook_rule(library: Any, dtype: str) -> None:
    theta, g = start((50,), dtype), gradient((50,), dtype, 1)
    lr = np.dtype(dtype).type(0.1)
    up, down = theta.copy(), theta.copy()
    library.GradientAscent(up, lr=0.1, **PLAIN).step(g)
    library.GradientDescent(down, lr=0.1, **PLAIN).step(g)
    assert_same_bits(up, theta + lr * g)
    assert_same_bits(down, theta - lr * g)


def test_momentum_of_a_constant_gradient(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, lr=1.0, momentum=0.9, beta=None)
    assert walk(opt, theta, [1.0] * 4) == pytest.approx([1.0, 1.9, 2.71, 3.439])
    assert walk(opt, theta, [1.0] * 300)[-1] == pytest.approx(1 / (1 - 0.9))


def test_momentum_keeps_rolling_on_a_zero_gradient(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, lr=1.0, momentum=0.5, beta=None)
    assert walk(opt, theta, [1.0, 0.0, 0.0, 0.0]) == [1.0, 0.5, 0.25, 0.125]


def test_nesterov_looks_one_step_ahead(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, lr=1.0, momentum=0.9, beta=None, nesterov=True)
    assert walk(opt, theta, [1.0] * 3) == pytest.approx([1.9, 2.71, 3.439])
    assert walk(opt, theta, [1.0] * 300)[-1] == pytest.approx(1 / (1 - 0.9))


def test_second_moment_is_a_running_mean_of_squares(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, momentum=0.0, beta=0.9)
    walk(opt, theta, [3.0, 5.0])
    assert opt.state["0"]["second_moment"] == pytest.approx(0.9 * (0.1 * 9) + 0.1 * 25)


@every_dtype
def test_first_corrected_step_is_exactly_what_the_formula_says(library: Any, dtype: str) -> None:
    cast = np.dtype(dtype).type
    theta, g = start((50,), dtype), start((50,), dtype, 1)
    expected = theta.copy()
    library.GradientAscent(theta).step(g)
    m = (cast(1 - 0.999) * g) * g
    expected += cast(0.01) * (g / (np.sqrt(cast(1 / (1 - 0.999)) * m) + cast(1e-8)))
    assert_same_bits(theta, expected)


def test_first_corrected_step_is_lr_an_element_whatever_the_gradient(library: Any) -> None:
    theta = np.zeros(4)
    library.GradientAscent(theta, lr=0.01).step(np.array([1e-3, -1.0, 1e3, 0.0]))
    assert theta == pytest.approx([0.01, -0.01, 0.01, 0.0], rel=1e-4)


def test_uncorrected_steps_are_far_larger(library: Any) -> None:
    theta = np.zeros(1)
    moves = walk(library.GradientAscent(theta, bias_correction=False), theta, [1.0] * 20)
    assert moves[0] / 0.01 == pytest.approx(1 / math.sqrt(1 - 0.999), rel=1e-6)
    assert max(moves) == moves[11]
    assert moves[11] / 0.01 == pytest.approx(65.7, abs=0.05)


@pytest.mark.parametrize("bias_correction", [True, False])
def test_a_step_becomes_ten_times_lr_in_the_long_run(library: Any, bias_correction: bool) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, bias_correction=bias_correction)
    assert walk(opt, theta, [2.0] * 10_000)[-1] / 0.01 == pytest.approx(10, rel=1e-3)


def test_beta_zero_steps_by_the_sign(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, momentum=0.0, beta=0.0)
    assert walk(opt, theta, [5.0, -1e-3, 1e6]) == pytest.approx([0.01, -0.01, 0.01], rel=1e-4)


def test_eps_bounds_the_step_of_a_vanishing_gradient(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, lr=1.0, momentum=0.0, beta=0.0, eps=0.5)
    assert walk(opt, theta, [0.5, 1.5]) == pytest.approx([0.5 / (0.5 + 0.5), 1.5 / (1.5 + 0.5)])


def test_zero_gradient_is_no_step(library: Any) -> None:
    theta = start((20,), "float64")
    before = theta.copy()
    run(library.GradientAscent(theta), lambda _: np.zeros(20), 5)
    assert_same_bits(theta, before)


# -- The rate --------------------------------------------------------------------------------------


def test_rate_decays_once_a_step_however_many_arrays(library: Any) -> None:
    for count in (1, 2, 7):
        thetas = [np.zeros(1) for _ in range(count)]
        opt = library.GradientAscent(thetas, lr=1.0, lr_decay=0.5, **PLAIN)
        for step in range(6):
            opt.step([np.ones(1)] * count)
            assert opt.effective_lr == 0.5**step
        assert [float(theta[0]) for theta in thetas] == [2 - 0.5**5] * count


def test_decay_is_a_power_by_repeated_squaring(library: Any) -> None:
    opt = library.GradientAscent(np.zeros(1), lr=0.3, lr_decay=0.97, **PLAIN)
    for step in range(100):
        opt.step(np.ones(1))
        assert opt.effective_lr.hex() == (0.3 * power(0.97, step)).hex()


def test_warmup_rises_linearly_then_stays(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, lr=1.0, warmup_steps=4, **PLAIN)
    assert walk(opt, theta, [1.0] * 6) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_warmup_and_decay_multiply(library: Any) -> None:
    theta = np.zeros(1)
    opt = library.GradientAscent(theta, lr=8.0, lr_decay=0.5, warmup_steps=4, **PLAIN)
    assert walk(opt, theta, [1.0] * 5) == [8 / 4, 4 / 2, 2 * 0.75, 1.0, 0.5]


# -- Clip, weight decay, flush ---------------------------------------------------------------------


@every_dtype
def test_clip_value_bounds_each_element(library: Any, dtype: str) -> None:
    theta = np.zeros(6, dtype)
    opt = library.GradientAscent(theta, lr=1.0, clip_value=0.5, nonfinite="propagate", **PLAIN)
    opt.step(np.array([3, -3, 0.25, np.inf, -np.inf, np.nan], dtype))
    assert_same_bits(theta, np.array([0.5, -0.5, 0.25, 0.5, -0.5, np.nan], dtype))


@pytest.mark.parametrize("optimizer", ["GradientAscent", "GradientDescent"])
def test_weight_decay_shrinks_in_either_direction(library: Any, optimizer: str) -> None:
    theta = np.array([1.0, -2.0])
    opt = getattr(library, optimizer)(theta, lr=0.1, weight_decay=0.5, **PLAIN)
    opt.step(np.zeros(2))
    assert_same_bits(theta, np.array([1.0, -2.0]) * (1 - 0.1 * 0.5))


def test_weight_decay_is_scheduled_with_the_rate(library: Any) -> None:
    theta = np.array([1.0])
    opt = library.GradientAscent(theta, lr=0.5, weight_decay=1.0, warmup_steps=2, **PLAIN)
    run(opt, lambda _: np.zeros(1), 2)
    assert theta[0] == (1 - 0.25) * (1 - 0.5)


@every_dtype
def test_weight_decay_leaves_no_trace_in_the_state(library: Any, dtype: str) -> None:
    def state(weight_decay: float) -> dict[str, Array]:
        opt = library.GradientAscent(start((40,), dtype), weight_decay=weight_decay)
        return dict(run(opt, lambda t: gradient((40,), dtype, t), 10).state["0"])

    assert_same_arrays(state(0.3), state(0.0))


@every_dtype
def test_subnormal_velocity_is_flushed_but_still_moves_its_step(library: Any, dtype: str) -> None:
    tiny = np.finfo(dtype).smallest_normal
    g = np.array([tiny / 2, -tiny / 2, tiny, -0.0], dtype)
    theta = np.zeros(4, dtype)
    opt = library.GradientAscent(theta, lr=1.0, momentum=0.9, beta=None)
    opt.step(g)
    assert_same_bits(theta, g + np.zeros(4, dtype))
    assert_same_bits(opt.state["0"]["velocity"], np.array([0.0, 0.0, tiny, 0.0], dtype))


@every_dtype
def test_subnormal_second_moment_is_zero_in_the_root_too(library: Any, dtype: str) -> None:
    g = np.full(1, np.sqrt(np.finfo(dtype).smallest_normal) / 2, dtype)
    theta = np.zeros(1, dtype)
    opt = library.GradientAscent(theta, lr=1.0, momentum=0.0, beta=0.0, eps=1e-30)
    opt.step(g)
    assert (g * g)[0] > 0
    assert_same_bits(opt.state["0"]["second_moment"], np.zeros(1, dtype))
    assert_same_bits(theta, g / np.dtype(dtype).type(1e-30))


@every_dtype
def test_velocity_decays_to_zero_not_to_subnormal_numbers(library: Any, dtype: str) -> None:
    theta = np.zeros(1, dtype)
    opt = library.GradientAscent(theta, momentum=0.1, beta=0.1)
    run(opt, lambda t: np.full(1, t == 0, dtype), 400)
    assert_same_bits(opt.state["0"]["velocity"], np.zeros(1, dtype))
    assert_same_bits(opt.state["0"]["second_moment"], np.zeros(1, dtype))


# -- Ascent and descent ----------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize(
    "case",
    [
        case
        for case in ALONE + PAIRED
        if "maximize" not in case.options and case.optimizer.startswith("Gradient")
    ],
    ids=str,
)
def test_ascent_of_f_is_descent_of_minus_f(library: Any, case: Case, dtype: str) -> None:
    up, down = start((67,), dtype), start((67,), dtype)
    ascent = library.GradientAscent(up, **case.options)
    descent = library.GradientDescent(down, **case.options)
    for step in range(10):
        g = gradient((67,), dtype, step)
        ascent.step(g)
        descent.step(-g)
    assert np.isfinite(up).all()
    np.testing.assert_array_equal(up, down, strict=True)  # equal but for the sign of zero


@every_dtype
def test_maximize_off_is_the_other_class(library: Any, dtype: str) -> None:
    one, other = start((67,), dtype), start((67,), dtype)
    run(library.GradientAscent(one, maximize=False), lambda t: gradient((67,), dtype, t), 10)
    run(library.GradientDescent(other), lambda t: gradient((67,), dtype, t), 10)
    assert_same_bits(one, other)


# -- Counting --------------------------------------------------------------------------------------


def test_bias_correction_counts_each_arrays_own_gradients(library: Any) -> None:
    thetas = {"always": np.zeros(1), "late": np.zeros(1)}
    opt = library.GradientAscent(thetas)
    for _ in range(5):
        opt.step({"always": np.ones(1), "late": None})
    assert_same_bits(thetas["late"], np.zeros(1))
    opt.step({"always": np.ones(1), "late": np.ones(1)})
    assert thetas["late"] == pytest.approx(0.01, rel=1e-6)  # a first step, though the sixth
    steps = {name: entries["steps"] for name, entries in opt.state_dict()["state"].items()}
    assert steps == {"always": 6, "late": 1}


@every_dtype
@pytest.mark.parametrize("before", [{"beta": None}, {"beta": 0.9}], ids=["off", "off-again"])
def test_turning_beta_on_restarts_its_correction(library: Any, before: Any, dtype: str) -> None:
    theta = start((20,), dtype)
    opt = library.GradientAscent(theta, momentum=0.0, **before)
    run(opt, lambda t: gradient((20,), dtype, t), 4)
    opt.param_groups[0]["beta"] = None
    opt.step(gradient((20,), dtype, 4))
    opt.param_groups[0]["beta"] = 0.999
    fresh = {"0": theta.copy()}
    oracle = Oracle(fresh, momentum=0.0, beta=0.999)
    for step in range(5, 10):
        opt.step(gradient((20,), dtype, step))
        oracle.step({"0": gradient((20,), dtype, step)})
    assert_same_bits(theta, fresh["0"])
    assert opt.step_count == 10


# -- Groups ----------------------------------------------------------------------------------------


def test_group_overrides_equal_separate_optimizers(library: Any) -> None:
    """One group for every case and dtype, stepped together and each alone."""
    optimizers_own = {"clip_norm", "nonfinite"}
    rows = [
        (case, dtype)
        for case in ALONE
        if case.optimizer == "GradientAscent" and not case.options.keys() & optimizers_own
        for dtype in DTYPES
    ]
    together = {f"{case}-{dtype}": start((33,), dtype) for case, dtype in rows}
    alone = copies(together)
    groups = [{"params": together[f"{case}-{dtype}"], **case.options} for case, dtype in rows]
    opt = library.GradientAscent(groups)
    others = [build(library, case, alone[f"{case}-{dtype}"]) for case, dtype in rows]
    for step in range(12):
        g = [gradient((33,), dtype, step) for _, dtype in rows]
        opt.step(g)
        for other, slope in zip(others, g, strict=True):
            other.step(slope)
    assert_same_arrays(together, alone)
