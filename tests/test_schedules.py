"""The schedules: torch's rates, or their formulas, and that they are checked, compared and saved.

rates.py has the table of torch's. Every row is compared with the golden file, and with torch itself where it
is installed: `make test-torch`.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest
import rates
import steepest
from steepest import options, schedules
from steepest.schedules import (
    Constant,
    Cosine,
    CosineWarmRestarts,
    Cyclic,
    Exponential,
    InverseSqrt,
    Linear,
    MultiStep,
    OneCycle,
    Piecewise,
    Plateau,
    PlateauState,
    Polynomial,
    Sequential,
    Step,
    WarmUp,
    from_dict,
)
from steepest.schedules.saving import KINDS, from_json, to_json

inf, nan = math.inf, math.nan


def shown(schedule: Any, steps: int) -> list[float]:
    return [schedule(t) for t in range(1, steps + 1)]


def of_yours(t: int) -> float:
    """A plain callable."""
    return 0.5 / t


EXAMPLES = [
    Constant(0.1),
    Constant(0.1, factor=0.5, total_iters=3),
    Linear(0.1, total_iters=4),
    Exponential(0.1, 0.9),
    Step(0.1, 3),
    MultiStep(0.1, [2, 5]),
    Piecewise([0.1, 0.2, 0.05], [2, 4]),
    InverseSqrt(0.1, 3),
    Polynomial(0.1, 6, power=2.0),
    Cosine(0.1, 5, eta_min=0.01),
    CosineWarmRestarts(0.1, 2, T_mult=2),
    Cyclic(0.01, 0.1, 2, 3, mode="exp_range", gamma=0.9),
    OneCycle(0.1, 12, three_phase=True),
    WarmUp(Cosine(0.1, 9), 4),
    WarmUp(0.3, 4),
    Sequential([Linear(0.1), WarmUp(Step(0.2, 2), 2), 0.05], [3, 7]),
    Plateau(0.1, patience=1),
]
each_example = pytest.mark.parametrize("schedule", EXAMPLES, ids=str)
each_row = pytest.mark.parametrize("row", rates.ROWS, ids=str)


@pytest.fixture(scope="module")
def golden() -> rates.Golden:
    return rates.Golden()


class TestTorch:
    """Where torch's recursion ends at 0 its rounding is left over: 1e-17 at a rate of 0.1."""

    def equal(self, row: rates.Row, theirs: Any) -> None:
        ours = rates.ours(schedules, row)
        assert len(ours) == len(row.steps)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-16)

    @each_row
    def test_the_rates_are_those_recorded(self, golden: Any, row: Any) -> None:
        self.equal(row, golden.rates[str(row)])

    @each_row
    def test_the_rates_are_those_of_the_installed_one(self, row: Any) -> None:
        pytest.importorskip("torch")
        self.equal(row, rates.torchs(row))

    def test_the_golden_file_has_every_row(self, golden: Any) -> None:
        assert golden.rows == [str(row) for row in rates.ROWS]

    def test_the_signatures_are_those_recorded(self) -> None:
        pytest.importorskip("torch")
        recorded = json.loads(json.dumps(rates.signatures()))
        assert rates.Golden().signatures == recorded

    # torch's first argument; what can be given another way; momentum, which stays as it is.
    LEFT_OUT = ("optimizer", "last_epoch", "epochs", "steps_per_epoch", "scale_fn", "scale_mode")
    MOMENTUM = ("cycle_momentum", "base_momentum", "max_momentum")
    # A factor of 1/3 on a rate that is called constant would surprise.
    OWN: ClassVar = {("Constant", "factor"): 1.0}

    @pytest.mark.parametrize("name", [*rates.TORCH, "Plateau"])
    def test_arguments_and_defaults_are_torchs(self, golden: Any, name: str) -> None:
        theirs = [
            (key, self.OWN.get((name, key), default))
            for key, default in golden.signatures[name]
            if key not in self.LEFT_OUT + self.MOMENTUM
        ]
        fields = [field for field in dataclasses.fields(KINDS[name]) if field.init]
        ours = [
            (field.name, None if field.default is dataclasses.MISSING else field.default)
            for field in fields
            if field.name not in ("lr", "state")
        ]
        assert ours == theirs

    def test_every_schedule_is_torchs_or_has_its_formula_here(self) -> None:
        own = {"InverseSqrt", "Piecewise", "WarmUp"}
        assert {row.name for row in rates.ROWS} | own == set(KINDS)
        assert set(KINDS) < set(schedules.__all__)


