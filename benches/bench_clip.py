"""clip_norm, the step and zero_grads in one call, beside torch's three.

From the second step on the gradients are zero, in both alike; a turn is over before torch's state decays
into subnormal numbers, which would slow it down.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import steepest
import steepest.reference
from cases import Array

from benches.peers import Peer, TorchFused
from benches.rounds import assert_close, at_sizes, gradients, in_turns, measure, parameters
from benches.sizes import SIZES

CLIP = 1.0


class OneCall(Peer):
    def __init__(self, parameters: list[Array], threads: int) -> None:
        self.parameters = parameters
        self.opt = steepest.Adam(parameters, nonfinite="propagate", clip_norm=CLIP)

    def step(self, gradients: list[Array]) -> None:
        self.opt.step(gradients, zero_grads=True)


class ThreeCalls(TorchFused):
    def __init__(self, parameters: list[Array], threads: int) -> None:
        from torch.nn.utils import clip_grad_norm_

        super().__init__(parameters, threads)
        self.clip = clip_grad_norm_

    def step(self, gradients: None) -> None:
        self.clip(self.tensors, CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)


CALLS: dict[str, type[Peer]] = {"one call": OneCall, "three calls in torch": ThreeCalls}


@functools.cache
def verify(name: str, size: str, threads: int) -> None:
    """Fail unless the gradients are clipped, stepped along, and zeroed."""
    candidate = CALLS[name](parameters(SIZES[size]), threads)
    clipped = functools.partial(steepest.reference.Adam, clip_norm=CLIP)
    assert_close(candidate, clipped, SIZES[size])
    given = gradients(SIZES[size])
    candidate.step(candidate.take(given))
    assert not any(np.any(g) for g in given)


@pytest.mark.parametrize("name", CALLS)
@in_turns
@at_sizes
def test_clip(benchmark: Any, threads: int, turn: int, size: str, name: str) -> None:
    if not CALLS[name].is_installed():
        pytest.skip("torch is not installed")
    verify(name, size, threads)
    candidate = CALLS[name](parameters(SIZES[size]), threads)
    measure(
        benchmark, candidate.step, candidate.take(gradients(SIZES[size])), row=size, column=name
    )
