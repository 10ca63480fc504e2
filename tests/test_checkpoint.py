"""Stopping and going on: bit for bit as if there had been no stop, by every way of saving."""

import copy
import json
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import steepest
from harness import assert_same_bits, assert_same_state
from standins import Holder
from steepest import Parameter
from stops import CASES, END, STOPS, Saved, a_model, cases, go_on, gradients, started
from unchanged import refused

# Every way to stop and go on: each takes (model, optimizer) and gives another pair.


def by_state_dict(model: Any, opt: Any, library: Any, tmp_path: Any) -> Any:
    model = {name: a.copy(order="K") for name, a in model.items()}
    fresh = library.GradientAscent(model)
    fresh.load_state_dict(opt.state_dict())
    return model, fresh


def by_json_of_numbers(model: Any, opt: Any, library: Any, tmp_path: Any) -> Any:
    """The state dict is plain: numbers survive JSON, arrays survive np.save."""
    saved = opt.state_dict()
    arrays = {
        (name, kind): entry.pop(kind)
        for name, entry in saved["state"].items()
        for kind in [key for key in entry if key != "steps"]
    }
    saved = json.loads(json.dumps(saved))
    for (name, kind), array in arrays.items():
        saved["state"][name][kind] = array
    model = {name: a.copy() for name, a in model.items()}
    fresh = library.GradientAscent(model)
    fresh.load_state_dict(saved)
    return model, fresh


def by_file(model: Any, opt: Any, library: Any, tmp_path: Any) -> Any:
    opt.save(tmp_path / "stop.npz")
    fresh_model = {name: np.full_like(a, 7.0) for name, a in model.items()}
    fresh = library.GradientAscent(fresh_model)
    fresh.load(tmp_path / "stop.npz")
    return fresh_model, fresh


def by_pickle(model: Any, opt: Any, library: Any, tmp_path: Any) -> Any:
    return pickle.loads(pickle.dumps((model, opt)))


def by_oldest_pickle(model: Any, opt: Any, library: Any, tmp_path: Any) -> Any:
    return pickle.loads(pickle.dumps((model, opt), protocol=2))


def by_deepcopy(model: Any, opt: Any, library: Any, tmp_path: Any) -> Any:
    return copy.deepcopy((model, opt))


ways = pytest.mark.parametrize(
    "way",
    [by_state_dict, by_json_of_numbers, by_file, by_pickle, by_oldest_pickle, by_deepcopy],
    ids=lambda way: way.__name__,
)


class TestResume:
    @cases
    @ways
    def test_equals_never_having_stopped(
        self, library: Any, case: Any, way: Any, tmp_path: Any
    ) -> None:
        model, opt = started(library, case, END)
        for stop in STOPS:
            stopped_model, stopped = started(library, case, stop)
            resumed_model, resumed = way(stopped_model, stopped, library, tmp_path)
            assert resumed.step_count == stop
            assert resumed.effective_lr == stopped.effective_lr
            go_on(resumed, resumed_model, END)
            for name in model:
                assert_same_bits(resumed_model[name], model[name], name)
            assert_same_state(resumed, opt)
            assert resumed.effective_lr == opt.effective_lr

    @ways
    def test_the_first_optimizer_goes_its_own_way(
        self, library: Any, way: Any, tmp_path: Any
    ) -> None:
        """Nothing of the copy aliases anything of the original."""
        model, opt = started(library, CASES[0], 3)
        other_model, other = way(model, opt, library, tmp_path)
        before = {name: a.tobytes() for name, a in other_model.items()}
        saved = other.state_dict()
        go_on(opt, model, END)
        assert {name: a.tobytes() for name, a in other_model.items()} == before
        assert_same_state(other, Saved(saved))
        for name in model:
            mine = [model[name], *opt.state[name].values()]
            theirs = [other_model[name], *other.state[name].values()]
            for a in mine:
                assert not any(np.shares_memory(a, b) for b in theirs)

    @ways
    def test_options_of_groups_and_of_the_whole_come_along(
        self, library: Any, way: Any, tmp_path: Any
    ) -> None:
        model = a_model()
        opt = library.GradientAscent(
            model, clip_norm=0.5, nonfinite="skip", logging_interval=3, lr=0.25
        )
        opt.param_groups[0]["initial_lr"] = 0.125
        opt.step({**gradients(model, 0), "W": np.full((3, 5), np.nan)})
        opt.step(gradients(model, 0))
        _, other = way(model, opt, library, tmp_path)
        assert (other.step_count, other.skipped_steps) == (1, 1)
        assert (other.clip_norm, other.nonfinite, other.logging_interval) == (0.5, "skip", 3)
        assert other.param_groups[0]["initial_lr"] == 0.125
        assert other.lr == other.effective_lr == 0.25
        assert type(other) is type(opt)

    @ways
    def test_a_turned_off_momentum_stays_off(self, library: Any, way: Any, tmp_path: Any) -> None:
        model, opt = started(library, CASES[0], 2)
        opt.param_groups[0].update(momentum=0.0, beta=None)
        _, other = way(model, opt, library, tmp_path)
        assert all(dict(other.state[name]) == {} for name in model)

    def test_a_save_within_a_callback_is_a_save_after_the_step(
        self, library: Any, tmp_path: Any
    ) -> None:
        model, _ = started(library, CASES[0], END)
        other_model = a_model()
        saver = library.GradientAscent(other_model)
        saver.callback = lambda info: info.step == 5 and saver.save(tmp_path / "stop.npz")
        go_on(saver, other_model, 9)
        saver.callback = None
        saver.load(tmp_path / "stop.npz")
        assert saver.step_count == 5
        go_on(saver, other_model, END)
        for name in model:
            assert_same_bits(other_model[name], model[name], name)


