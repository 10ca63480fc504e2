"""The state_dict of a torch optimizer goes on here as it would there, or changes nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import steepest
from cases import Array
from standins import Tensor
from unchanged import refused

# Class and options, by torch's names.
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"weight_decay": 0.1}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "dampening": 0.4}),
    ("Adam", {}),
    ("Adam", {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    ("NAdam", {}),
    ("NAdam", {"momentum_decay": 0.1, "betas": (0.8, 0.99), "weight_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {}),
    ("RAdam", {"betas": (0.8, 0.9), "weight_decay": 0.1}),
    ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "weight_decay": 0.1}),
    ("RMSprop", {"centered": True, "alpha": 0.9}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adagrad", {}),
    ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1}),
    ("Adagrad", {"initial_accumulator_value": 0.3}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.5, "weight_decay": 0.1}),
    ("Adamax", {}),
    ("Adamax", {"betas": (0.5, 0.9), "weight_decay": 0.1}),
    ("Rprop", {}),
    ("Rprop", {"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.05)}),
    ("ASGD", {}),
    ("ASGD", {"lambd": 0.1, "alpha": 0.5, "t0": 5.0, "weight_decay": 0.1}),
]
every_option = pytest.mark.parametrize(
    ("name", "options"), OPTIONS, ids=lambda value: value if isinstance(value, str) else str(value)
)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
every_direction = pytest.mark.parametrize("maximize", [False, True])

SHAPES = [(7, 3), (33,), (), (2, 2)]


def arrays(dtype: str, seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape)).astype(dtype) for shape in SHAPES]


def gradients(dtype: str, step: int, stop: int) -> list[Array | None]:
    """Those of a step: the third parameter misses the first, the last all before the stop."""
    found: list[Array | None] = [*arrays(dtype, step + 1)]
    if step == 0:
        found[2] = None
    if step < stop:
        found[3] = None
    return found


def grouped(parameters: list[Any]) -> list[dict[str, Any]]:
    return [{"params": parameters[:2]}, {"params": parameters[2:], "lr": 0.03}]


def as_torch(opt: Any) -> dict[str, Any]:
    """What torch's optimizer would give in the same place, with arrays for tensors."""
    own = opt.state_dict()
    kind, groups, entries = own["optimizer"], [], {}
    for saved in own["param_groups"]:
        ours = ("clip_value", "effective_lr", "params")
        group = {key: value for key, value in saved.items() if key not in ours}
        first = len(entries)
        for name in saved["params"]:
            entry = own["state"][name]
            steps = entry.pop("steps")
            if kind != "SGD":
                entry["step"] = np.array(steps, np.float32)
            if kind == "ASGD":
                entry |= {"eta": np.array(0.5), "mu": np.array(0.5)}
            if kind == "Adagrad" and not steps:
                entry["sum"] += entry["sum"].dtype.type(saved["initial_accumulator_value"])
            elif not steps:
                entry = {}
            entries[len(entries)] = entry
        indices = list(range(first, len(entries)))
        groups.append({**group, "foreach": None, "differentiable": False, "params": indices})
    state = {index: entry for index, entry in entries.items() if entry}
    return {"state": state, "param_groups": groups}


