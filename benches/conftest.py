"""Shows pytest-benchmark's results by `report.py`, and tells it what they were measured on."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest
import steepest
from steepest.versions import versions
from threadpoolctl import threadpool_limits

from benches import floor

PACKAGES = ["torch", "numba", "thinc", "optax", "jax", "scikit-learn", "scipy"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--threads", type=int, default=1, help="threads of every candidate")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Leave out pytest-benchmark's own table: it is of rounds, ours of steps."""
    config.option.benchmark_quiet = True
    threadpool_limits(config.option.threads, user_api="blas")  # np.linalg.norm's
    # JAX takes the number of its threads from here, once.
    os.environ["NPROC"] = str(config.option.threads)


@pytest.fixture(autouse=True)
def threads(request: pytest.FixtureRequest) -> int:
    """The number of threads, which steepest now uses."""
    count: int = request.config.option.threads
    steepest.set_num_threads(count)
    return count


def pytest_benchmark_update_machine_info(
    config: pytest.Config, machine_info: dict[str, Any]
) -> None:
    """Add what `python -m steepest info` says, and the versions of the peers."""
    machine_info["versions"] = versions() | {"threads": str(config.option.threads)}
    machine_info["floor"] = floor.described()
    machine_info["peers"] = {}
    for package in PACKAGES:
        try:
            machine_info["peers"][package] = version(package)
        except PackageNotFoundError:
            machine_info["peers"][package] = None
