"""maturin, with the examples beside the package in the wheel: what pip and `python -m build` call."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import maturin
from maturin import (
    build_editable,
    build_sdist,
    get_requires_for_build_sdist,
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

#: Where the examples lie in an installed package; in the source it is there only while a wheel is built.
GALLERY = Path("python/steepest/gallery")


def copy_examples(package: Path) -> None:
    """Copy the examples into the folder gallery of a package."""
    left_out = shutil.ignore_patterns("pictures", "__pycache__", "*.md")
    shutil.rmtree(package / "gallery", ignore_errors=True)
    shutil.copytree("examples", package / "gallery", ignore=left_out)


def build_wheel(directory: str, settings: Any = None, metadata: str | None = None) -> str:
    """As maturin's, with the examples in the folder gallery of the package."""
    _need_cargo()
    try:
        copy_examples(GALLERY.parent)
        name: str = maturin.build_wheel(directory, settings, metadata)
        return name
    finally:
        shutil.rmtree(GALLERY, ignore_errors=True)


def get_requires_for_build_wheel(settings: Any = None) -> list[str]:
    """As maturin's, but without a cargo new enough it says what to install, and fetches none."""
    _need_cargo()
    return maturin.get_requires_for_build_wheel(settings)


get_requires_for_build_editable = get_requires_for_build_wheel


def _need_cargo() -> None:
    with Path("Cargo.toml").open("rb") as file:
        needed = tomllib.load(file)["package"]["rust-version"]
    there = _cargo_version()
    if there is None or _numbers(there) < _numbers(needed):
        what = f"cargo {there} is older" if there else "there is no cargo that runs on PATH"
        sys.exit(
            f"to build steepest from its source takes Rust {needed} or newer, and {what}: install Rust "
            "from https://rustup.rs, or a wheel: one that `make wheels` built elsewhere, or a release's, "
            "by pip install --only-binary=steepest steepest"
        )


def _cargo_version() -> str | None:
    """What cargo says its version is; None where none runs."""
    try:
        run = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.match(r"cargo (\d+(?:\.\d+)*)", run.stdout)
    return found and found[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
