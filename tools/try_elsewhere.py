"""Install the wheel for aarch64 in a Debian of that processor, under qemu, and run tests on it there.

Needs root, debootstrap and qemu. Takes half an hour: every instruction is emulated.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from try_wheels import ROOT, output

SUITE, PYTHON = "trixie", "3.13"

#: The tests of what another processor could change: the law's bits, sums, vectors, threads.
TESTS = ["law", "family", "norm", "nesting", "machine"]

#: What the C library of that Debian fulfils, newest first.
PLATFORMS = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014"]

#: Where the kernel is told what runs the programs of another processor.
HANDLER = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")

#: One that signs no pointers: Debian's programs do where they can, and qemu then takes ten times as long.
PROCESSOR = "neoverse-n1"


def lacking() -> str:
    """What this machine must have first, or nothing."""
    if os.geteuid():
        return "root is needed, to make a root of another Debian"
    if not shutil.which("debootstrap"):
        return "debootstrap is needed: apt install debootstrap"
    if not HANDLER.exists():
        return f"{HANDLER} is missing: apt install qemu-user-static binfmt-support"
    return ""


def install(root: Path, wheel: Path, needed: list[str]) -> None:
    """Debian's Python, and on its path the wheel and what the tests need, unpacked by our own pip."""
    options = ("--arch=arm64", "--variant=minbase", "--include=python3")
    output("debootstrap", *options, SUITE, root, cwd=ROOT)
    platforms = [f"--platform={name}_aarch64" for name in PLATFORMS]
    output(
        *(sys.executable, "-m", "pip", "install", "--only-binary=:all:", *platforms),
        *(f"--python-version={PYTHON}", f"--target={root}/usr/lib/python3/dist-packages"),
        *(wheel, *needed),
        cwd=ROOT,
    )
    for name in ("tests", "examples", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / "srv" / name)


def inside(root: Path, *command: str) -> str:
    """What a command prints there, with a /proc that goes when it ends."""
    apart = ("unshare", "--fork", "--pid", "--mount-proc", f"--root={root}", "--wd=/srv")
    return output(*apart, *command, cwd=ROOT, QEMU_CPU=PROCESSOR)


def main() -> None:
    """All of that, with the tests named on the command line, or those above."""
    if what := lacking():
        sys.exit(what)
    wheels = list((ROOT / "dist").glob("*-abi3-manylinux*_aarch64.whl"))
    if len(wheels) != 1:
        sys.exit("dist: expected one wheel for aarch64; make wheels builds it")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [need for need in settings["dependency-groups"]["test"] if isinstance(need, str)]
    tests = [f"tests/test_{name}.py" for name in sys.argv[1:] or TESTS]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        install(root, wheels[0], needed)
        print(inside(root, "python3", "-m", "steepest", "info"), flush=True)
        print(inside(root, "python3", "-m", "pytest", "-p", "no:cacheprovider", "--quiet", *tests))


if __name__ == "__main__":
    main()
