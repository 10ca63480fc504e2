"""Build the source distribution from a clean clone, and from it the wheels for every target, into dist.

Beside them goes the wheel without kernels, for all other machines.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tidy_wheel import tidy

ROOT = Path(__file__).parents[1]

#: Rust's targets, and what a wheel for each promises of the C library.
TARGETS = {
    "x86_64-unknown-linux-gnu": "manylinux2014",
    "aarch64-unknown-linux-gnu": "manylinux2014",
    "x86_64-unknown-linux-musl": "musllinux_1_2",
    "aarch64-unknown-linux-musl": "musllinux_1_2",
}

#: What a target's wheels are for, as maturin is told: every CPython, by the stable interface, and those
#: that have none of it, the free-threaded ones. maturin knows them by name: none has to be here.
INTERPRETERS = {"abi3": "", "free-threaded": "--interpreter python3.14t"}

#: What Rust's library asks of the library that unwinds the stack.
UNWINDING = [
    *("Backtrace", "DeleteException", "FindEnclosingFunction", "GetCFA", "GetDataRelBase", "GetIP"),
    *("GetIPInfo", "GetLanguageSpecificData", "GetRegionStart", "GetTextRelBase", "RaiseException"),
    *("Resume", "SetGR", "SetIP"),
]

#: The flag that has Rust call a folder something else, in the messages compiled in.
REMAP = "--remap-path-prefix"


def run(*command: str | Path, **more: str) -> None:
    """Run a command, with more variables in its environment."""
    subprocess.run(command, check=True, env=os.environ | more)


def missing(target: str) -> bool:
    """Whether Rust's standard library for the target is not installed."""
    command = ["rustc", "--print", "target-libdir", "--target", target]
    library = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return not any(Path(library).glob("libstd-*"))


def build_sdist(clone: Path, into: Path) -> Path:
    """Of what is committed, and of nothing else."""
    run("git", "clone", "--quiet", ROOT, clone)
    run(sys.executable, "-m", "build", "--sdist", "--outdir", into, clone)
    (sdist,) = into.glob("*.tar.gz")
    return sdist


def stand_in(target: str, folder: Path) -> Path:
    """An empty libgcc_s to link with, for zig has none: it would bring an unwinder of its own.

    glibc ends a thread by unwinding its stack with libgcc_s, ours too; two unwinders in one stack crash.
    """
    source, library = folder / "unwinding.c", folder / "libgcc_s.so.1"
    source.write_text("".join(f"void _Unwind_{name}(void) {{}}\n" for name in UNWINDING))
    triple = target.replace("-unknown", "")
    options = ("-target", triple, "-shared", "-nostdlib", f"-Wl,-soname,{library.name}")
    run(sys.executable, "-m", "ziglang", "cc", *options, "-o", library, source)
    return library


def build_wheel(sdist: Path, target: str, interpreter: str, folder: Path, into: Path) -> None:
    """For a target and interpreter, from the source distribution alone, in a folder no wheel names."""
    shutil.unpack_archive(sdist, folder, filter="data")
    source = folder / sdist.name.removesuffix(".tar.gz")
    home = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    arguments = f"--locked --zig --compatibility {TARGETS[target]} --target {target} {interpreter}"
    flags = [f"{REMAP}={home}=cargo", f"{REMAP}={source}=steepest"]
    if target.endswith("gnu"):
        flags.append(f"-Clink-arg={stand_in(target, folder)}")
    run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"),
        *("--no-cache-dir", "--wheel-dir", folder),
        *("--config-settings", f"build-args={arguments}", source),
        CARGO_ENCODED_RUSTFLAGS="\x1f".join(flags),
        CARGO_TARGET_DIR=os.environ.get("CARGO_TARGET_DIR") or str(ROOT / "target"),
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )
    (wheel,) = folder.glob("*.whl")
    tidy(wheel, into)


def main() -> None:
    """Build for the targets named on the command line, or for all."""
    targets = sys.argv[1:] or list(TARGETS)
    if unknown := set(targets) - set(TARGETS):
        sys.exit(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if lacking := [target for target in targets if missing(target)]:
        sys.exit(
            f"Rust's library for other machines is needed: rustup target add {' '.join(lacking)}"
        )
    into = ROOT / "dist"
    shutil.rmtree(into, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        sdist = build_sdist(clone, into)
        run(sys.executable, clone / "tools/pure_wheel.py", into)
        for target, (kind, interpreter) in itertools.product(targets, INTERPRETERS.items()):
            print("Building for", target, kind, flush=True)
            place = Path(folder, f"{target}-{kind}")
            place.mkdir()
            build_wheel(sdist, target, interpreter, place, into)


if __name__ == "__main__":
    main()
