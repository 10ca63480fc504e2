"""Parameter groups: torch's convention, validated at once, in effect from the next step."""

import contextlib
from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np
import pytest
import steepest
from harness import assert_same_bits, assert_same_state
from steepest import GradientAscent, GradientDescent
from unchanged import photograph, refused

TEXTBOOK: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "beta": None}
OPTIONS = {
    "lr": 0.01,
    "momentum": 0.9,
    "beta": 0.999,
    "eps": 1e-8,
    "nesterov": False,
    "clip_value": None,
    "lr_decay": None,
    "warmup_steps": 0,
    "weight_decay": 0.0,
    "bias_correction": True,
    "maximize": True,
}
OTHER = {
    "lr": 0.5,
    "momentum": 0.25,
    "beta": None,
    "eps": 1e-4,
    "nesterov": True,
    "clip_value": 0.5,
    "lr_decay": 0.5,
    "warmup_steps": 3,
    "weight_decay": 0.125,
    "bias_correction": False,
    "maximize": False,
}


def two_groups(library: Any, first: Any = None, second: Any = None, **defaults: Any) -> Any:
    """Two groups, one array each, and a function that steps both with fixed gradients."""
    a, b = np.linspace(-1, 1, 5), np.linspace(0.5, 2, 7)
    opt = library.GradientAscent(
        [{"params": a, **(first or {})}, {"params": b, **(second or {})}], **defaults
    )
    gradients = [np.linspace(1, 2, 5), np.linspace(-1, -3, 7)]
    return opt, (a, b), lambda: opt.step(gradients)


class TestShape:
    def test_the_defaults_are_the_documented_ones(self, library: Any) -> None:
        opt = library.GradientAscent(np.ones(3))
        group = opt.param_groups[0]
        assert {key: group[key] for key in group if key != "params"} == OPTIONS
        assert opt.clip_norm is None
        assert opt.nonfinite == "raise"
        assert opt.logging_interval == 10
        assert opt.callback is None
        for key, value in OPTIONS.items():
            assert opt.defaults[key] == value

    def test_param_groups_is_a_read_only_sequence(self, library: Any) -> None:
        opt, _, _ = two_groups(library)
        groups = opt.param_groups
        assert isinstance(opt.param_groups, Sequence)
        assert len(groups) == 2
        assert groups[-1] is groups[1]
        assert [group["lr"] for group in groups] == [0.01, 0.01]
        with pytest.raises(TypeError):
            groups[0] = {"params": np.ones(2)}
        with pytest.raises(TypeError):
            del groups[0]
        with pytest.raises(AttributeError):
            groups.append({"params": np.ones(2)})
        with pytest.raises(AttributeError):
            opt.param_groups = []

    def test_a_group_is_a_mutable_mapping(self, library: Any) -> None:
        opt, _, _ = two_groups(library)
        group = opt.param_groups[0]
        assert isinstance(group, MutableMapping)
        assert set(group) == {"params", *OPTIONS}
        assert len(group) == 1 + len(OPTIONS)
        assert "lr" in group
        assert "learning_rate" not in group
        assert group.get("learning_rate", 7) == 7
        with pytest.raises(KeyError, match="learning_rate"):
            group["learning_rate"]

    def test_params_are_the_arrays_and_read_only(self, library: Any) -> None:
        opt, (a, b), _ = two_groups(library)
        assert [len(group["params"]) for group in opt.param_groups] == [1, 1]
        assert opt.param_groups[0]["params"][0] is a
        assert opt.param_groups[1]["params"][0] is b
        with refused((TypeError, ValueError), "params", opt=opt, keeps=[a, b]):
            opt.param_groups[0]["params"] = [np.ones(2)]
        with refused((TypeError, ValueError), "params", opt=opt, keeps=[a, b]):
            opt.param_groups[0].update(lr=0.5, params=[np.ones(2)])
        with contextlib.suppress(AttributeError):  # a tuple says so; a list must be a copy
            opt.param_groups[0]["params"].append(b)
        assert len(opt.param_groups[0]["params"]) == 1
        assert opt.param_groups[0]["params"][0] is a

    @pytest.mark.parametrize("option", ["params", *OPTIONS])
    def test_options_cannot_be_removed(self, library: Any, option: Any) -> None:
        opt, arrays, step = two_groups(library)
        step()
        group = opt.param_groups[0]
        with refused((TypeError, ValueError, KeyError), option, opt=opt, keeps=arrays):
            del group[option]
        with refused((TypeError, ValueError, KeyError), opt=opt, keeps=arrays):
            group.pop(option)
        with refused((TypeError, ValueError, KeyError), opt=opt, keeps=arrays):
            group.clear()

    def test_groups_override_the_defaults(self, library: Any) -> None:
        opt, _, _ = two_groups(library, second=OTHER)
        for key, value in OPTIONS.items():
            assert opt.param_groups[0][key] == value
            assert opt.param_groups[1][key] == OTHER[key]

    def test_maximize_belongs_to_ascent(self, library: Any) -> None:
        assert library.GradientAscent(np.ones(2)).param_groups[0]["maximize"] is True
        assert GradientDescent(np.ones(2)).param_groups[0]["maximize"] is False
        descent: Any = GradientDescent
        with pytest.raises(TypeError, match="maximize"):
            descent(np.ones(2), maximize=True)


