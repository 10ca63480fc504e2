"""Record the runs of torch's and optax's optimizers: `make golden`, or with any Python that has them.

Only the file of a library that is installed is written. tests/test_family.py compares with them.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import peers

NEEDS = {"torch": ["torch", "numpy"], "optax": ["optax", "jax", "numpy"]}

for library, packages in NEEDS.items():
    if any(importlib.util.find_spec(package) is None for package in packages):
        print(f"{library} is not installed: {library}.npz stays as it is")
        continue
    versions = {package: version(package) for package in packages}
    path = peers.record(library, versions)
    made_with = ", ".join(f"{name} {number}" for name, number in versions.items())
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, made with {made_with}")