class TestStateDict:
    def test_has_the_documented_entries(self, library: Any) -> None:
        model, opt = started(library, CASES[0], 3)
        saved = opt.state_dict()
        assert saved.keys() == {
            *("version", "optimizer", "step_count", "skipped_steps", "clip_norm", "nonfinite"),
            *("logging_interval", "param_groups", "state"),
        }
        assert (saved["version"], saved["optimizer"]) == (1, "GradientAscent")
        assert saved["step_count"] == 3
        (group,) = saved["param_groups"]
        assert group["params"] == list(model)
        assert (group["lr"], group["effective_lr"]) == (0.01, 0.01)
        assert saved["state"].keys() == model.keys()
        assert saved["state"]["W"].keys() == {"velocity", "second_moment", "steps"}

    def test_is_a_copy_in_both_directions(self, library: Any) -> None:
        model, opt = started(library, CASES[0], 3)
        twin_model, twin = started(library, CASES[0], 3)
        saved = opt.state_dict()
        saved["step_count"] = 99
        saved["param_groups"][0]["lr"] = 99.0
        saved["param_groups"][0]["params"].append("x")
        saved["state"]["W"]["velocity"][...] = 99.0
        del saved["state"]["b"]
        loaded = twin.state_dict()
        opt.load_state_dict(loaded)
        loaded["param_groups"][0]["lr"] = 99.0
        loaded["state"]["W"]["velocity"][...] = 99.0
        go_on(opt, model, 6)
        go_on(twin, twin_model, 6)
        for name in model:
            assert_same_bits(model[name], twin_model[name], name)
        assert_same_state(opt, twin)

    def test_arrays_loaded_from_anywhere_are_copied(self, library: Any) -> None:
        """A parameter, the live state itself, one array twice, strided or read-only arrays."""
        w, v = np.linspace(1, 2, 4), np.linspace(3, 4, 4)
        opt = library.GradientAscent({"w": w, "v": v})
        opt.step([np.ones(4), np.ones(4)])
        saved = opt.state_dict()
        live, other = opt.state["w"]["velocity"], opt.state["v"]["second_moment"]
        frozen = np.broadcast_to(0.5, (4,))
        saved["state"]["w"].update(velocity=w, second_moment=frozen)
        saved["state"]["v"].update(velocity=other, second_moment=live)
        expected = w.copy(), frozen.copy(), other.copy(), live.copy()
        opt.load_state_dict(saved)
        held = [opt.state[n][k] for n in ("w", "v") for k in ("velocity", "second_moment")]
        for array, value in zip(held, expected, strict=True):
            assert_same_bits(array, value)
        everything = [*held, w, v]
        for i, a in enumerate(everything):
            assert not any(np.shares_memory(a, b) for b in everything[:i])

    def test_goes_by_name_not_by_order(self, library: Any) -> None:
        model, opt = started(library, CASES[0], 3)
        turned = {name: model[name].copy() for name in reversed(model)}
        other = library.GradientAscent(turned)
        other.load_state_dict(opt.state_dict())
        for t in range(3, 6):
            opt.step(gradients(model, t))
            other.step(gradients(model, t))
        for name in model:
            assert_same_bits(turned[name], model[name], name)

    def test_contains_plain_values_only(self, library: Any) -> None:
        saved = started(library, CASES[0], 3)[1].state_dict()
        plain = (int, float, str, bool, type(None))

        def check(value: Any) -> None:
            if type(value) is dict:
                assert all(type(key) is str for key in value)
                for item in value.values():
                    check(item)
            elif type(value) is list:
                for item in value:
                    check(item)
            else:
                assert type(value) in (*plain, np.ndarray)

        check(saved)


