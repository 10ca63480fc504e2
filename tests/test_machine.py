"""Threads and instruction sets change no bit; how they are chosen, and what the environment says."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import oracle
import pytest
import steepest
from cases import ALONE, DTYPES, LAYOUTS, Array, Case, gradient, start
from harness import assert_same_bits, assert_same_state, build
from machinery import SETS, THREADED, every_way, in_a_process, needs_kernels, needs_proc
from steepest.backend import kernels

every_dtype = pytest.mark.parametrize("dtype", DTYPES)

#: One, two, an odd number, and more than any machine has for a step of this size.
THREADS = (1, 2, 3, 7)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the machine's settings as they were."""
    threads, name = steepest.get_num_threads(), steepest.get_instruction_set()
    yield
    steepest.set_num_threads(threads)
    steepest.set_instruction_set(name)


# -- The same bits: instruction sets, around the widths of their vectors ---------------------------


@every_dtype
@pytest.mark.parametrize("case", ALONE, ids=str)
def test_every_option_in_every_instruction_set(case: Case, dtype: str) -> None:
    lengths = [*range(36), 63, 64, 65, 127, 4095, 4097]

    def walk(library: Any) -> tuple[list[Array], Any]:
        parameters = [start((n,), dtype, n) for n in lengths]
        opt = build(library, case, parameters)
        for step in range(3):
            opt.step([gradient((n,), dtype, 9 * step + n) for n in lengths])
        return parameters, opt

    expected, reference = walk(steepest.reference)
    for way in every_way((1,)):
        parameters, opt = walk(steepest)
        assert_same_bits(np.concatenate(parameters), np.concatenate(expected), way)
        assert_same_state(opt, reference)


# -- The same bits: threads, over arrays of every kind ---------------------------------------------

# Every optimizer as it is, and with what else its law has.
RICH: dict[str, dict[str, Any]] = {
    "GradientAscent": {"nesterov": True, "weight_decay": 0.3, "lr_decay": 0.9, "warmup_steps": 2},
    "GradientDescent": {"beta": None, "bias_correction": False},
    "SGD": {"momentum": 0.8, "nesterov": True, "weight_decay": 0.3},
    "Adam": {"amsgrad": True, "weight_decay": 0.3},
    "AdamW": {"amsgrad": True, "maximize": True},
    "NAdam": {"weight_decay": 0.2, "decoupled_weight_decay": True, "momentum_decay": 0.7},
    "RAdam": {"betas": (0.5, 0.8), "weight_decay": 0.3},
    "RMSprop": {"momentum": 0.7, "centered": True, "weight_decay": 0.3},
    "Adagrad": {"lr_decay": 0.3, "initial_accumulator_value": 0.7},
    "Adadelta": {"rho": 0.6, "weight_decay": 0.3},
    "Adamax": {"betas": (0.5, 0.8), "maximize": True},
    "Rprop": {"etas": (0.3, 1.7)},
    "ASGD": {"t0": 1.5, "weight_decay": 0.3},
    "Lion": {"weight_decay": 0.3, "maximize": True},
    "AdaBelief": {"eps_root": 0.1, "weight_decay": 0.3},
    "Yogi": {"b1": 0.5, "weight_decay": 0.3},
}

# Shape, layout of the parameter, of the gradient. Units of 16,384 elements end everywhere.
ARRAYS: list[tuple[tuple[int, ...], str, str]] = [
    ((), "C", "C"),
    ((150_001,), "C", "C"),
    ((0, 3), "C", "C"),
    ((211, 301), "F", "C"),
    ((40_003,), "sliced", "negative"),
    ((17_000,), "C", "C"),  # has no gradient in every other step
    ((33_001,), "misaligned", "field"),
    ((20, 30, 41), "rotated", "F"),
    *(((n,), "C", "C") for n in range(20)),
    ((65, 257), "negative-sliced", "interior"),
]
LONGEST, ABSENT = 1, 5
assert sum(int(np.prod(shape)) for shape, *_ in ARRAYS) > 2 * THREADED


