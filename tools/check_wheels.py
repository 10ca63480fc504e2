"""Check what lies in dist: the tags, the stable interface, the metadata, the size, what is inside."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
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
PLACES = sorted({str(ROOT), f"{Path.home()}/", "/root/", "/home/", "/tmp/", "/Users/"})


def tool(module: str, *arguments: str | Path) -> None:
    """Run another's check; it says what it finds."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{module}: see above")


def faults(wheel: Path) -> list[str]:
    """What is wrong with a wheel that no other's check looks at."""
    found = []
    _, _, python, interface, _ = wheel.stem.split("-")
    if (python, interface) not in INTERFACES:
        found.append(f"is for {python}-{interface}, expected one of {sorted(INTERFACES)}")
    if (size := wheel.stat().st_size) > LARGEST:
        found.append(f"{size} bytes, expected at most {LARGEST}")
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    for name, content in contents.items():
        found += [f"{name} names {place}" for place in PLACES if place.encode() in content]
        if name.endswith(".so"):
            sections = {section.name for section in ELFFile(io.BytesIO(content)).iter_sections()}
            found += [f"{name} has {section}" for section in sections & SYMBOLS]
    for licence in LICENSES:
        expected = (ROOT / licence).read_bytes()
        if not any(
            n.endswith(f"/licenses/{licence}") and c == expected for n, c in contents.items()
        ):
            found.append(f"{licence} is missing, or another")
    examples = {path.name for path in (ROOT / "examples").glob("*.py")}
    inside = {Path(name).name for name in contents if name.startswith("steepest/gallery/")}
    if lacking := examples - inside:
        found.append(f"examples are missing: {', '.join(sorted(lacking))}")
    if wheel.name.endswith(ANYWHERE):
        return found
    bills = [json.loads(content) for name, content in contents.items() if "/sboms/" in name]
    if not any(part["name"] == "pyo3" for bill in bills for part in bill["components"]):
        found.append("there is no bill of materials that names pyo3")
    return found


def main() -> None:
    """All checks of all wheels and of the source distribution."""
    wheels, sdists = sorted(DIST.glob("*.whl")), sorted(DIST.glob("*.tar.gz"))
    if not wheels or len(sdists) != 1:
        sys.exit("dist: expected wheels and a source distribution; make wheels builds them")
    subprocess.run([sys.executable, ROOT / "tools/licenses.py", "--check"], check=True)
    tool("twine", "check", "--strict", *wheels, *sdists)
    tool("check_wheel_contents", "--config", ROOT / "pyproject.toml", *wheels)
    tool("abi3audit", "--strict", *(wheel for wheel in wheels if "-abi3-" in wheel.name))
    for wheel in wheels:
        if not wheel.name.endswith(ANYWHERE):
            tool("auditwheel", "show", wheel)
    found = [f"{wheel.name}: {fault}" for wheel in wheels for fault in faults(wheel)]
    if found:
        sys.exit("\n".join(found))
    for path in (*sdists, *wheels):
        print(f"{path.stat().st_size:9,} bytes  {path.name}")


if __name__ == "__main__":
    main()
