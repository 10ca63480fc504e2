"""Zeroing gradients: in the same pass as the step, or by itself."""

from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from standins import Holder
from steepest import Parameter
from unchanged import photograph, refused

TEXTBOOK: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "beta": None}


def strided(dtype: Any) -> Any:
    """A gradient with gaps in memory, and the memory."""
    memory = np.full(40, 7.0, dtype)
    return memory[30::-3], memory


class TestZeroGrads:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_steps_with_the_gradients_and_leaves_them_zero(self, library: Any, dtype: Any) -> None:
        gradient, memory = strided(dtype)
        arrays = [np.zeros(11, dtype), np.zeros((3, 4), dtype), np.zeros((), dtype)]
        grads = [gradient, np.ones((4, 3), dtype).T, np.array(-2.0, dtype)]
        twins = [a.copy() for a in arrays]
        opt, twin = (
            library.GradientAscent(arrays, clip_norm=3.0),
            library.GradientAscent(twins, clip_norm=3.0),
        )
        twin.step([g.copy() for g in grads])
        opt.step(grads, zero_grads=True)
        for a, b in zip(arrays, twins, strict=True):
            assert_same_bits(a, b)
        for g in grads:
            assert_same_bits(g, np.zeros_like(g))
        assert (memory == 7.0).sum() == 29, "nothing between its elements is written"

    def test_zero_is_plus_zero(self, library: Any) -> None:
        g = np.array([-0.0, -1.0])
        library.GradientAscent(np.zeros(2)).step(g, zero_grads=True)
        assert not np.signbit(g).any()

    def test_leaves_gradients_alone_unless_asked(self, library: Any) -> None:
        g = np.ones(2)
        opt = library.GradientAscent(np.zeros(2))
        opt.step(g)
        opt.step(g, zero_grads=False)
        assert g.tolist() == [1.0, 1.0]

    def test_is_a_keyword(self, library: Any) -> None:
        opt = library.GradientAscent(w := np.zeros(2))
        with refused(TypeError, opt=opt, keeps=[w]):
            opt.step(np.ones(2), True)

    def test_works_where_some_are_none(self, library: Any) -> None:
        g = np.ones(2)
        library.GradientAscent([np.zeros(2), np.zeros(2)]).step([None, g], zero_grads=True)
        assert g.tolist() == [0.0, 0.0]

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_works_on_objects_with_gradients(self, library: Any, wrap: Any) -> None:
        w = wrap(np.zeros(2))
        w.grad = np.ones(2)
        library.GradientAscent([w], **TEXTBOOK).step(zero_grads=True)
        assert (w.data.tolist(), w.grad.tolist()) == ([1.0, 1.0], [0.0, 0.0])


def read_only(w: Any, opt: Any) -> Any:
    g = np.ones(4)
    g.flags.writeable = False
    return {"v": np.ones(4), "w": g}, ["'w'", "read-only"]


def broadcast(w: Any, opt: Any) -> Any:
    writable = np.lib.stride_tricks.as_strided(np.ones(1), (4,), (0,))
    return {"v": np.ones(4), "w": writable}, ["'w'"]


def windows(w: Any, opt: Any) -> Any:
    """Overlapping itself, though no stride is zero."""
    both = np.ones(4).view(np.uint8)
    return {"v": np.ones(4), "w": np.lib.stride_tricks.as_strided(both.view(float), (4,), (4,))}, [
        "'w'"
    ]


def given_twice(w: Any, opt: Any) -> Any:
    g = np.ones(4)
    return {"v": g, "w": g}, ["'w'", "'v'"]


def overlapping_another(w: Any, opt: Any) -> Any:
    g = np.ones(6)
    return {"v": g[:4], "w": g[2:]}, ["'w'", "'v'"]


def the_parameter(w: Any, opt: Any) -> Any:
    return {"v": np.ones(4), "w": w[:4]}, ["'w'"]


def part_of_a_parameter(w: Any, opt: Any) -> Any:
    return {"v": w[4:], "w": np.ones(4)}, ["'v'"]


def the_velocity(w: Any, opt: Any) -> Any:
    return {"v": opt.state["w"]["velocity"], "w": np.ones(4)}, ["'v'"]


def the_second_moment(w: Any, opt: Any) -> Any:
    return {"v": opt.state["v"]["second_moment"], "w": np.ones(4)}, ["'v'"]