begin = functools.cache(start)


class World:
    """Arrays of every kind in two groups, and an optimizer over them that takes three steps."""

    def __init__(self, library: Any, case: Case, dtype: str, *, zeroes: bool) -> None:
        self.parameters = [
            LAYOUTS[layout](begin(shape, dtype, k)) for k, (shape, layout, _) in enumerate(ARRAYS)
        ]
        self.norms: list[float] = []
        groups = [{"params": self.parameters[:4], "lr": 0.03}, {"params": self.parameters[4:]}]
        self.opt = build(
            library, case, groups, callback=lambda info: self.norms.append(info.grad_norm)
        )
        for step in range(3):
            gradients = self.gradients(step, dtype, overlapping=not zeroes)
            self.opt.step(gradients, zero_grads=zeroes)
            left = [g.any() for g in gradients if g is not None and g.size > 1]
            assert not any(left) if zeroes else all(left)

    def gradients(self, step: int, dtype: str, *, overlapping: bool) -> list[Array | None]:
        gradients: list[Array | None] = [
            LAYOUTS[layout](gradient(shape, dtype, 50 * step + k))
            for k, (shape, _, layout) in enumerate(ARRAYS)
        ]
        if step % 2:
            gradients[ABSENT] = None
            if overlapping:
                own = self.parameters[LONGEST]
                gradients[LONGEST] = own[::-1]
                gradients[ABSENT + 1] = own[5 : 5 + ARRAYS[ABSENT + 1][0][0]]
        return gradients

    def assert_equals(self, other: World, way: str) -> None:
        for k, (array, expected) in enumerate(zip(self.parameters, other.parameters, strict=True)):
            assert_same_bits(array, expected, f"{way}: parameter {k}")
        assert [norm.hex() for norm in self.norms] == [norm.hex() for norm in other.norms], way
        assert_same_state(self.opt, other.opt)


@every_dtype
@pytest.mark.parametrize("optimizer", RICH)
def test_any_threads_and_instruction_set_give_the_bits_of_the_reference(
    optimizer: str, dtype: str
) -> None:
    case = Case("", optimizer, {"nonfinite": "propagate"})
    assert_every_way_equals_reference(case, dtype, zeroes=False)


@every_dtype
@pytest.mark.parametrize("optimizer", RICH)
def test_they_do_with_every_option_while_gradients_are_zeroed(optimizer: str, dtype: str) -> None:
    case = Case("", optimizer, {"clip_norm": 30.0, "clip_value": 0.05, **RICH[optimizer]})
    assert_every_way_equals_reference(case, dtype, zeroes=True)


def assert_every_way_equals_reference(case: Case, dtype: str, *, zeroes: bool) -> None:
    reference = World(steepest.reference, case, dtype, zeroes=zeroes)
    for way in every_way(THREADS):
        World(steepest, case, dtype, zeroes=zeroes).assert_equals(reference, way)


def test_the_table_names_every_optimizer() -> None:
    assert {case.optimizer for case in ALONE} == set(RICH)


@every_dtype
@pytest.mark.parametrize("n", [THREADED - 1, THREADED, THREADED + 1, 300_000, 8_192 * 33 + 1])
def test_one_array_of_any_size_around_the_units(n: int, dtype: str) -> None:
    case = ALONE[0]
    expected = start((n,), dtype)
    reference = build(steepest.reference, case, expected)
    slopes = [gradient((n,), dtype, step) for step in range(2)]
    for slope in slopes:
        reference.step(slope)
    for way in every_way((*THREADS, 64)):
        theta = start((n,), dtype)
        opt = build(steepest, case, theta)
        for slope in slopes:
            opt.step(slope)
        assert_same_bits(theta, expected, way)
        assert_same_state(opt, reference)


