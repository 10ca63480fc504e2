"""The page and the picture of the schedules: the code runs, and every schedule is there."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from steepest.schedules.saving import KINDS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/schedules.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example() -> Any:
    pytest.importorskip("matplotlib")
    return importlib.import_module("examples.schedules")


def test_the_code_of_the_page_runs_as_written() -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "docs/schedules.md", "exec"), names)


def test_the_table_of_the_page_has_every_schedule_as_it_is_called() -> None:
    rows = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", PAGE, re.MULTILINE))
    assert list(rows) == list(KINDS)
    for name, arguments in rows.items():
        parameters = inspect.signature(KINDS[name]).parameters.values()
        bare = [p.replace(annotation=p.empty) for p in parameters if p.name != "state"]
        text = str(inspect.Signature(bare)).replace("'", '"').replace("0.3333333333333333", "1/3")
        for number, shown in {"10000.0": "1e4", "0.0001": "1e-4", "1e-08": "1e-8"}.items():
            text = text.replace(f"={number}", f"={shown}")
        assert text == f"({arguments})"


def test_every_schedule_is_drawn(example: Any) -> None:
    assert {type(panel.schedule).__name__ for panel in example.PANELS} == set(KINDS)


def test_a_panel_can_be_read(example: Any) -> None:
    for panel in example.PANELS:
        for schedule in filter(None, (panel.schedule, panel.other)):
            rates = np.array(example.rates(schedule))
            assert len(rates) == example.STEPS
            assert rates.min() >= 0
            assert 0.5 < rates.max() <= 1.05  # within the axes, and of their height
        assert (panel.other is None) == (not panel.other_words)


def test_a_plateau_is_drawn_from_its_beginning_each_time(example: Any) -> None:
    (plateau,) = (p.schedule for p in example.PANELS if type(p.schedule).__name__ == "Plateau")
    first = example.rates(plateau)
    assert example.rates(plateau) == first
    assert first[0] > first[-1]
    assert sorted(first, reverse=True) == first


def test_the_command_draws_the_picture_it_names(
    example: Any, monkeypatch: Any, capsys: Any, tmp_path: Any
) -> None:
    picture = tmp_path / "pictures" / "schedules.png"
    monkeypatch.setattr(sys, "argv", ["schedules.py", "--picture", str(picture)])
    example.main()
    assert str(picture) in capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