class TestWrites:
    @pytest.mark.parametrize("option", [o for o in OPTIONS if o != "nesterov"])
    def test_a_write_counts_from_the_next_step(self, library: Any, option: Any) -> None:
        """As if this option had been in force all along, over the same state and counters."""
        opt, arrays, step = two_groups(library)
        other, copies, other_step = two_groups(library, first={option: OTHER[option]})
        _, ignored, unwritten_step = two_groups(library)
        step(), unwritten_step()
        saved = opt.state_dict()
        saved["param_groups"][0][option] = OTHER[option]
        if option == "beta":
            del saved["state"]["0"]["second_moment"]
        other.load_state_dict(saved)
        for array, copy in zip(arrays, copies, strict=True):
            copy[...] = array
        opt.param_groups[0][option] = OTHER[option]
        for one_step in (step, other_step, unwritten_step):
            one_step()
        assert opt.param_groups[0][option] == OTHER[option]
        for array, copy in zip(arrays, copies, strict=True):
            assert_same_bits(array, copy)
        assert arrays[0].tobytes() != ignored[0].tobytes()
        assert_same_bits(arrays[1], ignored[1])

    def test_update_is_atomic(self, library: Any) -> None:
        opt, arrays, step = two_groups(library)
        step()
        group = opt.param_groups[0]
        with refused(ValueError, "momentum", "2.0", opt=opt, keeps=arrays):
            group.update(lr=0.5, beta=None, momentum=2.0)
        with refused(TypeError, "eps", opt=opt, keeps=arrays):
            group.update({"lr": 0.5, "initial_lr": 0.5, "eps": None})
        with refused(ValueError, "nesterov", "momentum", opt=opt, keeps=arrays):
            group.update([("lr", 0.5), ("momentum", 0.0), ("nesterov", True)])
        assert "initial_lr" not in group

    def test_update_reads_its_options_together(self, library: Any) -> None:
        """Neither write alone would be allowed."""
        opt, _, _ = two_groups(library, momentum=0.0)
        group = opt.param_groups[0]
        group.update(nesterov=True, momentum=0.5)
        assert (group["nesterov"], group["momentum"]) == (True, 0.5)
        group.update({"momentum": 0.0}, nesterov=False)
        assert (group["nesterov"], group["momentum"]) == (False, 0.0)

    def test_what_a_write_stores_is_a_plain_number(self, library: Any) -> None:
        opt, _, _ = two_groups(library)
        group = opt.param_groups[0]
        lr = np.array(0.25)
        group["lr"] = lr
        lr[...] = 9.0
        group["warmup_steps"] = np.int64(3)
        assert (type(group["lr"]), group["lr"]) == (float, 0.25)
        assert (type(group["warmup_steps"]), group["warmup_steps"]) == (int, 3)