class TestBesideTorch:
    """Where torch does not go on, or is not what it means to be."""

    def test_a_factor_of_0_ends(self) -> None:  # torch divides by it
        assert shown(Constant(0.1, factor=0.0, total_iters=2), 4) == [0.0, 0.0, 0.1, 0.1]

    def test_a_cycle_may_begin_at_the_top(self) -> None:  # torch divides by 0
        rate = OneCycle(1.0, 10, pct_start=0.1)
        assert rate(1) == 1.0
        assert all(later < earlier for earlier, later in pairwise(shown(rate, 10)))

    def test_a_cycle_has_an_end(self) -> None:
        rate = OneCycle(1.0, 10)
        rate(11)  # torch's one beyond
        with pytest.raises(ValueError, match=r"total_steps: the cycle has 10.* step 12"):
            rate(12)

    def test_a_cycle_that_only_rises_ends_low(self) -> None:
        assert OneCycle(1.0, 10, pct_start=1.0)(11) == 1.0 / 25 / 1e4

    def test_a_sequence_in_a_sequence_keeps_its_milestones(self) -> None:  # torch's are one early
        inner = Sequential([Constant(0.1), Exponential(0.2, 0.5)], [3])
        outer = Sequential([0.3, inner, 0.4], [2, 7])
        assert shown(outer, 8) == [0.3, 0.3, 0.1, 0.1, 0.1, 0.2, 0.1, 0.4]

    def test_a_halved_cycle_never_overflows(self) -> None:  # 2 ** 1024 does, in torch
        assert Cyclic(0.5, 1.0, 1, mode="triangular2")(10_002) == 0.5

    def test_a_cosine_of_any_length_rises_again(self) -> None:
        rate = Cosine(0.1, 2**40)
        assert rate(2**40 + 1) == 0.0
        assert rate(2**40 + 2) >= 0.0  # torch divides by 0
        assert rate(2**41 + 1) == pytest.approx(0.1)


