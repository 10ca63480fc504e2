"""Checkpoints that are damaged or malicious: refused with everything as it was, nothing unpickled."""

import copy
import io
import pickle
import re
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits, assert_same_state
from steepest import GradientAscent, GradientDescent
from stops import CASES, Saved, a_model, go_on, started
from unchanged import refused


def damage(change: Any) -> Any:
    """A state dict that `change` has been at."""

    def damaged(saved: Any) -> Any:
        change(saved)
        return saved

    return damaged


def put(*path_and_value: Any) -> Any:
    *path, last, value = path_and_value

    def change(saved: Any) -> None:
        for key in path:
            saved = saved[key]
        saved[last] = value

    return damage(change)


def drop(*path: Any) -> Any:
    *above, last = path

    def change(saved: Any) -> None:
        for key in above:
            saved = saved[key]
        del saved[last]

    return damage(change)


nan = float("nan")
DAMAGED = {
    "not a dict": (lambda saved: [saved], TypeError, []),
    "nothing": (lambda saved: None, TypeError, []),
    "empty": (lambda saved: {}, ValueError, []),
    "no version": (drop("version"), ValueError, ["version"]),
    "a later version": (put("version", 2), ValueError, ["version", "2"]),
    "no step count": (drop("step_count"), ValueError, ["step_count"]),
    "NaN step count": (put("step_count", nan), (TypeError, ValueError), ["step_count"]),
    "half a step": (put("step_count", 2.5), (TypeError, ValueError), ["step_count"]),
    "negative step count": (put("step_count", -1), ValueError, ["step_count", "-1"]),
    "endless step count": (put("step_count", 2**70), ValueError, ["step_count"]),
    "negative skipped steps": (put("skipped_steps", -1), ValueError, ["skipped_steps"]),
    "no groups": (drop("param_groups"), ValueError, ["param_groups"]),
    "empty groups": (put("param_groups", []), ValueError, ["0", "1"]),
    "a group too many": (
        damage(lambda s: s["param_groups"].append(s["param_groups"][0])),
        ValueError,
        ["2", "1"],
    ),
    "no params": (drop("param_groups", 0, "params"), ValueError, ["params"]),
    "a name too few": (
        damage(lambda s: s["param_groups"][0]["params"].pop()),
        ValueError,
        ["view"],
    ),
    "another name": (
        damage(lambda s: s["param_groups"][0]["params"].__setitem__(0, "V")),
        ValueError,
        ["W"],
    ),
    "no lr": (drop("param_groups", 0, "lr"), ValueError, ["lr"]),
    "NaN lr": (put("param_groups", 0, "lr", nan), ValueError, ["lr", "nan"]),
    "a word for momentum": (
        put("param_groups", 0, "momentum", "much"),
        (TypeError, ValueError),
        ["momentum"],
    ),
    "nesterov without momentum": (
        damage(lambda s: s["param_groups"][0].update(nesterov=True, momentum=0.0)),
        ValueError,
        ["nesterov", "momentum"],
    ),
    "eps too small for float32": (
        put("param_groups", 0, "eps", 1e-60),
        ValueError,
        ["eps", "float32"],
    ),
    "NaN effective lr": (
        put("param_groups", 0, "effective_lr", "fast"),
        (TypeError, ValueError),
        ["effective_lr"],
    ),
    "a bad clip_norm": (put("clip_norm", -1.0), ValueError, ["clip_norm"]),
    "a bad policy": (put("nonfinite", "pray"), ValueError, ["nonfinite", "pray"]),
    "no state": (drop("state"), ValueError, ["state"]),
    "one state missing": (drop("state", "view"), ValueError, ["view"]),
    "one state too many": (put("state", "x", {}), ValueError, ["x"]),
    "no velocity": (drop("state", "view", "velocity"), ValueError, ["view", "velocity"]),
    "no second moment": (
        drop("state", "view", "second_moment"),
        ValueError,
        ["view", "second_moment"],
    ),
    "state of another shape": (
        put("state", "view", "velocity", np.zeros(9)),
        ValueError,
        ["view", "(9,)", "(10,)"],
    ),
    "state of a shape that would broadcast": (
        put("state", "view", "velocity", np.zeros(1)),
        ValueError,
        ["view", "(1,)", "(10,)"],
    ),
    "state of another dtype": (
        put("state", "view", "velocity", np.zeros(10, np.float32)),
        (TypeError, ValueError),
        ["view", "float32", "float64"],
    ),
    "state of swapped bytes": (
        put("state", "view", "velocity", np.zeros(10, np.dtype(float).newbyteorder())),
        (TypeError, ValueError),
        ["view"],
    ),
    "state of objects": (
        put("state", "view", "velocity", np.zeros(10).astype(object)),
        (TypeError, ValueError),
        ["view", "object"],
    ),
    "state of lists": (
        put("state", "view", "velocity", [0.0] * 10),
        (TypeError, ValueError),
        ["view"],
    ),
    "no count": (drop("state", "view", "steps"), ValueError, ["view", "steps"]),
    "NaN count": (put("state", "view", "steps", nan), (TypeError, ValueError), ["view", "steps"]),
    "negative count": (put("state", "view", "steps", -1), ValueError, ["view", "steps"]),
    "count beyond the steps": (put("state", "view", "steps", 99), ValueError, ["view", "steps"]),
}