class TestSchedulers:
    def test_the_convention_of_torch(self, library: Any) -> None:
        """What `torch.optim.lr_scheduler` does to an optimizer, without torch."""
        opt, (a, b), step = two_groups(library, second={"lr": 0.5}, momentum=0.0, beta=None)
        for group in opt.param_groups:
            group.setdefault("initial_lr", group["lr"])
        before = a.copy(), b.copy()
        for epoch in range(3):
            for group in opt.param_groups:
                group["lr"] = group["initial_lr"] * 0.1**epoch
            step()
        assert [g["initial_lr"] for g in opt.param_groups] == [0.01, 0.5]
        np.testing.assert_allclose(a - before[0], 0.01 * 1.11 * np.linspace(1, 2, 5))
        np.testing.assert_allclose(b - before[1], 0.5 * 1.11 * np.linspace(-1, -3, 7))

    def test_the_rate_may_be_multiplied_in_place(self, library: Any) -> None:
        w = np.zeros(1)
        opt = library.GradientAscent(w, **TEXTBOOK)
        for _ in range(3):
            opt.step(np.ones(1))
            for group in opt.param_groups:
                group["lr"] *= 0.5
        assert w.tolist() == [1.75]
        assert opt.param_groups[0]["lr"] == 0.125

    def test_keys_of_others_are_kept_and_saved(self, library: Any, tmp_path: Any) -> None:
        opt, _, step = two_groups(library)
        opt.param_groups[0]["initial_lr"] = 0.5
        opt.param_groups[1]["swa_lr"] = 0.25
        step()
        saved = opt.state_dict()
        assert saved["param_groups"][0]["initial_lr"] == 0.5
        assert saved["param_groups"][1]["swa_lr"] == 0.25
        opt.save(tmp_path / "opt.npz")
        fresh, _, _ = two_groups(library)
        fresh.load(tmp_path / "opt.npz")
        assert fresh.param_groups[0]["initial_lr"] == 0.5
        assert fresh.param_groups[1]["swa_lr"] == 0.25
        del opt.param_groups[0]["initial_lr"]
        assert opt.param_groups[1].pop("swa_lr") == 0.25
        assert "initial_lr" not in opt.param_groups[0]

    def test_a_real_scheduler_rule_over_many_steps(self, library: Any) -> None:
        """Cosine annealing written as users write it, against the closed form."""
        w = np.zeros(1)
        opt = library.GradientAscent(w, **TEXTBOOK)
        rates = [0.5 * (1 + np.cos(np.pi * t / 20)) for t in range(20)]
        for rate in rates:
            opt.lr = rate
            opt.step(np.ones(1))
        np.testing.assert_allclose(w[0], sum(rates))


