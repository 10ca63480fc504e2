"""Arrays of every kind that are welcome, each stepped bit for bit like a plain copy of it.

The oracle is the NumPy reference over contiguous, aligned, separate copies: whatever the layout,
the alignment or the overlap, the same numbers must come out, in place.
"""

import gc
import math
import signal
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import steepest
from copies import both_floats, steps_like_a_copy, values
from harness import assert_same_bits
from machinery import needs_cpython
from numpy.lib.stride_tricks import sliding_window_view
from standins import Holder
from steepest import GradientAscent, reference
from unchanged import refused

# Each layout takes a shape-(4, 6) array of numbers and lays it out in memory of its own.


def laid_out(view: Any, owner_shape: Any, dtype: Any) -> Any:
    owner = np.full(owner_shape, 7.0, dtype)
    return view(owner)


LAYOUTS: dict[str, Any] = {
    "C": ((4, 6), lambda m: m),
    "Fortran": ((6, 4), lambda m: m.T),
    "every other row": ((8, 6), lambda m: m[::2]),
    "every third column": ((4, 18), lambda m: m[:, ::3]),
    "rows backwards": ((4, 6), lambda m: m[::-1]),
    "columns backwards": ((4, 6), lambda m: m[:, ::-1]),
    "both backwards and sparse": ((12, 12), lambda m: m[::-3, ::-2]),
    "a window": ((9, 11), lambda m: m[2:6, 3:9]),
    "middle of three axes": ((4, 3, 6), lambda m: m[:, 1, :]),
    "transposed window": ((11, 9), lambda m: m[3:9, 2:6].T),
}


class TestLayouts:
    @both_floats
    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("gradient_layout", ["C", "Fortran", "both backwards and sparse"])
    def test_two_axes(self, library: Any, dtype: Any, layout: Any, gradient_layout: Any) -> None:
        arrays = []
        for name, seed in ((layout, 1), (gradient_layout, 2)):
            owner_shape, view = LAYOUTS[name]
            array = laid_out(view, owner_shape, dtype)
            array[...] = values((4, 6), dtype, seed)
            arrays.append(array)
        steps_like_a_copy(library, arrays[:1], arrays[1:])

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_memory_between_the_elements_is_not_written(self, layout: Any) -> None:
        owner_shape, view = LAYOUTS[layout]
        owner = np.full(owner_shape, 7.0)
        view(owner)[...] = values((4, 6))
        outside = np.ones(owner_shape, bool)
        view(outside)[...] = False
        opt = GradientAscent(view(owner))
        opt.step(values((4, 6), seed=1))
        assert (owner[outside] == 7.0).all()
        assert (owner[~outside] != 7.0).all()

    @both_floats
    def test_many_axes(self, library: Any, dtype: Any) -> None:
        ten = values((2,) * 10, dtype).transpose(9, 3, 1, 0, 2, 8, 7, 6, 5, 4)
        most = values((2, 1, 3) + (1,) * 29, dtype)
        if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
            most = most.reshape((2, 1, 3) + (1,) * 60 + (1,)).transpose(range(63, -1, -1))
        backwards = values((2,) * 12, dtype)[(slice(None, None, -1),) * 12]
        parameters = [ten, most, backwards]
        steps_like_a_copy(library, parameters, [values(p.shape, dtype, 5) for p in parameters])

    def test_state_has_the_shape_dtype_and_layout_of_its_parameter(self, library: Any) -> None:
        for p in (values((4, 6)), values((6, 4)).T, values((4, 6), np.float32)):
            state = library.GradientAscent({"w": p}).state["w"]
            for array in (state["velocity"], state["second_moment"]):
                assert array.shape == p.shape
                assert array.dtype == p.dtype
                assert array.strides == p.strides

    @both_floats
    def test_size_zero_and_zero_axes_beside_others(self, library: Any, dtype: Any) -> None:
        parameters = [
            np.zeros((0,), dtype),
            values((5,), dtype),
            np.zeros((3, 0, 2), dtype),
            values((), dtype),
            np.zeros((4, 6), dtype)[:, 6:],
            values((1, 1), dtype),
        ]
        gradients = [values(p.shape, dtype, 9) for p in parameters]
        steps_like_a_copy(library, parameters, gradients)

    def test_only_size_zero(self, library: Any) -> None:
        opt = library.GradientAscent({"w": np.zeros((0, 3))})
        opt.step({"w": np.zeros((0, 3))})
        assert opt.step_count == 1

    def test_zero_axes_alone(self, library: Any) -> None:
        w = np.array(2.0)
        library.GradientAscent(w, lr=0.5, momentum=0.0, beta=None).step(np.array(3.0))
        assert w == 3.5
        library.GradientAscent({"w": w}, lr=0.5, momentum=0.0, beta=None).step(
            {"w": np.float64(1.0)}
        )
        assert w == 4.0
        library.GradientAscent({"w": w}, lr=0.5, momentum=0.0, beta=None).step({"w": 1.0})
        assert w == 4.5
        single = np.array(2.0, np.float32)
        library.GradientAscent({"w": single}, lr=0.5, momentum=0.0, beta=None).step(
            {"w": np.float32(3.0)}
        )
        assert single == 3.5

    def test_a_scalar_gradient_of_another_dtype_is_refused(self, library: Any) -> None:
        double, single = np.array(2.0), np.array(2.0, np.float32)
        for w, g in ((double, np.float32(1.0)), (single, np.float64(1.0)), (double, True)):
            opt = library.GradientAscent({"w": w})
            with refused(TypeError, "w", opt=opt, keeps=[w]):
                opt.step({"w": g})