class TestFormulas:
    @pytest.mark.parametrize(("model", "warmup"), [(512, 4000), (64, 10), (1, 1)])
    def test_inverse_square_root_is_vaswanis(self, model: int, warmup: int) -> None:
        """Attention is all you need, equation 3."""
        rate = InverseSqrt((model * warmup) ** -0.5, warmup_steps=warmup)
        for t in [1, 2, 3, 9, 10, 11, 1000, 3999, 4000, 4001, 123_456]:
            theirs = model**-0.5 * min(t**-0.5, t * warmup**-1.5)
            assert rate(t) == pytest.approx(theirs, rel=1e-14)

    def test_inverse_square_root_without_a_warm_up(self) -> None:
        assert shown(InverseSqrt(0.5), 100) == pytest.approx([0.5 / t**0.5 for t in range(1, 101)])

    def test_piecewise_is_a_step_function(self) -> None:
        values, milestones = [0.1, 0.3, 0.02, 0.7], [2, 3, 10]
        t = np.arange(1, 16)
        n = (t - 1)[:, np.newaxis]
        theirs = np.array(values)[(n >= milestones).sum(axis=1)]
        np.testing.assert_array_equal(shown(Piecewise(values, milestones), 15), theirs)
        assert shown(Piecewise([0.25], []), 3) == [0.25] * 3

    def test_piecewise_is_multistep_where_both_can_be(self) -> None:
        powers = [0.5 * 0.25**k for k in range(4)]
        steps = shown(MultiStep(0.5, [1, 4, 6], gamma=0.25), 10)
        assert shown(Piecewise(powers, [1, 4, 6]), 10) == steps

    def test_warm_up_has_the_bits_of_the_optimizers(self) -> None:
        w = np.zeros(1)
        opt = steepest.GradientDescent(w, lr=0.3, warmup_steps=7)
        for rate in shown(WarmUp(0.3, 7), 20):
            opt.step(np.ones(1))
            assert opt.effective_lr == rate

    def test_warm_up_multiplies_what_comes(self) -> None:
        cosine = Cosine(0.1, 30, eta_min=0.01)
        theirs = [cosine(t) * min(1, t / 8) for t in range(1, 50)]
        assert shown(WarmUp(cosine, 8), 49) == pytest.approx(theirs, rel=1e-15)

    def test_a_chain_counts_from_each_ones_first_step(self) -> None:
        told: list[int] = []
        chain = Sequential([0.1, lambda t: told.append(t) or 0.2, 0.3], [2, 5])
        assert shown(chain, 7) == [0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3]
        assert told == [1, 2, 3]

    def test_restarts_come_where_a_loop_finds_them(self) -> None:
        for first, growth in [(1, 2), (3, 2), (2, 3), (7, 10), (5, 1)]:
            begin, period, rate = 0, first, CosineWarmRestarts(0.1, first, growth)
            while begin < 2**60 and begin < 2000 * growth**60:
                assert rate(begin + 1) == 0.1
                assert begin + period < 4 or rate(begin + period) < 0.1
                begin, period = begin + period, period * growth
                if growth == 1 and begin > 1000:
                    break

    @each_example
    def test_rates_are_finite_floats_for_ever(self, schedule: Any) -> None:
        steps = [1, 2, 3, 5, 8, 13]
        if not isinstance(schedule, OneCycle):
            steps += [10**3, 10**6, 10**12, 2**62]
        for t in steps:
            rate = schedule(t)
            assert type(rate) is float
            assert 0 <= rate < 1


class TestCall:
    @each_example
    @pytest.mark.parametrize("t", [0, -1])
    def test_of_no_step_is_refused(self, schedule: Any, t: int) -> None:
        with pytest.raises(ValueError, match=f"t: got {t}, expected an integer >= 1"):
            schedule(t)

    @each_example
    @pytest.mark.parametrize("t", [1.0, "1", None, True, np.array([1])])
    def test_of_something_else_is_refused(self, schedule: Any, t: Any) -> None:
        with pytest.raises(TypeError, match=r"t: got .*, expected an integer >= 1"):
            schedule(t)

    @each_example
    @pytest.mark.parametrize("t", [np.int64(3), np.uint8(3), np.array(3)])
    def test_of_numpys_integers(self, schedule: Any, t: Any) -> None:
        assert schedule(t) == schedule(3)
        assert type(schedule(t)) is float


