"""What a reader sees: repr, examples in docstrings and README, the command, what an import costs."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import steepest
from machinery import needs_kernels
from steepest import GradientAscent, GradientDescent

ROOT = Path(__file__).parents[1]
PACKAGE = Path(steepest.__file__).parent
MODULES = ["steepest"] + [
    module.name
    for module in pkgutil.walk_packages(steepest.__path__, "steepest.")
    if not module.name.endswith(("__main__", "_kernels"))
    and not module.name.startswith("steepest.clients.")  # run where their libraries are
]


def python(*arguments: Any, **options: Any) -> Any:
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options)


class TestRepr:
    def test_of_the_default_call(self) -> None:
        text = repr(GradientAscent({"W": np.zeros((3, 4)), "b": np.zeros(4)}))
        assert text.startswith("GradientAscent(")
        assert text.endswith(")")
        assert "lr=0.01" in text

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"lr": 0.25}, "lr=0.25"),
            ({"momentum": 0.5}, "momentum=0.5"),
            ({"beta": None}, "beta=None"),
            ({"eps": 1e-4}, "eps=0.0001"),
            ({"nesterov": True}, "nesterov=True"),
            ({"clip_value": 2.0}, "clip_value=2.0"),
            ({"lr_decay": 0.5}, "lr_decay=0.5"),
            ({"warmup_steps": 7}, "warmup_steps=7"),
            ({"weight_decay": 0.125}, "weight_decay=0.125"),
            ({"bias_correction": False}, "bias_correction=False"),
            ({"maximize": False}, "maximize=False"),
            ({"clip_norm": 1.5}, "clip_norm=1.5"),
            ({"nonfinite": "skip"}, "nonfinite='skip'"),
        ],
        ids=str,
    )
    def test_names_every_option_that_was_chosen(
        self, library: Any, options: Any, said: Any
    ) -> None:
        assert said in repr(library.GradientAscent({"w": np.zeros(3)}, **options))

    def test_reads_the_current_options(self) -> None:
        opt = GradientAscent(np.zeros(3))
        opt.lr = 0.5
        assert "lr=0.5" in repr(opt)

    def test_of_groups_names_each_ones_options(self) -> None:
        opt = GradientAscent([{"params": np.zeros(2), "lr": 0.5}, {"params": np.ones(2)}], lr=0.25)
        assert "0.5" in repr(opt)
        assert "0.25" in repr(opt)

    def test_of_descent_has_no_maximize(self) -> None:
        text = repr(GradientDescent(np.zeros(3)))
        assert text.startswith("GradientDescent(")
        assert "maximize" not in text

    def test_stays_short_for_large_models(self) -> None:
        assert len(repr(GradientAscent({"W": np.zeros((500, 500))}))) < 1000


class TestSignatures:
    EXPECTED = (
        "(parameters, lr=0.01, momentum=0.9, beta=0.999, eps=1e-08, nesterov=False, "
        "clip_value=None, lr_decay=None, warmup_steps=0, logging_interval=10, *, clip_norm=None, "
        "weight_decay=0.0, bias_correction=True, maximize=True, nonfinite='raise', callback=None)"
    )

    def plain(self, thing: Any) -> Any:
        signature = inspect.signature(thing)
        bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
        return str(inspect.Signature(bare))

    def test_of_the_constructors(self, library: Any) -> None:
        assert self.plain(library.GradientAscent) == self.EXPECTED
        assert self.plain(GradientDescent) == self.EXPECTED.replace(" maximize=True,", "")
        assert self.plain(steepest.reference.GradientDescent) == self.plain(GradientDescent)

    def test_of_step(self) -> None:
        parameters = inspect.signature(GradientAscent(np.zeros(2)).step).parameters
        assert str(parameters["grads"].default) == "None"
        assert parameters["zero_grads"].default is False
        assert parameters["zero_grads"].kind is inspect.Parameter.KEYWORD_ONLY


class TestExamples:
    @pytest.mark.parametrize("module", MODULES)
    def test_in_docstrings_run_as_written(
        self, module: Any, tmp_path: Any, monkeypatch: Any
    ) -> None:
        monkeypatch.chdir(tmp_path)
        outcome = doctest.testmod(importlib.import_module(module))
        assert outcome.failed == 0

    @pytest.mark.parametrize("name", ["GradientAscent", "GradientDescent", "Parameter"])
    def test_are_in_every_public_class(self, name: Any) -> None:
        examples = doctest.DocTestFinder(recurse=True).find(
            getattr(steepest, name), name, globs=vars(steepest).copy()
        )
        assert sum(len(example.examples) for example in examples) > 0

    def test_every_public_name_has_a_docstring(self) -> None:
        for name in steepest.__all__:
            thing = getattr(steepest, name)
            if not isinstance(thing, str):
                assert (inspect.getdoc(thing) or "").strip(), name

    def test_every_public_method_has_a_docstring(self) -> None:
        for cls in (GradientAscent, GradientDescent, steepest.Parameter):
            for name, member in inspect.getmembers(cls):
                if not name.startswith("_") and not inspect.ismemberdescriptor(member):
                    assert (inspect.getdoc(member) or "").strip(), f"{cls.__name__}.{name}"


def readme_blocks() -> Any:
    """The README's Python, block by block; a block that continues an earlier one sees its names."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```(?:python|py)\b[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_readme_code_runs_as_written(tmp_path: Any, monkeypatch: Any, capsys: Any) -> None:
    blocks = readme_blocks()
    assert blocks, "README.md shows no Python"
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    for i, block in enumerate(blocks):
        if ">>>" in block:
            test = doctest.DocTestParser().get_doctest(block, names, f"block {i}", "README.md", 0)
            runner = doctest.DocTestRunner()
            runner.run(test, clear_globs=False)
            names.update(test.globs)
            assert runner.failures == 0
        else:
            exec(compile(block, f"README.md, block {i}", "exec"), names)


