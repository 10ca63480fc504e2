"""How everything here is timed.

A candidate steps the arrays of a size along gradients that stay the same. It is verified first, at that
size, against `steepest.reference`; one that computes anything else fails, and shows no time.

A round is many steps in one call, so that pytest-benchmark's own cost is spread over them; the report
divides by their number. Below 1 µs what is left counts: the Python loop around a step, some 10 ns, is in
the figures of all candidates alike. All candidates of a size are timed one after the other, on fresh
arrays; then all of them again, ten times over. So a noisy moment of the machine, or an unlucky place in
memory, does not fall on one candidate alone.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from itertools import repeat
from typing import Any, Protocol

import numpy as np
import pytest
from cases import Array

from benches.sizes import SIZES

#: Seconds that a round, and all rounds of a turn, are to last.
ROUND, TURN = 0.002, 0.02

TURNS = 10

#: Seconds for the threads of the candidate before to go to sleep.
PAUSE = 0.005

# Decorators nearer to the function vary more slowly.
in_turns = pytest.mark.parametrize("turn", range(TURNS))
at_sizes = pytest.mark.parametrize("size", SIZES)

Step = Callable[[Any], object]


class Candidate(Protocol):
    """Something that steps arrays."""

    def __init__(self, parameters: list[Array], threads: int) -> None: ...

    def take(self, gradients: list[Array]) -> Any:
        """The gradients as `step` wants them."""

    @property
    def step(self) -> Step: ...

    def result(self) -> list[Array]:
        """The parameters now."""


@functools.lru_cache(maxsize=6)
def _numbers(count: int, length: int, dtype: str, seed: int) -> list[Array]:
    """Normal numbers, but none near zero, where laws that differ in an ε differ much."""
    rng = np.random.default_rng([seed, count, length])
    made = [rng.standard_normal(length, np.float32) for _ in range(count)]
    return [np.asarray(np.copysign(np.abs(x) + 0.1, x), dtype) for x in made]


def parameters(size: tuple[int, int], dtype: str = "float32") -> list[Array]:
    """Fresh arrays of a size."""
    return [array.copy() for array in _numbers(*size, dtype, 0)]


def gradients(size: tuple[int, int], dtype: str = "float32", seed: int = 1) -> list[Array]:
    """Fresh gradients for them."""
    return [array.copy() for array in _numbers(*size, dtype, seed)]


def assert_close(candidate: Candidate, reference: Any, size: tuple[int, int]) -> None:
    """Fail unless three steps of a candidate go where those of the reference go, to a thousandth.

    `reference` makes an optimizer of parameters.
    """
    expected = parameters(size)
    opt = reference(expected)
    for seed in (1, 2, 1):
        candidate.step(candidate.take(gradients(size, seed=seed)))
        opt.step(gradients(size, seed=seed))
    for found, wanted, start in zip(candidate.result(), expected, parameters(size), strict=True):
        rounding = 4 * np.finfo(start.dtype).eps * np.abs(start)
        assert np.all(np.abs(found - wanted) <= 1e-3 * np.abs(wanted - start) + rounding)


def measure(benchmark: Any, step: Step, given: Any, **about: Any) -> None:
    """Time the steps; what they are about goes into the report."""

    def steps(count: int) -> float:
        began = time.perf_counter()
        for _ in repeat(None, count):
            step(given)
        return time.perf_counter() - began

    time.sleep(PAUSE)
    steps(1)  # the first touch of the states' memory
    count = max(1, round(ROUND / steps(1)))
    count = max(1, round(ROUND / (steps(count) / count)))
    rounds = max(1, round(TURN / (ROUND if count > 1 else steps(1))))
    benchmark.extra_info.update(about, steps=count)
    benchmark.pedantic(steps, [count], rounds=rounds)
