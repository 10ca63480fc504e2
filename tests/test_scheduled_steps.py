"""Steps whose rate is a schedule: the bits of rates written by hand, all or nothing, saved whole."""

from __future__ import annotations

import copy
import gc
import json
import logging
import math
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
import rates
import steepest
from cases import ALONE, DTYPES, Case, gradient, start
from harness import assert_same_arrays, assert_same_bits, assert_same_state, build, copies
from machinery import THREADED, every_way, needs_kernels
from objectives import Rows
from steepest import SGD, Adam, maximize, minimize, schedules
from steepest.schedules import (
    Cosine,
    Exponential,
    Linear,
    OneCycle,
    Plateau,
    Sequential,
    Step,
    WarmUp,
)
from unchanged import refused, stepped

inf, nan = math.inf, math.nan


def halving(t: int) -> float:
    """A callable of yours, at the top of a module, so that it can be pickled."""
    return 0.5**t


class Counting:
    """A schedule that writes down what it was asked, and may do something first."""

    def __init__(self, lr: float = 0.25, act: Any = None) -> None:
        self.lr, self.act, self.asked = lr, act, []

    def __call__(self, t: int) -> float:
        self.asked.append(t)
        if self.act is not None:
            self.act()
        return self.lr * t


# -- the steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", ALONE, ids=str)
def test_every_law_takes_the_rates_that_could_be_written_by_hand(case: Case, dtype: str) -> None:
    """Bit for bit, in kernels and reference; one array has its first step late, which Rprop looks at."""
    schedule = WarmUp(Cosine(0.3, 7, eta_min=0.001), 3)
    case = case._replace(options={**case.options, "lr": schedule})
    lengths = {"one": 1, "some": 37, "late": 5}
    begin = {name: start((n,), dtype, n) for name, n in lengths.items()}
    ours, theirs, by_hand = (copies(begin) for _ in range(3))
    kernels, reference = build(steepest, case, ours), build(steepest.reference, case, theirs)
    written = build(steepest, case, by_hand, lr=0.7)
    for i in range(12):
        these: Any = {name: gradient((n,), dtype, i + n) for name, n in lengths.items()}
        if i < 2 or i == 6:
            these["late"] = None
        written.lr = schedule(i + 1)
        for opt in (kernels, reference, written):
            opt.step(these)
        assert_same_arrays(ours, by_hand)
        assert_same_arrays(theirs, by_hand)
        assert kernels.effective_lr == reference.effective_lr == written.effective_lr
    assert_same_state(kernels, written)
    assert_same_state(reference, written)


@pytest.fixture(scope="module")
def golden() -> rates.Golden:
    return rates.Golden()


