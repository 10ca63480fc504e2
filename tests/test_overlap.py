"""Memory that is shared: between a gradient and anything, or between parameters.

A gradient may overlap whatever it likes: the step is as if it had been copied first. Parameters
may interleave, but no two of their elements may share a byte; that is decided exactly.
"""

import time
from typing import Any

import numpy as np
import pytest
import steepest
from copies import both_floats, steps_like_a_copy, values
from harness import assert_same_bits
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from steepest import GradientAscent, reference
from unchanged import refused


class TestOverlap:
    def test_the_gradient_is_the_parameter(self, library: Any) -> None:
        w = values((7,))
        steps_like_a_copy(library, [w], [w], nesterov=True)

    @both_floats
    @pytest.mark.parametrize("n", [5, 40, 5000])
    def test_the_gradient_partly_overlaps_its_parameter(
        self, library: Any, n: Any, dtype: Any
    ) -> None:
        for parameter, gradient in (
            (slice(0, n), slice(1, n + 1)),
            (slice(1, n + 1), slice(0, n)),
            (slice(0, n), slice(n - 1, None, -1)),
            (slice(0, 2 * n, 2), slice(0, n)),
        ):
            memory = values((2 * n + 1,), dtype)
            steps_like_a_copy(library, [memory[parameter]], [memory[gradient]], steps=2)

    @both_floats
    def test_the_gradient_overlaps_by_bytes_not_elements(self, library: Any, dtype: Any) -> None:
        itemsize = np.dtype(dtype).itemsize
        raw = np.zeros(33 * itemsize, np.uint8)
        parameter = raw[: 32 * itemsize].view(dtype)
        gradient = raw[itemsize // 2 : itemsize // 2 + 32 * itemsize].view(dtype)
        gradient[...] = 0.5  # the parameter now reads 0.5's halves, swapped: finite
        steps_like_a_copy(library, [parameter], [gradient], steps=1)

    def test_each_gradient_is_another_parameter(self, library: Any) -> None:
        a, b, c = (values((50,), seed=s) for s in range(3))
        steps_like_a_copy(library, [a, b, c], [b, c, a])

    def test_each_gradient_partly_overlaps_another_parameter(self, library: Any) -> None:
        memory = values((100,))
        steps_like_a_copy(
            library, [memory[:50], memory[50:]], [memory[30:80], memory[70:20:-1]], steps=2
        )

    def test_the_gradient_is_a_state_array(self, library: Any) -> None:
        w, copy = values((6,)), values((6,))
        opt, oracle = library.GradientAscent({"w": w}), reference.GradientAscent({"w": copy})
        first = values((6,), seed=1)
        opt.step({"w": first})
        oracle.step({"w": first})
        for kind, turn in (("velocity", 1), ("second_moment", 1), ("velocity", -1)):
            oracle.step({"w": oracle.state["w"][kind][::turn].copy()})
            opt.step({"w": opt.state["w"][kind][::turn]})
            assert_same_bits(w, copy)
            for each in ("velocity", "second_moment"):
                assert_same_bits(opt.state["w"][each], oracle.state["w"][each])

    @pytest.mark.parametrize(
        "views",
        [
            lambda m: [m[::2], m[1::2]],
            lambda m: [m[::3], m[1::3], m[2::3]],
            lambda m: [m[0::2][::-1], m[1::2]],
            lambda m: [m.reshape(10, 12)[:, ::3], m.reshape(10, 12)[:, 1::3]],
            lambda m: [m.reshape(10, 12)[:, ::3].T, m.reshape(10, 12)[::-1, 2::3]],
            lambda m: [m.reshape(10, 12)[:, :5], m.reshape(10, 12)[:, 5:]],
            lambda m: [m.reshape(10, 12)[:5], m.reshape(10, 12)[5:]],
            lambda m: list(m.reshape(10, 12)),
            lambda m: list(m.reshape(10, 12).T),
            lambda m: [m.reshape(4, 5, 6)[::2, 1:3, ::2], m.reshape(4, 5, 6)[::2, 1:3, 1::2]],
        ],
        ids=[
            "evens and odds",
            "thirds",
            "evens backwards",
            "column combs",
            "combs turned over",
            "column blocks",
            "row blocks",
            "rows",
            "columns",
            "a comb in a box",
        ],
    )
    def test_interleaved_views_of_one_memory_are_separate_parameters(
        self, library: Any, views: Any
    ) -> None:
        memory = values((120,))
        parameters = views(memory)
        gradients = [values(p.shape, seed=30 + i) for i, p in enumerate(parameters)]
        steps_like_a_copy(library, parameters, gradients)


class TestVerdictsAreRemembered:
    """The kernels remember whether a gradient overlapped: never longer than it is true."""

    def steps_alike(
        self, memory: Any, parameter: Any, gradients: Any, between: Any = lambda opt: None
    ) -> None:
        """Step with each gradient (a function of the memory) in turn, as with a copy of it."""
        w = parameter(memory)
        copy = w.copy()
        opt = steepest.GradientAscent({"w": w})
        oracle = reference.GradientAscent({"w": copy})
        for gradient in gradients:
            between(opt)
            between(oracle)
            g = gradient(memory)
            oracle.step({"w": g.copy()})
            opt.step({"w": g})
            assert_same_bits(w, copy)
        for kind, array in oracle.state["w"].items():
            assert_same_bits(opt.state["w"][kind], array)

    # Long enough that a gradient behind or against its parameter is overwritten while it is read.
    n = 10_000

    def memory(self) -> tuple[Any, Any]:
        return values((4 * self.n,)), lambda m: m[self.n : 2 * self.n]

    def apart(self, m: Any) -> Any:
        return m[3 * self.n :]

    def onto(self, m: Any) -> Any:
        return m[self.n : 2 * self.n]

    def behind(self, m: Any) -> Any:
        return m[self.n - 5 : 2 * self.n - 5]

    def against(self, m: Any) -> Any:
        return m[2 * self.n - 1 : self.n - 1 : -1]

    def test_when_it_is_another_gradient_every_time(self) -> None:
        order = [self.apart, self.behind, self.apart, self.against, self.onto, self.behind]
        self.steps_alike(*self.memory(), [*order, self.behind, *reversed(order)])

    def test_when_only_the_strides_differ(self) -> None:
        """The same first address and shape, in and out of the parameter's memory."""
        m, n = values((8 * self.n + 1,)), self.n
        order = [
            lambda m: m[:n],
            lambda m: m[: 8 * n : 8],
            lambda m: m[:n],
            lambda m: m[: 2 * n : 2],
        ]
        self.steps_alike(m, lambda m: m[3 : 8 * n + 1 : 8][:n], order)
        self.steps_alike(m, lambda m: m[8 * n :: -8][:n], order)

    def test_when_states_come_and_go(self) -> None:
        turns: list[dict[str, Any]]
        turns = [{}, {"momentum": 0.0}, {"momentum": 0.5}, {"beta": None}, {"beta": 0.5}]
        turn = iter(turns * 2)
        options: dict[str, Any] = {}

        def between(opt: Any) -> None:
            if type(opt) is steepest.GradientAscent:
                options.clear()
                options.update(next(turn))
            opt.param_groups[0].update(options)

        self.steps_alike(*self.memory(), [self.behind, self.apart, self.against] * 3, between)

    def test_when_a_group_is_added_over_a_gradients_memory(self) -> None:
        n = self.n
        m = values((4 * n,))
        w, copy, later = m[:n], m[:n].copy(), m[2 * n : 3 * n]
        opt, oracle = steepest.GradientAscent({"w": w}), reference.GradientAscent({"w": copy})
        g = m[2 * n + 5 : 3 * n + 5][::-1]
        opt.step({"w": g})
        oracle.step({"w": g.copy()})
        opt.add_param_group({"params": {"later": later}})
        copy_of_later = later.copy()
        oracle.add_param_group({"params": {"later": copy_of_later}})
        for _ in range(3):
            both = g.copy(), w.copy()
            opt.step([{"w": g}, {"later": w}])
            oracle.step([{"w": both[0]}, {"later": both[1]}])
            assert_same_bits(w, copy)
            assert_same_bits(later, copy_of_later)


def addresses(array: Any) -> Any:
    """Every byte address the array's elements occupy, by brute force, with repetition."""
    starts = np.zeros((), np.int64)
    for length, stride in zip(array.shape, array.strides, strict=True):
        starts = np.add.outer(starts, np.arange(length) * stride)
    first = array.__array_interface__["data"][0]
    return np.add.outer(starts.ravel() + first, np.arange(array.itemsize)).ravel()


class TestOverlapIsDecidedExactly:
    """Random strided views: accepted if and only if no byte is shared."""

    def test_within_one_parameter(self) -> None:
        rng = np.random.default_rng(11)
        memory = np.ones(4000)
        verdicts = {True: 0, False: 0}
        for _ in range(600):
            ndim = rng.integers(1, 4)
            shape = tuple(rng.integers(1, 6, ndim))
            strides = tuple(8 * rng.integers(-12, 13, ndim))
            view = as_strided(memory[2000:], shape, strides)
            owned = addresses(view)
            overlaps = len(np.unique(owned)) < len(owned)
            verdicts[overlaps] += 1
            if overlaps:
                with pytest.raises(ValueError, match="'w'"):
                    GradientAscent({"w": view})
            else:
                GradientAscent({"w": view}).step({"w": values(shape)})
        assert min(verdicts.values()) > 100

    @pytest.mark.parametrize("unit", [8, 4, 1])
    def test_between_two_parameters(self, unit: Any) -> None:
        """The unit of the strides: whole elements, halves of them, single bytes."""
        rng = np.random.default_rng(unit)
        raw = np.zeros(16_000, np.uint8)
        verdicts = {True: 0, False: 0}
        while sum(verdicts.values()) < 400:
            views: list[Any] = []
            while len(views) < 2:
                ndim = rng.integers(1, 4)
                shape = tuple(rng.integers(1, 5, ndim))
                strides = tuple(unit * rng.integers(-48 // unit, 48 // unit + 1, ndim))
                at = int(8000 + unit * rng.integers(-64 // unit, 64 // unit))
                view = as_strided(raw[at : at + 8].view(float), shape, strides)
                owned = addresses(view)
                if len(np.unique(owned)) == len(owned):
                    views.append(view)
            shares = bool(np.intersect1d(addresses(views[0]), addresses(views[1])).size)
            verdicts[shares] += 1
            parameters = dict(zip("ab", views, strict=True))
            if shares:
                with pytest.raises(ValueError, match=r"'a'.*'b'|'b'.*'a'"):
                    GradientAscent(parameters)
            else:
                GradientAscent(parameters)
        assert min(verdicts.values()) > 40

    def test_a_gradient_that_may_or_may_not_overlap(self) -> None:
        """Right or wrong about the overlap, the values must be those of a copied gradient."""
        rng = np.random.default_rng(3)
        for _ in range(150):
            memory = values((600,))
            shape = tuple(rng.integers(1, 5, 2))
            views = [
                as_strided(
                    memory[300 + rng.integers(-9, 10) :], shape, tuple(8 * rng.integers(-9, 10, 2))
                )
                for _ in range(2)
            ]
            owned = addresses(views[0])
            if len(np.unique(owned)) == len(owned):
                steps_like_a_copy(steepest, views[:1], views[1:], steps=2)

    def test_a_hard_question_is_answered_in_bounded_time_and_never_wrongly(self) -> None:
        """Deciding overlap is NP-hard: over many axes undecided is refused, overlapping always."""
        rng = np.random.default_rng(7)
        memory = np.zeros(3_000_000)
        answers = {"refused": 0, "accepted": 0}
        for _ in range(60):
            axes = int(rng.integers(4, 14))
            views = [
                as_strided(memory[at:], (2,) * axes, 8 * rng.integers(20_000, 100_000, axes))
                for at in rng.integers(0, 50_000, 2)
            ]
            owned = [addresses(view) for view in views]
            apart = len(np.unique(np.concatenate(owned))) == sum(map(len, owned))
            started = time.perf_counter()
            accepted = True
            try:
                GradientAscent(dict(zip("ab", views, strict=True)))
            except ValueError:
                accepted = False
            assert apart or not accepted
            answers["accepted" if accepted else "refused"] += 1
            assert time.perf_counter() - started < 2
        assert min(answers.values()) > 10

    @pytest.mark.parametrize(
        "view",
        [
            lambda: as_strided(np.ones(3), (5, 3), (0, 8)),
            lambda: as_strided(np.ones(3), (5,), (0,)),
            lambda: as_strided(np.ones(9), (3, 4), (8, 8)),
            lambda: as_strided(np.ones(9), (9,), (4,))[:8],
            lambda: sliding_window_view(np.ones(9), 4, writeable=True),
        ],
        ids=["repeated rows", "one number", "diagonal band", "half a stride", "windows"],
    )
    def test_parameters_that_meet_themselves_are_refused(self, view: Any) -> None:
        with refused(ValueError, "'w'"):
            GradientAscent({"w": view()})

    def test_a_zero_stride_over_a_single_element_is_no_overlap(self) -> None:
        GradientAscent({"w": as_strided(np.ones(3), (1, 3), (0, 8))}).step({"w": np.ones((1, 3))})
