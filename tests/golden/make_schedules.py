"""Record the rates of torch's schedulers: run it with any Python that has torch.

tests/test_schedules.py compares with them.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import rates

if importlib.util.find_spec("torch") is None:
    print("torch is not installed: schedules.npz stays as it is")
else:
    versions = {package: version(package) for package in ("torch", "numpy")}
    path = rates.record(versions)
    made_with = ", ".join(f"{name} {number}" for name, number in versions.items())
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, made with {made_with}")