class TestResume:
    @every_dtype
    @every_direction
    @every_option
    def test_equals_never_having_stopped(
        self, library: Any, name: str, options: dict[str, Any], maximize: bool, dtype: str
    ) -> None:
        whole = arrays(dtype, 0)
        opt = getattr(library, name)(grouped(whole), lr=0.01, maximize=maximize, **options)
        for step in range(4):
            opt.step(gradients(dtype, step, 4))
        resumed = [array.copy() for array in whole]
        other = getattr(library, name)(
            [{"params": resumed[:2]}, {"params": resumed[2:]}], maximize=not maximize
        )
        saved = as_torch(opt)
        other.load_torch_state_dict(saved)
        for mine, theirs in zip(other.param_groups, opt.param_groups, strict=True):
            assert {**mine, "params": ()} == {**theirs, "params": ()}
        for step in range(4, 9):
            opt.step(gradients(dtype, step, 4))
            other.step(gradients(dtype, step, 4))
        for a, b in zip(resumed, whole, strict=True):
            assert a.tobytes() == b.tobytes()
        if name != "SGD":
            assert as_torch(other)["state"].keys() == as_torch(opt)["state"].keys()
            assert other.step_count == opt.step_count == 9
            for key, entry in opt.state_dict()["state"].items():
                again = other.state_dict()["state"][key]
                assert again.keys() == entry.keys()
                for kind, value in entry.items():
                    assert np.asarray(again[kind]).tobytes() == np.asarray(value).tobytes()

    @pytest.mark.parametrize("name", dict(OPTIONS))
    def test_of_nothing_is_a_start(self, library: Any, name: str) -> None:
        first, second = arrays("float64", 0), arrays("float64", 0)
        opt = getattr(library, name)(first)
        other = getattr(library, name)(second)
        other.step(arrays("float64", 50))
        for array, start in zip(second, arrays("float64", 0), strict=True):
            array[...] = start
        other.load_torch_state_dict(as_torch(opt))
        assert other.step_count == 0
        for step in range(3):
            opt.step(arrays("float64", step))
            other.step(arrays("float64", step))
        for a, b in zip(first, second, strict=True):
            assert a.tobytes() == b.tobytes()


# -- what a dict of torch's may be besides ---------------------------------------------------------


def started(library: Any, name: str = "Adam", **options: Any) -> tuple[Any, dict[str, Any], Any]:
    """An optimizer three steps old over two arrays in two groups, its dict in torch's form."""
    parameters = {
        "W": np.linspace(-1, 1, 12).reshape(3, 4),
        "b": np.linspace(0, 1, 4).astype(np.float32),
    }
    groups = [{"params": {key: array}} for key, array in parameters.items()]
    opt = getattr(library, name)(groups, **options)
    for _ in range(3):
        opt.step([{"W": np.full((3, 4), 0.3)}, {"b": np.full(4, -0.2, np.float32)}])
    return opt, as_torch(opt), list(parameters.values())


@pytest.mark.parametrize(
    "step",
    [
        *(3, 3.0, np.float32(3), np.array(3.0, np.float32), np.array([3])),
        Tensor(np.array(3.0, np.float32)),
    ],
    ids=repr,
)
def test_a_step_is_a_number_in_any_form(library: Any, step: Any) -> None:
    opt, saved, _ = started(library)
    saved["state"][0]["step"] = step
    opt.load_torch_state_dict(saved)
    steps = opt.state_dict()["state"]["W"]["steps"]
    assert (type(steps), steps, opt.step_count) == (int, 3, 3)


def test_the_largest_count_is_the_optimizers(library: Any) -> None:
    opt, saved, _ = started(library)
    saved["state"][1]["step"] = 7
    opt.load_torch_state_dict(saved)
    assert opt.step_count == 7
    assert [entry["steps"] for entry in opt.state_dict()["state"].values()] == [3, 7]
    assert opt.skipped_steps == 0
    assert opt.effective_lr == opt.lr


def test_options_are_numbers_in_any_form(library: Any) -> None:
    opt, saved, _ = started(library)
    saved["param_groups"][0].update(
        lr=Tensor(np.array([0.5])),
        betas=[np.float64(0.25), Tensor(np.array(0.75))],
        weight_decay=0,
        amsgrad=np.False_,
    )
    opt.load_torch_state_dict(saved)
    group = opt.param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (0.5, (0.25, 0.75), 0.0)
    assert [type(group[key]) for key in ("lr", "betas", "amsgrad")] == [float, tuple, bool]
    assert opt.param_groups[1]["lr"] == 1e-3


