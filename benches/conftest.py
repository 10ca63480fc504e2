"""Shows pytest-benchmark's results by `report.py`, and tells it what they were measured on."""

from __future__ import annotations

from typing import Any

import pytest
from steepest.versions import versions


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Leave out pytest-benchmark's own table: it is of rounds, ours of steps."""
    config.option.benchmark_quiet = True


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Add what `python -m steepest info` says."""
    machine_info["versions"] = versions()