def test_dtypes_mixed_in_one_step() -> None:
    kinds = [(n, dtype) for n in (90_001, 7, 40_000) for dtype in DTYPES]

    def walk(library: Any) -> tuple[list[Array], Any]:
        parameters = [start((n,), dtype, n) for n, dtype in kinds]
        opt = library.GradientAscent(parameters, clip_norm=1.0)
        for step in range(2):
            opt.step([gradient((n,), dtype, step + n) for n, dtype in kinds])
        return parameters, opt

    expected, reference = walk(steepest.reference)
    for way in every_way(THREADS):
        parameters, opt = walk(steepest)
        for array, other in zip(parameters, expected, strict=True):
            assert_same_bits(array, other, way)
        assert_same_state(opt, reference)


# -- The norm --------------------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize("scale", [1.0, 1e200])
def test_the_norm_is_that_of_the_law(scale: float, dtype: str) -> None:
    if dtype == "float32" and scale > 1:
        pytest.skip("no float32 is so large")
    g = [
        gradient((140_001,), dtype, 1) * np.dtype(dtype).type(scale),
        np.asfortranarray(gradient((70, 90), dtype, 2)),
        gradient((4097,), dtype, 3)[::-1],
    ]
    expected = oracle.norm(g).hex()
    for way in every_way(THREADS):
        norms: list[float] = []
        opt = steepest.GradientAscent(
            [np.zeros_like(array) for array in g],
            nonfinite="propagate",
            callback=lambda info, norms=norms: norms.append(info.grad_norm),
        )
        opt.step(g)
        assert norms[0].hex() == expected, way


# -- Gradients that are not finite -----------------------------------------------------------------


def spoilt(dtype: str, bad: float) -> list[Array]:
    """Gradients of which the last numbers of the last two are bad."""
    slopes = [np.array(gradient((n,), dtype, n)) for n in (100, 200_003, 90_001)]
    slopes[1][-1] = slopes[2][-3:] = bad
    return slopes


@every_dtype
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30], ids=["nan", "inf", "square"])
def test_a_bad_value_in_the_last_unit_stops_the_step_before_anything_is_written(
    bad: float, dtype: str
) -> None:
    bad = 1e200 if (bad, dtype) == (1e30, "float64") else bad
    for way in every_way(THREADS):
        parameters = [start(g.shape, dtype) for g in spoilt(dtype, bad)]
        before = [array.tobytes() for array in parameters]
        opt = steepest.GradientAscent(parameters)
        slopes = spoilt(dtype, bad)
        whole = [array.tobytes() for array in slopes]
        for _ in range(3):
            with pytest.raises(FloatingPointError, match=r"'1': 1 of 200003 .*index \(200002,\)"):
                opt.step(slopes, zero_grads=True)
        assert [array.tobytes() for array in parameters] == before, way
        assert [array.tobytes() for array in slopes] == whole, way
        assert not any(a.any() for state in opt.state.values() for a in state.values()), way
        assert (opt.step_count, opt.skipped_steps) == (0, 0)


@every_dtype
def test_a_skipped_step_is_told_counted_and_zeroes_the_gradients(dtype: str) -> None:
    for way in every_way(THREADS):
        told: list[Any] = []
        parameters = [start(g.shape, dtype) for g in spoilt(dtype, np.nan)]
        before = [array.tobytes() for array in parameters]
        opt = steepest.GradientAscent(parameters, nonfinite="skip", callback=told.append)
        slopes = spoilt(dtype, np.nan)
        opt.step(slopes, zero_grads=True)
        assert [array.tobytes() for array in parameters] == before, way
        assert not any(array.any() for array in slopes), way
        assert (opt.step_count, opt.skipped_steps) == (0, 1)
        assert told[0].skipped
        assert np.isnan(told[0].grad_norm)
        opt.step([gradient(g.shape, dtype, 1) for g in slopes])
        assert (opt.step_count, opt.skipped_steps) == (1, 1)


# -- No subnormal state, whatever computes it ------------------------------------------------------


