"""Refuse a release whose tag, version and changelog do not say the same."""

from __future__ import annotations

import datetime
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


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
    files = [(ROOT / name).read_text(encoding="utf-8") for name in ("Cargo.toml", "CHANGELOG.md")]
    try:
        check(sys.argv[1], *files)
    except ValueError as error:
        sys.exit(f"not a release: {error}")


if __name__ == "__main__":
    main()
