"""Steepest beside the same laws in bare C, which checks nothing: `floor.c`.

Like with like: `nonfinite="propagate"` beside the bare step, "raise" beside one that looks through the
gradients first.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import steepest
from cases import Array
from harness import assert_same_bits

from benches import floor
from benches.rounds import Step, at_sizes, gradients, in_turns, measure, parameters
from benches.sizes import SIZES

LAWS = {"GradientAscent": "ascent", "Adam": "adam"}
OURS = {"steepest": "propagate", 'steepest, "raise"': "raise"}
CHECKED = ", checked"
CANDIDATES = [*OURS, *(width + more for width in floor.WIDTHS for more in ("", CHECKED))]

needs_compiler = pytest.mark.skipif(floor.compiler() is None, reason="no C compiler")


def bare(build: str, law: str, theta: list[Array]) -> tuple[Step, list[list[Array]]]:
    """A step in C, and the arrays it steps: parameters and both states."""
    arrays = [theta, *([np.zeros_like(p) for p in theta] for _ in range(2))]
    build, checked, _ = build.partition(CHECKED)
    method = ("checked_" if checked else "") + LAWS[law]
    step: Step = getattr(floor.load(build).Floor(*arrays), method)
    return step, arrays


@functools.cache
def verify(build: str, law: str, size: str) -> None:
    """Fail unless steps in C have steepest's bits, those of subnormal states included."""
    theta, expected = parameters(SIZES[size]), parameters(SIZES[size])
    step, arrays = bare(build, law, theta)
    opt = getattr(steepest, law)(expected)
    for seed in (1, 2, 1):
        given = gradients(SIZES[size], seed=seed)
        for gradient in given:
            gradient[::7] = 1e-39
        step(given)
        opt.step(given)
    wanted = [expected, *zip(*(state.values() for state in opt.state.values()), strict=True)]
    for found, right in zip(arrays, wanted, strict=True):
        for one, other in zip(found, right, strict=True):
            assert_same_bits(one, other, f"{build}, {law}")


@needs_compiler
@pytest.mark.parametrize("candidate", CANDIDATES)
@in_turns
@at_sizes
@pytest.mark.parametrize("law", LAWS)
def test_floor(
    benchmark: Any, threads: int, law: str, turn: int, size: str, candidate: str
) -> None:
    theta = parameters(SIZES[size])
    if candidate in OURS:
        step: Step = getattr(steepest, law)(theta, nonfinite=OURS[candidate]).step
    else:
        verify(candidate, law, size)
        step, _ = bare(candidate, law, theta)
    measure(benchmark, step, gradients(SIZES[size]), table=law, row=size, column=candidate)


@needs_compiler
@pytest.mark.parametrize("gradient", ["live", "zero"])
@pytest.mark.parametrize("candidate", ["steepest", "bare C, no flush"])
@in_turns
def test_zeros(benchmark: Any, threads: int, turn: int, candidate: str, gradient: str) -> None:
    """Where the state has decayed for 1000 steps without a gradient, into subnormal numbers if it may."""
    size = (1, 10**4)
    theta = parameters(size)
    step: Step
    if candidate == "steepest":
        step = steepest.GradientAscent(theta, nonfinite="propagate").step
    else:
        step, _ = bare(candidate, "GradientAscent", theta)
    live, zero = gradients(size), [np.zeros_like(p) for p in theta]
    step(live)
    for _ in range(1000):
        step(live if gradient == "live" else zero)
    given = live if gradient == "live" else zero
    measure(benchmark, step, given, row=candidate, column=gradient)
