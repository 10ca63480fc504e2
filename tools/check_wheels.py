"""Check what lies in dist: the tags, the stable interface, the metadata, the size, what is inside."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
LARGEST = 1_000_000  # bytes of a wheel
ANYWHERE = "-py3-none-any.whl"  # without kernels
LICENSES = ("LICENSE", "THIRD-PARTY-LICENSES")

#: The interpreters and interfaces that wheels are built for: the stable one, the free-threaded one, none.
INTERFACES = {("cp311", "abi3"), ("cp314", "cp314t"), ("py3", "none")}

#: The sections of a library that only a debugger reads.
SYMBOLS = {".symtab", ".debug_info", ".debug_line"}

#: What starts a path of the machine it was built on.
PLACES = sorted(
    {str(ROOT), f"{Path.home()}/", "/root/", "/home/", "/tmp/", "/Users/", "/usr/local/cargo/"}
    | {":\\Users\\", ":\\a\\", "/D:/a/"}
)


def tool(module: str, *arguments: str | Path) -> None:
    """Run another's check; it says what it finds."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{module}: see above")


def tracked(folder: str) -> list[Path]:
    """What of a folder is committed, as it is called there."""
    command = ["git", "-C", ROOT / folder, "ls-files", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in names.split("\0") if name]


def package() -> set[str]:
    """The files of the package in every wheel: all but the kernels."""
    own = {f"steepest/{path.as_posix()}" for path in tracked("python/steepest")}
    examples = (path for path in tracked("examples") if path.suffix == ".py")
    return own | {f"steepest/gallery/{path.as_posix()}" for path in examples}


def tag(wheel: Path) -> str:
    """The platform that auditwheel finds a wheel for Linux to be for."""
    command = [sys.executable, "-m", "auditwheel", "show", "--json", wheel]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"auditwheel: {wheel.name}: {ran.stderr}{ran.stdout}")
    found: dict[str, str] = json.loads(ran.stdout)
    return found["overall_tag"]


def faults(wheel: Path, expected: set[str]) -> Iterator[str]:
    """What is wrong with a wheel that no other's check looks at."""
    _, _, python, interface, platforms = wheel.stem.split("-")
    if (python, interface) not in INTERFACES:
        yield f"is for {python}-{interface}, expected one of {sorted(INTERFACES)}"
    if "linux" in platforms and (platform := tag(wheel)) not in platforms.split("."):
        yield f"is for {platform}"
    if (size := wheel.stat().st_size) > LARGEST:
        yield f"{size} bytes, expected at most {LARGEST}"
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    kernels = {name for name in contents if name.startswith("steepest/_kernels.")} - expected
    if len(kernels) != (not wheel.name.endswith(ANYWHERE)):
        yield f"has {len(kernels)} libraries of kernels"
    inside = {name for name in contents if ".dist-info/" not in name} - kernels
    yield from (f"{name} is missing" for name in sorted(expected - inside))
    yield from (f"{name} is too much" for name in sorted(inside - expected))
    for name, content in contents.items():
        yield from (f"{name} names {place}" for place in PLACES if place.encode() in content)
        if content.startswith(b"\x7fELF"):
            yield from (f"{name} {fault}" for fault in library_faults(content, platforms))
    for licence in LICENSES:
        text = (ROOT / licence).read_bytes()
        if not any(n.endswith(f"/licenses/{licence}") and c == text for n, c in contents.items()):
            yield f"{licence} is missing, or another"
    bills = [json.loads(content) for name, content in contents.items() if "/sboms/" in name]
    if kernels and not any(part["name"] == "pyo3" for bill in bills for part in bill["components"]):
        yield "there is no bill of materials that names pyo3"


def library_faults(content: bytes, platforms: str) -> Iterator[str]:
    """What is wrong with a library for Linux."""
    file = ELFFile(io.BytesIO(content))
    sections = {section.name: section for section in file.iter_sections()}
    yield from (f"has {name}" for name in sections.keys() & SYMBOLS)
    needed = {part.needed for part in sections[".dynamic"].iter_tags("DT_NEEDED")}
    if "manylinux" in platforms and "libgcc_s.so.1" not in needed:
        yield "unwinds by itself, where glibc ends threads by libgcc_s"


def main() -> None:
    """All checks of all wheels and of the source distribution."""
    wheels, sdists = sorted(DIST.glob("*.whl")), sorted(DIST.glob("*.tar.gz"))
    if not wheels or len(sdists) != 1:
        sys.exit("dist: expected wheels and a source distribution; make wheels builds them")
    subprocess.run([sys.executable, ROOT / "tools/licenses.py", "--check"], check=True)
    tool("twine", "check", "--strict", *wheels, *sdists)
    tool("check_wheel_contents", "--config", ROOT / "pyproject.toml", *wheels)
    tool("abi3audit", "--strict", *(wheel for wheel in wheels if "-abi3-" in wheel.name))
    expected = package()
    found = [f"{wheel.name}: {fault}" for wheel in wheels for fault in faults(wheel, expected)]
    if found:
        sys.exit("\n".join(found))
    for path in (*sdists, *wheels):
        print(f"{path.stat().st_size:9,} bytes  {path.name}")


if __name__ == "__main__":
    main()