class TestStateOnAndOff:
    def test_turning_momentum_on_starts_from_zero(self, library: Any) -> None:
        w, copy, g = np.zeros(3), np.zeros(3), np.array([1.0, -2.0, 3.0])
        opt = library.GradientAscent({"w": w}, lr=0.5, momentum=0.0, beta=None)
        opt.step({"w": g})
        assert "velocity" not in opt.state["w"]
        opt.param_groups[0]["momentum"] = 0.5
        assert_same_bits(opt.state["w"]["velocity"], np.zeros(3))
        copy[...] = w
        fresh = library.GradientAscent({"w": copy}, lr=0.5, momentum=0.5, beta=None)
        for _ in range(3):
            opt.step({"w": g})
            fresh.step({"w": g})
        assert_same_bits(w, copy)
        assert_same_bits(opt.state["w"]["velocity"], fresh.state["w"]["velocity"])

    def test_turning_momentum_off_frees_it(self, library: Any) -> None:
        w = np.zeros(3)
        opt = library.GradientAscent({"w": w}, lr=0.5, beta=None)
        opt.step({"w": np.ones(3)})
        opt.param_groups[0]["momentum"] = 0.0
        assert dict(opt.state["w"]) == {}
        before = w.copy()
        opt.step({"w": np.ones(3)})
        assert_same_bits(w, before + 0.5)
        opt.param_groups[0]["momentum"] = 0.9
        assert_same_bits(opt.state["w"]["velocity"], np.zeros(3))

    def test_turning_beta_on_restarts_its_own_count(self, library: Any) -> None:
        w, copy, g = np.zeros(3), np.zeros(3), np.array([1.0, -2.0, 3.0])
        opt = library.GradientAscent({"w": w}, momentum=0.0, beta=None)
        for _ in range(4):
            opt.step({"w": g})
        assert opt.state_dict()["state"]["w"]["steps"] == 4
        opt.param_groups[0]["beta"] = 0.9
        assert_same_bits(opt.state["w"]["second_moment"], np.zeros(3))
        assert opt.state_dict()["state"]["w"]["steps"] == 0
        copy[...] = w
        fresh = library.GradientAscent({"w": copy}, momentum=0.0, beta=0.9)
        for _ in range(3):
            opt.step({"w": g})
            fresh.step({"w": g})
        assert_same_bits(w, copy)
        assert opt.state_dict()["state"]["w"]["steps"] == 3
        assert opt.step_count == 7

    def test_turning_beta_off_frees_it(self, library: Any) -> None:
        w = np.zeros(3)
        opt = library.GradientAscent({"w": w}, momentum=0.0, lr=0.5)
        opt.step({"w": np.ones(3)})
        opt.param_groups[0]["beta"] = None
        assert dict(opt.state["w"]) == {}
        before = w.copy()
        opt.step({"w": np.ones(3)})
        assert_same_bits(w, before + 0.5)

    def test_changing_a_number_keeps_the_state(self, library: Any) -> None:
        opt = library.GradientAscent({"w": np.zeros(3)})
        opt.step({"w": np.ones(3)})
        velocity, moment = opt.state["w"]["velocity"], opt.state["w"]["second_moment"]
        opt.param_groups[0].update(momentum=0.5, beta=0.5, nesterov=True)
        assert np.shares_memory(opt.state["w"]["velocity"], velocity)
        assert np.shares_memory(opt.state["w"]["second_moment"], moment)
        assert opt.state_dict()["state"]["w"]["steps"] == 1

    def test_only_its_own_group_is_changed(self, library: Any) -> None:
        opt, _, step = two_groups(library)
        step()
        kept = opt.state["group1.0"]["velocity"]
        opt.param_groups[0].update(momentum=0.0, beta=None)
        assert dict(opt.state["0"]) == {}
        assert np.shares_memory(opt.state["group1.0"]["velocity"], kept)
        step()

    def test_a_refused_write_allocates_and_frees_nothing(self, library: Any) -> None:
        opt, arrays, step = two_groups(library)
        step()
        kept = opt.state["0"]["velocity"]
        with refused(ValueError, "lr", opt=opt, keeps=arrays):
            opt.param_groups[0].update(momentum=0.0, lr=-1.0)
        assert np.shares_memory(opt.state["0"]["velocity"], kept)

    def test_state_is_a_read_only_view_of_live_arrays(self, library: Any) -> None:
        opt = library.GradientAscent({"w": np.zeros(3)}, lr=0.5, beta=None)
        velocity = opt.state["w"]["velocity"]
        opt.step({"w": np.ones(3)})
        assert velocity.tolist() == [1.0] * 3
        velocity[...] = 0.0
        opt.step({"w": np.ones(3)})
        assert velocity.tolist() == [1.0] * 3, "writing into the live array counts"
        with pytest.raises(TypeError):
            opt.state["w"]["velocity"] = np.ones(3)
        with pytest.raises(TypeError):
            opt.state["w"] = {}
        with pytest.raises(KeyError):
            opt.state["nobody"]


