"""What a step costs: steepest beside its NumPy reference and the loop people write by hand.

Each candidate first takes a few steps on arrays of its own, which must come out right to the last bit
(by hand: to rounding); one that computes anything else fails here and shows no time.

A round is many steps in one call, so that pytest-benchmark's own cost is spread over them; the report
divides by their number. The gradients alternate between two sets of arrays, as in a loop that computes
the new ones while the old are still there. Everything is timed once, then all of it again, five times
over, so that a noisy moment of the machine does not fall on one candidate alone.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from itertools import repeat
from typing import Any

import numpy as np
import pytest
import steepest
from cases import ALONE, Array, Case, start
from harness import assert_same_bits, assert_same_state, build
from steepest import Parameter

#: Arrays × float32 numbers in each.
SIZES = {
    "1 × 10": (1, 10),
    "10 × 100": (10, 100),
    "100 × 100": (100, 100),
    "1 × 10⁴": (1, 10**4),
    "1 × 10⁵": (1, 10**5),
    "1 × 10⁶": (1, 10**6),
    "1 × 10⁷": (1, 10**7),
}

#: Seconds that a round, and all rounds of a turn, are to last.
ROUND, TURN = 0.002, 0.1

# As the lowest decorator of a bench it varies slowest.
in_turns = pytest.mark.parametrize("turn", range(5))


def numbers(size: str, seed: int) -> list[Array]:
    """Fresh arrays of a size."""
    count, length = SIZES[size]
    return [start((length,), "float32", 1000 * seed + i) for i in range(count)]


# -- What is timed ---------------------------------------------------------------------------------


class ByHand:
    """What is copied from project to project: the default law as NumPy expressions, nothing checked.

    Adam itself has two array operations more, for the correction of its first moment.
    """

    def __init__(self, _case: Case, parameters: list[Array]) -> None:
        self.parameters, self.t = parameters, 0
        self.v = [np.zeros_like(p) for p in parameters]
        self.m = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: list[Array]) -> None:
        self.t += 1
        for i, g in enumerate(gradients):
            self.v[i] = 0.9 * self.v[i] + g
            self.m[i] = 0.999 * self.m[i] + 0.001 * g**2
            m_hat = self.m[i] / (1 - 0.999**self.t)
            self.parameters[i] += 0.01 * self.v[i] / (np.sqrt(m_hat) + 1e-8)


CANDIDATES: dict[str, Callable[[Case, Any], Any]] = {
    "steepest": functools.partial(build, steepest),
    "NumPy by hand": ByHand,
    "NumPy reference": functools.partial(build, steepest.reference),
}

CASES = {case.name: case for case in ALONE}


def _named(arrays: list[Array]) -> dict[str, Array]:
    return {str(i): array for i, array in enumerate(arrays)}


def _with_grad(parameters: list[Parameter], gradients: list[Array]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient


#: How arrays become what the constructor is given, and gradients what `step` is given.
FORMS: dict[str, tuple[Any, Any]] = {
    "a list of arrays": (list, lambda _, gradients: gradients),
    "a dict of arrays": (_named, lambda _, gradients: _named(gradients)),
    "`.grad` of a list of Parameters": (lambda arrays: list(map(Parameter, arrays)), _with_grad),
    "one bare array": (lambda arrays: arrays[0], lambda _, gradients: gradients[0]),
}
LIST, *_, BARE = FORMS


# -- Right first, then fast ------------------------------------------------------------------------


@functools.cache
def verify(candidate: str, size: str, case: str, form: str) -> None:
    """Fail unless a few steps give the numbers they should."""
    kernels, reference = "steepest", "NumPy reference"
    other = kernels if candidate == reference else reference
    wrap, hand_over = FORMS[form]
    arrays, expected = numbers(size, 0), numbers(size, 0)
    parameters = wrap(arrays)
    opt = CANDIDATES[candidate](CASES[case], parameters)
    other_opt = CANDIDATES[other](CASES[case], expected)
    for seed in (1, 2, 1):
        opt.step(hand_over(parameters, numbers(size, seed)))
        other_opt.step(numbers(size, seed))
    if isinstance(opt, ByHand):
        np.testing.assert_allclose(arrays, expected, rtol=1e-5, atol=1e-6)
        return
    assert_same_state(opt, other_opt)
    for array, wanted in zip(arrays, expected, strict=True):
        assert_same_bits(array, wanted, candidate)


def measure(benchmark: Any, candidate: str, size: str, case: str, form: str) -> None:
    """Time the steps of a candidate that is right."""
    verify(candidate, size, case, form)
    wrap, hand_over = FORMS[form]
    parameters = wrap(numbers(size, 0))
    step = CANDIDATES[candidate](CASES[case], parameters).step
    first, second = (hand_over(parameters, numbers(size, seed)) for seed in (1, 2))

    def steps(pairs: int) -> float:
        began = time.perf_counter()
        for _ in repeat(None, pairs):
            step(first)
            step(second)
        return time.perf_counter() - began

    steps(1)  # the first touch of the states' memory
    pairs = max(1, round(ROUND / steps(1)))
    rounds = max(2, round(TURN / steps(pairs)))
    benchmark.extra_info["steps"] = 2 * pairs
    benchmark.pedantic(steps, [pairs], rounds=rounds)


# -- The tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("candidate", CANDIDATES)
@pytest.mark.parametrize("size", SIZES)
@in_turns
def test_sizes(benchmark: Any, turn: int, size: str, candidate: str) -> None:
    benchmark.extra_info.update(row=size, column=candidate)
    measure(benchmark, candidate, size, "default", LIST)


@pytest.mark.parametrize(
    ("form", "size"),
    [(form, "1 × 10") for form in FORMS] + [(form, "100 × 100") for form in FORMS if form != BARE],
)
@in_turns
def test_forms(benchmark: Any, turn: int, form: str, size: str) -> None:
    benchmark.extra_info.update(row=form, column=size)
    measure(benchmark, "steepest", size, "default", form)


@pytest.mark.parametrize("size", ["1 × 10⁴", "1 × 10⁶"])
@pytest.mark.parametrize(
    "case", ["default", "plain", "beta-none", "momentum-0", "nesterov", "propagate", "clip-norm"]
)
@in_turns
def test_options(benchmark: Any, turn: int, case: str, size: str) -> None:
    benchmark.extra_info.update(row=case, column=size)
    measure(benchmark, "steepest", size, case, LIST)
