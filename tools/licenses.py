"""Write THIRD-PARTY-LICENSES: what the crates compiled into the extension are licensed under."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "THIRD-PARTY-LICENSES"


def crates() -> list[dict[str, Any]]:
    """What the library depends on, on any machine, as cargo describes it."""
    command = ["cargo", "metadata", "--locked", "--format-version=1"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    needs = {node["id"]: node["deps"] for node in found["resolve"]["nodes"]}
    reached, ahead = set(), [found["resolve"]["root"]]
    while ahead:
        for need in needs[ahead.pop()]:
            linked = any(
                kind["kind"] is None for kind in need["dep_kinds"]
            )  # not to build with only
            if linked and need["pkg"] not in reached:
                reached.add(need["pkg"])
                ahead.append(need["pkg"])
    packages = (package for package in found["packages"] if package["id"] in reached)
    return sorted(packages, key=lambda package: (package["name"], package["version"]))


def texts(crate: dict[str, Any]) -> list[str]:
    """A crate's licences; where it lets one choose between MIT's and Apache's, MIT's."""
    folder = Path(crate["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.name.startswith(("LICEN", "COPYING")))
    if any(path.name == "LICENSE-MIT" for path in files):
        files = [path for path in files if path.name != "LICENSE-APACHE"]
    if not files:
        sys.exit(f"{crate['name']} {crate['version']} has no licence file")
    return [path.read_text(encoding="utf-8").strip() for path in files]


def page() -> str:
    """All of them: each text once, under the names of those that have it."""
    bearers: dict[str, list[str]] = {}
    for crate in crates():
        for text in texts(crate):
            title = f"{crate['name']} {crate['version']} ({crate['license']})"
            bearers.setdefault(text, []).append(title)
    opening = (
        "The compiled extension contains parts of Rust's standard library (MIT OR Apache-2.0,\n"
        "Copyright (c) The Rust Project Developers: the text is libc's, below) and of:"
    )
    parts = ["\n".join(titles) + "\n\n" + text for text, titles in bearers.items()]
    return f"\n\n{'-' * 80}\n\n".join([opening, *parts]) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
            sys.exit(f"{PAGE.name} is not what Cargo.lock asks for: run python tools/licenses.py")
    else:
        PAGE.write_text(page(), encoding="utf-8")
