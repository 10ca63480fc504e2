"""For the tests of threads and instruction sets: every way to compute a step, and processes apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import steepest
from steepest.backend import kernels

SETS = kernels.instruction_sets()
TASKS = Path("/proc/self/task")

#: From so many elements a step on threads are used, one for each half of them.
THREADED = 2 * 32_768

needs_proc = pytest.mark.skipif(not TASKS.exists(), reason="counts threads in /proc")
#: Whether Python threads take turns: always but in a free-threaded Python whose GIL is off.
TURNS = getattr(sys, "_is_gil_enabled", lambda: True)()

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

needs_cpython = pytest.mark.skipif(
    sys.implementation.name != "cpython",
    reason="other Pythons count no references, and may handle a signal within a call",
)
needs_kernels = pytest.mark.skipif(
    steepest.backend.NAME != "rust", reason="asks what only the compiled step has"
)


def every_way(threads: tuple[int, ...]) -> Iterator[str]:
    """Set every instruction set there is with every number of threads, and say which it is."""
    for name in SETS:
        for n in threads:
            steepest.set_instruction_set(name)
            steepest.set_num_threads(n)
            yield f"{name}, {n} threads"


def our_threads(expected: int = 0) -> list[str]:
    """The names of the pool's threads in this process; waits a while until so many have named themselves."""
    deadline = time.monotonic() + 5
    while True:
        names = [(task / "comm").read_text().strip() for task in TASKS.iterdir()]
        ours = sorted(name for name in names if name.startswith("steepest"))
        if len(ours) >= expected or time.monotonic() > deadline:
            return ours
        time.sleep(0.001)


def in_a_process(script: str, timeout: float = 60, **environment: str) -> str:
    """What a script prints in a process of its own, by the backend of this one unless it is told another.

    It and all its children are ended after a while.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STEEPEST")}
    backend = {"STEEPEST_BACKEND": steepest.backend.NAME}
    paths = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**inherited, "PYTHONPATH": paths, **backend, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        pytest.fail(f"did not end in {timeout} s; so far: {out}\n{err}")
    assert process.returncode == 0, f"exit status {process.returncode}: {out}\n{err}"
    return out