@pytest.mark.parametrize("name", [str(row) for row in rates.ROWS if row.name != "Plateau"])
def test_a_run_is_that_of_torchs_scheduler_as_recorded(golden: Any, name: str) -> None:
    """Along a gradient of 1 plain SGD is at minus the sum of the rates so far."""
    row = next(row for row in rates.ROWS if str(row) == name)
    recorded = dict(zip(row.steps, golden.rates[name], strict=True))
    x = np.zeros(1)
    opt = SGD(x, lr=rates.schedule(schedules, row))
    reached = 0.0
    for t in range(1, min(max(row.steps), 60) + 1):
        if t not in recorded or recorded[t] < 0:
            break
        opt.step(np.ones(1))
        reached -= recorded[t]
        np.testing.assert_allclose(x, reached, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(opt.effective_lr, recorded[t], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
@pytest.mark.parametrize(
    ("schedule", "theirs", "arguments"),
    [
        (Cosine(0.05, 30), "CosineAnnealingLR", {"T_max": 30}),
        (Step(0.05, 7, gamma=0.5), "StepLR", {"step_size": 7, "gamma": 0.5}),
        (
            OneCycle(0.05, 40),
            "OneCycleLR",
            {"max_lr": 0.05, "total_steps": 40, "cycle_momentum": False},
        ),
    ],
    ids=str,
)
def test_a_run_is_that_of_the_installed_torch(
    name: str, schedule: Any, theirs: str, arguments: Any
) -> None:
    torch = pytest.importorskip("torch")
    w = start((9,), "float64", 1)
    v = torch.tensor(w.copy())
    opt = getattr(steepest, name)(w, lr=schedule)
    peer = getattr(torch.optim, name)([v], lr=0.05)
    scheduler = getattr(torch.optim.lr_scheduler, theirs)(peer, **arguments)
    for i in range(40):
        g = gradient((9,), "float64", i)
        opt.step(g)
        v.grad = torch.tensor(g)
        peer.step()
        scheduler.step()
    np.testing.assert_allclose(w, v.numpy(), rtol=1e-9, atol=1e-12)


def test_a_plateau_is_told_and_the_next_step_is_shorter(library: Any) -> None:
    x = np.zeros(1)
    plateau = Plateau(0.5, factor=0.5, patience=0)
    opt = library.SGD(x, lr=plateau)
    for loss in (1.0, 1.0, 0.5, 0.5):  # the second and the fourth are no better
        opt.step(np.ones(1))
        plateau.observe(loss)
    opt.step(np.ones(1))
    assert x[0] == -(0.5 + 0.5 + 0.25 + 0.25 + 0.125)


def test_every_group_has_its_own(library: Any) -> None:
    a, b, c = np.zeros(1), np.zeros(1), np.zeros(1)
    opt = library.SGD(
        [{"params": a, "lr": halving}, {"params": b}, {"params": c, "lr": 0.125}],
        lr=Step(1.0, 1, gamma=0.25),
    )
    assert opt.effective_lr == (0.5, 1.0, 0.125)
    for _ in range(3):
        opt.step([np.ones(1)] * 3)
    assert (a[0], b[0], c[0]) == (-0.875, -1.3125, -0.375)
    assert opt.effective_lr == (0.125, 0.0625, 0.125)


def test_decay_and_warm_up_multiply_it(library: Any) -> None:
    x = np.zeros(1)
    opt = library.GradientAscent(x, lr=halving, momentum=0, beta=None, lr_decay=0.5, warmup_steps=4)
    opt.step(np.ones(1))
    opt.step(np.ones(1))
    assert opt.effective_lr == 0.25 * 0.5 * (2 / 4)
    assert x[0] == 0.5 * (1 / 4) + 0.25 * 0.5 * (2 / 4)


@pytest.mark.parametrize("n", [7, THREADED + 5])
def test_a_step_of_any_size_in_every_way_computes_the_same(n: int) -> None:
    """The large one lets other threads run while it computes, and has several of its own."""
    g = gradient((n,), "float32", 3)
    expected = start((n,), "float32", 2)
    reference = steepest.reference.Adam(expected, lr=halving)
    for _ in range(2):
        reference.step(g)
    for way in every_way((1, 2)):
        w = start((n,), "float32", 2)
        opt = Adam(w, lr=halving)
        for _ in range(2):
            opt.step(g)
        assert_same_bits(w, expected, way)
        assert opt.effective_lr == 0.25


# -- what it is asked, and when -------------------------------------------------------------------


def test_it_is_asked_once_a_step_for_the_step_that_follows(library: Any) -> None:
    lr = Counting()
    opt = library.SGD(np.zeros(2), lr=lr)
    assert lr.asked == []
    for _ in range(3):
        opt.step(np.ones(2))
    assert lr.asked == [1, 2, 3]


def test_a_skipped_step_is_asked_for_again(library: Any) -> None:
    lr = Counting()
    x = np.zeros(2)
    opt = library.SGD(x, lr=lr, nonfinite="skip")
    for g in (1.0, nan, inf, 1.0):
        opt.step(np.full(2, g))
    assert lr.asked == [1, 2, 2, 2]
    assert (opt.step_count, opt.skipped_steps, x[0]) == (2, 2, -0.75)


def test_a_refused_gradient_counts_for_nothing(library: Any) -> None:
    opt, parameters = stepped(library, lr=halving)
    with refused(FloatingPointError, opt=opt, keeps=list(parameters.values())):
        opt.step({"W": np.full((3, 4), nan), "b": np.zeros(4)})
    with refused(ValueError, "shape", opt=opt, keeps=list(parameters.values())):
        opt.step({"W": np.zeros((4, 4)), "b": np.zeros(4)})
    opt.step({"W": np.zeros((3, 4)), "b": np.zeros(4)})
    assert opt.effective_lr == 0.0625


@needs_kernels
def test_numbers_are_not_asked_for() -> None:
    """A step without schedules never calls back for rates, nor one whose schedule was replaced."""

    class Asked(SGD):
        times = 0

        def _lrs_at(self, t: int) -> list[float]:
            self.times += 1
            return super()._lrs_at(t)

    opt = Asked(np.zeros(2), lr=0.5)
    opt.step(np.ones(2))
    assert opt.times == 0
    opt.lr = halving
    opt.step(np.ones(2))
    assert opt.times == 1
    opt.param_groups[0]["lr"] = 0.5
    opt.step(np.ones(2))
    assert opt.times == 1


def test_it_may_read_the_optimizer_but_not_step_or_change_it(library: Any) -> None:
    x = np.zeros(2)
    opt = library.SGD(x, lr=0.5)
    seen: list[Any] = []
    opt.lr = lambda t: seen.append((opt.step_count, opt.lr is not None)) or 0.25
    opt.step(np.ones(2))
    assert seen == [(0, True)]

    def step() -> None:
        opt.step(np.ones(2))

    def write() -> None:
        opt.lr = 0.5

    for act in (step, write):
        opt.lr = Counting(act=act)
        with refused(RuntimeError, "under way", opt=opt, keeps=[x]):
            opt.step(np.ones(2))
    opt.lr = 0.5
    opt.step(np.ones(2))
    assert x[0] == -0.75


def test_what_it_does_to_the_gradients_is_seen(library: Any) -> None:
    """The kernels look at arrays by their addresses, so only after all Python code has run."""
    x, grads = np.zeros(2), [np.ones(2)]
    opt = library.SGD([x], lr=Counting(act=grads.clear))
    with refused(ValueError, "0 entries", opt=opt, keeps=[x]):
        opt.step(grads)
    grads.append(np.ones(2))
    opt.lr = Counting(act=lambda: grads.__setitem__(0, np.full(2, 2.0)))
    opt.step(grads)
    assert x[0] == -0.5


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        *((value, ValueError) for value in (nan, -0.5, inf, 1e39)),
        *((value, TypeError) for value in ("0.1", None, True)),
    ],
)
def test_what_is_no_rate_is_refused_whole(
    library: Any, value: Any, error: Any, large: bool
) -> None:
    x = {"a": np.ones(3), "b": np.ones(THREADED if large else 3, np.float32)}
    opt = library.Adam(x, lr=lambda t: value if t == 3 else 0.5)
    grads = {name: np.ones_like(array) for name, array in x.items()}
    for _ in range(2):
        opt.step(grads)
    words = ("lr: step t = 3 of", repr(value))
    with refused(error, *words, opt=opt, keeps=[*x.values(), *grads.values()]):
        opt.step(grads, zero_grads=True)
    opt.lr = 0.5
    opt.step(grads)
    assert (opt.step_count, opt.effective_lr) == (3, 0.5)