class TestRates:
    def test_lr_reads_and_writes_the_common_rate(self, library: Any) -> None:
        opt, _, _ = two_groups(library, lr=0.25)
        assert opt.lr == 0.25
        opt.lr = 0.5
        assert [group["lr"] for group in opt.param_groups] == [0.5, 0.5]
        opt.param_groups[1]["lr"] = 0.125
        with pytest.raises(ValueError, match=r"0\.5, 0\.125"):
            opt.lr  # noqa: B018
        opt.lr = 0.75
        assert opt.lr == 0.75

    @pytest.mark.parametrize(
        ("value", "error"), [(-1.0, ValueError), (float("nan"), ValueError), ("1", TypeError)]
    )
    def test_a_refused_lr_changes_no_group(self, library: Any, value: Any, error: Any) -> None:
        opt, arrays, _ = two_groups(library)
        with refused(error, "lr", opt=opt, keeps=arrays):
            opt.lr = value

    def test_an_lr_that_one_group_cannot_hold_changes_none(self, library: Any) -> None:
        double, single = np.ones(2), np.ones(2, np.float32)
        opt = library.GradientAscent([{"params": double}, {"params": single}])
        with refused(ValueError, "lr", "float32", opt=opt, keeps=[double, single]):
            opt.lr = 1e300

    def test_effective_lr_is_that_of_the_last_step(self, library: Any) -> None:
        w = np.zeros(1)
        opt = library.GradientAscent(
            w, lr=1.0, momentum=0.0, beta=None, lr_decay=0.5, warmup_steps=4
        )
        assert opt.effective_lr == 1.0
        expected = [1 / 4, 0.5 * 2 / 4, 0.25 * 3 / 4, 0.125, 0.0625, 0.03125]
        for rate in expected:
            before = w[0]
            opt.step(np.ones(1))
            assert opt.effective_lr == rate
            assert w[0] - before == rate
        assert opt.lr == 1.0

    def test_effective_lr_is_a_tuple_where_groups_differ(self, library: Any) -> None:
        opt, _, step = two_groups(library, second={"lr_decay": 0.5}, lr=0.25)
        step()
        assert opt.effective_lr == 0.25
        step()
        assert opt.effective_lr == (0.25, 0.125)

    def test_effective_lr_changes_by_steps_not_by_writes(self, library: Any) -> None:
        opt, _, step = two_groups(library, lr=0.25)
        step()
        opt.lr = 0.5
        assert opt.effective_lr == 0.25
        step()
        assert opt.effective_lr == 0.5

    def test_the_rate_decays_once_a_step_however_many_arrays(self, library: Any) -> None:
        arrays = [np.zeros(1) for _ in range(5)]
        opt = library.GradientAscent(arrays, lr=1.0, momentum=0.0, beta=None, lr_decay=0.5)
        for _ in range(3):
            opt.step([np.ones(1)] * 5)
        assert [a.tolist() for a in arrays] == [[1.75]] * 5


