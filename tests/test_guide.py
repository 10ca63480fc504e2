"""The guide to adding an optimizer shows code that is there, and counts all lines of one there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/adding-an-optimizer.md").read_text(encoding="utf-8")
PACKAGE = "python/steepest"
SHOWN = [
    *("rust/laws/adamax.rs", "rust/laws/mod.rs"),
    *(f"{PACKAGE}/reference/laws/adamax.py", f"{PACKAGE}/family/adamax.py"),
    *("tests/cases.py", "tests/peers.py"),
]
COUNTED = dict(re.findall(r"^\| `(\S+)` \| (\d+) \|", GUIDE, re.MULTILINE))
TOTAL = re.search(r"^(\d+) lines, (.*?)\.$", GUIDE, re.DOTALL | re.MULTILINE)
# Adamax is the guide's example, and its tests' too.
ABOUT = ["docs/adding-an-optimizer.md", "tests/test_guide.py"]


def lines_of(path: str) -> list[str]:
    return (ROOT / path).read_text(encoding="utf-8").splitlines()


def lines_of_adamax(path: str) -> int:
    """All of a file of its own; elsewhere the lines that name it, and the list that one of them opens."""
    lines = lines_of(path)
    if "adamax" in path:
        return len(lines)
    count = 0
    for number, line in enumerate(lines):
        if "adamax" in line.lower():
            count += 1
            if line.endswith("["):
                closing = " " * (len(line) - len(line.lstrip())) + "],"
                count += lines[number:].index(closing)
    return count


def test_every_line_of_code_in_the_guide_is_in_the_sources() -> None:
    lines = {line.strip() for path in SHOWN for line in lines_of(path)}
    blocks = re.findall(r"^```(?:rust|python)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    shown = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert [line for line in shown if line not in lines] == []


@pytest.mark.parametrize("path", COUNTED)
def test_the_lines_counted_are_the_lines_there_are(path: str) -> None:
    assert int(COUNTED[path]) == lines_of_adamax(path)


def test_the_sum_is_that_of_the_lines_counted() -> None:
    assert TOTAL
    assert int(TOTAL[1]) == sum(map(int, COUNTED.values()))


def test_every_file_that_names_adamax_is_listed() -> None:
    assert TOTAL
    listed = {*COUNTED, *re.findall(r"`(\S+)`", TOTAL[2]), *ABOUT}
    rooms = ["rust", "python", "tests", "benches", "examples", "docs"]
    kinds = {".rs", ".py", ".pyi", ".md"}
    paths = [p for room in rooms for p in (ROOT / room).rglob("*") if p.suffix in kinds]
    naming = {
        path.relative_to(ROOT).as_posix()
        for path in [*paths, *ROOT.glob("*.md")]
        if "adamax" in path.read_text(encoding="utf-8").lower()
    }
    assert naming == listed