class TestAlignment:
    @both_floats
    @pytest.mark.parametrize("offset", range(0, 64, 3))
    def test_every_small_size_at_any_byte(self, dtype: Any, offset: Any) -> None:
        """Sizes 1 … 131 are every tail of a block of 32 lanes, four times over."""
        itemsize = np.dtype(dtype).itemsize

        def placed(size: Any, at: Any, seed: Any) -> Any:
            raw = np.empty(size * itemsize + 128, np.uint8)
            start = -raw.ctypes.data % 64 + at
            array = raw[start : start + size * itemsize].view(dtype)
            assert array.ctypes.data % 64 == at % 64
            array[...] = values(size, dtype, seed)
            return array

        sizes = range(1, 4 * 32 + 4)
        parameters = [placed(size, offset, size) for size in sizes]
        gradients = [placed(size, (offset * 5 + size) % 64, size + 500) for size in sizes]
        assert offset % itemsize == 0 or not parameters[0].flags.aligned
        steps_like_a_copy(steepest, parameters, gradients, steps=2, nesterov=True)

    @both_floats
    def test_misaligned_and_strided(self, dtype: Any) -> None:
        packed = np.zeros(40, [("tag", "u1"), ("x", dtype), ("y", dtype)])
        x, y = packed["x"][::-2], packed["y"][::2]
        assert not x.flags.aligned
        x[...], y[...] = values(20, dtype, 1), values(20, dtype, 2)
        steps_like_a_copy(steepest, [x, y], [y, x])
        assert (packed["tag"] == 0).all()