REFUSED: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    *[(Constant, {"lr": lr}, ValueError, "lr: got") for lr in (-0.1, nan, inf)],
    *[(Constant, {"lr": lr}, TypeError, "lr: got") for lr in ("0.1", None, True, Decimal(1), [1])],
    (Constant, {"factor": 1.5}, ValueError, "factor: got 1.5, expected a number from 0 to 1"),
    (Constant, {"factor": -0.1}, ValueError, "factor: got"),
    (Constant, {"total_iters": 0}, ValueError, "total_iters: got 0, expected an integer >= 1"),
    (Constant, {"total_iters": 2.0}, TypeError, "total_iters: got 2.0"),
    (Linear, {"start_factor": 0.0}, ValueError, "start_factor: got 0.0, expected a number > 0"),
    (Linear, {"start_factor": 1.1}, ValueError, "start_factor: got"),
    (Linear, {"end_factor": -0.1}, ValueError, "end_factor: got"),
    (Linear, {"end_factor": 1.1}, ValueError, "end_factor: got"),
    (Linear, {"total_iters": -1}, ValueError, "total_iters: got"),
    (Exponential, {"gamma": -0.5}, ValueError, "gamma: got"),
    (Exponential, {"gamma": None}, TypeError, "gamma: got"),
    (Step, {"step_size": 0}, ValueError, "step_size: got"),
    (Step, {"step_size": 3, "gamma": nan}, ValueError, "gamma: got"),
    (MultiStep, {"milestones": 3}, TypeError, "milestones: got 3"),
    (MultiStep, {"milestones": "34"}, TypeError, "milestones: got '34'"),
    (MultiStep, {"milestones": [3, 4.0]}, TypeError, r"milestones\[1\]: got 4.0"),
    (MultiStep, {"milestones": [-1]}, ValueError, r"milestones\[0\]: got -1"),
    (MultiStep, {"milestones": np.ones((2, 2), int)}, TypeError, "milestones: got"),
    (Polynomial, {"total_iters": 0}, ValueError, "total_iters: got"),
    (Polynomial, {"power": -1.0}, ValueError, "power: got"),
    (InverseSqrt, {"warmup_steps": 0}, ValueError, "warmup_steps: got"),
    (Cosine, {"T_max": 0}, ValueError, "T_max: got"),
    (Cosine, {"T_max": 10.5}, TypeError, "T_max: got"),
    (Cosine, {"T_max": 10, "eta_min": -1e-9}, ValueError, "eta_min: got"),
    (CosineWarmRestarts, {"T_0": 0}, ValueError, "T_0: got"),
    (CosineWarmRestarts, {"T_0": 3, "T_mult": 0}, ValueError, "T_mult: got"),
    (CosineWarmRestarts, {"T_0": 3, "eta_min": "0"}, TypeError, "eta_min: got"),
    (WarmUp, {"steps": 0}, ValueError, "steps: got"),
    (WarmUp, {"steps": 3, "lr": -1}, ValueError, "lr: got -1, .* or a schedule"),
    (WarmUp, {"steps": 3, "lr": Cosine}, TypeError, "lr: got the class Cosine, .* call it first"),
    (WarmUp, {"steps": 3, "lr": "cosine"}, TypeError, "lr: got 'cosine'"),
    (Plateau, {"mode": "least"}, ValueError, "mode: got 'least', expected one of 'min', 'max'"),
    (Plateau, {"mode": 1}, TypeError, "mode: got"),
    (Plateau, {"factor": 1.0}, ValueError, "factor: got"),
    (Plateau, {"factor": -0.1}, ValueError, "factor: got"),
    (Plateau, {"patience": -1}, ValueError, "patience: got"),
    (Plateau, {"threshold": -1.0}, ValueError, "threshold: got"),
    (Plateau, {"threshold_mode": "relative"}, ValueError, "threshold_mode: got"),
    (Plateau, {"cooldown": 1.5}, TypeError, "cooldown: got"),
    (Plateau, {"min_lr": [0.1]}, TypeError, "min_lr: got"),
    (Plateau, {"eps": -1.0}, ValueError, "eps: got"),
    (Plateau, {"state": 0.1}, TypeError, "state: got"),
    (Plateau, {"state": {"lr": 0.1}}, ValueError, r"state: found \['lr'\], expected"),
    (Plateau, {"state": PlateauState(-1.0, 0.0)}, ValueError, "state: lr: got -1.0"),
    (Plateau, {"state": PlateauState(1.0, nan)}, ValueError, "state: best: got nan"),
    (Plateau, {"state": PlateauState(1.0, "low")}, TypeError, "state: best: got 'low'"),  # type: ignore
    (Plateau, {"state": PlateauState(1.0, 0.0, -1)}, ValueError, "state: num_bad_epochs: got"),
]
# Those whose first argument is not called lr.
REFUSED_OTHERS: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (Piecewise, {"values": [1, 2], "milestones": []}, ValueError, "values: got 2 for 0 .* 1$"),
    (Piecewise, {"values": [1, -2], "milestones": [1]}, ValueError, r"values\[1\]: got -2"),
    (Piecewise, {"values": 0.1, "milestones": []}, TypeError, "values: got 0.1"),
    (Piecewise, {"values": [1, 2], "milestones": [0]}, ValueError, r"milestones\[0\]: got 0"),
    (
        Piecewise,
        {"values": [1, 2, 3], "milestones": [5, 5]},
        ValueError,
        r"milestones: got \[5, 5\], expected each larger",
    ),
    (Sequential, {"schedules": [], "milestones": []}, ValueError, "schedules: got 0 for 0"),
    (Sequential, {"schedules": [0.1], "milestones": [3]}, ValueError, "schedules: got 1 for 1"),
    (Sequential, {"schedules": 0.1, "milestones": []}, TypeError, "schedules: got 0.1"),
    (
        Sequential,
        {"schedules": [0.1, "0.2"], "milestones": [3]},
        TypeError,
        r"schedules\[1\]: got '0.2'",
    ),
    (
        Sequential,
        {"schedules": [1, 2, 3], "milestones": [5, 4]},
        ValueError,
        r"milestones: got \[5, 4\]",
    ),
    (Cyclic, {"base_lr": -1, "max_lr": 1}, ValueError, "base_lr: got"),
    (Cyclic, {"base_lr": 0, "max_lr": inf}, ValueError, "max_lr: got"),
    (Cyclic, {"base_lr": 0, "max_lr": 1, "step_size_up": 0}, ValueError, "step_size_up: got"),
    (Cyclic, {"base_lr": 0, "max_lr": 1, "step_size_down": 0}, ValueError, "step_size_down: got"),
    (Cyclic, {"base_lr": 0, "max_lr": 1, "mode": "square"}, ValueError, "mode: got 'square'"),
    (Cyclic, {"base_lr": 0, "max_lr": 1, "gamma": -1}, ValueError, "gamma: got"),
    (OneCycle, {"max_lr": 1, "total_steps": 0}, ValueError, "total_steps: got"),
    (OneCycle, {"max_lr": nan, "total_steps": 9}, ValueError, "max_lr: got"),
    (OneCycle, {"max_lr": 1, "total_steps": 9, "pct_start": 1.1}, ValueError, "pct_start: got"),
    (OneCycle, {"max_lr": 1, "total_steps": 9, "div_factor": 0}, ValueError, "div_factor: got"),
    (
        OneCycle,
        {"max_lr": 1, "total_steps": 9, "final_div_factor": -1},
        ValueError,
        "final_div_factor: got",
    ),
    (
        OneCycle,
        {"max_lr": 1, "total_steps": 9, "anneal_strategy": "cosine"},
        ValueError,
        "anneal_strategy: got 'cosine', expected one of 'cos', 'linear'",
    ),
    (OneCycle, {"max_lr": 1, "total_steps": 9, "three_phase": 1}, TypeError, "three_phase: got"),
]


