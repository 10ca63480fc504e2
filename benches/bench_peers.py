"""Adam by steepest and by everyone else, with as many threads as `--threads` says."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import steepest.reference

from benches.peers import PEERS
from benches.rounds import assert_close, at_sizes, gradients, in_turns, measure, parameters
from benches.sizes import SIZES


@functools.cache
def verify(peer: str, size: str, threads: int) -> None:
    """Fail unless a peer's Adam is Adam."""
    candidate = PEERS[peer](parameters(SIZES[size]), threads)
    assert_close(candidate, steepest.reference.Adam, SIZES[size])


@pytest.mark.parametrize("peer", PEERS)
@in_turns
@at_sizes
def test_peers(benchmark: Any, threads: int, turn: int, size: str, peer: str) -> None:
    if not PEERS[peer].is_installed():
        pytest.skip(f"{peer}: {PEERS[peer].needs} is not installed")
    if threads > 1 and not PEERS[peer].threaded:
        pytest.skip(f"{peer} uses one thread")
    verify(peer, size, threads)
    candidate = PEERS[peer](parameters(SIZES[size]), threads)
    given = candidate.take(gradients(SIZES[size]))
    measure(benchmark, candidate.step, given, row=peer, column=size)
