"""Wherever the numbers lie in memory, and whatever they share it with, the bits are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import steepest
from cases import ALONE, DTYPES, LAYOUTS, SHAPES, Array, Case, gradient, misaligned, start
from harness import assert_same_arrays, assert_same_bits, assert_same_state, build, contents, copies
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from numpy.lib.stride_tricks import as_strided

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_case_alone = pytest.mark.parametrize("case", ALONE, ids=str)

# The six sweeps: momentum none, plain, Nesterov × beta on, off.
SWEEPS = [
    Case(f"momentum-{momentum}-{beta}", "GradientAscent", how | {"beta": beta})
    for momentum, how in {
        "none": {"momentum": 0.0},
        "plain": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
    }.items()
    for beta in (None, 0.999)
]
every_sweep = pytest.mark.parametrize("case", SWEEPS, ids=str)

ORDER = list(LAYOUTS)


def owner(array: Array) -> Array:
    """The array whose memory this one views."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


# -- Layouts ---------------------------------------------------------------------------------------


@every_dtype
@every_case_alone
def test_every_option_in_every_layout(library: Any, case: Case, dtype: str) -> None:
    """One optimizer over every shape in every layout; the reference over the same in C order."""
    where = {
        f"{layout}-{k}": (layout, shape) for layout in LAYOUTS for k, shape in enumerate(SHAPES)
    }
    placed = {name: LAYOUTS[layout](start(shape, dtype)) for name, (layout, shape) in where.items()}
    plain = copies(placed)
    opt, expected = build(library, case, placed), build(steepest.reference, case, plain)
    for step in range(2):
        slopes = {name: gradient(shape, dtype, step) for name, (_, shape) in where.items()}
        theirs = {}
        for name, (layout, _) in where.items():
            other = ORDER[(ORDER.index(layout) + step + 1) % len(ORDER)]
            theirs[name] = LAYOUTS[other](slopes[name])
        opt.step(theirs)
        expected.step(slopes)
    assert_same_arrays(placed, plain)
    assert_same_state(opt, expected)


@every_dtype
@every_sweep
def test_every_pair_of_layouts(case: Case, dtype: str) -> None:
    """A parameter of every layout meets a gradient of every layout, in one optimizer."""
    pairs = {
        f"{ours}-{theirs}-{k}": (LAYOUTS[ours], LAYOUTS[theirs], shape)
        for ours in LAYOUTS
        for theirs in LAYOUTS
        for k, shape in enumerate([(), (33,), (5, 9), (3, 4, 5), (3, 1, 2, 1, 1, 2, 1, 1, 2)])
    }
    placed = {name: ours(start(shape, dtype)) for name, (ours, _, shape) in pairs.items()}
    plain = copies(placed)
    kernels, reference = build(steepest, case, placed), build(steepest.reference, case, plain)
    for step in range(3):
        kernels.step(
            {
                name: theirs(gradient(shape, dtype, step))
                for name, (_, theirs, shape) in pairs.items()
            }
        )
        reference.step(
            {name: gradient(shape, dtype, step) for name, (_, _, shape) in pairs.items()}
        )
    assert_same_arrays(placed, plain)
    assert_same_state(kernels, reference)


@every_dtype
@every_sweep
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_byte_outside_the_parameter_is_written(
    library: Any, layout: str, case: Case, dtype: str
) -> None:
    for shape in SHAPES:
        theta = LAYOUTS[layout](start(shape, dtype))
        before, memory = theta.copy(), owner(theta)
        whole = contents(memory)
        build(library, case, theta).step(start(shape, dtype, 1))
        assert theta.size == 0 or contents(theta) != contents(before)
        theta[...] = before
        assert contents(memory) == whole, shape


@every_dtype
@every_case_alone
def test_gradients_are_not_written(library: Any, case: Case, dtype: str) -> None:
    slopes = {
        f"{layout}-{k}": LAYOUTS[layout](gradient(shape, dtype, k))
        for layout in LAYOUTS
        for k, shape in enumerate(SHAPES)
    }
    before = {name: contents(owner(slope)) for name, slope in slopes.items()}
    opt = build(library, case, {name: np.zeros_like(slope) for name, slope in slopes.items()})
    opt.step(slopes)
    opt.step(slopes)
    assert {name: contents(owner(slope)) for name, slope in slopes.items()} == before


