"""Gradients that are not finite: refused, skipped or let through, as the optimizer was told."""

import math
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from unchanged import photograph, refused

TEXTBOOK: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "beta": None}
BAD = [float("nan"), float("inf"), float("-inf")]


def three(library: Any, dtype: Any = np.float64, **options: Any) -> Any:
    """Three arrays, stepped once."""
    arrays = {"a": np.zeros(3, dtype), "b": np.zeros((2, 40), dtype), "c": np.zeros((), dtype)}
    opt = library.GradientAscent(arrays, **options)
    opt.step({name: np.ones_like(a) for name, a in arrays.items()})
    return opt, arrays


def spoiled(arrays: Any, bad: Any, *places: Any) -> Any:
    grads = {name: np.ones_like(a) for name, a in arrays.items()}
    for name, index in places:
        grads[name][index] = bad
    return grads


@pytest.mark.parametrize("bad", BAD)
class TestRaise:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_names_the_parameter_how_many_and_where(
        self, library: Any, bad: Any, dtype: Any
    ) -> None:
        opt, arrays = three(library, dtype)
        grads = spoiled(arrays, bad, ("b", (1, 7)), ("b", (1, 30)), ("b", (0, 39)))
        with refused(FloatingPointError, "'b'", "3", "(0, 39)", opt=opt, keeps=arrays.values()):
            opt.step(grads)
        assert (opt.step_count, opt.skipped_steps) == (1, 0)

    def test_in_any_array_at_any_place(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library)
        for place in [("a", 0), ("a", 2), ("b", (0, 0)), ("b", (1, 39)), ("b", (0, 31)), ("c", ())]:
            with refused(FloatingPointError, f"'{place[0]}'", "1", opt=opt, keeps=arrays.values()):
                opt.step(spoiled(arrays, bad, place))

    def test_index_counts_in_the_arrays_own_order(self, library: Any, bad: Any) -> None:
        """The first in index order, whatever the memory order."""
        w = np.zeros((3, 4), order="F")
        opt = library.GradientAscent({"w": w})
        g = np.ones((3, 4), order="F")
        g[2, 0] = g[1, 3] = bad
        with refused(FloatingPointError, "'w'", "2", "(1, 3)", opt=opt, keeps=[w]):
            opt.step({"w": g})
        with refused(FloatingPointError, "'w'", "2", "(0, 0)", opt=opt, keeps=[w]):
            opt.step({"w": g[::-1, ::-1][[1, 0, 2]][:, [0, 1, 2, 3]]})

    def test_leaves_gradients_that_were_to_be_zeroed(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library)
        grads = spoiled(arrays, bad, ("c", ()))
        with refused(FloatingPointError, opt=opt, keeps=[*arrays.values(), *grads.values()]):
            opt.step(grads, zero_grads=True)

    def test_whatever_the_other_options(self, library: Any, bad: Any) -> None:
        for options in (
            TEXTBOOK,
            {"clip_norm": 1.0},
            {"clip_value": 1.0},
            {"nesterov": True},
            {"beta": None},
            {"momentum": 0.0},
        ):
            opt, arrays = three(library, **options)
            with refused(FloatingPointError, "'b'", opt=opt, keeps=arrays.values()):
                opt.step(spoiled(arrays, bad, ("b", (1, 1))))


@pytest.mark.parametrize("bad", BAD)
class TestSkip:
    @pytest.mark.parametrize("place", [("a", 1), ("c", ())])
    def test_counts_the_step_and_changes_nothing_else(
        self, library: Any, bad: Any, place: Any
    ) -> None:
        opt, arrays = three(library, nonfinite="skip", lr_decay=0.5)
        saved, live, buffers, groups = photograph(opt, *arrays.values())
        for skipped in (1, 2):
            opt.step(spoiled(arrays, bad, place))
            assert (opt.step_count, opt.skipped_steps) == (1, skipped)
        after = photograph(opt, *arrays.values())
        assert after[1:] == (live, buffers, groups)
        assert {**after[0], "skipped_steps": "0"} == saved

    def test_the_next_step_is_as_if_there_had_been_no_skip(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library, nonfinite="skip", lr_decay=0.5)
        twin, twins = three(library, lr_decay=0.5)
        opt.step(spoiled(arrays, bad, ("b", (0, 1))))
        good = spoiled(arrays, 0.25, ("a", 0))
        opt.step(good)
        twin.step(good)
        for name in arrays:
            assert_same_bits(arrays[name], twins[name])

    def test_still_zeroes_the_gradients(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library, nonfinite="skip")
        grads = spoiled(arrays, bad, ("a", 1), ("b", (1, 1)))
        opt.step(grads, zero_grads=True)
        for g in grads.values():
            assert_same_bits(g, np.zeros_like(g))
        assert opt.skipped_steps == 1


