"""What the index shows of the package, and what a citation says."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def test_the_version_is_in_one_place() -> None:
    assert "version" in PROJECT["dynamic"]
    assert not re.search(r"^version:", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)


def test_all_is_every_extra_but_what_only_the_examples_need() -> None:
    (every,) = EXTRAS["all"]
    assert every == f"steepest[{','.join(sorted(EXTRAS.keys() - {'all', 'examples'}))}]"


def test_the_oldest_python_is_the_oldest_that_is_named() -> None:
    minors = [int(c.rpartition(".")[2]) for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert PROJECT["requires-python"] == f">=3.{min(minors)}"


def test_every_python_that_is_named_is_tested() -> None:
    workflow = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    (tested,) = re.findall(r"^        python: (\[.*, .*, .*\])$", workflow, re.MULTILINE)
    named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert re.findall(r"[\d.]+", tested) == named
