"""Hypothesis' profile, and the two implementations every statement about the law holds for."""

from __future__ import annotations

from typing import Any

import pytest
import steepest
import steepest.reference
from hypothesis import settings

settings.register_profile("steepest", deadline=None, derandomize=True, database=None)
settings.load_profile("steepest")


@pytest.fixture(params=["kernels", "reference"])
def library(request: pytest.FixtureRequest) -> Any:
    """The compiled library, then its NumPy reference."""
    return steepest if request.param == "kernels" else steepest.reference