class TestDamagedStateDicts:
    @pytest.mark.parametrize("what", DAMAGED)
    def test_are_refused_with_everything_as_it_was(self, library: Any, what: Any) -> None:
        damaged, error, said = DAMAGED[what]
        model, opt = started(library, CASES[0], 3)
        live = opt.state["W"]["velocity"]
        hostile = damaged(copy.deepcopy(opt.state_dict()))
        with refused(error, *said, opt=opt, keeps=model.values()):
            opt.load_state_dict(hostile)
        assert np.shares_memory(opt.state["W"]["velocity"], live)
        twin_model, twin = started(library, CASES[0], 3)
        go_on(opt, model, 5)
        go_on(twin, twin_model, 5)
        assert_same_state(opt, twin)

    def test_of_another_optimizer_say_so(self, library: Any) -> None:
        other = GradientDescent(a_model()).state_dict()
        other["optimizer"] = "Adam"
        opt = library.GradientAscent(a_model())
        with refused(ValueError, "Adam", "GradientAscent", opt=opt):
            opt.load_state_dict(other)


class Bomb:
    """Unpickling it would be noticed."""

    went_off = False

    def __reduce__(self) -> Any:
        return (setattr, (Bomb, "went_off", True))


def rewritten(raw: Any, change: Any) -> Any:
    """The checkpoint with its members (name → bytes) changed."""
    with zipfile.ZipFile(io.BytesIO(raw)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return new.getvalue()


def header(shape: Any, descr: Any = "<f8") -> Any:
    """The opening of a .npy member that promises this shape."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.fixture
def checkpoint(tmp_path: Any) -> Any:
    """An optimizer three steps old, its model, and the bytes of its checkpoint."""
    model = {"W": np.linspace(-1, 1, 6).reshape(2, 3), "b": np.ones(3, np.float32)}
    opt = GradientAscent(model)
    for _ in range(3):
        opt.step({"W": np.full((2, 3), 0.5), "b": np.full(3, -0.5, np.float32)})
    opt.save(tmp_path / "good.npz")
    raw = (tmp_path / "good.npz").read_bytes()
    opt.step({"W": np.full((2, 3), 0.25), "b": None})
    return opt, model, raw


def renumbered(raw: Any, change: Any) -> Any:
    """The checkpoint with its JSON entry (text) changed."""

    def rewrite(members: Any) -> None:
        for name, content in members.items():
            array = np.load(io.BytesIO(content))
            if array.dtype == np.uint8:
                file = io.BytesIO()
                np.save(file, np.frombuffer(change(array.tobytes().decode()).encode(), np.uint8))
                members[name] = file.getvalue()
                return
        raise AssertionError("no JSON entry")

    return rewritten(raw, rewrite)


def renumbered_text(raw: Any) -> Any:
    seen: list[str] = []

    def look(text: str) -> str:
        seen.append(text)
        return text

    renumbered(raw, look)
    return seen[0]


def swapped(text: Any, old: Any, new: Any) -> Any:
    assert old in text
    return text.replace(old, new)


HOSTILE_NUMBERS = [
    "NaN",
    "Infinity",
    "-1",
    "3.5",
    "1e400",
    "true",
    "null",
    '"3"',
    "[3]",
    "{}",
    str(2**63),
    str(2**64),
    "9" * 5000,
    "[" * 100_000,
    "nonsense",
    "",
]


class TestHostileFiles:
    """ValueError, nothing unpickled, nothing changed, memory bounded."""

    @pytest.fixture
    def refuse(self, checkpoint: Any, tmp_path: Any) -> Any:
        opt, model, _ = checkpoint

        def load(content: Any) -> None:
            (tmp_path / "hostile.npz").write_bytes(content)
            with refused(ValueError, opt=opt, keeps=model.values()):
                opt.load(tmp_path / "hostile.npz")

        return load

    def test_truncated_anywhere(self, checkpoint: Any, refuse: Any) -> None:
        raw = checkpoint[2]
        for end in [*range(0, len(raw), 7), len(raw) - 1]:
            refuse(raw[:end])

    def test_a_flipped_bit_anywhere_is_refused_or_harmless(
        self, checkpoint: Any, tmp_path: Any
    ) -> None:
        """Some bits of a zip file mean nothing (its dates): then all must load as it was saved."""
        opt, model, raw = checkpoint
        path = tmp_path / "hostile.npz"
        path.write_bytes(raw)
        now = opt.state_dict(), [a.copy() for a in model.values()]
        opt.load(path)
        saved = opt.state_dict(), [a.copy() for a in model.values()]
        outcomes = {"refused": 0, "harmless": 0}
        for position in range(0, len(raw), 2):
            opt.load_state_dict(now[0])
            for array, value in zip(model.values(), now[1], strict=True):
                array[...] = value
            flipped = bytearray(raw)
            flipped[position] ^= 1 << (position // 2 * 5 % 8)
            path.write_bytes(flipped)
            try:
                opt.load(path)
            except ValueError:
                outcomes["refused"] += 1
                expected = now
            else:
                outcomes["harmless"] += 1
                expected = saved
            assert_same_state(opt, Saved(expected[0]))
            for array, value in zip(model.values(), expected[1], strict=True):
                assert_same_bits(array, value, f"after a flip in byte {position}")
        assert outcomes["refused"] > len(raw) / 4

    @pytest.mark.parametrize(
        "content",
        [b"", b"\x00" * 100, b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18, b"hello", b"{}"],
        ids=repr,
    )
    def test_of_no_such_kind(self, refuse: Any, content: Any) -> None:
        refuse(content)

    def test_that_are_a_pickle(self, refuse: Any) -> None:
        refuse(pickle.dumps(Bomb()))
        assert not Bomb.went_off

    def test_that_are_a_single_array(self, refuse: Any) -> None:
        single = io.BytesIO()
        np.save(single, np.ones(3))
        refuse(single.getvalue())

    def test_with_a_pickle_in_any_member(self, checkpoint: Any, refuse: Any) -> None:
        array = np.empty(1, object)
        array[0] = Bomb()
        hostile = io.BytesIO()
        np.save(hostile, array, allow_pickle=True)
        with zipfile.ZipFile(io.BytesIO(checkpoint[2])) as file:
            names = file.namelist()
        for name in names:
            for content in (hostile.getvalue(), pickle.dumps(Bomb())):
                refuse(rewritten(checkpoint[2], lambda m, n=name, c=content: m.update({n: c})))
        assert not Bomb.went_off

    def test_with_any_member_missing_or_empty(self, checkpoint: Any, refuse: Any) -> None:
        with zipfile.ZipFile(io.BytesIO(checkpoint[2])) as file:
            names = file.namelist()
        for name in names:
            refuse(rewritten(checkpoint[2], lambda m, n=name: m.pop(n)))
            refuse(rewritten(checkpoint[2], lambda m, n=name: m.update({n: b""})))
            refuse(rewritten(checkpoint[2], lambda m, n=name: m.update({n: m[n][:-1]})))

    @pytest.mark.parametrize(
        "shape",
        [(2**40,), (2**62, 4), (2**31, 2**31, 2**31), (2**64,), (-3,), (3.5,), (0,), (10**9, 0)],
        ids=str,
    )
    def test_that_promise_a_huge_or_absurd_shape(
        self, checkpoint: Any, refuse: Any, shape: Any
    ) -> None:
        with zipfile.ZipFile(io.BytesIO(checkpoint[2])) as file:
            names = file.namelist()
        for name in names:
            content = header(shape) + b"\x00" * 48
            refuse(rewritten(checkpoint[2], lambda m, n=name, c=content: m.update({n: c})))

    @pytest.mark.parametrize("number", HOSTILE_NUMBERS, ids=lambda number: number[:12])
    @pytest.mark.parametrize("entry", ["step_count", "skipped_steps", "steps"])
    def test_with_numbers_that_are_none(
        self, checkpoint: Any, refuse: Any, entry: Any, number: Any
    ) -> None:
        text = re.compile(rf'"{entry}": *[^,}}\]]+')
        assert text.search(renumbered_text(checkpoint[2]))
        refuse(renumbered(checkpoint[2], lambda t: text.sub(f'"{entry}": {number}', t, count=1)))

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", "3", "{}", '{"version": 1}', "[" * 100_000, "\ufeff{}"]
    )
    def test_with_another_text(self, checkpoint: Any, refuse: Any, text: Any) -> None:
        refuse(renumbered(checkpoint[2], lambda _: text))

    def test_with_arrays_that_are_swapped(self, checkpoint: Any, refuse: Any) -> None:
        """An index may point at an array of another parameter, or at none."""
        for old, new in (('"velocity": 0', '"velocity": 99'), ('"velocity": 0', '"velocity": -1')):
            refuse(renumbered(checkpoint[2], lambda t, o=old, n=new: swapped(t, o, n)))
        names = re.compile(r'"W"(?=: *\{)')
        refuse(renumbered(checkpoint[2], lambda t: names.sub('"b"', t)))

    def test_the_largest_counts_do_not_overflow(self, checkpoint: Any, tmp_path: Any) -> None:
        """They load or are refused; the step after them completes or is refused, never panics."""
        opt, model, raw = checkpoint
        for entry in ("step_count", "steps"):
            for number in (2**31, 2**53, 2**63 - 2, 2**63 - 1):
                text = re.compile(rf'"{entry}": *\d+')
                (tmp_path / "large.npz").write_bytes(
                    renumbered(raw, lambda t, e=entry, n=number, x=text: x.sub(f'"{e}": {n}', t))
                )
                try:
                    opt.load(tmp_path / "large.npz")
                    opt.step({name: np.ones_like(a) for name, a in model.items()})
                except (ValueError, OverflowError):
                    continue
                assert all(np.isfinite(a).all() for a in model.values())

    def test_that_unpack_to_far_more_than_they_should(self, checkpoint: Any, tmp_path: Any) -> None:
        """A zip of zeros a thousand times its size must not be unpacked to be refused."""
        opt, model, raw = checkpoint
        path = tmp_path / "hostile.npz"
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            names = file.namelist()
        many = 8_000_000
        bomb = header((many,)) + bytes(8 * many)
        for name in names:
            path.write_bytes(rewritten(raw, lambda m, n=name: m.update({n: bomb})))
            tracemalloc.start()
            with refused(ValueError, opt=opt, keeps=model.values()):
                opt.load(path)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 8_000_000, name
