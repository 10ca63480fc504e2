"""Kernels and reference give the same bits, and so does the law transcribed number by number.

Not a full product: one step holds all lengths at once, every option alone meets everything, and
every two options meet each other on a few arrays. Parameters are compared after every step, state
and counters at the end.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import steepest
from cases import ALONE, DTYPES, LENGTHS, PAIRED, Array, Case, gradient, start
from harness import (
    Gradients,
    assert_same_arrays,
    assert_same_bits,
    assert_same_state,
    build,
    copies,
)
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle

STEPS = 25

every_case_alone = pytest.mark.parametrize("case", ALONE, ids=str)
# The cases of the law that the oracle has written out; torch is the judge of the others.
ORACLE = ("GradientAscent", "GradientDescent")
written_out = [case for case in ALONE if case.optimizer in ORACLE]
pairs_written_out = [case for case in PAIRED if case.optimizer in ORACLE]
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def assert_kernels_equal_reference(
    case: Case,
    parameters: dict[str, Array],
    gradients: Callable[[int], Gradients],
    steps: int = STEPS,
    **more: Any,
) -> None:
    """Run both, comparing parameters after every step, state and counters at the end."""
    ours, theirs = copies(parameters), copies(parameters)
    kernels = build(steepest, case, ours, **more)
    reference = build(steepest.reference, case, theirs, **more)
    for step in range(steps):
        these = gradients(step)
        kernels.step(these)
        reference.step(these)
        assert_same_arrays(ours, theirs)
    assert_same_state(kernels, reference)


@every_dtype
@every_case_alone
def test_every_length_at_once(case: Case, dtype: str) -> None:
    parameters = {str(n): start((n,), dtype, n) for n in LENGTHS}

    def gradients(step: int) -> Gradients:
        return {str(n): gradient((n,), dtype, step + n) for n in LENGTHS}

    assert_kernels_equal_reference(case, parameters, gradients)


@every_dtype
@every_case_alone
def test_one_to_seven_arrays(case: Case, dtype: str) -> None:
    for count in range(1, 8):
        shapes = [(3, 5), (7,), (), (2, 3, 4), (1,), (0,), (33, 2)][:count]
        parameters = {str(k): start(shape, dtype, k) for k, shape in enumerate(shapes)}

        def gradients(step: int, shapes: list[tuple[int, ...]] = shapes) -> Gradients:
            return {str(k): gradient(shape, dtype, 9 * step + k) for k, shape in enumerate(shapes)}

        assert_kernels_equal_reference(case, parameters, gradients)


def some_arrays(dtype: str) -> tuple[dict[str, Array], Callable[[int], Gradients]]:
    """A few small arrays; one begins at zero and meets extreme gradients, at odd steps only."""
    lengths = {"single": 1, "vector": 33, "extreme": 67}
    parameters = {name: start((n,), dtype, n) for name, n in lengths.items()}
    parameters["extreme"][...] = 0

    def gradients(step: int) -> Gradients:
        these: Gradients = {name: gradient((n,), dtype, step + n) for name, n in lengths.items()}
        these["extreme"] = gradient((67,), dtype, step, "extreme") if step % 2 else None
        return these

    return parameters, gradients


@every_dtype
@pytest.mark.parametrize("case", PAIRED, ids=str)
def test_every_two_options(case: Case, dtype: str) -> None:
    assert_kernels_equal_reference(case, *some_arrays(dtype))


@every_dtype
@pytest.mark.parametrize("kind", ["extreme", "special"])
@every_case_alone
def test_every_magnitude_infinities_and_nan(case: Case, kind: str, dtype: str) -> None:
    lengths = (67, 4097)
    parameters = {str(n): start((n,), dtype, n) for n in lengths}

    def gradients(step: int) -> Gradients:
        return {str(n): gradient((n,), dtype, step + n, kind) for n in lengths}

    policy = {"nonfinite": "propagate"} if kind == "special" else {}
    assert_kernels_equal_reference(case, parameters, gradients, **policy)


@every_dtype
@pytest.mark.parametrize("case", written_out, ids=str)
def test_both_equal_the_law_number_by_number(library: Any, case: Case, dtype: str) -> None:
    assert_equals_oracle(library, case, dtype, STEPS)


@every_dtype
@pytest.mark.parametrize("case", pairs_written_out, ids=str)
def test_both_equal_the_law_for_every_two_options(library: Any, case: Case, dtype: str) -> None:
    assert_equals_oracle(library, case, dtype, 4)


@st.composite
def any_options(draw: st.DrawFn) -> dict[str, Any]:
    """Any value the options may have, the ends of their ranges included."""
    below_one = st.floats(0, 1, exclude_max=True)
    momentum = draw(below_one)
    return {
        "lr": draw(st.floats(0, 1e6)),
        "momentum": momentum,
        "nesterov": momentum > 0 and draw(st.booleans()),
        "beta": draw(st.none() | below_one),
        "eps": draw(st.floats(1e-37, 1e3)),
        "clip_value": draw(st.none() | st.floats(1e-3, 1e3)),
        "clip_norm": draw(st.none() | st.floats(1e-3, 1e3)),
        "lr_decay": draw(st.none() | st.floats(0, 1, exclude_min=True)),
        "warmup_steps": draw(st.integers(0, 5) | st.integers(0, 2**40)),
        "weight_decay": draw(st.floats(0, 10)),
        "bias_correction": draw(st.booleans()),
        "maximize": draw(st.booleans()),
        "nonfinite": "propagate",
    }


@every_dtype
@given(options=any_options())
def test_both_equal_the_law_for_any_options(dtype: str, options: dict[str, Any]) -> None:
    for library in (steepest, steepest.reference):
        assert_equals_oracle(library, Case("any", "GradientAscent", options), dtype, 4)


def assert_equals_oracle(library: Any, case: Case, dtype: str, steps: int) -> None:
    parameters, gradients = some_arrays(dtype)
    ours, theirs = copies(parameters), copies(parameters)
    descends = {"maximize": False} if case.optimizer == "GradientDescent" else {}
    opt, oracle = build(library, case, ours), Oracle(theirs, **(case.options | descends))
    for step in range(steps):
        these = gradients(step)
        opt.step(these)
        oracle.step(these)
    assert_same_arrays(ours, theirs)
    state = opt.state_dict()["state"]
    assert {name: entries["steps"] for name, entries in state.items()} == oracle.steps
    for name in ours:
        if oracle.momentum:
            assert_same_bits(state[name]["velocity"], oracle.velocity[name], f"velocity of {name}")
        if oracle.beta is not None:
            moment = oracle.second_moment[name]
            assert_same_bits(state[name]["second_moment"], moment, f"second moment of {name}")


GROUPS = [
    (case, dtype)
    for case in ALONE
    for dtype in DTYPES
    if case.optimizer == "GradientAscent" and not case.options.keys() & {"clip_norm", "nonfinite"}
]


def mixed_groups() -> list[dict[str, Any]]:
    """A group for every option alone and either dtype."""
    return [
        {"params": [start((n,), dtype, n) for n in (5, 40)], **case.options}
        for case, dtype in GROUPS
    ]


def mixed_gradients(step: int) -> list[list[Array]]:
    return [[gradient((n,), dtype, 99 * step + n) for n in (5, 40)] for _, dtype in GROUPS]


@pytest.mark.parametrize("clip_norm", [None, 0.7], ids=["unclipped", "clipped"])
def test_groups_of_mixed_options_and_dtypes(clip_norm: float | None) -> None:
    ours, theirs = mixed_groups(), mixed_groups()
    kernels = steepest.GradientAscent(ours, clip_norm=clip_norm)
    reference = steepest.reference.GradientAscent(theirs, clip_norm=clip_norm)
    for step in range(STEPS):
        kernels.step(mixed_gradients(step))
        reference.step(mixed_gradients(step))
    for group, other, (case, dtype) in zip(ours, theirs, GROUPS, strict=True):
        for array, expected in zip(group["params"], other["params"], strict=True):
            assert_same_bits(array, expected, f"{case} {dtype}")
    assert_same_state(kernels, reference)


@every_dtype
def test_options_written_between_steps(dtype: str) -> None:
    parameters, gradients = some_arrays(dtype)
    ours, theirs = copies(parameters), copies(parameters)
    kernels, reference = steepest.GradientAscent(ours), steepest.reference.GradientAscent(theirs)
    defaults = build(steepest, ALONE[0], copies(parameters)).param_groups[0]
    for step, (case, _) in enumerate(GROUPS):
        options = {key: defaults[key] for key in defaults if key != "params"} | case.options
        for opt in (kernels, reference):
            opt.param_groups[0].update(options)
            opt.step(gradients(step))
        assert_same_arrays(ours, theirs)
        assert_same_state(kernels, reference)


@every_dtype
def test_skipped_steps_leave_no_trace(library: Any, dtype: str) -> None:
    case = Case("", "GradientAscent", {"lr_decay": 0.9, "warmup_steps": 4, "nonfinite": "skip"})
    parameters, gradients = some_arrays(dtype)
    ours, theirs = copies(parameters), copies(parameters)
    skipping, undisturbed = build(library, case, ours), build(library, case, theirs)
    for step in range(8):
        for bad in (np.nan, np.inf, -np.inf, np.finfo(dtype).max):
            spoilt = np.array(gradients(step)["vector"])
            spoilt[-1] = bad
            skipping.step(gradients(step) | {"vector": spoilt})
        skipping.step(gradients(step))
        undisturbed.step(gradients(step))
    assert skipping.skipped_steps == 8 * 4
    assert skipping.step_count == 8
    assert_same_arrays(ours, theirs)
    for name, entries in skipping.state_dict()["state"].items():
        assert entries["steps"] == undisturbed.state_dict()["state"][name]["steps"]


# -- The table itself: numbers that prove something. -----------------------------------------------


@every_dtype
def test_the_gradients_hold_every_kind_of_number(dtype: str) -> None:
    info = np.finfo(dtype)
    ordinary, extreme, special = (
        np.concatenate([gradient((4097,), dtype, seed, kind) for seed in range(STEPS)])
        for kind in ("ordinary", "extreme", "special")
    )
    zeros = ordinary[ordinary == 0]
    assert 0 < np.signbit(zeros).mean() < 1
    for numbers in (ordinary, extreme):
        size = abs(numbers)
        assert np.isfinite(numbers * numbers).all()
        assert ((size > 0) & (size < info.smallest_normal)).any()
        assert ((size >= info.smallest_normal) & (size * size < info.smallest_normal)).any()
    assert (ordinary != 0).mean() > 0.9
    assert abs(extreme).max() > np.sqrt(info.max) / 4
    assert np.isnan(special).any()
    assert {np.inf, -np.inf} <= set(special.tolist())
    with np.errstate(over="ignore"):
        assert (np.isfinite(special) & np.isinf(special * special)).any()


@every_dtype
def test_the_gradients_differ_at_every_step(dtype: str) -> None:
    drawn = [gradient((131,), dtype, step) for step in range(STEPS)]
    assert all((a != b).mean() > 0.9 for a, b in itertools.pairwise(drawn))


@every_dtype
def test_the_flush_happens_in_the_table(dtype: str) -> None:
    parameters, gradients = some_arrays(dtype)
    oracle = Oracle(parameters)
    oracle.step(gradients(1))
    sizes = abs(gradients(1)["extreme"])
    moments = oracle.second_moment["extreme"]
    assert (moments[sizes * sizes > 0] == 0).any()