@every_dtype
@pytest.mark.parametrize("layout", ["C", "F"])
def test_state_lies_as_its_parameter_does(library: Any, layout: str, dtype: str) -> None:
    theta = LAYOUTS[layout](start((5, 9), dtype))
    opt = library.GradientAscent({"W": theta})
    for array in opt.state["W"].values():
        assert (array.shape, array.dtype, array.strides) == ((5, 9), theta.dtype, theta.strides)


# -- Alignment -------------------------------------------------------------------------------------


@every_dtype
@every_sweep
def test_every_size_at_every_byte_offset(case: Case, dtype: str) -> None:
    sizes = range(1, 4 * 32 + 4)
    expected = {str(n): start((n,), dtype, n) for n in sizes}
    reference = build(steepest.reference, case, expected)
    at_offsets = []
    for offset in range(64):
        placed = {name: misaligned(array, offset) for name, array in expected.items()}
        at_offsets.append((offset, placed, build(steepest, case, placed)))
    for step in range(2):
        slopes = {str(n): gradient((n,), dtype, step + n) for n in sizes}
        reference.step(slopes)
        whole = np.concatenate(list(expected.values()))
        for offset, placed, kernels in at_offsets:
            shifted = (7 * offset + 3 + step) % 64
            kernels.step({name: misaligned(slope, shifted) for name, slope in slopes.items()})
            assert_same_bits(np.concatenate(list(placed.values())), whole, f"offset {offset}")


# -- Any strides -----------------------------------------------------------------------------------