class TestIdentity:
    @pytest.mark.parametrize("way", [by_pickle, by_oldest_pickle, by_deepcopy])
    def test_a_model_and_its_optimizer_stay_together(
        self, library: Any, way: Any, tmp_path: Any
    ) -> None:
        model, opt = started(library, CASES[0], 2)
        other_model, other = way(model, opt, library, tmp_path)
        for held, array in zip(other.param_groups[0]["params"], other_model.values(), strict=True):
            assert held is array
        before = other_model["W"].copy()
        other.step(gradients(model, 2))
        assert (other_model["W"] != before).all()

    def test_containers_stay_together_too(self, library: Any) -> None:
        model, opt = started(library, CASES[0], 2)
        other_model, other = copy.deepcopy((model, opt))
        other_model["W"] = other_model["W"].copy()
        with refused(ValueError, "'W'", "rebind()", opt=other):
            other.step(gradients(model, 2))

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_objects_with_gradients_stay_together(self, library: Any, wrap: Any) -> None:
        model = [wrap(np.zeros(3)), wrap(np.ones(2))]
        opt = library.GradientAscent(model, lr=1.0, momentum=0.0, beta=None)
        for other_model, other in (
            pickle.loads(pickle.dumps((model, opt))),
            copy.deepcopy((model, opt)),
        ):
            for w in other_model:
                w.grad = np.ones(w.data.shape)
            other.step()
            assert other_model[0].data.tolist() == [1.0] * 3
            assert model[0].data.tolist() == [0.0] * 3

    def test_groups_stay_together(self, library: Any) -> None:
        a, b = np.zeros(2), np.zeros(2)
        opt = library.GradientAscent([{"params": {"a": a}, "lr": 1.0}, {"params": [b]}])
        opt.param_groups[1]["initial_lr"] = 3.0
        (a2, b2), other = copy.deepcopy(((a, b), opt))
        assert other.param_groups[0]["params"][0] is a2
        assert other.param_groups[1]["params"][0] is b2
        assert other.param_groups[1]["initial_lr"] == 3.0

    def test_callbacks_are_not_pickled(self, library: Any) -> None:
        opt = library.GradientAscent({"w": np.ones(2)}, callback=lambda info: None)
        assert pickle.loads(pickle.dumps(opt)).callback is None
        assert opt.callback is not None

    def test_an_optimizer_over_a_generator_can_be_pickled(self, library: Any) -> None:
        opt = library.GradientAscent(np.full(2, i) for i in (1.0, 2.0))
        other = pickle.loads(pickle.dumps(opt))
        other.step([np.ones(2), np.ones(2)])
        assert other.step_count == 1
        assert opt.step_count == 0


