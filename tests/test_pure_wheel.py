"""The wheel without the extension: what is in it, and that it works where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

for needed in ("maturin", "wheel"):
    pytest.importorskip(needed)
if shutil.which("cargo") is None:
    pytest.skip("maturin asks cargo for the version", allow_module_level=True)

ROOT = Path(__file__).parents[1]

SMOKE = """
import sys, warnings
import numpy as np
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import steepest
    import steepest.examples
assert [w.category for w in told] == [RuntimeWarning], told
assert steepest.__file__.startswith(sys.argv[1]), steepest.__file__
assert steepest.backend.NAME == "numpy"
for name in steepest.reference.__all__:
    x = np.array([1.0, -2.0])
    optimizer = getattr(steepest, name)(x)
    before, up = (x * x).sum(), optimizer.param_groups[0]["maximize"]
    for _ in range(20):
        optimizer.step(-x if up else x)
    assert (x * x).sum() < before, name
found = steepest.minimize(lambda x: x @ x, np.ones(3))
assert found.fun < 1e-6
print(steepest.__version__, len(steepest.examples.paths()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, str(ROOT / "tools/pure_wheel.py"), str(folder)]
    subprocess.run(build, check=True, capture_output=True)
    (found,) = folder.iterdir()
    return found


def test_it_is_for_any_python_and_has_everything_but_the_extension(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith("/WHEEL"))
        assert "Root-Is-Purelib: true" in archive.read(metadata).decode()
    package = ROOT / "python"
    modules = {
        p.relative_to(package).as_posix() for p in package.rglob("*.py*") if p.suffix != ".pyc"
    }
    examples = {p.name for p in (ROOT / "examples").glob("*.py")}
    assert modules <= names
    assert {f"steepest/gallery/{name}" for name in examples} <= names
    assert not [name for name in names if name.endswith((".so", ".pyd", ".pyc"))]


@pytest.mark.skipif(os.name == "nt", reason="the cargo made here is a shell script")
@pytest.mark.parametrize(
    ("cargo", "told"),
    [
        (None, "there is no cargo that runs on PATH"),
        ("exit 1", "there is no cargo that runs on PATH"),
        ("echo cargo 1.9.0", "cargo 1.9.0 is older"),
        ("echo cargo 1.9999.0-nightly", ""),
    ],
)
def test_a_build_from_source_says_which_cargo_it_needs(
    cargo: str | None, told: str, tmp_path: Path
) -> None:
    if cargo is not None:
        (tmp_path / "cargo").write_text(f"#!/bin/sh\n{cargo}\n")
        (tmp_path / "cargo").chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", "import backend; backend.get_requires_for_build_wheel()"],
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "tools")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == bool(told), done.stderr
    if told:
        needed = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["rust-version"]
        (line,) = done.stderr.splitlines()
        assert f"takes Rust {needed} or newer, and {told}: " in line
        assert "https://rustup.rs" in line


def test_its_version_is_cargos(wheel: Path) -> None:
    cargo = (ROOT / "Cargo.toml").read_text()
    assert f'\nversion = "{wheel.name.split("-")[1]}"\n' in cargo


def test_it_works_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]
    subprocess.run([sys.executable, *install, str(tmp_path), str(wheel)], check=True)
    environment: dict[str, Any] = {k: v for k, v in os.environ.items() if k[:8] != "STEEPEST"}
    environment["PYTHONPATH"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SMOKE, str(tmp_path)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    version, examples = done.stdout.split()
    assert version == wheel.name.split("-")[1]
    assert int(examples) > 10
