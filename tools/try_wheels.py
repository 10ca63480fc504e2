"""Install the wheel for this machine in fresh environments and run all tests on it, away from the source.

Every interpreter named on the command line, with the oldest and the newest NumPy that there is for it. Names
of test files there, as tests/test_norm.py, ask for those alone.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Where the package lies.
WHERE = "import steepest; print(steepest.__file__)"


def output(*command: str | Path, cwd: Path, **options: str) -> str:
    """What a command prints; where it fails, its words end the whole."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | options
    ended = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{ended.stdout[-3000:]}")
    return ended.stdout


def installed(place: Path) -> set[Path]:
    """All files of an environment but those that Python compiles when it reads them."""
    return {path for path in place.rglob("*") if "__pycache__" not in path.parts}


def attempt(interpreter: str, wheel: Path, numpy: str, group: list[str], tests: list[str]) -> str:
    """One environment: install, test, take away; what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        place, work = Path(folder, "venv"), Path(folder, "work")
        python = place / "bin/python"
        output("git", "clone", "--quiet", ROOT, work, cwd=ROOT)
        output(interpreter, "-m", "venv", place, cwd=work)
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
        output(*pip, "install", "--only-binary=numpy", numpy, *group, cwd=work)
        before = installed(place)
        output(*pip, "install", wheel, cwd=work)
        package = Path(output(python, "-c", WHERE, cwd=work).strip()).resolve()
        if not package.is_relative_to(place.resolve()):
            sys.exit(f"{package} is not what was installed in {place}")
        output(python, "-m", "steepest", "info", cwd=work)
        listed = output(python, "-m", "steepest", "examples", cwd=work).splitlines()
        if len(listed) != len(list((work / "examples").glob("[0-9]*.py"))):
            sys.exit(f"{wheel.name} lists {len(listed)} examples")
        ran = output(python, "-m", "pytest", "-p", "no:cacheprovider", "--quiet", *tests, cwd=work)
        versions = (
            "import sys, numpy; print(sys.version.split()[0] + sys.abiflags, numpy.__version__)"
        )
        python_version, numpy_version = output(python, "-c", versions, cwd=work).split()
        output(*pip, "uninstall", "--yes", "steepest", cwd=work)
        if left := installed(place) ^ before:
            sys.exit(f"uninstalling left {', '.join(map(str, sorted(left)))}")
        return f"Python {python_version}, NumPy {numpy_version}: {ran.splitlines()[-1]}"


def oldest(interpreter: str, numpy: str) -> str:
    """The oldest NumPy that is asked for and has a wheel for an interpreter."""
    command = (interpreter, "-m", "pip", "index", "versions", "numpy", "--only-binary=:all:")
    found = re.search(r"Available versions: (.*)", output(*command, cwd=ROOT))
    least = tuple(map(int, numpy.split(".")))
    versions = re.findall(r"(?<![\d.])[\d.]+(?=,|$)", found.group(1) if found else "")
    numbers = (tuple(map(int, version.split("."))) for version in versions)
    return ".".join(map(str, min(number for number in numbers if number >= least)))


def fitting(interpreter: str) -> Path:
    """The wheel for an interpreter on this machine."""
    flags = output(interpreter, "-c", "import sys; print(sys.abiflags)", cwd=ROOT)
    interface = "cp314t" if "t" in flags else "abi3"
    (wheel,) = (ROOT / "dist").glob(f"*-{interface}-manylinux*_{platform.machine()}.whl")
    return wheel


def main() -> None:
    """All of them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (needed,) = (need for need in settings["project"]["dependencies"] if need.startswith("numpy"))
    group = (
        settings["dependency-groups"]["test"] + settings["project"]["optional-dependencies"]["demo"]
    )
    tests = [name for name in sys.argv[1:] if name.endswith(".py")]
    for interpreter in [name for name in sys.argv[1:] if name not in tests] or [sys.executable]:
        least = oldest(interpreter, needed.removeprefix("numpy>="))
        for numpy in (f"numpy=={least}", "numpy"):
            print(attempt(interpreter, fitting(interpreter), numpy, group, tests), flush=True)


if __name__ == "__main__":
    main()