def test_what_it_raises_passes_through_and_nothing_has_changed(library: Any) -> None:
    def fail() -> None:
        raise LookupError("mine")

    x = np.ones(3)
    opt = library.Adam(x, lr=Counting(act=fail))
    with refused(LookupError, "mine", opt=opt, keeps=[x]):
        opt.step(np.ones(3))
    with pytest.raises(LookupError):
        _ = opt.effective_lr


def test_the_message_names_the_group(library: Any) -> None:
    opt = library.SGD([{"params": np.zeros(1)}, {"params": np.zeros(1), "lr": lambda t: -1.0}])
    with pytest.raises(ValueError, match=r"^param_groups\[1\]: lr: step t = 1 of .* got -1\.0"):
        opt.step([np.zeros(1), np.zeros(1)])


# -- reading and writing --------------------------------------------------------------------------


@pytest.mark.parametrize("lr", ["0.1", None, [0.1], Cosine])
def test_what_is_neither_number_nor_schedule_is_refused(library: Any, lr: Any) -> None:
    with pytest.raises(TypeError, match=r"^lr: got .*, expected"):
        library.SGD(np.zeros(1), lr=lr)
    opt, _ = stepped(library, lr=halving)
    with refused(TypeError, "lr: got", opt=opt):
        opt.lr = lr
    with refused(TypeError, "lr: got", opt=opt):
        opt.param_groups[0]["lr"] = lr


