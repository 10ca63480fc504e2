"""Builds `floor.c`, the same laws in bare C, when a bench asks for it."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = "-O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math"

#: Each name is a build; the faster of the two widths is the floor.
BUILDS = {
    "bare C, 256 bits": "-mprefer-vector-width=256",
    "bare C, 512 bits": "-mprefer-vector-width=512",
    "bare C, no flush": "-mprefer-vector-width=256 -DNO_FLUSH",
}
WIDTHS = list(BUILDS)[:2] if platform.machine() in ("x86_64", "AMD64") else list(BUILDS)[:1]


def compiler() -> str | None:
    """The C compiler, if there is one."""
    return shutil.which(os.environ.get("CC", "gcc")) or shutil.which("cc")


def described() -> str:
    """The compiler and the flags, for the report."""
    found = compiler()
    if found is None:
        return "no C compiler"
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    return f"{version.stdout.splitlines()[0]}, {FLAGS}"


@functools.cache
def load(build: str) -> Any:
    """The module of a build."""
    found = compiler()
    if found is None:
        raise RuntimeError("no C compiler")
    more = BUILDS[build] if len(WIDTHS) > 1 else BUILDS[build].partition(" ")[2]
    with tempfile.TemporaryDirectory() as directory:
        # One file name a build, or the second would be taken for the first.
        made = Path(directory) / f"floor{list(BUILDS).index(build)}.so"
        includes = [f"-I{sysconfig.get_path('include')}", f"-I{np.get_include()}"]
        source = Path(__file__).with_name("floor.c")
        command = [found, *FLAGS.split(), *more.split(), "-shared", "-fPIC", *includes]
        subprocess.run([*command, "-o", str(made), str(source), "-lm"], check=True)
        loader = importlib.machinery.ExtensionFileLoader("floor", str(made))
        spec = importlib.util.spec_from_loader("floor", loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    return module
