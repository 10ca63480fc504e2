"""Run every numbered example, keep its picture, and make the contact sheet: ``make gallery``."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs/pictures/gallery"
SHEET = ROOT / "examples/README.md"
HEAD = """# The gallery

Every example is a file to be read from top to bottom: `python examples/01_fence.py`, or, wherever steepest is
installed, `python -m steepest examples` for a list and `python -m steepest examples fence` for one. They need
`pip install "steepest[examples]"`, and draw into a folder `pictures` where you are.

| | |
| --- | --- |
"""
TAIL = """
Beside them: the [ten benchmarks](../docs/ten.md) of the package gradient-ascent, [digits.py](digits.py)
(`python -m steepest demo`), [plots.py](plots.py), [schedules.py](schedules.py), [family.py](family.py),
[choose_defaults.py](choose_defaults.py), and in [clients](clients) a file for each of the libraries that
steepest has a [client](../docs/clients/README.md) for.
"""


def caption(path: Path) -> tuple[str, str]:
    """An example's title, and the two sentences about it: its docstring's first two paragraphs."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    title, text = docstring.split("\n\n")[:2]
    return title, " ".join(text.split())


def draw(path: Path, folder: Path) -> None:
    """Run an example with ``folder`` for its pictures, and keep them."""
    subprocess.run([sys.executable, path], cwd=folder, check=True)
    for picture in sorted((folder / "pictures").glob(f"{path.stem}.*")):
        shutil.copy(picture, PICTURES)


def row(path: Path) -> str:
    """An example's line of the contact sheet."""
    title, text = caption(path)
    name = re.sub(r"_", " ", path.stem)
    picture = min(PICTURES.glob(f"{path.stem}.*"))  # a moving one, a .gif, if there is one
    source = f"../docs/pictures/gallery/{picture.name}"
    return f"| [![{title}]({source})]({path.name}) | **[{name}]({path.name})**: {title} {text} |\n"


def main() -> None:
    """Draw what is asked for by name, or all, and write the sheet."""
    paths = sorted((ROOT / "examples").glob("[0-9]*.py"))
    asked = [path for path in paths if not sys.argv[1:] or path.stem in sys.argv[1:]]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for path in asked:
            draw(path, Path(folder))
    SHEET.write_text(HEAD + "".join(map(row, paths)) + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