def test_lr_reads_back_what_was_written(library: Any) -> None:
    opt = library.SGD([{"params": np.zeros(1)}, {"params": np.zeros(1)}], lr=Cosine(0.5, 3))
    assert opt.lr == Cosine(0.5, 3)
    opt.param_groups[1]["lr"] = Cosine(0.5, 3)  # another, but equal
    assert opt.lr == Cosine(0.5, 3)
    opt.param_groups[1]["lr"] = plateau = Plateau(0.5)
    with pytest.raises(ValueError, match=r"groups differ.*Cosine.*Plateau"):
        _ = opt.lr
    opt.lr = plateau
    assert all(group["lr"] is plateau for group in opt.param_groups)
    opt.lr = 0.5
    assert opt.lr == opt.effective_lr == 0.5


def test_effective_lr_is_the_rate_used_and_before_that_the_first(library: Any) -> None:
    x = np.zeros(1)
    opt = library.SGD(x, lr=halving)
    assert opt.effective_lr == 0.5
    opt.step(np.ones(1))
    opt.step(np.ones(1))
    assert opt.effective_lr == 0.25
    opt.lr = 0.125  # counts from the next step
    assert opt.effective_lr == 0.25
    opt.add_param_group({"params": np.zeros(1), "lr": halving})
    assert opt.effective_lr == (0.25, 0.125)


def test_repr_log_and_callback_tell_it(library: Any, caplog: Any) -> None:
    told: list[Any] = []
    opt = library.SGD(np.zeros(1), lr=Exponential(0.5, 0.5), logging_interval=2)
    opt.callback = lambda info: told.append(info.lr)
    with caplog.at_level(logging.INFO, "steepest"):
        for _ in range(2):
            opt.step(np.ones(1))
    assert told == [0.5, 0.25]
    assert "step 2: lr 0.25" in caplog.text
    assert "lr=Exponential(lr=0.5, gamma=0.5)" in repr(opt)


def test_a_schedule_that_knows_its_optimizer_is_collected_with_it(library: Any) -> None:
    def build() -> Any:
        opt = library.SGD(np.zeros(1))
        opt.lr = lambda t: 0.5 / (1 + opt.skipped_steps)
        opt.step(np.ones(1))
        return weakref.ref(opt)

    gone = build()
    gc.collect()
    assert gone() is None


# -- saving and going on --------------------------------------------------------------------------

SCHEDULES = [
    WarmUp(Cosine(0.3, 9), 4),
    Sequential([Linear(0.1, 0.25, total_iters=3), Step(0.2, 2, 0.5)], [3]),
    Sequential([Linear(0.3, 0.1, total_iters=4), Plateau(0.3, factor=0.5, patience=1)], [2]),
    Plateau(0.3, factor=0.5, patience=0),
    halving,
    WarmUp(halving, 3),
    Sequential([halving, Plateau(0.3, factor=0.5, patience=0)], [3]),
]
each_schedule = pytest.mark.parametrize("lr", SCHEDULES, ids=str)


def plateaus(lr: Any) -> list[Plateau]:
    found = getattr(lr, "schedules", [lr])
    return [schedule for schedule in found if isinstance(schedule, Plateau)]