@pytest.mark.parametrize(
    ("kind", "arguments", "error", "message"),
    [(kind, {"lr": 0.1} | given, *rest) for kind, given, *rest in REFUSED] + REFUSED_OTHERS,
)
def test_bad_arguments_are_refused_by_name(
    kind: Any, arguments: Any, error: Any, message: str
) -> None:
    with pytest.raises(error, match=f"^{message}"):
        kind(**arguments)


class TestObject:
    @each_example
    def test_is_not_to_be_written(self, schedule: Any) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            schedule.lr = 0.5

    @each_example
    def test_equals_another_with_its_arguments_only(self, schedule: Any) -> None:
        assert copy.deepcopy(schedule) == schedule
        assert [other for other in EXAMPLES if other == schedule] == [schedule]
        if not isinstance(schedule, Plateau):
            assert hash(copy.deepcopy(schedule)) == hash(schedule)

    def test_with_a_state_has_no_hash(self) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            hash(Plateau(0.1))

    @each_example
    def test_its_repr_makes_it_again(self, schedule: Any) -> None:
        assert eval(repr(schedule), vars(schedules)) == schedule

    def test_its_repr_says_what_was_chosen(self) -> None:
        assert repr(Cosine(0.1, 100)) == "Cosine(lr=0.1, T_max=100)"
        assert repr(WarmUp(Step(0.1, 3), 10)) == "WarmUp(lr=Step(lr=0.1, step_size=3), steps=10)"

    @each_example
    def test_is_the_same_after_pickling(self, schedule: Any) -> None:
        again = pickle.loads(pickle.dumps(schedule))
        assert again == schedule
        assert shown(again, 12) == shown(schedule, 12)

    def test_arguments_are_plain_numbers_then(self) -> None:
        schedule = Piecewise(np.array([0.1, 0.2]), np.array([3]))
        assert schedule.values == (0.1, 0.2)
        assert [type(value) for value in schedule.values] == [float, float]
        assert type(Cosine(np.float32(0.5), np.int64(3)).T_max) is int
        assert MultiStep(0.1, range(9, 0, -3)).milestones == (3, 6, 9)

    def test_what_was_handed_over_may_change(self) -> None:
        milestones = [3]
        schedule = MultiStep(0.1, milestones)
        milestones[0] = 1
        assert schedule.milestones == (3,)

    def test_the_package_imports_them_when_asked(self) -> None:
        code = """if True:
            import sys, steepest
            assert "steepest.schedules" not in sys.modules
            steepest.schedules.Constant(0.1)
            from steepest import schedules
            assert schedules is sys.modules["steepest.schedules"]
            """
        subprocess.run([sys.executable, "-c", code], check=True)
        with pytest.raises(AttributeError, match="no attribute 'schedule'"):
            _ = steepest.schedule


