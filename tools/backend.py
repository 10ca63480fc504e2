"""maturin, with the examples beside the package in the wheel: what pip and `python -m build` call."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import maturin
from maturin import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

#: What maturin finds here goes into the wheel as it is.
DATA = Path("steepest._kernels.data")


def copy_examples(package: Path) -> None:
    """Copy the examples into the folder gallery of a package."""
    left_out = shutil.ignore_patterns("pictures", "__pycache__", "*.md")
    shutil.copytree("examples", package / "gallery", ignore=left_out)


def build_wheel(directory: str, settings: Any = None, metadata: str | None = None) -> str:
    """As maturin's, with the examples in the folder gallery of the package."""
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        copy_examples(DATA / "purelib/steepest")
        name: str = maturin.build_wheel(directory, settings, metadata)
        return name
    finally:
        shutil.rmtree(DATA, ignore_errors=True)