def advance(opt: Any, x: Any, first: int, last: int) -> None:
    """Steps, each followed by a metric that is no better every other time."""
    for t in range(first, last):
        opt.step(gradient(x.shape, "float64", t))
        for plateau in plateaus(opt.lr):
            plateau.observe(-(t // 2))


def by_dict(opt: Any, x: Any, make: Any) -> tuple[Any, Any]:
    saved, other = opt.state_dict(), x.copy()
    advance(opt, x, 50, 54)  # what happens to the saved one after that is its own
    again = make(other)
    again.load_state_dict(saved)
    return again, other


def by_file(opt: Any, x: Any, make: Any) -> tuple[Any, Any]:
    opt.save("run.npz")
    other = np.zeros_like(x)
    again = make(other)
    again.load("run.npz")
    return again, other


def by_pickle(opt: Any, x: Any, make: Any) -> Any:
    return pickle.loads(pickle.dumps((opt, x)))


def by_deepcopy(opt: Any, x: Any, make: Any) -> Any:
    return copy.deepcopy((opt, x))


@each_schedule
@pytest.mark.parametrize("through", [by_dict, by_file, by_pickle, by_deepcopy])
@pytest.mark.parametrize("given", ["the same", "another"])
def test_a_run_goes_on_to_the_same_bits(
    library: Any, lr: Any, through: Any, given: str, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    if given == "another" and through is by_file and "halving" in repr(lr):
        return  # has to be given again, as below
    straight, x = start((5,), "float64"), start((5,), "float64")
    whole = library.Adam(straight, lr=copy.deepcopy(lr))
    advance(whole, straight, 0, 12)
    opt = library.Adam(x, lr=copy.deepcopy(lr))
    advance(opt, x, 0, 6)
    rate = opt.effective_lr
    again, other = through(
        opt,
        x,
        lambda y: library.Adam(y, lr=copy.deepcopy(lr) if given == "the same" else Cosine(0.7, 3)),
    )
    assert again.effective_lr == rate
    advance(again, other, 6, 12)
    assert_same_bits(other, straight)
    assert_same_state(again, whole)
    assert again.lr == whole.lr


@pytest.mark.parametrize("lr", [halving, Sequential([halving, Plateau(0.3)], [3])], ids=str)
@pytest.mark.parametrize("given", [0.5, Cosine(0.5, 9)])
def test_a_file_asks_for_a_callable_of_yours(
    library: Any, lr: Any, given: Any, tmp_path: Any
) -> None:
    opt = library.SGD(np.zeros(2), lr=lr)
    opt.step(np.ones(2))
    opt.save(tmp_path / "run.npz")
    x = np.ones(2)
    other = library.SGD(x, lr=given)
    if callable(given) and lr is halving:  # it cannot know whether that is the one
        other.load(tmp_path / "run.npz")
        assert other.lr is given
        return
    words = ("does not fit", "lr: was a callable", "given again")
    with refused(ValueError, *words, opt=other, keeps=[x]):
        other.load(tmp_path / "run.npz")


class TestPlateaus:
    """Whoever holds one that an optimizer has holds it still when the optimizer is copied or loads."""

    @staticmethod
    def built(library: Any, lr: Any) -> Any:
        return library.SGD([{"params": np.zeros(1)}, {"params": np.zeros(2)}], lr=lr)

    def stalled(self, library: Any, tmp_path: Any) -> tuple[Any, Plateau]:
        plateau = Plateau(0.5, factor=0.5, patience=0)
        opt = self.built(library, plateau)
        opt.step([np.ones(1), np.ones(2)])
        for _ in range(3):
            plateau.observe(1.0)
        opt.save(tmp_path / "run.npz")
        return opt, plateau

    def test_one_that_groups_share_stays_one(self, library: Any, tmp_path: Any) -> None:
        opt, plateau = self.stalled(library, tmp_path)
        loaded, given = self.built(library, 0.5), self.built(library, 0.5)
        loaded.load(tmp_path / "run.npz")
        given.load_state_dict(opt.state_dict())
        for other in (loaded, given, copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))):
            first, second = (group["lr"] for group in other.param_groups)
            assert first is second
            assert first is not plateau
            assert first == plateau
            assert first(9) == 0.125

    def test_two_that_are_equal_stay_two(self, library: Any, tmp_path: Any) -> None:
        groups = [{"params": np.zeros(n), "lr": Plateau(0.5)} for n in (1, 2)]
        opt = library.SGD(groups)
        opt.save(tmp_path / "run.npz")
        # One for both cannot stand for them, even if it looks like each.
        other, mine = self.built(library, Plateau(0.5)), self.built(library, 0.5)
        other.load(tmp_path / "run.npz")
        mine.load_state_dict(opt.state_dict())
        for found in (other, mine, copy.deepcopy(opt)):
            first, second = (group["lr"] for group in found.param_groups)
            assert first is not second

    @pytest.mark.parametrize("alone", [True, False])
    def test_yours_goes_on_where_the_saved_one_stood(
        self, library: Any, alone: bool, tmp_path: Any
    ) -> None:
        def wrap(plateau: Plateau) -> Any:
            return plateau if alone else Sequential([0.5, plateau], [3])

        saved, mine = Plateau(0.5, factor=0.5, patience=0), Plateau(0.5, factor=0.5, patience=0)
        opt, other = self.built(library, wrap(saved)), self.built(library, wrap(mine))
        for _ in range(3):
            saved.observe(1.0)
        opt.save(tmp_path / "run.npz")
        live = other.lr
        for load in (
            lambda: other.load(tmp_path / "run.npz"),
            lambda: other.load_state_dict(opt.state_dict()),
        ):
            mine.observe(-7.0)
            load()
            assert other.lr is live
            assert mine == saved
            assert mine is not saved

    def test_yours_stays_as_it_is_if_it_is_another(self, library: Any, tmp_path: Any) -> None:
        self.stalled(library, tmp_path)
        mine = Plateau(0.5, factor=0.5, patience=5)
        other = self.built(library, mine)
        other.load(tmp_path / "run.npz")
        assert mine.state is None
        assert other.lr.patience == 0

    def test_what_is_refused_leaves_yours_as_it_is(self, library: Any, tmp_path: Any) -> None:
        opt, _ = self.stalled(library, tmp_path)
        mine = Plateau(0.5, factor=0.5, patience=0)
        other = self.built(library, mine)
        saved = opt.state_dict()
        saved["param_groups"][1]["momentum"] = 2.0
        with refused(ValueError, "momentum", opt=other):
            other.load_state_dict(saved)
        assert mine.state is None

    def test_a_copied_optimizer_and_its_plateau_belong_together(self, library: Any) -> None:
        plateau = Plateau(0.5)
        opt = library.SGD(np.zeros(2), lr=plateau)
        for other, its in (
            copy.deepcopy((opt, plateau)),
            pickle.loads(pickle.dumps((opt, plateau))),
        ):
            assert other.lr is its
            assert other.defaults["lr"] is its
            assert its is not plateau

    def test_a_state_dict_is_a_copy(self, library: Any) -> None:
        plateau = Plateau(0.5)
        opt = library.SGD(np.zeros(2), lr=plateau)
        saved = opt.state_dict()
        plateau.observe(1.0)
        assert saved["param_groups"][0]["lr"] == Plateau(0.5)
        opt.load_state_dict(saved)
        assert opt.lr is plateau
        assert plateau.state is None


def test_a_callable_of_yours_is_not_copied_into_a_state_dict(library: Any) -> None:
    lr = Counting()
    opt = library.SGD(np.zeros(2), lr=WarmUp(lr, 3))
    saved = opt.state_dict()["param_groups"][0]["lr"]
    assert saved is not opt.lr
    assert saved.lr is lr
    opt.lr = 0.5
    opt.load_state_dict({**opt.state_dict(), "param_groups": [{**group_of(opt), "lr": lr}]})
    assert opt.lr is lr


def group_of(opt: Any) -> dict[str, Any]:
    (group,) = opt.state_dict()["param_groups"]
    return group


@pytest.mark.parametrize(
    ("lr", "words"),
    [
        ({}, "expected one of"),
        ({"schedule": "Sine"}, "expected one of"),
        ({"schedule": "Plateau", "lr": 0.1}, "Plateau with"),
        ({"schedule": "group", "index": 0}, "expected a group before it"),
        ({"schedule": "group", "index": "x"}, "expected a group before it"),
        ({"schedule": "callable", "name": "f"}, "given again"),
        ({"schedule": "callable", "name": "f", "plateaus": 3}, "given again"),
        ([0.1], "lr: got"),
        (None, "lr: got"),
    ],
)
def test_what_is_no_rate_in_a_checkpoint_is_refused(library: Any, lr: Any, words: str) -> None:
    opt, parameters = stepped(library)
    saved = opt.state_dict()
    saved["param_groups"][0]["lr"] = lr
    with refused((TypeError, ValueError), words, opt=opt, keeps=list(parameters.values())):
        opt.load_state_dict(saved)


def test_a_state_dict_may_have_been_json(library: Any) -> None:
    opt = library.SGD(np.zeros(2), lr=WarmUp(Cosine(0.3, 9), 4))
    saved = opt.state_dict()
    saved["param_groups"][0]["lr"] = json.loads(json.dumps(opt.lr.to_dict()))
    other = library.SGD(np.zeros(2))
    other.load_state_dict(saved)
    assert other.lr == opt.lr


def test_torchs_number_replaces_a_schedule(library: Any) -> None:
    opt = library.SGD(np.zeros(1), lr=halving)
    group = {"lr": 0.5, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False}
    opt.load_torch_state_dict({"state": {}, "param_groups": [{**group, "params": [0]}]})
    assert opt.lr == opt.effective_lr == 0.5


# -- maximize and minimize ------------------------------------------------------------------------


def square(x: Any) -> Any:
    return x @ x


def slope(x: Any) -> Any:
    return 2 * x


class TestMaximization:
    def test_a_schedule_is_followed_and_written_down(self) -> None:
        by_hand = np.array([3.0, -1.0])
        opt = Adam(by_hand, lr=Cosine(0.3, 40))
        for _ in range(40):
            opt.step(slope(by_hand))
        begin = np.array([3.0, -1.0])
        found = minimize(
            square, begin, slope, optimizer=Adam, lr=Cosine(0.3, 40), max_iter=40, gtol=None
        )
        assert_same_bits(found.x, by_hand)
        expected = [Cosine(0.3, 40)(t) for t in (1, *range(1, 41))]
        assert found.history.lr.tolist() == expected

    def test_the_default_optimizer_takes_one(self) -> None:
        assert maximize(lambda x: -square(x), np.ones(2), lr=lambda t: 0.1).success

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_plateau_observes_every_value_but_the_last(self, sign: int) -> None:
        """Steps that overshoot, until the rate is low enough; the one handed over is not changed."""
        mine = Plateau(1.05, mode="max" if sign > 0 else "min", factor=0.5, patience=3)
        run = maximize if sign > 0 else minimize
        found = run(
            lambda x: -sign * square(x),
            np.ones(2),
            lambda x: -sign * slope(x),
            optimizer=SGD,
            lr=mine,
            max_iter=30,
            gtol=None,
        )
        told = copy.deepcopy(mine)
        expected = [1.05]
        for value in found.history.value[:-1]:
            told.observe(value)
            expected.append(told(1))
        assert found.history.lr.tolist() == expected
        assert len(set(expected)) > 1
        assert mine.state is None

    def test_every_restart_begins_with_its_own(self) -> None:
        options: Any = {
            "optimizer": SGD,
            "lr": Plateau(1.05, factor=0.5, patience=1),
            "max_iter": 20,
        }
        found = minimize(
            square, np.ones(2), slope, restarts=2, sampler=lambda rng: np.ones(2), **options
        )
        first, *others = (run.history.lr.tolist() for run in found.runs)
        assert others == [first, first]
        assert first[0] == 1.05

    def test_a_plateau_that_looks_the_wrong_way_is_refused(self) -> None:
        def never(x: Any) -> Any:
            raise AssertionError

        wrong = Sequential([0.1, Plateau(0.1)], [3])
        with pytest.raises(ValueError, match=r"^lr: Plateau.* has mode 'min', expected 'max'"):
            maximize(never, np.ones(2), never, optimizer=SGD, lr=wrong)

    def test_what_a_schedule_raises_has_the_result_so_far(self) -> None:
        def fails(t: int) -> float:
            if t == 5:
                raise LookupError("mine")
            return 0.1

        with pytest.raises(LookupError) as caught:
            minimize(square, np.ones(2), slope, optimizer=SGD, lr=fails)
        assert caught.value.result.nit == 4

    @pytest.mark.parametrize(
        "lr",
        [
            *SCHEDULES[:2],
            Plateau(1.05, factor=0.7, patience=1),
            Sequential([halving, Plateau(1.05, factor=0.7, patience=1)], [3]),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("at", [1, 10, 14])
    @pytest.mark.parametrize("with_batches", [False, True])
    def test_a_run_goes_on_to_the_same_bits(
        self, lr: Any, at: int, with_batches: bool, tmp_path: Any
    ) -> None:
        """Stopped by max_iter, where the last point has been evaluated, but not stepped from."""
        data = np.random.default_rng(0).normal(size=(20, 2))

        def f(x: Any, *batch: Any) -> Any:
            return square(x - batch[0].mean(0)) if batch else square(x)

        def grad(x: Any, *batch: Any) -> Any:
            return slope(x - batch[0].mean(0)) if batch else slope(x)

        def run(x: Any, **more: Any) -> Any:
            batches = {"batches": Rows(data, 4), "epochs": 9} if with_batches else {}
            return minimize(f, x, grad, optimizer=SGD, lr=lr, gtol=None, **batches, **more)

        whole = run(np.ones(2), max_iter=24)
        path = tmp_path / "run.npz"
        run(np.ones(2), max_iter=at, checkpoint=path, checkpoint_interval=7)
        again = run(np.zeros(2), max_iter=24, resume=path)
        assert_same_bits(again.x, whole.x)
        assert_same_bits(again.history.lr, whole.history.lr)
        assert_same_bits(again.history.value, whole.history.value)


def test_the_defaults_of_added_groups_are_the_schedule(library: Any) -> None:
    opt = library.SGD(np.zeros(1), lr=halving)
    opt.add_param_group({"params": np.zeros(1)})
    assert opt.lr is halving
    assert opt.defaults["lr"] is halving