@st.composite
def placements(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A step for every axis, and the order of the axes in memory."""
    steps = draw(st.tuples(*[st.sampled_from([1, 2, 3, -1, -2, -5]) for _ in shape]))
    return steps, draw(st.permutations(range(len(shape))).map(tuple))


def place(values: Array, steps: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """The values with their axes in that order in memory, each at those steps."""
    outer = values.transpose(axes)
    larger = np.full([abs(steps[a]) * values.shape[a] for a in axes], 7, values.dtype)
    view = larger[(*(slice(None, None, steps[a]) for a in axes), ...)]
    view[...] = outer
    return view.transpose(np.argsort(axes)) if axes else view


@every_dtype
@given(data=st.data())
def test_any_strides(dtype: str, data: st.DataObject) -> None:
    shape = data.draw(array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=7))
    case = data.draw(st.sampled_from(SWEEPS))
    theta = place(start(shape, dtype), *data.draw(placements(shape)))
    expected = np.array(theta, order="C")
    ours, theirs = build(steepest, case, theta), build(steepest.reference, case, expected)
    for step in range(3):
        slope = gradient(shape, dtype, step)
        repeated = data.draw(st.tuples(*[st.booleans() for _ in shape]))
        if any(repeated):  # stride zero on these axes
            first = slope[tuple(slice(0, 1) if r else slice(None) for r in repeated)]
            if first.size:
                slope = np.broadcast_to(first, shape)
        else:
            slope = place(slope, *data.draw(placements(shape)))
        ours.step(slope)
        theirs.step(np.array(slope, order="C"))
    assert_same_bits(theta, expected)
    assert_same_state(ours, theirs)


@every_dtype
def test_broadcast_gradient_is_as_if_written_out(library: Any, dtype: str) -> None:
    for shape, of in [((40, 50), (50,)), ((40, 50), (40, 1)), ((9000,), ()), ((2, 3, 700), (3, 1))]:
        slope = np.broadcast_to(gradient(of, dtype, 1), shape)
        assert 0 in slope.strides
        assert not slope.flags.writeable
        theta, expected = start(shape, dtype), start(shape, dtype)
        library.GradientAscent(theta).step(slope)
        library.GradientAscent(expected).step(np.array(slope))
        assert_same_bits(theta, expected)


def test_scalar_parameter_takes_scalars(library: Any) -> None:
    theta, expected = np.array(1.5), np.array([1.5])
    opt, other = library.GradientAscent(theta), library.GradientAscent(expected)
    for slope in (np.array(0.3), np.float64(-0.7), 0.1):
        opt.step(slope)
        other.step(np.array([slope]))
    assert_same_bits(theta, expected.reshape(()))


# -- Gradients that share memory with what is written ----------------------------------------------


def itself(a: Array) -> Any:
    return [a[:-3]], lambda _: [a[:-3]]


def its_neighbour_after(a: Array) -> Any:
    return [a[:-3]], lambda _: [a[3:]]


def its_neighbour_before(a: Array) -> Any:
    return [a[1:]], lambda _: [a[:-1]]


def its_reverse(a: Array) -> Any:
    return [a], lambda _: [a[::-1]]


def its_transpose(a: Array) -> Any:
    side = int(np.sqrt(a.size))
    square = a[: side * side].reshape(side, side)
    return [square], lambda _: [square.T]


def its_first_number(a: Array) -> Any:
    return [a], lambda _: [np.broadcast_to(a[:1], a.shape)]


def bytes_across_it(a: Array) -> Any:
    across = np.ndarray(a.size - 1, a.dtype, a, a.itemsize // 2)
    return [a[:-1]], lambda _: [across]


def each_other(a: Array) -> Any:
    half = a.size // 2
    p, q = a[:half], a[half : 2 * half]
    return [p, q], lambda _: [q, p]


def across_both(a: Array) -> Any:
    third = a.size // 3
    p, q = a[:third], a[2 * third : 3 * third]
    middle = a[third // 2 : third // 2 + third]
    end = a[2 * third - third // 2 : 3 * third - third // 2]
    return [p, q], lambda _: [end, middle]


def interleaved(a: Array) -> Any:
    p, q = a[: a.size // 2 * 2 : 2], a[1::2]
    return [p, q], lambda _: [q, p]


def half_of_interleaved(a: Array) -> Any:
    p, q = a[: a.size // 2 * 2 : 2], a[1::2]
    return [p, q], lambda _: [a[: p.size], a[q.size : 2 * q.size]]


def its_velocity(a: Array) -> Any:
    return [a], lambda opt: [opt.state["0"]["velocity"]]


def its_second_moment_reversed(a: Array) -> Any:
    return [a], lambda opt: [opt.state["0"]["second_moment"][::-1]]


def the_others_state(a: Array) -> Any:
    half = a.size // 2
    p, q = a[:half], a[half : 2 * half]
    return [p, q], lambda opt: [opt.state["1"]["velocity"], opt.state["0"]["second_moment"]]


OVERLAPS = [
    itself,
    its_neighbour_after,
    its_neighbour_before,
    its_reverse,
    its_transpose,
    its_first_number,
    bytes_across_it,
    each_other,
    across_both,
    interleaved,
    half_of_interleaved,
    its_velocity,
    its_second_moment_reversed,
    the_others_state,
]


@every_dtype
@pytest.mark.parametrize("overlap", OVERLAPS, ids=lambda overlap: overlap.__name__)
def test_overlapping_gradient_is_as_if_copied_first(library: Any, overlap: Any, dtype: str) -> None:
    for options in ({}, {"nesterov": True}, {"weight_decay": 0.3, "clip_norm": 0.7}):
        for n in (7, 131, 20_001):
            ours, theirs = start((n,), dtype), start((n,), dtype)
            policy = {"nonfinite": "propagate", **options}
            parameters, overlapping = overlap(ours)
            opt = library.GradientAscent(parameters, **policy)
            parameters, to_copy = overlap(theirs)
            expected = steepest.reference.GradientAscent(parameters, **policy)
            for step in range(4):
                if step == 1:  # once the state holds something
                    other = [gradient(p.shape, dtype, 5) for p in parameters]
                    opt.step(other)
                    expected.step(other)
                opt.step(overlapping(opt))
                expected.step([np.array(g) for g in to_copy(expected)])
                assert_same_bits(ours, theirs, f"{options}, {n} numbers")
                # The bytes of a NaN are nobody's promise, and here they are in the next gradient.
                for array in (ours, theirs):
                    array[np.isnan(array)] = 1
            assert_same_state(opt, expected)


def in_rows(shape: tuple[int, ...], dtype: str) -> Array:
    return start(shape, dtype)


def in_columns(shape: tuple[int, ...], dtype: str) -> Array:
    return np.asfortranarray(start(shape, dtype))


def with_axes_moved(shape: tuple[int, ...], dtype: str) -> Array:
    return np.moveaxis(start((*shape[1:], shape[0]), dtype), -1, 0)


@every_dtype
@pytest.mark.parametrize("shape", [(3, 4), (30, 1000), (2, 3, 4)])
@pytest.mark.parametrize("lie", [in_rows, in_columns, with_axes_moved])
def test_gradients_that_are_the_parameters_are_as_if_copied_first(
    library: Any, lie: Any, shape: tuple[int, ...], dtype: str
) -> None:
    """Nothing else in these optimizers lies apart: the copy of a gradient alone decides how it is stepped."""
    for swapped in (False, True):
        ours, theirs = [lie(shape, dtype) for _ in range(2)], [lie(shape, dtype) for _ in range(2)]
        opt = library.GradientAscent(ours)
        expected = steepest.reference.GradientAscent(theirs)
        for _ in range(3):
            opt.step(ours[::-1] if swapped else ours)
            expected.step([np.array(g) for g in (theirs[::-1] if swapped else theirs)])
            for mine, other in zip(ours, theirs, strict=True):
                assert_same_bits(mine, other, f"swapped: {swapped}")
            assert_same_state(opt, expected)
    whole = lie(shape, dtype)
    opt = library.SGD(whole, lr=0.5)
    whole[...] = np.nan
    with pytest.raises(FloatingPointError):
        opt.step(whole)
    assert opt.step_count == 0


@every_dtype
@given(data=st.data())
def test_any_overlap_is_as_if_copied_first(dtype: str, data: st.DataObject) -> None:
    """Interleaved parameters of one array; gradients from anywhere in it or in the state."""
    n, apart = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4))
    case = data.draw(st.sampled_from(SWEEPS))
    worlds = []
    for library in (steepest, steepest.reference):
        memory = start((4 * n * apart,), dtype)
        parameters = [memory[k : n * apart : apart] for k in range(apart)]
        opt = build(library, case, parameters, nonfinite="propagate")
        states = [array for name in opt.state for array in opt.state[name].values()]
        worlds.append((memory, opt, states))
    (memory, opt, states), (expected, reference, others) = worlds
    for _ in range(3):
        slopes, copied = [], []
        for _ in range(apart):
            where = data.draw(st.integers(-1, len(states) - 1))
            of, copy_of = (states[where], others[where]) if where >= 0 else (memory, expected)
            stride = data.draw(st.integers(-3, 3) if where < 0 else st.sampled_from([-1, 0, 1]))
            reach = abs(stride) * (n - 1)
            first = data.draw(st.integers(0, of.size - 1 - reach)) + (reach if stride < 0 else 0)
            window = first + stride * np.arange(n)
            step = stride * of.itemsize
            slopes.append(as_strided(of[first:], (n,), (step,), writeable=False))
            copied.append(copy_of[window])
        opt.step(slopes)
        reference.step(copied)
        assert_same_bits(memory, expected)
    assert_same_state(opt, reference)


@every_dtype
@pytest.mark.parametrize("overlap", [itself, its_reverse, each_other, half_of_interleaved])
def test_overlapping_gradient_of_the_plain_rule(library: Any, overlap: Any, dtype: str) -> None:
    ours, theirs = start((20_001,), dtype), start((20_001,), dtype)
    parameters, overlapping = overlap(ours)
    opt = library.GradientAscent(parameters, momentum=0.0, beta=None)
    parameters, to_copy = overlap(theirs)
    expected = steepest.reference.GradientAscent(parameters, momentum=0.0, beta=None)
    for _ in range(3):
        opt.step(overlapping(opt))
        expected.step([np.array(g) for g in to_copy(expected)])
    assert_same_bits(ours, theirs)


def test_an_array_once_only_a_gradient_may_become_a_parameter(library: Any) -> None:
    """What was learnt of its overlap is forgotten when the parameters are rebound."""
    free, slope = start((5000,), "float64", 1), gradient((5000,), "float64", 2)
    parameters = {"a": start((5000,), "float64", 3), "b": start((5000,), "float64", 4)}
    opt = library.GradientAscent(parameters, momentum=0.0, beta=None)
    opt.step({"a": slope, "b": free})
    parameters["a"] = free
    opt.rebind()
    expected = parameters["b"] + 0.01 * free
    opt.step({"a": slope, "b": free})
    assert_same_bits(parameters["b"], expected)


def test_interleaved_columns_are_parameters_of_their_own(library: Any) -> None:
    a = start((40, 12), "float64")
    apart = [a[:, k::3].copy() for k in range(3)]
    opt = library.GradientAscent([a[:, k::3] for k in range(3)])
    other = library.GradientAscent(apart)
    for step in range(3):
        slopes = [gradient((40, 4), "float64", 9 * step + k) for k in range(3)]
        opt.step(slopes)
        other.step(slopes)
    for k in range(3):
        assert_same_bits(a[:, k::3], apart[k])