class TestAddedGroups:
    def test_join_the_next_step_with_the_defaults(self, library: Any) -> None:
        a, b = np.zeros(1), np.zeros(1)
        opt = library.GradientAscent({"a": a}, **TEXTBOOK)
        opt.step({"a": np.ones(1)})
        opt.add_param_group({"params": {"b": b}})
        opt.add_param_group({"params": np.zeros(1), "lr": 0.5})
        assert len(opt.param_groups) == 3
        assert [g["lr"] for g in opt.param_groups] == [1.0, 1.0, 0.5]
        opt.step([{"a": np.ones(1)}, {"b": np.ones(1)}, np.ones(1)])
        assert (a.tolist(), b.tolist()) == ([2.0], [1.0])
        assert opt.param_groups[2]["params"][0].tolist() == [0.5]

    def test_start_their_own_count(self, library: Any) -> None:
        a, b, alone = np.zeros(3), np.zeros(3), np.zeros(3)
        opt, fresh = library.GradientAscent({"a": a}), library.GradientAscent({"b": alone})
        g = np.array([1.0, -2.0, 3.0])
        for _ in range(3):
            opt.step({"a": g})
        opt.add_param_group({"params": {"b": b}})
        for _ in range(2):
            opt.step([{"a": g}, {"b": g}])
            fresh.step({"b": g})
        assert_same_bits(b, alone)
        state = opt.state_dict()["state"]
        assert (state["a"]["steps"], state["b"]["steps"]) == (5, 2)

    def test_get_the_prefix_of_their_index_on_a_clash(self, library: Any) -> None:
        opt = library.GradientAscent({"W": np.zeros(2)})
        opt.add_param_group({"params": {"W": np.zeros(2), "b": np.zeros(2)}})
        assert list(opt.state) == ["W", "group1.W", "b"]

    @pytest.mark.parametrize(
        ("group", "error", "said"),
        [
            ({}, (TypeError, ValueError), "params"),
            ({"lr": 0.5}, (TypeError, ValueError), "params"),
            ({"params": []}, ValueError, ""),
            ({"params": {"b": np.ones(2, int)}}, TypeError, "b"),
            ({"params": {"b": [1.0, 2.0]}}, TypeError, "b"),
            ({"params": {"b": np.ones(2)}, "lr": -1.0}, ValueError, "lr"),
            ({"params": {"b": np.ones(2)}, "rate": 1.0}, (TypeError, ValueError), "rate"),
            ({"params": {"b": np.ones(2)}, "clip_norm": 1.0}, (TypeError, ValueError), "clip_norm"),
            ({"params": {"b": np.broadcast_to(1.0, (2,))}}, ValueError, "b"),
            (np.ones(2), TypeError, ""),
            ([np.ones(2)], TypeError, ""),
            (None, TypeError, ""),
        ],
        ids=lambda value: repr(value)[:40],
    )
    def test_that_are_refused_change_nothing(
        self, library: Any, group: Any, error: Any, said: Any
    ) -> None:
        opt, arrays, step = two_groups(library)
        step()
        with refused(error, said, opt=opt, keeps=arrays):
            opt.add_param_group(group)
        step()
        assert opt.step_count == 2

    def test_do_not_keep_a_hold_on_the_dict_given(self, library: Any) -> None:
        opt = library.GradientAscent({"a": np.zeros(2)})
        given = {"params": {"b": np.zeros(2)}, "lr": 0.5}
        opt.add_param_group(given)
        given["lr"] = 9.0
        assert opt.param_groups[1]["lr"] == 0.5
        assert set(given) == {"params", "lr"}, "the caller's dict is not written either"


