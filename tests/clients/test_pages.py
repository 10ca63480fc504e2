"""The Python in the clients' pages runs as written, block after block."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs/clients").glob("*.md"))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_runs_as_written(page: Path, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks or page.stem == "README"
    for i, block in enumerate(blocks):
        exec(compile(block, f"{page.name}, block {i}", "exec"), names)
