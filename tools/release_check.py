"""Refuse a release whose tag, version and changelog do not say the same, or whose page would lead nowhere."""

from __future__ import annotations

import datetime
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: What the index links to beside the description.
URLS = ["Repository", "Documentation", "Changelog", "Issues"]


def check(tag: str, cargo: str, changelog: str) -> None:
    """Raise ValueError unless the tag names the version of Cargo.toml, and the changelog tells of it."""
    version = tomllib.loads(cargo)["package"]["version"]
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag!r}, expected 'v{version}' for the version in Cargo.toml")
    begun = re.search(rf"^## \[{re.escape(version)}\](.*)\n", changelog, re.MULTILINE)
    if not begun:
        raise ValueError(f"CHANGELOG.md has no section for {version}")
    date = begun[1].removeprefix(" - ")
    if not re.fullmatch(r" - \d{4}-\d{2}-\d{2}", begun[1]) or not is_day(date):
        raise ValueError(f"CHANGELOG.md dates {version} {date!r}, expected ' - YYYY-MM-DD'")
    section = changelog[begun.end() :].partition("\n## ")[0]
    if not re.search(r"^- ", section, re.MULTILINE):
        raise ValueError(f"CHANGELOG.md lists no change for {version}")


def check_page(pyproject: str, readme: str) -> None:
    """Raise ValueError unless what the index shows names the project's places and leads to them."""
    urls = tomllib.loads(pyproject)["project"].get("urls", {})
    if lacking := [name for name in URLS if name not in urls]:
        raise ValueError(f"pyproject.toml has no {' and no '.join(lacking)} in [project.urls]")
    prose = re.sub(r"^```.*?^```$", "", readme, flags=re.DOTALL | re.MULTILINE)
    targets = [a or b for a, b in re.findall(r"\]\(([^)\s]+)|\bsrc=\"([^\"]+)\"", prose)]
    if relative := [target for target in targets if not re.match(r"https://|#", target)]:
        raise ValueError(f"README.md leads to {relative[0]!r}, which the index does not have")
    if "pip install steepest\n" not in readme:
        raise ValueError("README.md does not say 'pip install steepest'")


def is_day(date: str) -> bool:
    """Whether the calendar has it."""
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        return False
    return True


def main() -> None:
    """Check the tag named on the command line against the files of this clone."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} TAG")
    names = ("Cargo.toml", "CHANGELOG.md", "pyproject.toml", "README.md")
    cargo, changelog, pyproject, readme = ((ROOT / n).read_text(encoding="utf-8") for n in names)
    try:
        check(sys.argv[1], cargo, changelog)
        check_page(pyproject, readme)
    except ValueError as error:
        sys.exit(f"not a release: {error}")


if __name__ == "__main__":
    main()
