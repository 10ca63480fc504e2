"""What all adapters have in common: imported only when asked for, documented, clear about what they need."""

import doctest
import importlib
import inspect
import subprocess
import sys
from typing import Any

import pytest
import steepest.clients

ADAPTERS = steepest.clients.__all__


def python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def public(module: Any) -> dict[str, Any]:
    return {name: getattr(module, name) for name in module.__all__}


def test_importing_all_of_them_imports_no_library() -> None:
    told = python(
        "import sys, steepest.clients; from steepest import clients; dir(clients)\n"
        "print(sorted(m for m in sys.modules if m.startswith('steepest.clients')))"
    )
    assert told.strip() == "['steepest.clients']"


@pytest.mark.parametrize("name", ADAPTERS)
def test_without_its_library_an_adapter_names_the_extra(name: str) -> None:
    told = python(
        f"""if True:
        import sys

        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == {name!r}:
                    raise ModuleNotFoundError(f"no {{name}} here", name=name)

        sys.meta_path.insert(0, Blocker())
        import steepest.clients
        try:
            steepest.clients.{name}
        except ImportError as error:
            print(error)
        """
    )
    assert f'pip install "steepest[{name}]"' in told


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ADAPTERS)
def test_examples_in_docstrings_run_as_written(name: str, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    module = getattr(steepest.clients, name)
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ADAPTERS)
def test_every_public_thing_has_a_docstring(name: str) -> None:
    for thing in public(importlib.import_module(f"steepest.clients.{name}")).values():
        if not isinstance(thing, (str, dict)):
            assert (inspect.getdoc(thing) or "").strip(), thing
