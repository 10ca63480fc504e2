"""What a step is made of, one part at a time: arrays, threads, the norm, the memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import steepest
from steepest import StepInfo

from benches import floor
from benches.rounds import at_sizes, gradients, in_turns, measure, parameters
from benches.sizes import SIZES

THREADS = [1, 2]


@pytest.mark.parametrize("count", [1, 10, 100, 1000])
@in_turns
def test_arrays(benchmark: Any, threads: int, turn: int, count: int) -> None:
    """Arrays of a single number."""
    size = (count, 1)
    opt = steepest.GradientAscent(parameters(size), nonfinite="propagate")
    measure(benchmark, opt.step, gradients(size), row="arrays of one number", column=str(count))


@pytest.mark.parametrize("count", THREADS)
@in_turns
@at_sizes
def test_threads(benchmark: Any, threads: int, turn: int, size: str, count: int) -> None:
    opt = steepest.GradientAscent(parameters(SIZES[size]), nonfinite="propagate")
    steepest.set_num_threads(count)
    column = f"{count} thread{'s' * (count > 1)}"
    measure(benchmark, opt.step, gradients(SIZES[size]), row=size, column=column)


@pytest.mark.parametrize("what", ["np.linalg.norm", "step", "step with clip_norm"])
@in_turns
@pytest.mark.parametrize("length", ["10⁴", "10⁵", "10⁶", "10⁷"])
def test_norm(benchmark: Any, threads: int, turn: int, length: str, what: str) -> None:
    """The norm of a step is what clip_norm adds to it; nothing is clipped here."""
    size = (1, 10 ** "⁰¹²³⁴⁵⁶⁷".index(length[-1]))
    given = gradients(size)
    about = {"row": length, "column": what}
    if what == "np.linalg.norm":
        found: list[StepInfo] = []
        steepest.GradientAscent(parameters(size), callback=found.append).step(given)
        assert np.isclose(found[0].grad_norm, np.linalg.norm(np.float64(given[0])), rtol=1e-12)
        measure(benchmark, np.linalg.norm, given[0], **about)
        return
    clip_norm = 1e30 if what == "step with clip_norm" else None
    opt = steepest.GradientAscent(parameters(size), nonfinite="propagate", clip_norm=clip_norm)
    measure(benchmark, opt.step, given, **about)


@pytest.mark.skipif(floor.compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("count", THREADS)
@pytest.mark.parametrize("what", ["triad", "streams"])
@in_turns
def test_memory(benchmark: Any, threads: int, turn: int, what: str, count: int) -> None:
    """STREAM's triad, and the streams of a step without its arithmetic, over 10⁷ numbers."""
    arrays = [np.ones(10**7, np.float32) for _ in range({"triad": 3, "streams": 4}[what])]
    run = getattr(floor.load(floor.WIDTHS[0]), what)
    parts = [np.array_split(array, count) for array in arrays]
    shares = list(zip(*parts, strict=True))
    with ThreadPoolExecutor(count) as pool:

        def step(shares: Any) -> None:
            others = [pool.submit(run, *share) for share in shares[1:]]
            run(*shares[0])
            for other in others:
                other.result()

        moved = {"triad": 12, "streams": 28}[what]
        measure(benchmark, step, shares, row=what, column=str(count), bytes=moved)
