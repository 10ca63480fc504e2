"""The contact sheet shows every example there is, with its picture and what its file says of it."""

import re
from pathlib import Path

import pytest

from tools import gallery

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))


def test_there_is_one_for_every_row_and_no_other() -> None:
    assert {int(path.stem[:2]) for path in EXAMPLES} == set(range(1, 22))


def test_the_sheet_is_of_the_examples_as_they_are() -> None:
    rows = "".join(map(gallery.row, EXAMPLES))
    sheet = gallery.SHEET.read_text(encoding="utf-8")
    assert sheet == gallery.HEAD + rows + gallery.TAIL, "make gallery"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_is_in_a_line_and_two_sentences(path: Path) -> None:
    title, text = gallery.caption(path)
    assert len(title) <= 100
    assert "\n" not in title
    assert len(re.findall(r"[.?!](?: |$)", text)) == 2
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