@pytest.mark.parametrize("bad", BAD)
class TestPropagate:
    def test_lets_them_through_to_their_own_element(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library, nonfinite="propagate", **TEXTBOOK)
        opt.step(spoiled(arrays, bad, ("a", 1)))
        assert arrays["a"][0] == 2.0
        np.testing.assert_array_equal(arrays["a"][1], 1.0 + bad)
        assert (arrays["b"] == 2.0).all()
        assert opt.step_count == 2

    def test_clip_norm_spreads_a_nan(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library, nonfinite="propagate", clip_norm=100.0, **TEXTBOOK)
        opt.step(spoiled(arrays, bad, ("a", 1)))
        assert np.isnan(arrays["a"][1])
        if math.isnan(bad):
            assert np.isnan(arrays["b"]).all()
        else:
            assert (arrays["b"] == 1.0).all(), "an infinite norm gives the factor 0"

    def test_clip_value_keeps_nan_and_bounds_infinity(self, library: Any, bad: Any) -> None:
        opt, arrays = three(library, nonfinite="propagate", clip_value=1.5, **TEXTBOOK)
        opt.step(spoiled(arrays, bad, ("a", 1)))
        expected = bad if math.isnan(bad) else 1.0 + math.copysign(1.5, bad)
        np.testing.assert_array_equal(arrays["a"], [2.0, expected, 2.0])


LARGEST_WITH_A_SQUARE = {
    np.float32: np.nextafter(np.float32(2.0**64), np.float32(0)),
    np.float64: np.nextafter(2.0**512, 0),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
class TestSquaresThatOverflow:
    """With beta on and no clipping, g·g = inf would freeze the element for ever."""

    def gradient(self, dtype: Any, value: Any) -> Any:
        g = np.ones(50, dtype)
        g[37] = value
        return g

    @pytest.mark.parametrize("sign", [1, -1])
    def test_count_as_not_finite(self, library: Any, dtype: Any, sign: Any) -> None:
        w = np.zeros(50, dtype)
        opt = library.GradientAscent({"w": w})
        largest = LARGEST_WITH_A_SQUARE[dtype]
        with np.errstate(over="ignore"):
            assert np.isfinite(largest * largest)
            too_large = np.nextafter(largest, dtype(np.inf))
            assert np.isinf(too_large * too_large)
        opt.step({"w": self.gradient(dtype, sign * largest)})
        assert opt.step_count == 1
        assert np.isfinite(w).all()
        for value in (too_large, np.finfo(dtype).max):
            with refused(FloatingPointError, "'w'", "1", "(37,)", opt=opt, keeps=[w]):
                opt.step({"w": self.gradient(dtype, sign * value)})

    def test_are_skipped_when_told_so(self, library: Any, dtype: Any) -> None:
        w = np.zeros(50, dtype)
        opt = library.GradientAscent({"w": w}, nonfinite="skip")
        opt.step({"w": self.gradient(dtype, np.finfo(dtype).max)})
        assert (opt.step_count, opt.skipped_steps, bool(w.any())) == (0, 1, False)

    @pytest.mark.parametrize(
        "options",
        [
            {"beta": None, "lr": 0.5, "momentum": 0.0},
            {"clip_norm": 1.0},
            {"clip_value": 1.0},
            {"nonfinite": "propagate"},
        ],
        ids=str,
    )
    def test_are_welcome_where_they_do_no_harm(
        self, library: Any, dtype: Any, options: Any
    ) -> None:
        w = np.zeros(50, dtype)
        opt = library.GradientAscent({"w": w}, **options)
        opt.step({"w": self.gradient(dtype, np.finfo(dtype).max)})
        assert opt.step_count == 1
        assert np.isfinite(w).all()

    def test_are_judged_group_by_group(self, library: Any, dtype: Any) -> None:
        huge = self.gradient(dtype, np.finfo(dtype).max)
        fine = np.ones(50, dtype)
        groups = [
            {"params": {"guarded": np.zeros(50, dtype)}},
            {"params": {"clipped": np.zeros(50, dtype)}, "clip_value": 1.0},
            {"params": {"plain": np.zeros(50, dtype)}, "beta": None, "lr": 0.0},
        ]
        opt = library.GradientAscent(groups)
        opt.step([fine, huge, huge])
        assert opt.step_count == 1
        with refused(FloatingPointError, "'guarded'", opt=opt):
            opt.step([huge, fine, fine])

    def test_turning_clipping_on_and_off_counts_at_once(self, library: Any, dtype: Any) -> None:
        w = np.zeros(50, dtype)
        opt = library.GradientAscent({"w": w}, clip_value=1.0)
        huge = {"w": self.gradient(dtype, np.finfo(dtype).max)}
        opt.step(huge)
        opt.param_groups[0]["clip_value"] = None
        with refused(FloatingPointError, opt=opt, keeps=[w]):
            opt.step(huge)
        opt.clip_norm = 1.0
        opt.step(huge)
        assert opt.step_count == 2


def test_a_norm_beyond_float64_is_still_clipped(library: Any) -> None:
    """The total of squares overflows, the norm does not: it is redone scaled."""
    told: list[Any] = []
    w = np.zeros(4)
    opt = library.GradientAscent(w, clip_norm=1.0, callback=told.append, **TEXTBOOK)
    opt.step(np.full(4, 1e200))
    np.testing.assert_allclose(told[0].grad_norm, 2e200)
    np.testing.assert_allclose(w, 0.5)


def test_nan_among_gradients_that_are_none_is_still_found(library: Any) -> None:
    opt, arrays = three(library)
    with refused(FloatingPointError, "'c'", opt=opt, keeps=arrays.values()):
        opt.step({"a": None, "b": None, "c": np.array(np.nan)})
