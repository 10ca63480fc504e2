"""The norm over all arrays: its order of summation, its overflow, and what the clip makes of it."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np
import oracle
import pytest
from cases import DTYPES, LAYOUTS, SHAPES, Array, gradient, start
from harness import assert_same_bits

every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def norm_of(library: Any, gradients: list[Any], **options: Any) -> float:
    """The gradient norm a step reports to its callback."""
    records: list[Any] = []
    parameters = [np.zeros_like(g) for g in gradients if g is not None]
    if len(parameters) < len(gradients):
        parameters = [np.zeros(3) if g is None else np.zeros_like(g) for g in gradients]
    library.GradientAscent(parameters, callback=records.append, **options).step(gradients)
    (record,) = records
    assert isinstance(record.grad_norm, float)
    return record.grad_norm


def same(a: float, b: float) -> bool:
    return a.hex() == b.hex()


@every_dtype
@pytest.mark.parametrize("n", [0, 1, 2, 31, 32, 33, 63, 64, 67, 4095, 4096, 4097, 8192, 20_001])
def test_norm_is_summed_in_the_order_of_the_law(library: Any, n: int, dtype: str) -> None:
    g = gradient((n,), dtype, n)
    assert same(norm_of(library, [g]), oracle.norm([g]))


@every_dtype
def test_norm_goes_over_all_arrays_of_all_groups(library: Any, dtype: str) -> None:
    lengths = (5, 9000, 0, 1, 10_000, 67)
    parameters = [np.zeros(n, dtype) for n in lengths]
    norms: list[float] = []
    opt = library.GradientAscent(
        [{"params": parameters[:2]}, {"params": parameters[2]}, {"params": parameters[3:]}],
        callback=lambda info: norms.append(info.grad_norm),
    )
    for seed in range(10):
        g = [gradient((n,), dtype, seed) for n in lengths]
        opt.step([g[:2], g[2], g[3:]])
        assert same(norms[-1], oracle.norm(g))


def test_norm_mixes_dtypes_in_float64(library: Any) -> None:
    g = [gradient((n,), dtype, n) for n in (33, 4100) for dtype in DTYPES]
    assert same(norm_of(library, g), oracle.norm(g))


def test_gradients_that_are_none_do_not_count(library: Any) -> None:
    g = gradient((100,), "float64", 1)
    assert same(norm_of(library, [None, g, None]), oracle.norm([g]))


@functools.cache
def norm_by_the_law(shape: tuple[int, ...], dtype: str, seed: int) -> float:
    return oracle.norm([gradient(shape, dtype, seed)])


@every_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
def test_norm_follows_the_indices_whatever_the_memory(
    library: Any, layout: str, dtype: str
) -> None:
    for seed, shape in itertools.product(range(5), SHAPES):
        g = gradient(shape, dtype, seed)
        assert same(norm_of(library, [LAYOUTS[layout](g)]), norm_by_the_law(shape, dtype, seed))


def test_broadcast_gradient_counts_every_element(library: Any) -> None:
    g = np.broadcast_to(np.arange(7.0), (1000, 7))
    assert same(norm_of(library, [g]), oracle.norm([np.array(g)]))


@every_dtype
def test_array_cut_at_multiples_of_4096_has_the_same_norm(library: Any, dtype: str) -> None:
    g = gradient((20_001,), dtype, 3)
    whole = norm_of(library, [g])
    for cuts in ([4096], [8192], [4096, 16_384], [4096, 8192, 12_288, 16_384]):
        assert same(norm_of(library, np.split(g, cuts)), whole), cuts


def test_norm_is_numpys_but_for_rounding(library: Any) -> None:
    g = gradient((20_001,), "float64", 3)
    assert norm_of(library, [g]) == pytest.approx(np.linalg.norm(g), rel=1e-14)


# -- Squares that overflow, infinities, NaN --------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 4096, 9001])
def test_squares_that_overflow_are_scaled(library: Any, n: int) -> None:
    g = [1e200 * start((n,), "float64"), gradient((40,), "float64", 0)]
    measured = norm_of(library, g, nonfinite="propagate")
    assert same(measured, oracle.norm(g))
    assert measured == pytest.approx(1e200 * np.linalg.norm(g[0] / 1e200), rel=1e-14)


def test_a_sum_that_overflows_without_any_square_doing_so_is_scaled(library: Any) -> None:
    g = [np.full(n, 1e154) for n in (2, 3)]
    assert math.isinf(oracle.sum_of_squares(g))
    measured = norm_of(library, g, clip_norm=1.0)
    assert same(measured, oracle.norm(g))
    assert measured == pytest.approx(1e154 * math.sqrt(5))


def test_the_largest_float32_needs_no_scaling(library: Any) -> None:
    g = [np.full(10, np.finfo(np.float32).max)]
    measured = norm_of(library, g, clip_norm=1.0)
    assert same(measured, oracle.norm(g))
    assert measured == pytest.approx(float(g[0][0]) * math.sqrt(10))


def stepped(library: Any, g: Array, **options: Any) -> tuple[Array, Any]:
    """Where zeros go in one plain step of lr 1, and the record of the step."""
    records: list[Any] = []
    theta = np.zeros_like(g)
    plain = {"lr": 1.0, "momentum": 0.0, "beta": None, "callback": records.append}
    library.GradientAscent(theta, **(plain | options)).step(g)
    return theta, records[0]


def test_clip_norm_admits_finite_gradients_of_infinite_norm_and_moves_nothing(library: Any) -> None:
    g = np.full(10, np.finfo(np.float64).max)
    theta, info = stepped(library, g, clip_norm=1.0)
    assert info.grad_norm == math.inf
    assert info.clipped
    assert_same_bits(theta, np.zeros(10))


def test_clip_norm_rescales_gradients_whose_squares_overflow(library: Any) -> None:
    g = 1e200 * start((50,), "float64")
    theta, info = stepped(library, g, clip_norm=1.0)
    assert info.clipped
    assert_same_bits(theta, g * (1.0 / (oracle.norm([g]) + 1e-6)))
    assert np.linalg.norm(theta) == pytest.approx(1.0)


@every_dtype
def test_infinite_gradient_makes_the_factor_zero(library: Any, dtype: str) -> None:
    g = np.array([1.0, -np.inf, -2.0, np.inf], dtype)
    theta, info = stepped(library, g, clip_norm=1.0, nonfinite="propagate")
    assert info.grad_norm == math.inf
    assert info.clipped
    assert_same_bits(theta, np.array([0.0, np.nan, 0.0, np.nan], dtype))


@every_dtype
@pytest.mark.parametrize("worse", [0.0, np.inf], ids=["nan", "nan-and-inf"])
def test_nan_norm_makes_a_nan_factor(library: Any, worse: float, dtype: str) -> None:
    g = np.array([1.0, worse, np.nan, 3.0], dtype)
    theta, info = stepped(library, g, clip_norm=1.0, nonfinite="propagate")
    assert math.isnan(info.grad_norm)
    assert not info.clipped
    assert np.isnan(theta).all()


# -- The clip --------------------------------------------------------------------------------------


@every_dtype
def test_clip_norm_scales_every_array_by_one_factor(library: Any, dtype: str) -> None:
    g = [10 * gradient((n,), dtype, n) for n in (3, 50)]
    theta = [np.zeros_like(array) for array in g]
    opt = library.GradientAscent(theta, lr=1.0, momentum=0, beta=None, clip_norm=0.5)
    opt.step(g)
    f = np.dtype(dtype).type(0.5 / (oracle.norm(g) + 1e-6))
    for array, slope in zip(theta, g, strict=True):
        assert_same_bits(array, slope * f + np.zeros_like(slope))
    assert oracle.norm(theta) == pytest.approx(0.5, rel=1e-5)


@every_dtype
def test_norm_below_the_bound_is_not_clipped(library: Any, dtype: str) -> None:
    g = np.array([0.3, 0.4], dtype)
    theta, info = stepped(library, g, clip_norm=0.6)
    assert not info.clipped
    assert_same_bits(theta, g)


def test_norm_at_the_bound_is_clipped_by_the_safeguard_only(library: Any) -> None:
    theta, info = stepped(library, np.array([3.0, 4.0]), clip_norm=5.0)
    assert info.clipped
    assert_same_bits(theta, np.array([3.0, 4.0]) * (5.0 / (5.0 + 1e-6)))


def test_clip_norm_comes_before_clip_value(library: Any) -> None:
    theta, _ = stepped(library, np.array([30.0, 40.0]), clip_norm=5.0, clip_value=3.5)
    assert_same_bits(theta, np.array([30.0 * (5.0 / (50.0 + 1e-6)), 3.5]))