class TestSaving:
    @each_example
    def test_through_json(self, schedule: Any) -> None:
        text = json.dumps(schedule.to_dict(), allow_nan=False)
        again = from_dict(json.loads(text))
        assert again == schedule
        assert type(again) is type(schedule)
        assert shown(again, 12) == shown(schedule, 12)

    def test_what_is_saved_reads_well(self) -> None:
        assert Sequential([0.1, Step(0.2, 3)], [4]).to_dict() == {
            "schedule": "Sequential",
            "schedules": [
                {"schedule": "Constant", "lr": 0.1, "factor": 1.0, "total_iters": 5},
                {"schedule": "Step", "lr": 0.2, "step_size": 3, "gamma": 0.1},
            ],
            "milestones": [4],
        }

    def test_a_plateau_goes_on_where_it_stood(self) -> None:
        for row in rates.ROWS:
            if row.name != "Plateau":
                continue
            straight, stopped = (rates.schedule(schedules, row) for _ in range(2))
            for value in rates.metric(row.arguments[1]):
                straight.observe(value)
                stopped.observe(value)
                stopped = from_dict(json.loads(json.dumps(stopped.to_dict(), allow_nan=False)))
                assert stopped == straight

    @pytest.mark.parametrize(
        ("saved", "error", "message"),
        [
            ([], TypeError, r"schedule: got \[\]"),
            ({}, ValueError, "schedule: got None, expected one of"),
            ({"schedule": "Sine"}, ValueError, "schedule: got 'Sine', expected one of"),
            ({"schedule": ["Step"]}, ValueError, "schedule: got"),
            ({"schedule": "Schedule"}, ValueError, "schedule: got"),
            ({"schedule": "callable", "name": "f"}, ValueError, "schedule: got 'callable'"),
            ({"schedule": "Exponential", "lr": 0.1}, ValueError, "schedule: Exponential with"),
            (
                {"schedule": "Exponential", "lr": 0.1, "gamma": 0.5, 3: 4},
                ValueError,
                "schedule: Exponential with",
            ),
            ({"schedule": "Exponential", "lr": -0.1, "gamma": 0.5}, ValueError, "lr: got -0.1"),
            (
                {"schedule": "WarmUp", "lr": {"schedule": "Sine"}, "steps": 3},
                ValueError,
                "lr: got 'Sine'",
            ),
            (
                {"schedule": "Sequential", "schedules": [{"schedule": 1}], "milestones": []},
                ValueError,
                r"schedules\[0\]: got 1",
            ),
        ],
    )
    def test_what_is_no_schedule_is_refused(self, saved: Any, error: Any, message: str) -> None:
        with pytest.raises(error, match=f"^{message}"):
            from_dict(saved)

    def test_what_is_nested_without_end_is_refused(self) -> None:
        saved: Any = Constant(0.1).to_dict()
        for _ in range(100_000):
            saved = {"schedule": "WarmUp", "lr": saved, "steps": 3}
        with pytest.raises(ValueError, match="nested too deep"):
            from_dict(saved)

    @pytest.mark.parametrize("schedule", [WarmUp(of_yours, 3), Sequential([0.1, of_yours], [3])])
    def test_a_callable_of_yours_cannot_be(self, schedule: Any) -> None:
        with pytest.raises(TypeError, match=r"^(lr|schedules\[1\]): .*of_yours.* give it again"):
            schedule.to_dict()
        assert pickle.loads(pickle.dumps(schedule)) == schedule

    def test_a_checkpoint_holds_numbers_and_schedules(self) -> None:
        for lr in (0.1, *EXAMPLES):
            assert from_json(json.loads(json.dumps(to_json(lr))), 0.7) == lr

    @pytest.mark.parametrize("lr", [of_yours, WarmUp(of_yours, 3), Decimal("1").scaleb])
    def test_a_checkpoint_asks_for_a_callable_of_yours(self, lr: Any) -> None:
        saved = json.loads(json.dumps(to_json(lr)))
        assert from_json(saved, lr) is lr
        with pytest.raises(ValueError, match=r"lr: was a callable.* got 0.7, .* given again"):
            from_json(saved, 0.7)
        assert saved["name"] in ("of_yours", "WarmUp", "Decimal.scaleb")


