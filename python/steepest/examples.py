"""The worked examples: which there are, and running one. ``python -m steepest examples``."""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

#: The one that ``python -m steepest demo`` runs.
DEMO = "digits"


def paths() -> dict[str, Path]:
    """The files of the numbered examples by name, in order."""
    return {path.stem: path for path in sorted(_folder().glob("[0-9]*.py"))}


def summary(path: Path) -> str:
    """What an example shows: its docstring's first line."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0]


def run(name: str, arguments: Sequence[str] = ()) -> None:
    """Run an example, called by its name, or its name without the number; or all of a number.

    Raises
    ------
    ValueError
        If there is no such example.
    ImportError
        If it needs a library that is not installed; says which extra brings it.
    """
    known = {**paths(), DEMO: _folder() / f"{DEMO}.py"}
    found = [path for stem, path in known.items() if name.zfill(2) in (stem, *stem.split("_", 1))]
    if not found:
        raise ValueError(f"name: got {name!r}, expected one of {', '.join(known)}")
    given = sys.argv
    try:
        for path in found:  # two may have one number
            sys.argv = [str(path), *arguments]
            runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.argv = given


def _folder() -> Path:
    """Where they are: within an installed package, and beside that of a clone."""
    installed = Path(__file__).parent / "gallery"
    for folder in (installed, Path(__file__).parents[2] / "examples"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"there are no examples in {installed}")