def test_what_torch_has_for_itself_is_not_taken(library: Any) -> None:
    opt, saved, _ = started(library)
    for i, group in enumerate(saved["param_groups"]):
        group |= {"fused": True, "capturable": True, "param_names": [f"layer.{i}"]}
    before = [list(group) for group in opt.param_groups]
    opt.load_torch_state_dict(saved)
    assert [list(group) for group in opt.param_groups] == before


def test_what_is_this_librarys_stays(library: Any) -> None:
    told: list[Any] = []
    opt, saved, _ = started(library)
    opt.clip_norm, opt.nonfinite, opt.logging_interval, opt.callback = 2.0, "skip", 3, told.append
    opt.param_groups[1]["clip_value"] = 0.25
    opt.param_groups[1]["note"] = ["kept"]
    opt.load_torch_state_dict(saved)
    assert (opt.clip_norm, opt.nonfinite, opt.logging_interval) == (2.0, "skip", 3)
    assert opt.param_groups[0]["clip_value"] is None
    assert (opt.param_groups[1]["clip_value"], opt.param_groups[1]["note"]) == (0.25, ["kept"])
    opt.step([{"W": np.ones((3, 4))}, None])
    assert len(told) == 1


def test_of_what_a_scheduler_adds_numbers_and_texts_are_kept(library: Any, tmp_path: Any) -> None:
    opt, saved, _ = started(library)
    saved["param_groups"][0].update(
        initial_lr=Tensor(np.array(0.5)),
        min_lr=1e-5,
        stage="warm",
        history=[1, 2],
        table=np.ones(3),
    )
    opt.load_torch_state_dict(saved)
    extra = {key: value for key, value in opt.param_groups[0].items() if key not in opt.defaults}
    assert extra.pop("params")
    assert extra == {"initial_lr": 0.5, "min_lr": 1e-5, "stage": "warm"}
    opt.save(tmp_path / "stop.npz")


def test_an_older_torch_has_fewer_options(library: Any) -> None:
    opt, saved, _ = started(library, maximize=True, decoupled_weight_decay=True)
    for group in saved["param_groups"]:
        for key in ("maximize", "decoupled_weight_decay", "differentiable"):
            del group[key]
    opt.load_torch_state_dict(saved)
    assert all(group["maximize"] for group in opt.param_groups)
    assert all(group["decoupled_weight_decay"] for group in opt.param_groups)


def test_indices_name_parameters_and_do_not_count_them(library: Any) -> None:
    opt, saved, parameters = started(library)
    twin, _, others = started(library)
    for group, index in zip(saved["param_groups"], (140_001, 7), strict=True):
        group["params"] = (index,)
    saved["state"] = {140_001: saved["state"][0], 7: saved["state"][1]}
    opt.load_torch_state_dict(saved)
    for each in (opt, twin):
        each.step([{"W": np.ones((3, 4))}, {"b": np.ones(4, np.float32)}])
    for a, b in zip(parameters, others, strict=True):
        assert a.tobytes() == b.tobytes()


def test_arrays_are_copied(library: Any) -> None:
    opt, saved, parameters = started(library, amsgrad=True)
    saved["state"][0]["exp_avg"] = parameters[0]  # of all arrays, a parameter
    saved["state"][0]["exp_avg_sq"] = Tensor(np.full((3, 4), 0.5).T.copy().T)
    kept = copy.deepcopy(saved)
    opt.load_torch_state_dict(saved)
    held = [array for state in opt.state.values() for array in state.values()]
    given = [v for entry in saved["state"].values() for k, v in entry.items() if k != "step"]
    for array in given:
        memory = getattr(array, "memory", array)
        assert not any(np.shares_memory(memory, mine) for mine in held)
    assert not any(np.shares_memory(parameters[0], mine) for mine in held)
    opt.step([{"W": np.ones((3, 4))}, {"b": np.ones(4, np.float32)}])
    assert saved["state"][0]["exp_avg_sq"].memory.tolist() == [[0.5] * 4] * 3
    assert np.array_equal(saved["state"][1]["exp_avg"], kept["state"][1]["exp_avg"])


