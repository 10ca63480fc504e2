"""What computes a step: chosen by the environment, told, and the same bits whichever it is."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import ALONE
from machinery import in_a_process
from steepest.reference import kernels, step

has_extension = pytest.mark.skipif(
    importlib.util.find_spec("steepest._kernels") is None, reason="compares with the extension"
)

LOOK = """
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    try:
        import steepest
    except (ImportError, ValueError) as error:
        print(type(error).__name__, error)
    else:
        import steepest.reference
        print(steepest.versions.versions()["backend"])
for warning in told:
    print(warning.category.__name__, warning.message)
"""
MISSING = "import sys; sys.modules['steepest._kernels'] = None\n"
BROKEN = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "steepest._kernels":
            raise ImportError("libm.so.6: no version GLIBC_2.99")
sys.meta_path.insert(0, Finder())
"""


@has_extension
@pytest.mark.parametrize("asked", ["", "auto", "rust"])
def test_the_extension_is_taken_where_there_is_one(asked: str) -> None:
    assert in_a_process(LOOK, STEEPEST_BACKEND=asked) == "rust\n"


@pytest.mark.parametrize("before", ["", MISSING], ids=["there", "missing"])
def test_numpy_is_taken_where_it_is_asked_for_and_nothing_is_said(before: str) -> None:
    assert in_a_process(before + LOOK, STEEPEST_BACKEND="numpy") == "numpy\n"


@pytest.mark.parametrize("asked", ["", "auto"])
def test_a_missing_extension_is_told_once_with_what_it_costs(asked: str) -> None:
    backend, *warned = in_a_process(MISSING + LOOK, STEEPEST_BACKEND=asked).splitlines()
    assert backend == "numpy"
    assert len(warned) == 1
    assert warned[0].startswith(
        "RuntimeWarning steepest: the compiled extension cannot be imported"
    )
    assert "20 to 1000 times as long" in warned[0]
    assert "STEEPEST_BACKEND=numpy" in warned[0]


def test_what_keeps_the_extension_from_being_imported_is_told() -> None:
    assert "(libm.so.6: no version GLIBC_2.99)" in in_a_process(BROKEN + LOOK, STEEPEST_BACKEND="")


def test_where_the_extension_is_demanded_its_lack_stops_the_import() -> None:
    told = in_a_process(BROKEN + LOOK, STEEPEST_BACKEND="rust")
    assert told.startswith(
        "ConfigurationError STEEPEST_BACKEND: got 'rust', but the compiled extension"
    )
    assert "GLIBC_2.99" in told
    assert "install a wheel of steepest" in told


@pytest.mark.parametrize("asked", ["Rust", "torch", " "])
def test_any_other_backend_stops_the_import(asked: str) -> None:
    told = in_a_process(LOOK, STEEPEST_BACKEND=asked)
    expected = "expected one of 'auto', 'rust', 'numpy'"
    assert told == f"ConfigurationError STEEPEST_BACKEND: got {asked!r}, {expected}\n"


@pytest.mark.parametrize("command", ["info", "examples", "demo"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("STEEPEST_BACKEND", "foo"), ("STEEPEST_NUM_THREADS", "0"), ("STEEPEST_INSTRUCTION_SET", "x")],
)
def test_the_command_line_says_in_one_line_what_stops_the_import(
    command: str, variable: str, value: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "steepest", command],
        env={**os.environ, variable: value},
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = done.stderr.splitlines()
    assert f"{variable}: got " in line
    assert "expected" in line
    assert (done.returncode, done.stdout) == (1, "")


def test_the_command_line_says_in_one_line_that_the_extension_is_missing() -> None:
    run = "import runpy; runpy._run_module_as_main('steepest')"
    script = f"{MISSING}import sys\ntry:\n    {run}\nexcept SystemExit as end:\n    print(end)"
    (line,) = in_a_process(script, STEEPEST_BACKEND="rust").splitlines()
    assert "STEEPEST_BACKEND: got 'rust', but the compiled extension" in line


def test_info_tells_the_backend() -> None:
    run = "import sys, runpy; sys.argv = ['', 'info']; runpy.run_module('steepest', run_name='__main__')"
    told = in_a_process(run, STEEPEST_BACKEND="numpy").splitlines()
    assert ["backend", "numpy"] in [line.split() for line in told]
    assert ["instruction", "set", "NumPy"] in [line.split() for line in told]
    assert ["threads", "1"] in [line.split() for line in told]


def test_threads_and_instruction_sets_are_what_numpy_has() -> None:
    script = """if True:
        import steepest
        steepest.set_num_threads(4)
        steepest.set_instruction_set("NumPy")
        print(steepest.get_num_threads(), steepest.get_instruction_set())
        for call, wrong in ((steepest.set_num_threads, 0), (steepest.set_instruction_set, "AVX2")):
            try:
                call(wrong)
            except ValueError as error:
                print(error)
    """
    told = in_a_process(script, STEEPEST_BACKEND="numpy", STEEPEST_NUM_THREADS="2").splitlines()
    assert told == [
        "1 NumPy",
        "n: got 0, expected an integer from 1 to 64",
        "name: got 'AVX2', expected one of 'NumPy'",
    ]


