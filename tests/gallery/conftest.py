"""An example as a user runs it: its module, and its main with the picture in an empty folder."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def path(request: pytest.FixtureRequest) -> Path:
    """The example of the same name as the test's file."""
    return EXAMPLES / f"{request.path.stem.removeprefix('test_')}.py"


@pytest.fixture(scope="module")
def example(path: Path) -> Any:
    """What an example defines; its file's name begins with a number, so it cannot be imported."""
    pytest.importorskip("matplotlib")
    return SimpleNamespace(**runpy.run_path(str(path)))


@pytest.fixture
def run(path: Path, tmp_path: Path, monkeypatch: Any, capsys: Any) -> Callable[..., str]:
    """Run the example, see that it draws its picture, and give what it prints."""

    def run(*arguments: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [path.name, *arguments])
        runpy.run_path(str(path), run_name="__main__")
        told: str = capsys.readouterr().out
        pictures = list((tmp_path / "pictures").iterdir())
        assert {picture.stem for picture in pictures} == {path.stem}
        assert all(picture.stat().st_size > 5000 for picture in pictures)
        assert all(f"Drawn: pictures/{picture.name}" in told for picture in pictures)
        return told

    return run