def test_a_pickle_is_read_by_a_fresh_interpreter(tmp_path: Any) -> None:
    model, opt = started(steepest, CASES[0], 3)
    (tmp_path / "both.pickle").write_bytes(pickle.dumps((model, opt)))
    code = """if True:
        import pickle, sys
        path = sys.argv[1]
        model, opt = pickle.load(open(path, "rb"))
        opt.step({name: a * 0 + 1 for name, a in model.items()})
        pickle.dump((model, opt), open(path, "wb"))
    """
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", code]
    subprocess.run([*command, tmp_path / "both.pickle"], check=True)
    other_model, other = pickle.loads((tmp_path / "both.pickle").read_bytes())
    opt.step({name: a * 0 + 1 for name, a in model.items()})
    for name in model:
        assert_same_bits(other_model[name], model[name], name)
    assert_same_state(other, opt)


class TestFiles:
    def test_hold_the_parameters_too(self, library: Any, tmp_path: Any) -> None:
        model, opt = started(library, CASES[0], 3)
        kept = {name: a.copy() for name, a in model.items()}
        opt.save(tmp_path / "stop.npz")
        go_on(opt, model, 6)
        held = list(opt.param_groups[0]["params"])
        opt.load(tmp_path / "stop.npz")
        for name in model:
            assert_same_bits(model[name], kept[name], name)
        for mine, now in zip(held, opt.param_groups[0]["params"], strict=True):
            assert mine is now, "restored in place"
        assert opt.step_count == 3

    @pytest.mark.parametrize("kind", [str, lambda path: path])
    def test_are_written_where_they_were_asked_for(
        self, library: Any, tmp_path: Any, kind: Any
    ) -> None:
        opt = library.GradientAscent({"w": np.ones(2)})
        path = tmp_path / "a checkpoint"
        opt.save(kind(path))
        assert [p.name for p in tmp_path.iterdir()] == ["a checkpoint"]
        opt.load(kind(path))

    def test_contain_no_pickle(self, library: Any, tmp_path: Any) -> None:
        _, opt = started(library, CASES[0], 3)
        opt.save(tmp_path / "stop.npz")
        with np.load(tmp_path / "stop.npz", allow_pickle=False) as file:
            arrays = [file[name] for name in file.files]
        assert all(isinstance(a, np.ndarray | bytes) for a in arrays)
        assert b"cnumpy" not in (tmp_path / "stop.npz").read_bytes()

    def test_with_names_of_every_kind(self, library: Any, tmp_path: Any) -> None:
        names = ["a/b", "../up", "π", "", "x" * 5000, "json", "arr_0", "\x00", "C:\\w", "0"]
        model = {name: np.full(2, float(i)) for i, name in enumerate(names)}
        opt = library.GradientAscent(model)
        opt.save(tmp_path / "stop.npz")
        for array in model.values():
            array[...] = -1.0
        opt.load(tmp_path / "stop.npz")
        assert [a[0] for a in model.values()] == list(range(len(names)))
        assert [p.name for p in tmp_path.iterdir()] == ["stop.npz"]

    @pytest.mark.parametrize("what", ["a long name", "a long history"])
    def test_that_were_saved_can_be_loaded(self, library: Any, tmp_path: Any, what: Any) -> None:
        """However much a name or a scheduler's own entry takes."""
        opt = library.GradientAscent({"w" * (10**6 if what == "a long name" else 1): np.ones(2)})
        opt.param_groups[0]["history"] = [0.5] * (10**5 if what == "a long history" else 1)
        opt.save(tmp_path / "stop.npz")
        opt.load(tmp_path / "stop.npz")

    def test_saved_by_two_at_once_are_whole(
        self, library: Any, tmp_path: Any, monkeypatch: Any
    ) -> None:
        """Another thread saves to the same path just before the file is renamed into place."""
        opt = library.GradientAscent({"w": np.ones(2)})
        replace = os.replace

        def interrupted(*names: Any) -> None:
            monkeypatch.setattr(os, "replace", replace)
            opt.save(tmp_path / "stop.npz")
            replace(*names)

        monkeypatch.setattr(os, "replace", interrupted)
        opt.save(tmp_path / "stop.npz")
        opt.load(tmp_path / "stop.npz")
        assert [p.name for p in tmp_path.iterdir()] == ["stop.npz"]

    def test_replace_an_older_one(self, library: Any, tmp_path: Any) -> None:
        model, opt = started(library, CASES[0], 1)
        opt.save(tmp_path / "stop.npz")
        go_on(opt, model, 4)
        opt.save(tmp_path / "stop.npz")
        fresh = library.GradientAscent(a_model())
        fresh.load(tmp_path / "stop.npz")
        assert fresh.step_count == 4
        assert [p.name for p in tmp_path.iterdir()] == ["stop.npz"]

    def test_that_cannot_be_renamed_into_place_leave_the_old_one(
        self, library: Any, tmp_path: Any, monkeypatch: Any
    ) -> None:
        model, opt = started(library, CASES[0], 1)
        opt.save(tmp_path / "stop.npz")
        before = (tmp_path / "stop.npz").read_bytes()
        go_on(opt, model, 4)

        def full(*_: Any, **__: Any) -> None:
            raise OSError("no space left on device")

        for rename in ("rename", "replace"):
            monkeypatch.setattr(os, rename, full)
        with refused(OSError, "no space", opt=opt, keeps=model.values()):
            opt.save(tmp_path / "stop.npz")
        assert (tmp_path / "stop.npz").read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["stop.npz"]

    def test_in_no_folder_or_over_a_folder_are_refused(self, library: Any, tmp_path: Any) -> None:
        opt = library.GradientAscent({"w": np.ones(2)})
        with refused(OSError, opt=opt):
            opt.save(tmp_path / "nowhere" / "stop.npz")
        (tmp_path / "folder").mkdir()
        with refused(OSError, opt=opt):
            opt.save(tmp_path / "folder")
        assert [p.name for p in tmp_path.iterdir()] == ["folder"]

    def test_that_are_not_there_are_not_found(self, library: Any, tmp_path: Any) -> None:
        opt = library.GradientAscent({"w": np.ones(2)})
        with refused(FileNotFoundError, opt=opt):
            opt.load(tmp_path / "nowhere.npz")

    @pytest.mark.parametrize(
        ("other", "error", "said"),
        [
            ({"w": np.ones(3), "v": np.ones(3)}, ValueError, ["w", "(2,)", "(3,)"]),
            ({"w": np.ones(2), "v": np.ones(4)}, ValueError, ["v", "(3,)", "(4,)"]),
            (
                {"w": np.ones(2), "v": np.ones(3, np.float32)},
                (TypeError, ValueError),
                ["v", "float64", "float32"],
            ),
            ({"w": np.ones(2), "u": np.ones(3)}, ValueError, ["v"]),
            ({"w": np.ones(2)}, ValueError, ["v"]),
            (
                [{"params": {"w": np.ones(2)}}, {"params": {"v": np.ones(3)}}],
                ValueError,
                ["param_groups"],
            ),
        ],
    )
    def test_of_another_model_are_refused(
        self, library: Any, tmp_path: Any, other: Any, error: Any, said: Any
    ) -> None:
        library.GradientAscent({"w": np.ones(2), "v": np.ones(3)}).save(tmp_path / "stop.npz")
        opt = library.GradientAscent(other)
        keeps = [a for group in opt.param_groups for a in group["params"]]
        with refused(error, *said, opt=opt, keeps=keeps):
            opt.load(tmp_path / "stop.npz")

    def test_the_reference_reads_what_the_kernels_wrote(self, library: Any, tmp_path: Any) -> None:
        model, opt = started(steepest, CASES[0], 3)
        opt.save(tmp_path / "stop.npz")
        other_model = a_model()
        other = library.GradientAscent(other_model)
        other.load(tmp_path / "stop.npz")
        go_on(opt, model, END)
        go_on(other, other_model, END)
        for name in model:
            assert_same_bits(other_model[name], model[name], name)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up_leaves_the_old_file_and_no_other(tmp_path: Any) -> None:
    code = """if True:
        import resource, sys
        import numpy as np
        from steepest import GradientAscent
        opt = GradientAscent({"w": np.random.default_rng(0).normal(size=100_000)})
        opt.save(sys.argv[1])
        before = open(sys.argv[1], "rb").read()
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            opt.save(sys.argv[1])
        except OSError:
            assert open(sys.argv[1], "rb").read() == before
            print("refused")
    """
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", code, tmp_path / "stop.npz"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "refused\n"
    assert [p.name for p in tmp_path.iterdir()] == ["stop.npz"]