@every_dtype
@pytest.mark.parametrize("optimizer", RICH)
def test_zero_gradients_leave_no_subnormal_state(optimizer: str, dtype: str) -> None:
    for way in every_way((1,)):
        theta = start((37,), dtype)
        opt = build(steepest, Case("", optimizer, {}), theta)
        for step in range(3):
            opt.step(1e-3 * gradient((37,), dtype, step))
        zero = np.zeros_like(theta)
        for steps in (1, 10, 100, 889, 9000):
            for _ in range(steps):
                opt.step(zero)
            for kind, array in opt.state["0"].items():
                if kind == "mu_product":
                    continue  # see below
                sizes, tiny = abs(array), np.finfo(array.dtype).smallest_normal
                assert not ((sizes > 0) & (sizes < tiny)).any(), f"{way}: {kind}"


def test_a_long_walk_leaves_no_subnormal_number_to_carry() -> None:
    opt = steepest.NAdam(np.zeros(3))
    for _ in range(8000):
        opt.step(np.zeros(3))
    carried = float(opt.state["0"]["mu_product"])
    assert carried == 0 or carried >= np.finfo(float).smallest_normal


# -- How they are chosen ---------------------------------------------------------------------------


@needs_kernels
@pytest.mark.parametrize("n", [1, 2, 3, 63, 64, np.int64(5), np.array(6)])
def test_the_number_of_threads_is_what_was_set(n: Any) -> None:
    assert steepest.set_num_threads(n) is None
    assert steepest.get_num_threads() == n
    assert type(steepest.get_num_threads()) is int


@pytest.mark.parametrize("n", [0, -1, 65, 2**62, 2**70, np.int64(-3)])
def test_a_number_out_of_range_is_refused(n: Any) -> None:
    steepest.set_num_threads(3)
    before = steepest.get_num_threads()
    with pytest.raises(ValueError, match=r"^n: got .*, expected an integer from 1 to 64$") as error:
        steepest.set_num_threads(n)
    assert repr(n) in str(error.value)
    assert steepest.get_num_threads() == before


@pytest.mark.parametrize("n", [None, "2", 2.0, True, [2], np.float64(1.0), np.array([2])])
def test_what_is_no_integer_is_refused(n: Any) -> None:
    steepest.set_num_threads(3)
    before = steepest.get_num_threads()
    with pytest.raises(TypeError, match=r"^n: got .*, expected an integer from 1 to 64$") as error:
        steepest.set_num_threads(n)
    assert type(n).__name__ in str(error.value)
    assert steepest.get_num_threads() == before


def test_the_instruction_set_is_what_was_set() -> None:
    for name in SETS:
        assert steepest.set_instruction_set(name) is None
        assert steepest.get_instruction_set() == name


@pytest.mark.parametrize("name", ["", "avx2", "AVX", "SSE2 ", "AVX-1024"])
def test_an_instruction_set_that_is_not_there_is_refused(name: str) -> None:
    before = steepest.get_instruction_set()
    with pytest.raises(ValueError, match=r"^name: got .*, expected one of ") as error:
        steepest.set_instruction_set(name)
    assert all(repr(known) in str(error.value) for known in [name, *SETS])
    with pytest.raises(ValueError, match="expected one that this machine has"):
        kernels.set_instruction_set(name)
    assert steepest.get_instruction_set() == before


@pytest.mark.parametrize("name", [None, 2, b"AVX2", ["AVX2"]])
def test_what_is_no_name_is_refused(name: Any) -> None:
    with pytest.raises(TypeError, match=r"^name: got .*, expected one of "):
        steepest.set_instruction_set(name)


@needs_kernels
def test_the_versions_name_both() -> None:
    steepest.set_num_threads(5)
    told = steepest.versions.versions()
    assert told["threads"] == "5"
    assert told["instruction set"] == steepest.get_instruction_set()


# -- What the environment says ---------------------------------------------------------------------

LOOK = "import steepest; print(steepest.get_num_threads(), steepest.get_instruction_set())"


def test_the_default_is_one_thread_a_core_up_to_eight_and_the_widest_vectors() -> None:
    threads, name = in_a_process(LOOK).split()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert 1 <= int(threads) <= min(cores or 1, 8)
    assert name == SETS[-1]


