"""The Python that workflows run by themselves does run here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHEELS = (ROOT / ".github/workflows/wheels.yml").read_text(encoding="utf-8")


def test_a_build_calls_its_folders_something_else() -> None:
    (script,) = re.findall(r"<<END\n(.*?)\n +END\n", WHEELS, re.DOTALL)
    lines = [line.strip() for line in script.splitlines()]
    command = [sys.executable, "-c", "\n".join(lines)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert told.startswith("RUSTFLAGS=--remap-path-prefix=")
    assert f"--remap-path-prefix={ROOT}=steepest" in told


def test_the_examples_are_laid_beside_the_package(tmp_path: Path) -> None:
    pytest.importorskip("maturin")
    (script,) = re.findall(r"python -c '(import backend; .*)'", WHEELS)
    for folder in ("examples", "tools"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "python/steepest").mkdir(parents=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment)
    inside = {path.name for path in (tmp_path / "python/steepest/gallery").glob("[0-9]*.py")}
    assert inside == {path.name for path in (ROOT / "examples").glob("[0-9]*.py")}