class TestWhatWasZeroedBefore:
    """That a gradient could be zeroed in the last step is no proof for this one."""

    @pytest.fixture
    def stepped(self, library: Any) -> Any:
        a, b, g, h = np.zeros(4), np.zeros(4), np.ones(4), np.ones(4)
        opt = library.GradientAscent({"a": a, "b": b})
        for _ in range(2):
            g[...], h[...] = 1.0, 1.0
            opt.step([g, h], zero_grads=True)
        g[...], h[...] = 1.0, 1.0
        return opt, a, b, g, h

    def test_it_may_be_read_only_now(self, stepped: Any) -> None:
        opt, a, b, g, h = stepped
        h.flags.writeable = False
        with refused(ValueError, "'b'", "read-only", opt=opt, keeps=[a, b, g, h]):
            opt.step([g, h], zero_grads=True)

    def test_it_may_be_given_twice_now(self, stepped: Any) -> None:
        opt, a, b, g, h = stepped
        for twice in ([g, g], [h, h]):
            with refused(ValueError, "'a'", "'b'", opt=opt, keeps=[a, b, g, h]):
                opt.step(twice, zero_grads=True)

    def test_one_that_was_none_may_be_the_other(self, stepped: Any) -> None:
        opt, a, b, g, h = stepped
        opt.step([g, None], zero_grads=True)
        g[...] = 1.0
        opt.step([None, g], zero_grads=True)
        g[...] = 1.0
        with refused(ValueError, "'a'", "'b'", opt=opt, keeps=[a, b, g, h]):
            opt.step([g, g], zero_grads=True)

    def test_steps_without_zeroing_in_between(self, stepped: Any) -> None:
        opt, a, b, g, h = stepped
        opt.step([h, h])
        with refused(ValueError, "'a'", "'b'", opt=opt, keeps=[a, b, g, h]):
            opt.step([h, h], zero_grads=True)

    def test_its_memory_may_have_become_a_parameter(self, stepped: Any) -> None:
        opt, a, b, g, h = stepped
        opt.add_param_group({"params": {"c": h}})
        with refused(ValueError, "'b'", opt=opt, keeps=[a, b, g, h]):
            opt.step([{"a": g, "b": h}, {"c": None}], zero_grads=True)


@pytest.mark.parametrize("nonfinite", ["raise", "skip", "propagate"])
@pytest.mark.parametrize(
    "make",
    [
        read_only,
        broadcast,
        windows,
        given_twice,
        overlapping_another,
        the_parameter,
        part_of_a_parameter,
        the_velocity,
        the_second_moment,
    ],
    ids=lambda make: make.__name__,
)
def test_gradients_that_cannot_be_zeroed_are_refused_up_front(
    library: Any, make: Any, nonfinite: Any
) -> None:
    memory = np.linspace(1, 2, 8)
    parameters = {"w": memory[:6][:4], "v": np.linspace(3, 4, 4)}
    opt = library.GradientAscent(parameters, nonfinite=nonfinite)
    opt.step([np.ones(4), np.ones(4)])
    grads, said = make(memory, opt)
    if make is part_of_a_parameter:
        grads["v"] = memory[2:6]
    with refused(ValueError, *said, opt=opt, keeps=[memory, *parameters.values(), *grads.values()]):
        opt.step(grads, zero_grads=True)
    opt.step(grads)  # without zeroing it is welcome
    assert opt.step_count == 2


def test_a_scalar_gradient_cannot_be_zeroed(library: Any) -> None:
    w = np.array(1.0)
    opt = library.GradientAscent({"w": w})
    for scalar in (np.float64(1.0), 1.0):
        with refused((TypeError, ValueError), "w", opt=opt, keeps=[w]):
            opt.step({"w": scalar}, zero_grads=True)


class TestZeroGrad:
    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_zeroes_in_place(self, library: Any, wrap: Any) -> None:
        a, b, c = (wrap(np.zeros(2)) for _ in range(3))
        a.grad, b.grad = np.array([-1.0, 2.0]), np.ones(4)[::-2]
        kept = a.grad, b.grad
        opt = library.GradientAscent({"layers": [a, b], "c": c})
        opt.zero_grad()
        assert a.grad is kept[0]
        assert b.grad is kept[1]
        assert c.grad is None
        for g in kept:
            assert_same_bits(g, np.zeros(2))

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_or_sets_them_to_none(self, library: Any, wrap: Any) -> None:
        a = wrap(np.zeros(2))
        kept = a.grad = np.ones(2)
        opt = library.GradientAscent([a])
        opt.zero_grad(set_to_none=True)
        assert a.grad is None
        assert kept.tolist() == [1.0, 1.0], "let go, not written"
        with refused(ValueError, opt=opt, keeps=[a.data]):
            opt.step()

    @pytest.mark.parametrize("set_to_none", [False, True])
    def test_has_nothing_to_zero_for_a_bare_array(self, library: Any, set_to_none: Any) -> None:
        a, bare = Parameter(np.zeros(2)), np.ones(2)
        kept = a.grad = np.ones(2)
        opt = library.GradientAscent({"a": a, "bare": bare})
        with refused(TypeError, "'bare'", ".grad", opt=opt, keeps=[a.data, bare, kept]):
            opt.zero_grad(set_to_none)
        assert a.grad is kept

    def test_refuses_before_it_writes(self, library: Any) -> None:
        a, b = Parameter(np.zeros(2)), Parameter(np.zeros(2))
        a.grad, b.grad = np.ones(2), np.ones(2)
        b.grad.flags.writeable = False
        opt = library.GradientAscent({"a": a, "b": b})
        with refused(ValueError, "'b'", "read-only", opt=opt, keeps=[a.grad, b.grad]):
            opt.zero_grad()

    def test_changes_nothing_else(self, library: Any) -> None:
        a = Parameter(np.ones(2))
        a.grad = np.ones(2)
        opt = library.GradientAscent([a])
        opt.step()
        before = photograph(opt, a.data)
        opt.zero_grad()
        assert photograph(opt, a.data) == before