class TestPlateau:
    def test_reduces_after_patience_is_over(self) -> None:
        rate = Plateau(0.8, factor=0.5, patience=2)
        found = []
        for value in [1.0, 1.0, 1.0, 1.0, 1.0]:
            rate.observe(value)
            found.append(rate(1))
        assert found == [0.8, 0.8, 0.8, 0.4, 0.4]
        assert rate.state == PlateauState(0.4, 1.0, 1, 0)

    def test_has_one_rate_whatever_the_step(self) -> None:
        rate = Plateau(0.1)
        assert rate(1) == rate(10**9) == 0.1

    @pytest.mark.parametrize("value", [np.float32(3), np.array(3.0), 3, Decimal(3), nan, -inf])
    def test_takes_any_real_number(self, value: Any) -> None:
        rate = Plateau(0.1)
        rate.observe(value)
        assert rate.state is not None
        assert rate.state.best == (inf if value != value else float(value))

    @pytest.mark.parametrize("value", [None, "3", True, np.True_, 3j, [3.0], np.array([3.0])])
    def test_refuses_anything_else_and_stays(self, value: Any) -> None:
        rate = Plateau(0.1)
        rate.observe(2.0)
        before = copy.deepcopy(rate)
        with pytest.raises(TypeError, match=r"^value: got .*, expected a number"):
            rate.observe(value)
        assert rate == before

    def test_takes_over_after_a_warm_up(self) -> None:
        plateau = Plateau(0.1, factor=0.5, patience=0)
        rate = Sequential([Linear(0.1, 0.5, total_iters=2), plateau], [2])
        assert shown(rate, 3) == [0.05, pytest.approx(0.075), 0.1]
        plateau.observe(1.0)
        plateau.observe(1.0)
        assert rate(4) == 0.05
        assert from_dict(rate.to_dict()) == rate