# -- One thing under two names ---------------------------------------------------------------------


@has_extension
def test_both_backends_offer_the_same() -> None:
    compiled = importlib.import_module("steepest._kernels")
    assert set(kernels.__all__) == {name for name in dir(compiled) if name[0] != "_"}
    assert kernels.__all__ == sorted(kernels.__all__)
    public = {name for name in vars(compiled.Stepper) if name[0] != "_"}
    assert public == {name for name in vars(step.Stepper) if name[0] != "_"}


@has_extension
def test_both_steps_are_described_in_the_same_words() -> None:
    compiled = importlib.import_module("steepest._kernels").Stepper
    for name in ("step", "step_count", "skipped_steps"):
        ours, theirs = (inspect.getdoc(getattr(c, name)) for c in (step.Stepper, compiled))
        assert (ours or "").split() == (theirs or "").split(), name
    calls = [inspect.signature(c.step).parameters.values() for c in (step.Stepper, compiled)]
    ours, theirs = ([(p.name, p.kind, p.default) for p in [*call][1:]] for call in calls)
    assert ours == theirs


@pytest.mark.parametrize("asked", [pytest.param("rust", marks=has_extension), "numpy"])
def test_the_reference_is_there_with_either(asked: str) -> None:
    script = """if True:
        import steepest
        from steepest.reference import *
        from steepest import reference
        for name in reference.__all__:
            ours, public = getattr(reference, name), getattr(steepest, name)
            assert issubclass(ours, public) and ours is globals()[name]
            assert ours.step is reference.step.Stepper.step
        print(public.step is ours.step)
    """
    assert in_a_process(script, STEEPEST_BACKEND=asked) == f"{asked == 'numpy'}\n"


# -- The same bits ---------------------------------------------------------------------------------

#: Every row of the table of cases, 20 steps; what was saved half-way goes on where it stood.
WALKS = """
import copy, hashlib, pickle
from cases import ALONE, gradient, start
from harness import build
import steepest
print(steepest.backend.NAME)
for case in ALONE:
    for dtype in ("float32", "float64"):
        arrays = {"w": start((7, 9), dtype, 1), "b": start((40,), dtype, 2)}
        opt = build(steepest, case, arrays)
        for step in range(20):
            if step == 10:
                opt, arrays = pickle.loads(pickle.dumps((opt, arrays)))
            opt.step({k: gradient(a.shape, dtype, 2 * step + (k == "b")) for k, a in arrays.items()})
        found = hashlib.sha256()
        for array in (*arrays.values(), *(a for s in opt.state.values() for a in s.values())):
            found.update(array.tobytes())
        print(case, dtype, opt.step_count, opt.effective_lr, found.hexdigest())
"""


@has_extension
def test_both_have_the_same_bits_after_twenty_steps() -> None:
    numpy, *found = in_a_process(WALKS, STEEPEST_BACKEND="numpy").splitlines()
    rust, *expected = in_a_process(WALKS, STEEPEST_BACKEND="rust").splitlines()
    assert (numpy, rust) == ("numpy", "rust")
    assert len(expected) == 2 * len(ALONE)
    assert found == expected


HALF = """
import numpy as np, steepest
from steepest.reference.laws.adam import Adam
w, b = np.ones(3), np.ones(2)
opt = steepest.Adam([w, b])
whole, calls = Adam.direction, []
def failing(self, *arguments):
    calls.append(1)
    if len(calls) == 2:
        raise MemoryError
    return whole(self, *arguments)
Adam.direction = failing
try:
    opt.step([w, b])
except MemoryError:
    state = opt.state_dict()["state"]["0"]
    print(w.tolist(), opt.step_count, state["exp_avg"].any(), state["steps"])
opt.step([w, b])
print(opt.step_count, (w < 1).all() and (b < 1).all())
"""


def test_a_step_that_fails_half_way_has_changed_nothing() -> None:
    told = in_a_process(HALF, STEEPEST_BACKEND="numpy").splitlines()
    assert told == ["[1.0, 1.0, 1.0] 0 False 0", "1 True"]


def test_numpy_obeys_the_law_number_by_number() -> None:
    """The tests of the law against the one written out a third time, on this backend."""
    root = Path(__file__).parents[1]
    chosen = "number_by_number and (default or nesterov)"
    arguments = ["-p", "no:cacheprovider", "-q", "-k", chosen, str(root / "tests/test_law.py")]
    script = f"import sys, pytest; sys.exit(pytest.main({arguments!r}))"
    told = in_a_process(script, STEEPEST_BACKEND="numpy")
    assert " passed" in told
