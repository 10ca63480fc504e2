"""A release is a tag, a version and a section of the changelog that agree, or it is none."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.release_check import URLS, check, check_page

ROOT = Path(__file__).parents[1]
CARGO = '[package]\nname = "steepest"\nversion = "1.2.3"\n'
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-02-28

### Added

- A thing.

## [1.2.2] - 2026-01-01

- Another.
"""


def test_lets_a_release_pass() -> None:
    check("v1.2.3", CARGO, CHANGELOG)


@pytest.mark.parametrize(
    ("tag", "before", "after", "said"),
    [
        ("v1.2.4", "", "", "the tag is 'v1.2.4', expected 'v1.2.3'"),
        ("1.2.3", "", "", "the tag is '1.2.3', expected 'v1.2.3'"),
        ("v1.2.3rc1", "", "", "the tag is 'v1.2.3rc1', expected 'v1.2.3'"),
        ("v1.2.3", "## [1.2.3] - 2026-02-28", "", "has no section for 1.2.3"),
        ("v1.2.3", "[1.2.3]", "[1.2.30]", "has no section for 1.2.3"),
        ("v1.2.3", "[1.2.3]", "[1x2x3]", "has no section for 1.2.3"),
        ("v1.2.3", " - 2026-02-28", "", "dates 1.2.3 '', expected ' - YYYY-MM-DD'"),
        ("v1.2.3", "2026-02-28", "unreleased", "dates 1.2.3 'unreleased'"),
        ("v1.2.3", "2026-02-28", "2026-02-29", "dates 1.2.3 '2026-02-29'"),
        ("v1.2.3", "2026-02-28", "20260228", "dates 1.2.3 '20260228'"),
        ("v1.2.3", "- A thing.\n", "", "lists no change for 1.2.3"),
    ],
)
def test_refuses_what_does_not_agree(tag: str, before: str, after: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check(tag, CARGO, CHANGELOG.replace(before, after) if before else CHANGELOG)


PYPROJECT = "[project.urls]\n" + "".join(f'{name} = "https://example.org"\n' for name in URLS)
README = """# It

[here](#it), [there](https://example.org/docs/there.md) ![a picture](https://example.org/picture.png)
<img src="https://example.org/drawing.png">

```python
model[k](theta)
```

    pip install steepest
"""


def test_lets_a_page_pass_that_leads_on() -> None:
    check_page(PYPROJECT, README)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Issues =", "Bugs =", "has no Issues in [project.urls]"),
        ("[project.urls]", "[project.links]", "no Repository and no Documentation"),
        ("(https://example.org/docs/", "(docs/", "leads to 'docs/there.md'"),
        ("(https://example.org/picture", "(picture", "leads to 'picture.png'"),
        ('src="https://example.org/', 'src="', "leads to 'drawing.png'"),
        ("pip install", "make", "does not say 'pip install steepest'"),
    ],
)
def test_refuses_a_page_that_leads_nowhere(before: str, after: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check_page(PYPROJECT.replace(before, after), README.replace(before, after))


def test_reads_the_files_of_the_clone_and_says_why_not() -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]["version"]
    command = [sys.executable, ROOT / "tools/release_check.py", f"v{version}.1"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == (
        f"not a release: the tag is 'v{version}.1', "
        f"expected 'v{version}' for the version in Cargo.toml\n"
    )