class TestOption:
    """What an optimizer's lr may be, and what is made of a schedule's answer."""

    @pytest.mark.parametrize("lr", [0.1, 1, np.float32(0.5), np.array(2.0)])
    def test_a_number_is_taken_as_it_is_now(self, lr: Any) -> None:
        found = options.LR("lr", lr)
        assert type(found) is float
        assert found == lr

    @pytest.mark.parametrize("lr", [of_yours, Cosine(0.1, 3), Plateau(0.1), min])
    def test_a_callable_is_taken(self, lr: Any) -> None:
        assert options.LR("lr", lr) is lr
        options.LR.fits("lr", lr, np.dtype(np.float32))

    @pytest.mark.parametrize(
        ("lr", "error"),
        [
            *[(lr, ValueError) for lr in (-0.1, nan, inf)],
            *[(lr, TypeError) for lr in ("0.1", None, True, np.array([1]), [0.1], Cosine)],
        ],
    )
    def test_anything_else_is_refused(self, lr: Any, error: Any) -> None:
        with pytest.raises(error, match=r"^lr: got "):
            options.LR("lr", lr)

    def test_a_number_must_fit_the_dtype(self) -> None:
        with pytest.raises(ValueError, match="lr: 1e\\+39 overflows float32"):
            options.LR.fits("lr", 1e39, np.dtype(np.float32))

    @pytest.mark.parametrize("value", [0.25, 1, 0, np.float32(0.5), np.array(0.5), 1e35, 1e300])
    def test_an_answer_is_a_float(self, value: Any) -> None:
        found = options.rate_at("lr", lambda t: value, 3)
        assert type(found) is float
        assert found == value

    @pytest.mark.parametrize(
        ("value", "error"),
        [
            *[(value, ValueError) for value in (-0.1, -1e-300, nan, inf, -inf, -1, 10**400)],
            *[(value, TypeError) for value in (None, "0.1", True, 1j, [0.1], np.array([0.1]))],
        ],
    )
    def test_an_answer_that_is_no_rate_is_refused(self, value: Any, error: Any) -> None:
        def broken(t: int) -> Any:
            return value if t == 7 else 0.1

        assert options.rate_at("lr", broken, 6) == 0.1
        with pytest.raises(
            error, match=r"^lr: step t = 7 of .*broken.*: got .*, expected a finite"
        ):
            options.rate_at("lr", broken, 7)

    def test_an_answer_must_fit_the_dtype(self) -> None:
        both = [np.dtype(np.float64), np.dtype(np.float32)]
        assert options.rate_at("lr", lambda t: 1e39, 3, both[:1]) == 1e39
        with pytest.raises(ValueError, match=r"^lr: step t = 3 of .*: 1e\+39 overflows float32"):
            options.rate_at("lr", lambda t: 1e39, 3, both)

    def test_a_rate_that_grows_without_end_is_refused_in_time(self) -> None:
        growing = Exponential(0.1, gamma=2.0)
        assert options.rate_at("lr", growing, 1000) == 0.1 * 2.0**999
        with pytest.raises(ValueError, match=r"step t = 2000 of Exponential.* got inf"):
            options.rate_at("lr", growing, 2000)

    def test_what_a_schedule_raises_passes_through(self) -> None:
        def broken(t: int) -> float:
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            options.rate_at("lr", broken, 1)
