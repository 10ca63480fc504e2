"""The guide to adding an optimizer shows code that is there, and counts its lines."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/adding-an-optimizer.md").read_text(encoding="utf-8")
PACKAGE = "python/steepest"
SHOWN = [
    *("rust/laws/adamax.rs", "rust/laws/mod.rs"),
    *(f"{PACKAGE}/reference/laws/adamax.py", f"{PACKAGE}/family/adamax.py"),
    *("tests/cases.py", "tests/peers.py"),
]


def test_every_line_of_code_in_the_guide_is_in_the_sources() -> None:
    sources = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in SHOWN)
    lines = {line.strip() for line in sources.splitlines()}
    blocks = re.findall(r"^```(?:rust|python)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    shown = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert [line for line in shown if line not in lines] == []


def test_the_lines_counted_are_the_lines_there_are() -> None:
    for path in (SHOWN[0], SHOWN[2], SHOWN[3]):
        counted = re.search(rf"\| `{path}` \| (\d+) \|", GUIDE)
        assert counted, path
        assert int(counted[1]) == len((ROOT / path).read_text(encoding="utf-8").splitlines()), path