class TestGradientsThatAreWelcome:
    @both_floats
    def test_read_only_broadcast_and_memmap(self, library: Any, dtype: Any, tmp_path: Any) -> None:
        frozen = values((4, 6), dtype, 1)
        frozen.flags.writeable = False
        row = np.broadcast_to(values((6,), dtype, 2), (4, 6))
        one = np.broadcast_to(dtype(0.25), (4, 6))
        np.save(tmp_path / "g.npy", values((4, 6), dtype, 3))
        mapped = np.load(tmp_path / "g.npy", mmap_mode="r")
        windows = sliding_window_view(values((9,), dtype, 4), 6)
        for gradient in (frozen, row, one, mapped, windows):
            steps_like_a_copy(library, [values((4, 6), dtype)], [gradient])

    @both_floats
    def test_the_callers_gradients_are_not_written(self, library: Any, dtype: Any) -> None:
        gradients = [values((4, 6), dtype, 1), values((4, 6), dtype, 2)[::-1, ::2]]
        before = [g.tobytes() for g in gradients]
        opt = library.GradientAscent(
            [values((4, 6), dtype), values((4, 3), dtype)], clip_value=0.1, clip_norm=0.5, lr=0.1
        )
        for _ in range(3):
            opt.step(gradients)
        assert [g.tobytes() for g in gradients] == before

    def test_one_array_may_be_the_gradient_of_two(self, library: Any) -> None:
        g = values((5,), seed=3)
        steps_like_a_copy(library, [values((5,), seed=1), values((5,), seed=2)], [g, g])

    def test_all_zero_gradients_move_nothing_when_nothing_was_moving(self, library: Any) -> None:
        w = values((5,))
        before = w.tobytes()
        for options in ({}, {"nesterov": True}, {"clip_norm": 1.0}, {"bias_correction": False}):
            opt = library.GradientAscent({"w": w}, **options)
            for _ in range(3):
                opt.step({"w": np.zeros(5)})
            assert w.tobytes() == before
            assert not opt.state["w"]["velocity"].any()

    @both_floats
    def test_zero_gradients_after_others_stay_finite(self, library: Any, dtype: Any) -> None:
        w = values((5,), dtype)
        opt = library.GradientAscent({"w": w})
        opt.step({"w": values((5,), dtype, 2)})
        for _ in range(5):
            opt.step({"w": np.zeros(5, dtype)})
        assert np.isfinite(w).all()

    @both_floats
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"nesterov": True},
            {"beta": None},
            {"momentum": 0.0},
            {"momentum": 0.0, "beta": None},
            {"clip_value": 0.5},
            {"clip_norm": 1.0},
            {"bias_correction": False, "weight_decay": 0.1},
        ],
        ids=str,
    )
    def test_the_smallest_the_largest_and_minus_zero(self, dtype: Any, options: Any) -> None:
        info = np.finfo(dtype)
        special = np.array(
            [
                -0.0,
                0.0,
                info.smallest_subnormal,
                -info.smallest_subnormal,
                info.tiny,
                -info.tiny,
                info.tiny / 2,
                info.eps,
                1.0,
                -1.0,
                math.sqrt(float(info.max)) * 0.99,
            ],
            dtype,
        )
        if "clip_value" in options or "clip_norm" in options or options.get("beta", 1) is None:
            special = np.append(special, [info.max, info.min]).astype(dtype)
        with np.errstate(all="ignore"):
            steps_like_a_copy(steepest, [np.zeros_like(special)], [special], steps=6, **options)
            steps_like_a_copy(
                steepest, [values(special.shape, dtype)], [special], steps=6, **options
            )

    def test_none_leaves_a_parameter_its_state_and_its_count_alone(self, library: Any) -> None:
        a, b = values((3,), seed=1), values((3,), seed=2)
        opt = library.GradientAscent({"a": a, "b": b})
        g = values((3,), seed=3)
        opt.step({"a": g, "b": g})
        before = a.tobytes(), opt.state_dict()["state"]["a"]
        for _ in range(4):
            opt.step({"a": None, "b": g})
        after = opt.state_dict()["state"]["a"]
        assert a.tobytes() == before[0]
        assert after["steps"] == before[1]["steps"] == 1
        assert opt.state_dict()["state"]["b"]["steps"] == 5
        for kind in ("velocity", "second_moment"):
            assert_same_bits(after[kind], before[1][kind])
        assert opt.step_count == 5