class TestCommand:
    def test_info_tells_the_versions(self) -> None:
        told = python("-m", "steepest", "info").stdout
        for said in (
            f"steepest {steepest.__version__}",
            np.__version__,
            f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}",
        ):
            assert said in re.sub(r"[:=\s]+", " ", told)

    def test_info_tells_the_instruction_set_and_the_threads(self) -> None:
        told = python("-m", "steepest", "info").stdout.lower()
        assert "instruction" in told
        assert "threads" in told

    def test_show_versions_tells_the_same(self, capsys: Any) -> None:
        steepest.show_versions()
        assert capsys.readouterr().out == python("-m", "steepest", "info").stdout

    def test_examples_lists_them_with_their_first_lines(self) -> None:
        lines = python("-m", "steepest", "examples").stdout.splitlines()
        names = [path.stem for path in sorted((ROOT / "examples").glob("[0-9]*.py"))]
        assert [line.split()[0] for line in lines] == names
        assert re.match("01_fence +A fence of 200 m", lines[0])
        assert len({line.index(line.split(maxsplit=1)[1]) for line in lines}) == 1

    @pytest.mark.parametrize("name", ["03_many_starts", "many_starts", "03", "3"])
    def test_examples_runs_the_one_named(self, name: str, tmp_path: Any) -> None:
        pytest.importorskip("matplotlib")
        told = python("-m", "steepest", "examples", name, cwd=tmp_path).stdout
        assert "One ascent from .5: x = 0.31278" in told
        assert (tmp_path / "pictures/03_many_starts.png").exists()

    def test_examples_hands_on_what_follows(self, tmp_path: Any) -> None:
        pytest.importorskip("matplotlib")
        told = python("-m", "steepest", "examples", "parabola", "--live", cwd=tmp_path).stdout
        assert "step 21: x  0.016305" in told

    def test_demo_draws_where_the_user_is(self, tmp_path: Any) -> None:
        for needed in ("matplotlib", "sklearn", "tqdm"):
            pytest.importorskip(needed)
        told = python("-m", "steepest", "demo", cwd=tmp_path).stdout
        assert "Drawn: pictures/digits.png" in told
        assert [path.name for path in tmp_path.rglob("*.png")] == ["digits.png"]

    def test_examples_knows_no_other(self) -> None:
        command = [sys.executable, "-m", "steepest", "examples", "nonsense"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "'nonsense', expected one of 01_fence, " in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("arguments", [[], ["nonsense"], ["info", "nonsense"]])
    def test_anything_else_explains_itself_and_fails(self, arguments: Any) -> None:
        command = [sys.executable, "-m", "steepest", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "info" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert (done.returncode != 0) == bool(arguments) or done.returncode == 2


class TestImport:
    def test_needs_numpy_and_nothing_else(self) -> None:
        """Everything beyond the standard library, NumPy and steepest is made unimportable."""
        python(
            "-c",
            """if True:
            import sys
            allowed = set(sys.stdlib_module_names) | {"numpy", "steepest"}
            refused = []

            class Blocker:
                def find_spec(self, name, path=None, target=None):
                    if name.partition(".")[0] not in allowed:
                        refused.append(name)
                        raise ImportError(f"{name} is blocked")

            sys.meta_path.insert(0, Blocker())
            import numpy as np
            refused.clear()
            import steepest, steepest.reference, steepest.__main__
            w = np.zeros(3)
            steepest.GradientAscent(w).step(np.ones(3))
            steepest.reference.GradientAscent(w).step(np.ones(3))
            # The standard library itself tries "org", which is Jython's.
            assert set(refused) <= {"org"}, refused
            """,
        )

    @needs_kernels
    def test_leaves_what_takes_long_until_it_is_needed(self) -> None:
        """Beside what NumPy imports, which differs from release to release."""
        slow = {
            *("argparse", "bz2", "dataclasses", "importlib.metadata", "inspect", "json", "logging"),
            *("lzma", "numpy.typing", "pathlib", "platform", "runpy", "shutil", "threading"),
            *("urllib.parse", "uuid", "zipfile"),
        }
        script = "import sys, numpy; known = {*sys.modules}; import steepest; print(*{*sys.modules} - known)"
        brought = set(python("-c", script).stdout.split())
        assert "steepest.optimizer" in brought
        assert not slow & brought
        ours = {*sys.stdlib_module_names, "numpy", "steepest"}
        assert {name.partition(".")[0] for name in brought} <= ours

    def test_of_a_bare_name_offers_the_public_ones(self) -> None:
        assert set(steepest.__all__) >= {
            *("GradientAscent", "GradientDescent", "Parameter", "StepInfo", "show_versions"),
            *("reference", "__version__"),
        }
        for name in steepest.__all__:
            assert hasattr(steepest, name)

    def test_brings_what_an_optimizer_needs_and_the_rest_when_it_is_asked_for(self) -> None:
        python(
            "-c",
            """if True:
            import sys
            import steepest
            rooms = {f"steepest.{room}" for room in ("checks", "maximization", "projections")}
            assert not rooms & set(sys.modules)
            assert set(steepest.__all__) <= set(dir(steepest))
            from steepest import *
            assert rooms < set(sys.modules)
            assert minimize is steepest.maximization.minimize
            assert projections is sys.modules["steepest.projections"]
            try:
                steepest.nonsense
            except AttributeError as error:
                assert "nonsense" in str(error)
            else:
                raise AssertionError
            """,
        )

    def test_is_typed(self) -> None:
        assert (PACKAGE / "py.typed").is_file()
        assert (PACKAGE / "_kernels.pyi").is_file()


def test_nothing_in_the_package_prints() -> None:
    """But for the command and show_versions, whose purpose it is."""
    printing = [
        f"{path.name}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if path.name not in ("versions.py", "__main__.py")
        and "gallery" not in path.relative_to(PACKAGE).parts  # the examples
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == "print"
    ]
    assert not printing


def test_the_version_is_the_packages_own() -> None:
    from importlib.metadata import version

    assert steepest.__version__ == version("steepest")