@pytest.mark.parametrize("empty", [None, {}, {"momentum_buffer": None}])
def test_a_momentum_turned_on_but_not_yet_used_starts_here_too(library: Any, empty: Any) -> None:
    opt, saved, parameters = started(library, "SGD", momentum=0.5, dampening=0.5)
    if empty is None:
        del saved["state"][0]
    else:
        saved["state"][0] = empty
    opt.load_torch_state_dict(saved)
    assert opt.step_count == 1
    parameters[0][...] = 0.0
    opt.lr = 1.0
    opt.step([{"W": np.ones((3, 4))}, None])
    assert (parameters[0] == -1).all(), "the first gradient is not dampened"


def test_a_state_that_was_turned_off_is_left_behind(library: Any) -> None:
    opt, saved, _ = started(library, "SGD", momentum=0.5)
    for group in saved["param_groups"]:
        group["momentum"] = 0.0
    opt.load_torch_state_dict(saved)
    assert dict(opt.state["W"]) == {}
    opt, saved, _ = started(library, "Adam", amsgrad=True)
    for group in saved["param_groups"]:
        group["amsgrad"] = False
    opt.load_torch_state_dict(saved)
    assert set(opt.state["W"]) == {"exp_avg", "exp_avg_sq"}


def test_a_product_is_a_number_in_any_form(library: Any) -> None:
    opt, saved, _ = started(library, "NAdam")
    for product in (0.25, np.array(0.25, np.float32), Tensor(np.array(0.25))):
        saved["state"][0]["mu_product"] = product
        opt.load_torch_state_dict(saved)
        assert opt.state["W"]["mu_product"] == np.float64(0.25)
        assert opt.state["W"]["mu_product"].dtype == np.float64


def test_only_the_optimizers_of_torch_have_it() -> None:
    others = {"GradientAscent", "GradientDescent", "Lion", "AdaBelief", "Yogi"}
    for name in steepest.__all__:
        kind = getattr(steepest, name)
        if hasattr(kind, "load_state_dict"):
            assert hasattr(kind, "load_torch_state_dict") == (name not in others), name


# -- what does not fit -----------------------------------------------------------------------------


def put(*path_and_value: Any) -> Any:
    *path, last, value = path_and_value

    def damaged(saved: Any) -> Any:
        inner = saved
        for key in path:
            inner = inner[key]
        inner[last] = value
        return saved

    return damaged


def drop(*path: Any) -> Any:
    *above, last = path

    def damaged(saved: Any) -> Any:
        inner = saved
        for key in above:
            inner = inner[key]
        del inner[last]
        return saved

    return damaged


def by_strings(saved: Any) -> Any:
    """What JSON makes of integer keys."""
    return {**saved, "state": {str(key): entry for key, entry in saved["state"].items()}}


def group(*path_and_value: Any) -> Any:
    return put("param_groups", 1, *path_and_value)


class Sparse(Tensor):
    """As torch's: it has a layout, and NumPy cannot see it."""

    layout = "torch.sparse_coo"


class Brain(Tensor):
    """As torch's of bfloat16."""

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise TypeError("Got unsupported ScalarType BFloat16")

    @property
    def data(self) -> Any:
        return self

    __dlpack__ = None