class TestGroupsTogether:
    @pytest.mark.parametrize("option", [o for o in OPTIONS if o != "nesterov"])
    def test_a_group_steps_as_an_optimizer_of_its_own(self, library: Any, option: Any) -> None:
        changed = {option: OTHER[option]}
        _, (a, b), step = two_groups(library, second=changed)
        alone = np.linspace(-1, 1, 5), np.linspace(0.5, 2, 7)
        first, second = (
            library.GradientAscent(alone[0]),
            library.GradientAscent(alone[1], **changed),
        )
        for _ in range(4):
            step()
            first.step(np.linspace(1, 2, 5))
            second.step(np.linspace(-1, -3, 7))
        assert_same_bits(a, alone[0])
        assert_same_bits(b, alone[1])

    def test_clip_norm_spans_all_groups(self, library: Any) -> None:
        a, b = np.zeros(1), np.zeros(1)
        opt = library.GradientAscent([{"params": a}, {"params": b}], clip_norm=1.0, **TEXTBOOK)
        opt.step([np.array([3.0]), np.array([4.0])])
        np.testing.assert_allclose([a[0], b[0]], [0.6, 0.8], rtol=1e-6)

    def test_a_minimax_game_is_one_optimizer(self, library: Any) -> None:
        """f(x, y) = x² + 2xy − y²: its saddle is the origin."""
        x, y = np.array([1.0]), np.array([-0.5])
        opt = library.GradientAscent(
            [{"params": x, "maximize": False}, {"params": y, "maximize": True}],
            lr=0.1,
            momentum=0.0,
            beta=None,
        )
        for _ in range(200):
            opt.step([2 * x + 2 * y, 2 * x - 2 * y])
        assert abs(x[0]) < 1e-9
        assert abs(y[0]) < 1e-9

    def test_maximize_false_is_descent(self, library: Any) -> None:
        up, down = np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)
        ascent = library.GradientAscent(up, maximize=False, weight_decay=0.1, nesterov=True)
        descent = GradientDescent(down, weight_decay=0.1, nesterov=True)
        for _ in range(5):
            ascent.step(np.linspace(1, 2, 5))
            descent.step(np.linspace(1, 2, 5))
        assert_same_bits(up, down)


def test_reading_changes_nothing(library: Any) -> None:
    opt, arrays, step = two_groups(library)
    step()
    before = photograph(opt, *arrays)
    repr(opt), dict(opt.param_groups[0]), list(opt.param_groups), opt.lr, opt.effective_lr
    opt.defaults, opt.step_count, opt.skipped_steps, dict(opt.state), repr(opt.param_groups)
    assert photograph(opt, *arrays) == before


def test_step_count_and_skipped_steps_are_read_only() -> None:
    opt = GradientAscent(np.ones(2))
    for counter in ("step_count", "skipped_steps"):
        assert getattr(opt, counter) == 0
        with pytest.raises(AttributeError):
            setattr(opt, counter, 5)


class TestOptionsOfTheOptimizer:
    def test_every_option_reads_and_writes_what_all_groups_have(self) -> None:
        opt = GradientAscent([{"params": np.zeros(2)}, {"params": np.zeros(3)}])
        opt.momentum, opt.nesterov = 0.5, True
        assert [group["momentum"] for group in opt.param_groups] == [0.5, 0.5]
        assert (opt.momentum, opt.nesterov, opt.beta) == (0.5, True, 0.999)
        opt.step([np.ones(2), np.ones(3)])
        expected = steepest.reference.GradientAscent(
            [{"params": np.zeros(2)}, {"params": np.zeros(3)}], momentum=0.5, nesterov=True
        )
        expected.step([np.ones(2), np.ones(3)])
        assert_same_state(opt, expected)

    def test_turning_momentum_off_drops_its_state_in_all_groups(self) -> None:
        opt = GradientAscent([{"params": np.zeros(2)}, {"params": np.zeros(3)}])
        opt.momentum = 0
        assert all(set(state) == {"second_moment"} for state in opt.state.values())

    def test_a_refused_value_changes_no_group(self) -> None:
        opt = GradientAscent([{"params": np.zeros(2)}, {"params": np.zeros(3), "beta": None}])
        with pytest.raises(ValueError, match=r"momentum: got 1\.5"):
            opt.momentum = 1.5
        assert opt.momentum == 0.9
        with pytest.raises(ValueError, match="beta: the groups differ"):
            _ = opt.beta

    def test_each_optimizer_has_its_own(self) -> None:
        opt = steepest.AdamW(np.zeros(2))
        opt.betas = (0.8, 0.99)
        assert opt.param_groups[0]["betas"] == (0.8, 0.99)
        assert not hasattr(opt, "momentum")