@needs_kernels
@pytest.mark.parametrize("threads", ["1", "5", "64", "007"])
def test_the_environment_sets_the_number_of_threads(threads: str) -> None:
    assert in_a_process(LOOK, STEEPEST_NUM_THREADS=threads).split()[0] == str(int(threads))


def test_the_environment_sets_the_instruction_set() -> None:
    for name in SETS:
        assert in_a_process(LOOK, STEEPEST_INSTRUCTION_SET=name).split()[1] == name


def test_an_empty_variable_says_nothing() -> None:
    empty = in_a_process(LOOK, STEEPEST_NUM_THREADS="", STEEPEST_INSTRUCTION_SET="")
    assert empty == in_a_process(LOOK)


REFUSED = """
try:
    import steepest
except ValueError as error:
    print(error)
"""


def test_what_the_environment_may_not_say_stops_the_import() -> None:
    told = in_a_process(REFUSED, STEEPEST_NUM_THREADS="many")
    assert told.startswith("STEEPEST_NUM_THREADS: got 'many'")


@pytest.mark.parametrize(
    "value",
    [
        *("0", "65", "-1", "2.5", " ", "1_0", "9" * 40),
        pytest.param("9" * 5000, id="long"),
    ],
)
def test_a_number_in_the_environment_that_cannot_be_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    steepest.set_num_threads(3)
    before = steepest.get_num_threads()
    monkeypatch.setenv("STEEPEST_NUM_THREADS", value)
    with pytest.raises(ValueError, match=r"^STEEPEST_NUM_THREADS: got .*an integer from 1 to 64$"):
        steepest.machine.read_environment()
    assert steepest.get_num_threads() == before


def test_an_instruction_set_in_the_environment_that_cannot_be_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STEEPEST_INSTRUCTION_SET", "avx9000")
    with pytest.raises(ValueError, match=r"^STEEPEST_INSTRUCTION_SET: got 'avx9000', exp") as error:
        steepest.machine.read_environment()
    assert all(repr(name) in str(error.value) for name in SETS)


@needs_kernels
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs affinity")
def test_a_process_bound_to_one_core_uses_one_thread() -> None:
    bind = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    assert in_a_process(bind + LOOK).split()[0] == "1"
    assert in_a_process(bind + LOOK, STEEPEST_NUM_THREADS="2").split()[0] == "2"


# -- What threads there are ------------------------------------------------------------------------

COUNT = """
import json, time, numpy as np, steepest
from machinery import our_threads
def after(n, threads=None):
    if threads: steepest.set_num_threads(threads)
    theta = np.zeros(n, np.float32)
    opt = steepest.GradientAscent(theta)
    for _ in range(3): opt.step(np.ones_like(theta))
    return our_threads(EXPECTED)
found = []
for line, EXPECTED in LINES.items():
    found.append(eval(line))
    time.sleep(0.01)  # there could be more of them
    assert len(our_threads()) == EXPECTED, (line, our_threads())
print(json.dumps(found))
"""


@needs_kernels
@needs_proc
def test_threads_are_made_when_a_step_is_worth_them_and_no_more_of_them() -> None:
    asked = {
        "our_threads()": 0,
        "after(1000, 4)": 0,
        f"after({THREADED - 1}, 4)": 0,
        "after(1_000_000, 1)": 0,
        f"after({THREADED}, 4)": 1,  # it is worth two
        "after(100_000, 4)": 2,
        "after(1_000_000, 3)": 2,
        "after(1_000_000, 4)": 3,
        "after(1_000_000, 2)": 3,  # they sleep
        "after(1_000_000, 9)": 8,
    }
    found = json.loads(in_a_process(COUNT.replace("LINES", repr(asked))))
    counts = {line: len(names) for line, names in zip(asked, found, strict=True)}
    assert counts == asked
    assert found[-1] == [f"steepest-{k}" for k in range(1, 9)]