ONES = np.ones(4, np.float32)
UNEVEN = np.arange(ONES.size, dtype=ONES.dtype).reshape(ONES.shape)
FOREIGN = Tensor(ONES, device="cuda:0")
DAMAGED: dict[str, tuple[Any, Any, list[str]]] = {
    "not a dict": (lambda saved: [saved], TypeError, ["state_dict", "list"]),
    "nothing": (lambda saved: None, TypeError, ["state_dict", "NoneType"]),
    "a checkpoint with more in it": (
        lambda saved: {"model": {}, "optimizer": saved},
        ValueError,
        ["state_dict", "no 'state'", "no 'param_groups'"],
    ),
    "no groups": (drop("param_groups"), ValueError, ["no 'param_groups'"]),
    "groups by name": (put("param_groups", {}), TypeError, ["param_groups", "dict", "a list"]),
    "a group too few": (drop("param_groups", 1), ValueError, ["param_groups", "1", "2"]),
    "a group that is none": (put("param_groups", 1, 3), TypeError, ["param_groups[1]", "int"]),
    "no params": (drop("param_groups", 1, "params"), ValueError, ["param_groups[1]", "params"]),
    "one parameter's index": (group("params", 1), TypeError, ["param_groups[1]", "int"]),
    "a parameter too many": (
        group("params", [1, 2]),
        ValueError,
        ["param_groups[1]", "2 parameters", "expected 1", "'b'"],
    ),
    "names": (group("params", ["b"]), TypeError, ["param_groups[1]", "'b'", "str", "integers"]),
    "an index twice": (group("params", [0]), ValueError, ["param_groups[1]", "'b'", "'W'", "0"]),
    "no lr": (drop("param_groups", 1, "lr"), ValueError, ["param_groups[1]", "no 'lr'"]),
    "RAdam's": (drop("param_groups", 1, "amsgrad"), ValueError, ["param_groups[1]", "amsgrad"]),
    "SGD's": (
        group("dampening", 0.0),
        ValueError,
        ["param_groups[1]", "'dampening'", "Adam", "another"],
    ),
    "an eps of 0": (group("eps", 0.0), ValueError, ["eps", "0.0"]),
    "an eps that float32 does not have": (group("eps", 1e-60), ValueError, ["eps", "float32"]),
    "a beta of 1": (group("betas", (0.9, 1.0)), ValueError, ["betas[1]", "1.0"]),
    "a negative lr": (group("lr", Tensor(np.array(-1.0))), ValueError, ["lr", "-1.0"]),
    "two rates": (group("lr", np.ones(2)), TypeError, ["lr", "ndarray"]),
    "a rate on another device": (
        group("lr", Tensor(np.array(0.1), device="cuda:0")),
        TypeError,
        ["param_groups[1]", "lr", "cuda:0", "cuda:0", "copy it to the host"],
    ),
    "no state": (drop("state"), ValueError, ["no 'state'"]),
    "a list of states": (put("state", []), TypeError, ["state", "list"]),
    "strings for indices": (by_strings, ValueError, ["state", "'0' (str)", "integers"]),
    "one state too many": (put("state", 2, {}), ValueError, ["state", "2 (int)", "params"]),
    "a state that is none": (put("state", 1, 3), TypeError, ["'b'", "int"]),
    "no step": (drop("state", 1, "step"), ValueError, ["'b'", "no 'step'"]),
    "half a step": (put("state", 1, "step", 2.5), ValueError, ["'b'", "step", "2.5", "whole"]),
    "a negative step": (put("state", 1, "step", -1), ValueError, ["'b'", "step", "-1"]),
    "a NaN step": (put("state", 1, "step", np.nan), ValueError, ["'b'", "step", "nan"]),
    "an endless step": (put("state", 1, "step", 1e30), ValueError, ["'b'", "step", "1e+30"]),
    "a step in words": (put("state", 1, "step", "3"), TypeError, ["'b'", "step", "'3'"]),
    "a step that is true": (put("state", 1, "step", True), TypeError, ["'b'", "step", "True"]),
    "two steps": (put("state", 1, "step", np.ones(2)), TypeError, ["'b'", "step"]),
    "no first moment": (drop("state", 1, "exp_avg"), ValueError, ["'b'", "no 'exp_avg'"]),
    "None for a moment": (put("state", 1, "exp_avg", None), ValueError, ["'b'", "no 'exp_avg'"]),
    "amsgrad turned on": (
        group("amsgrad", True),
        ValueError,
        ["'b'", "no 'max_exp_avg_sq'"],
    ),
    "another's state": (
        put("state", 1, "momentum_buffer", ONES),
        ValueError,
        ["'b'", "unexpected 'momentum_buffer'"],
    ),
    "another shape": (
        put("state", 1, "exp_avg", ONES[:1]),
        ValueError,
        ["'b'", "exp_avg", "(1,)", "(4,)"],
    ),
    "another dtype": (
        put("state", 1, "exp_avg", np.ones(4)),
        ValueError,
        ["'b'", "exp_avg", "float64", "float32"],
    ),
    "numbers for an array": (
        put("state", 1, "exp_avg", [1.0] * 4),
        TypeError,
        ["'b'", "exp_avg", "list"],
    ),
    "a tensor on another device": (
        put("state", 1, "exp_avg", FOREIGN),
        TypeError,
        ["'b'", "exp_avg", "cuda:0", "cuda:0", "copy it to the host"],
    ),
    "a tensor of bfloat16": (
        put("state", 1, "exp_avg", Brain(ONES)),
        TypeError,
        ["'b'", "exp_avg", "BFloat16", "float32, float64"],
    ),
    "a sparse tensor": (
        put("state", 1, "exp_avg", Sparse(ONES)),
        TypeError,
        ["'b'", "exp_avg", "sparse", "dense"],
    ),
    "a state before the first step": (
        put("state", 1, "step", 0),
        ValueError,
        ["'b'", "exp_avg", "step is 0"],
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_does_not_fit_is_said_and_changes_nothing(library: Any, damage: str) -> None:
    opt, saved, parameters = started(library)
    saved["param_groups"][0]["lr"] = 0.25  # all of it fits
    change, error, words = DAMAGED[damage]
    saved = change(saved)
    with refused(error, *words, opt=opt, keeps=parameters):
        opt.load_torch_state_dict(saved)


def test_this_librarys_own_dict_is_for_load_state_dict(library: Any) -> None:
    opt, _, parameters = started(library)
    with refused(TypeError, "'W'", "torch's integers", opt=opt, keeps=parameters):
        opt.load_torch_state_dict(opt.state_dict())


CHOOSY = [
    ("SGD", {}, group("momentum", 1.0), ["momentum", "1.0"]),
    ("SGD", {}, group("nesterov", True), ["nesterov"]),
    ("SGD", {}, put("state", 1, {"step": 3, "exp_avg": ONES}), ["'b'", "'exp_avg'", "'step'"]),
    (
        "AdamW",
        {},
        group("decoupled_weight_decay", False),
        ["decoupled_weight_decay", "expected True"],
    ),
    ("NAdam", {}, put("state", 1, "mu_product", 1.5), ["'b'", "mu_product", "1.5"]),
    ("NAdam", {}, drop("state", 1, "mu_product"), ["'b'", "no 'mu_product'"]),
    ("RAdam", {}, group("momentum_decay", 4e-3), ["'momentum_decay'", "RAdam", "another"]),
    ("RMSprop", {}, group("momentum", 0.5), ["'b'", "no 'momentum_buffer'"]),
    ("RMSprop", {}, group("centered", True), ["'b'", "no 'grad_avg'"]),
    ("Adagrad", {}, put("state", 1, {"step": 0, "sum": UNEVEN}), ["'b'", "sum", "step is 0"]),
    ("Adamax", {}, put("state", 1, "exp_avg_sq", ONES), ["'b'", "'exp_avg_sq'"]),
    ("Rprop", {}, group("etas", (0.5, 0.9)), ["etas"]),
    ("Rprop", {}, put("state", 1, {"step": 0, "prev": ONES, "step_size": ONES}), ["'b'", "prev"]),
    ("Adadelta", {}, put("state", 1, "eta", 1.0), ["'b'", "unexpected 'eta'"]),
    ("ASGD", {}, group("t0", -1.0), ["t0"]),
]


@pytest.mark.parametrize(("name", "options", "change", "words"), CHOOSY)
def test_each_has_its_own_refusals(
    library: Any, name: str, options: dict[str, Any], change: Any, words: list[str]
) -> None:
    opt, saved, parameters = started(library, name, **options)
    saved = change(saved)
    with refused(ValueError, *words, opt=opt, keeps=parameters):
        opt.load_torch_state_dict(saved)


# -- with torch ------------------------------------------------------------------------------------


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture
def in_float64(torch: Any) -> Iterator[None]:
    """What torch keeps as numbers of its own is in its default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def stepped(peer: Any, tensors: list[Any], torch: Any, step: int, stop: int) -> None:
    dtype = str(tensors[0].dtype).removeprefix("torch.")
    for tensor, gradient in zip(tensors, gradients(dtype, step, stop), strict=True):
        tensor.grad = None if gradient is None else torch.tensor(gradient)
    peer.step()


class TestTorch:
    STOP, END = 20, 40

    def check(
        self, torch: Any, name: str, options: dict[str, Any], maximize: bool, dtype: str
    ) -> None:
        theirs = [torch.tensor(array, requires_grad=True) for array in arrays(dtype, 0)]
        peer = getattr(torch.optim, name)(grouped(theirs), lr=0.01, maximize=maximize, **options)
        for step in range(self.STOP):
            stepped(peer, theirs, torch, step, self.STOP)
        ours = [tensor.detach().numpy().copy() for tensor in theirs]
        opt = getattr(steepest, name)([{"params": ours[:2]}, {"params": ours[2:]}])
        opt.load_torch_state_dict(peer.state_dict())
        expected = (1 if options.get("momentum") else 0) if name == "SGD" else self.STOP
        assert opt.step_count == expected
        for step in range(self.STOP, self.END):
            stepped(peer, theirs, torch, step, self.STOP)
            opt.step(gradients(dtype, step, self.STOP))
        bound = 8 * np.finfo(dtype).eps
        for array, tensor in zip(ours, theirs, strict=True):
            p = tensor.detach().numpy()
            assert np.all(np.abs(array - p) <= bound * np.maximum(1, np.abs(p)))

    @every_direction
    @every_option
    def test_goes_on_in_float32(
        self, torch: Any, name: str, options: dict[str, Any], maximize: bool
    ) -> None:
        self.check(torch, name, options, maximize, "float32")

    @every_direction
    @every_option
    @pytest.mark.usefixtures("in_float64")
    def test_goes_on_in_float64(
        self, torch: Any, name: str, options: dict[str, Any], maximize: bool
    ) -> None:
        self.check(torch, name, options, maximize, "float64")

    @pytest.mark.parametrize("name", dict(OPTIONS))
    def test_of_nothing_is_a_start(self, torch: Any, name: str) -> None:
        tensors = [torch.ones(3)]
        peer = getattr(torch.optim, name)(tensors)
        opt = getattr(steepest, name)(np.ones(3, np.float32), lr=5.0)
        opt.step(np.ones(3, np.float32))
        opt.load_torch_state_dict(peer.state_dict())
        assert opt.step_count == 0
        assert opt.lr == peer.param_groups[0]["lr"]
        fresh = getattr(steepest, name)(np.ones(3, np.float32))
        for kind, array in fresh.state["0"].items():
            assert opt.state["0"][kind].tobytes() == array.tobytes()

    def adam(self, torch: Any, **options: Any) -> tuple[Any, Any, Any]:
        model = torch.nn.Linear(3, 2)
        peer = torch.optim.Adam(model.named_parameters(), **options)
        scheduler = torch.optim.lr_scheduler.StepLR(peer, step_size=1, gamma=0.5)
        model(torch.ones(4, 3)).sum().backward()
        peer.step()
        scheduler.step()
        copies = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
        return peer, steepest.Adam(copies), copies

    @pytest.mark.parametrize("fused", [False, True])
    def test_rates_that_are_tensors_and_what_schedulers_and_names_add(
        self, torch: Any, fused: bool
    ) -> None:
        peer, opt, _ = self.adam(torch, lr=torch.tensor(0.5), fused=fused)
        opt.load_torch_state_dict(peer.state_dict())
        (group,) = opt.param_groups
        assert (group["lr"], group["initial_lr"]) == (0.25, 0.5)
        assert group.keys() == {"params", "initial_lr", *opt.defaults}
        opt.step({"weight": np.ones((2, 3), np.float32), "bias": None})

    def test_shares_no_memory(self, torch: Any) -> None:
        peer, opt, _ = self.adam(torch)
        saved = peer.state_dict()
        opt.load_torch_state_dict(saved)
        for index, name in enumerate(("weight", "bias")):
            for kind in ("exp_avg", "exp_avg_sq"):
                theirs = saved["state"][index][kind].numpy()
                assert not np.shares_memory(theirs, opt.state[name][kind])
                assert np.array_equal(theirs, opt.state[name][kind])

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda tensor: tensor.bfloat16(), ["float32, float64"]),
            (lambda tensor: tensor.to("meta"), ["cuda:0", "copy it to the host"]),
            (lambda tensor: tensor.to_sparse(), ["sparse", "dense"]),
        ],
        ids=["bfloat16", "meta", "sparse"],
    )
    def test_tensors_that_numpy_cannot_see_are_refused(
        self, torch: Any, change: Any, words: list[str]
    ) -> None:
        peer, opt, copies = self.adam(torch)
        saved = peer.state_dict()
        saved["state"][1]["exp_avg"] = change(saved["state"][1]["exp_avg"])
        with refused(TypeError, "'bias'", "exp_avg", *words, opt=opt, keeps=list(copies.values())):
            opt.load_torch_state_dict(saved)

    def test_tensors_in_a_graph_are_read(self, torch: Any) -> None:
        peer, opt, _ = self.adam(torch)
        saved = peer.state_dict()
        saved["state"][1]["exp_avg"] = saved["state"][1]["exp_avg"].requires_grad_() * 2
        opt.load_torch_state_dict(saved)
        expected = saved["state"][1]["exp_avg"].detach().numpy()
        assert np.array_equal(opt.state["bias"]["exp_avg"], expected)


def test_adagrads_sum_starts_where_torchs_constructor_filled_it(library: Any) -> None:
    """Whatever a group says: torch reads the constructor's value only."""
    x, y = np.array([1.0, 2.0]), np.array([1.0, 2.0])
    group = {"lr": 0.1, "lr_decay": 0, "eps": 1e-10, "weight_decay": 0, "params": [0]}
    filled = {"step": 0.0, "sum": np.full(2, 0.5)}
    opt = library.Adagrad(x)
    opt.load_torch_state_dict(
        {"state": {0: filled}, "param_groups": [{**group, "initial_accumulator_value": 0}]}
    )
    other = library.Adagrad(y, lr=0.1, initial_accumulator_value=0.5)
    for gradient in (np.array([1.0, -3.0]), np.array([2.0, 0.1])):
        opt.step(gradient)
        other.step(gradient)
    assert x.tobytes() == y.tobytes()
    assert opt.state["0"]["sum"].tobytes() == other.state["0"]["sum"].tobytes()


def test_what_a_group_would_refuse_or_a_file_could_not_hold_is_left_out(tmp_path: Any) -> None:
    group = {"lr": 0.1, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False}
    extra = {3: 1, "initial_lr": float("inf"), "swa_lr": 0.25}
    opt = steepest.SGD(np.zeros(2))
    opt.load_torch_state_dict({"state": {}, "param_groups": [{**group, **extra, "params": [0]}]})
    assert opt.param_groups[0]["swa_lr"] == 0.25
    assert not {3, "initial_lr"} & set(opt.param_groups[0])
    opt.save(tmp_path / "run.npz")