class TestSubclasses:
    def test_matrix_is_stepped_as_its_buffer(self, library: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            w, g = np.matrix(values((3, 4))), np.matrix(values((3, 4), seed=1))
            steps_like_a_copy(library, [w], [g])
            assert type(w) is np.matrix

    def test_no_code_of_a_subclass_runs_inside_a_step(self) -> None:
        class Guarded(np.ndarray[Any, Any]):
            armed = False

            def __array_finalize__(self, source: Any) -> None:
                assert not Guarded.armed, "__array_finalize__ ran"

            def _ran(self, *args: Any, **kwargs: Any) -> Any:
                raise AssertionError("code of the subclass ran")

            for _name in [
                "array_wrap",
                "array_ufunc",
                "array_function",
                "getitem",
                "setitem",
                "iadd",
                "len",
            ]:
                locals()[f"__{_name}__"] = _ran

        w, g = values((3, 4)), values((3, 4), seed=1)
        copy = w.copy()
        guarded, guarded_gradient = w.view(Guarded), g.view(Guarded)
        opt = GradientAscent({"w": guarded}, clip_norm=0.5)
        oracle = reference.GradientAscent({"w": copy}, clip_norm=0.5)
        Guarded.armed = True
        try:
            for gradient in (guarded_gradient, guarded_gradient, g):
                opt.step({"w": gradient})
                oracle.step({"w": g})
        finally:
            Guarded.armed = False
        assert_same_bits(w, copy)
        assert type(opt.state["w"]["velocity"]) is np.ndarray

    def test_a_writable_memmap_is_updated_in_its_file(self, library: Any, tmp_path: Any) -> None:
        np.save(tmp_path / "w.npy", np.zeros(5))
        w = np.load(tmp_path / "w.npy", mmap_mode="r+")
        library.GradientAscent({"w": w}, lr=0.5, momentum=0.0, beta=None).step({"w": np.ones(5)})
        w.flush()
        assert np.load(tmp_path / "w.npy").tolist() == [0.5] * 5


class TestLifetime:
    def test_the_memory_outlives_the_callers_names(self, library: Any) -> None:
        w = values((1000,))
        expected = w.copy()
        view = w[::2]
        opt = library.GradientAscent({"w": view}, lr=1.0, momentum=0.0, beta=None)
        del w, view
        gc.collect()
        g = np.ones(500)
        opt.step({"w": g})
        assert_same_bits(opt.param_groups[0]["params"][0], expected[::2] + 1.0)

    @needs_cpython
    def test_gradients_are_let_go(self, library: Any) -> None:
        opt = library.GradientAscent({"w": np.ones(10)})

        class Counted(np.ndarray[Any, Any]):
            alive = 0

            def __array_finalize__(self, source: Any) -> None:
                Counted.alive += 1

            def __del__(self) -> None:
                Counted.alive -= 1

        for _ in range(20):
            opt.step({"w": np.ones(10).view(Counted)})
        gc.collect()
        assert Counted.alive <= 1, "at most the last gradient may be remembered"

    @needs_cpython
    def test_numpy_refuses_to_resize_what_the_optimizer_holds(self, library: Any) -> None:
        w = np.ones(4)
        opt = library.GradientAscent({"w": w})
        with pytest.raises(ValueError, match="referenc"):
            w.resize(10)
        opt.step({"w": np.ones(4)})

    @pytest.mark.parametrize("size", [2, 6, 100_000])
    def test_a_parameter_resized_behind_our_back_is_refused(self, library: Any, size: Any) -> None:
        w = np.ones(4)
        opt = library.GradientAscent({"w": w})
        opt.step({"w": np.ones(4)})
        w.resize(size, refcheck=False)
        for grad in (np.ones(4), np.ones(size)):
            with refused(ValueError, "'w'", "(4,)", f"({size},)", opt=opt, keeps=[w]):
                opt.step({"w": grad})

    def test_a_parameter_whose_memory_moved_is_refused_or_found(self, library: Any) -> None:
        """Its shape is as before, but the memory bound at first is long freed."""
        w = np.ones(4)
        opt = library.GradientAscent({"w": w}, lr=1.0, momentum=0.0, beta=None)
        opt.step({"w": np.ones(4)})
        w.resize(1_000_000, refcheck=False)
        hold = np.ones(4)  # in the freed memory, perhaps
        w.resize(4, refcheck=False)
        try:
            opt.step({"w": np.ones(4)})
        except ValueError:
            assert w.tolist() == [2.0] * 4
        else:
            assert w.tolist() == [3.0] * 4
        assert hold.tolist() == [1.0] * 4

    @needs_cpython
    def test_an_optimizer_in_a_cycle_is_freed(self, library: Any) -> None:
        """A callback that holds its optimizer is the usual one."""
        w = np.ones(3)
        held = sys.getrefcount(w)

        def a_loop() -> None:
            opt = library.GradientAscent({"w": w})
            opt.callback = lambda info: opt.step_count
            opt.step({"w": np.ones(3)})

        a_loop()
        gc.collect()
        assert sys.getrefcount(w) == held


class TestNumbers:
    """Hyperparameters that are not Python floats."""

    @pytest.mark.parametrize(
        "half",
        [np.float32(0.5), np.float64(0.5), np.float16(0.5), np.array(0.5), np.array(0.5, "f4")],
        ids=repr,
    )
    def test_are_read_as_floats(self, library: Any, half: Any) -> None:
        opt = library.GradientAscent(
            {"w": np.ones(3)}, lr=half, momentum=half, beta=half, weight_decay=half
        )
        for option in ("lr", "momentum", "beta", "weight_decay"):
            assert type(opt.param_groups[0][option]) is float
            assert opt.param_groups[0][option] == 0.5

    def test_integers_are_read_as_floats(self, library: Any) -> None:
        opt = library.GradientAscent(
            {"w": np.ones(3)}, lr=1, momentum=0, clip_value=np.int64(2), clip_norm=3
        )
        group = opt.param_groups[0]
        assert [type(group[o]) for o in ("lr", "momentum", "clip_value")] == [float] * 3
        assert (group["lr"], group["momentum"], group["clip_value"]) == (1.0, 0.0, 2.0)
        assert opt.clip_norm == 3.0

    @pytest.mark.parametrize("steps", [5, np.int32(5), np.array(5)], ids=repr)
    def test_warmup_steps_are_read_as_an_int(self, library: Any, steps: Any) -> None:
        group = library.GradientAscent({"w": np.ones(3)}, warmup_steps=steps).param_groups[0]
        assert type(group["warmup_steps"]) is int
        assert group["warmup_steps"] == 5

    def test_a_later_change_of_the_array_is_not_followed(self, library: Any) -> None:
        lr = np.array(0.5)
        w = np.zeros(1)
        opt = library.GradientAscent({"w": w}, lr=lr, momentum=0.0, beta=None)
        lr[...] = 100.0
        opt.step({"w": np.ones(1)})
        assert opt.lr == 0.5
        assert w.tolist() == [0.5]

    def test_each_array_is_stepped_in_its_own_dtype(self, library: Any) -> None:
        singles, doubles = values((9,), np.float32, 1), values((9,), np.float64, 2)
        gradients = [values((9,), np.float32, 3), values((9,), np.float64, 4)]
        steps_like_a_copy(library, [singles, doubles], gradients, clip_norm=1.0, nesterov=True)
        assert singles.dtype == np.float32


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
class TestInterrupt:
    def test_control_c_falls_before_or_after_a_step(self) -> None:
        """Whenever the interrupt comes, the arrays are where a whole number of steps puts them."""

        def interrupt(*_: Any) -> None:
            raise KeyboardInterrupt

        # A function, as Python 3.13 may miss what is raised where a while loop turns.
        def step_often() -> None:
            for _ in range(100_000):
                opt.step({"w": g})

        w, copy, g = values((20_000,)), values((20_000,)), values((20_000,), seed=1)
        opt, twin = GradientAscent({"w": w}), GradientAscent({"w": copy})
        previous = signal.signal(signal.SIGALRM, interrupt)
        gc.disable()  # an interrupt in somebody's callback of the collector is another's business
        try:
            for delay in (0.011, 0.007, 0.023, 0.005, 0.017):
                try:
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    step_often()
                except KeyboardInterrupt:
                    pass
                while twin.step_count < opt.step_count:
                    twin.step({"w": g})
                assert_same_bits(w, copy)
                assert_same_bits(opt.state["w"]["velocity"], twin.state["w"]["velocity"])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
            gc.enable()
        assert opt.step_count > 5

    def test_control_c_in_the_callers_own_code_changes_nothing(self, library: Any) -> None:
        class Interrupting:
            armed = False

            def __init__(self) -> None:
                self.data = np.ones(3)

            @property
            def grad(self) -> None:
                if self.armed:
                    raise KeyboardInterrupt

        quiet, loud = np.ones(3), Interrupting()
        opt = library.GradientAscent([loud, Holder(quiet, np.ones(3))])
        loud.armed = True
        with refused(KeyboardInterrupt, opt=opt, keeps=[quiet, loud.data]):
            opt.step()
        opt.step([np.ones(3), np.ones(3)])
        assert opt.step_count == 1
