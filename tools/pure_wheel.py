"""Build the wheel for where there is no binary one: everything but the extension, for any Python.

    python tools/pure_wheel.py [FOLDER]

It needs maturin, wheel and cargo: maturin writes the metadata, the version of Cargo.toml among them, but
nothing is compiled.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree, ignore_patterns

import backend

ROOT = Path(__file__).resolve().parents[1]

WHEEL = """\
Wheel-Version: 1.0
Generator: steepest tools/pure_wheel.py
Root-Is-Purelib: true
Tag: py3-none-any
"""


def build(folder: Path) -> None:
    """Write the wheel into the folder."""
    os.chdir(ROOT)  # where maturin and the examples' copy look for the project
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as unpacked:
        metadata = Path(unpacked, backend.prepare_metadata_for_build_wheel(unpacked))
        (metadata / "WHEEL").write_text(WHEEL, encoding="utf-8")
        package = Path(unpacked, "steepest")
        compiled = ignore_patterns("_kernels*.so", "_kernels*.pyd", "__pycache__")
        copytree("python/steepest", package, ignore=compiled)
        backend.copy_examples(package)
        pack = [sys.executable, "-m", "wheel", "pack", unpacked, "--dest-dir", str(folder)]
        subprocess.run(pack, check=True)


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve())
