"""Central differences: against derivatives known by mathematics, in every form a point may have."""

from __future__ import annotations

from collections import deque, namedtuple
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod
from standins import Holder
from steepest import Parameter
from steepest.differences import (
    central_differences,
    extreme_curvatures,
    hessian,
    hessian_vector_product,
)
from unchanged import refused

Layer = namedtuple("Layer", "W b")


def start(n: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=n)


class TestGradient:
    @pytest.mark.parametrize("seed", range(5))
    def test_is_that_of_mathematics(self, seed: int) -> None:
        x = start(6, seed)
        np.testing.assert_allclose(central_differences(rosen, x), rosen_der(x), atol=3e-6)

    def test_is_exact_but_for_rounding_of_a_quadratic(self) -> None:
        x = start(5) * 100
        np.testing.assert_allclose(central_differences(lambda x: x @ x, x), 2 * x, rtol=1e-8)

    @pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 2e-4)])
    def test_is_as_good_as_the_dtype_allows(self, dtype: str, tolerance: float) -> None:
        x = np.linspace(-2, 2, 9).astype(dtype)
        found = central_differences(lambda x: np.exp(x).sum() / 8, x)
        np.testing.assert_allclose(found, np.exp(x) / 8, rtol=tolerance, atol=tolerance)

    @given(
        number=st.floats(-1e30, 1e30),
        dtype=st.sampled_from(["float32", "float64"]),
    )
    def test_divides_by_the_distance_of_the_points_it_took(self, number: float, dtype: str) -> None:
        x = np.array(number, dtype)
        assert central_differences(lambda x: float(x), x) == 1

    @pytest.mark.parametrize(("dtype", "eps"), [("float32", 2.0**-23), ("float64", 2.0**-52)])
    def test_takes_steps_of_the_cube_root_of_eps(self, dtype: str, eps: float) -> None:
        x = np.array([0.0, -0.5, 300.0], dtype)
        seen: list[Any] = []

        def f(x: Any) -> float:
            seen.append(x.astype(float))
            return 0.0

        central_differences(f, x)
        h = eps ** (1 / 3) * np.array([1.0, 1.0, 300.0])
        moved = np.array(seen) - x
        expected = np.repeat(np.diag(h), 2, axis=0) * np.array([1, -1, 1, -1, 1, -1])[:, None]
        np.testing.assert_allclose(moved, expected, rtol=1e-4, atol=0)

    def test_of_a_complex_point_is_by_re_and_im(self) -> None:
        z = start(3) + 1j * start(3, 1)
        found = central_differences(lambda z: np.sum(np.abs(z) ** 2), z)
        np.testing.assert_allclose(found, 2 * z, rtol=1e-9)
        assert central_differences(lambda z: (z**2).imag, 1 + 2j) == pytest.approx(
            np.conj(-2j * (1 + 2j)), rel=1e-9
        )
        assert central_differences(lambda z: abs(z), np.complex64(3 + 4j)).dtype == np.complex64

    def test_costs_two_evaluations_a_number(self) -> None:
        calls: list[Any] = []

        def f(x: Any) -> float:
            calls.append(1)
            return 1.0

        central_differences(f, {"a": np.zeros((2, 3)), "b": 1.0, "none": []})
        assert len(calls) == 14
        calls.clear()
        central_differences(f, np.zeros(3, complex))
        assert len(calls) == 12

    def test_hands_on_args(self) -> None:
        found = central_differences(lambda x, a, b: a * x[0] + b * x[1], np.zeros(2), (2.0, 3.0))
        np.testing.assert_allclose(found, [2, 3])

    def test_that_float32_cannot_hold_is_infinite(self) -> None:
        assert central_differences(lambda x: 1e60 * float(x), np.float32(1)) == np.inf

    def test_where_f_is_not_finite_is_not_a_number(self) -> None:
        assert np.isnan(central_differences(lambda x: np.nan, 1.0))


FORMS = [
    ("array", np.array([1.0, 2.0])),
    ("0-d", np.array(2.0)),
    ("F order", np.asfortranarray(np.arange(6.0).reshape(2, 3))),
    ("reversed", np.arange(4.0)[::-1]),
    ("other byte order", np.arange(3.0).astype(">f8")),
    ("read-only", np.broadcast_to(np.array(2.0), (3,))),
    ("float32", np.array([1.0, 2.0], np.float32)),
    ("empty", np.zeros(0)),
    ("list", [np.array([1.0]), np.array([2.0, 3.0])]),
    ("tuple", (np.array([1.0]), 2.0)),
    ("named tuple", Layer(np.ones((2, 2)), np.ones(2))),
    ("dict", {"w": np.ones(2), 7: np.float32(1)}),
    ("layers", {"layers": [Layer(np.ones((2, 2)), np.ones(2))], "out": (np.ones(1), [])}),
]


def leaves(nested: Any) -> list[Any]:
    if isinstance(nested, dict):
        return [leaf for value in nested.values() for leaf in leaves(value)]
    if isinstance(nested, list | tuple):
        return [leaf for value in nested for leaf in leaves(value)]
    return [nested]


def same_form(a: Any, b: Any) -> bool:
    if isinstance(b, dict):
        return type(a) is dict and list(a) == list(b) and all(same_form(a[k], b[k]) for k in b)
    if isinstance(b, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same_form, a, b))
    is_array = isinstance(b, np.ndarray)
    expected = b.dtype.newbyteorder("=") if hasattr(b, "dtype") else np.float64
    return isinstance(a, np.ndarray) == is_array and (a.shape, a.dtype) == (np.shape(b), expected)


class TestForms:
    @pytest.mark.parametrize("x", [form[1] for form in FORMS], ids=[form[0] for form in FORMS])
    def test_of_x_are_those_of_the_gradient_and_of_what_f_sees(self, x: Any) -> None:
        before = [np.array(leaf) for leaf in leaves(x)]

        def f(seen: Any) -> float:
            assert same_form(seen, x)
            return float(sum(np.sum(leaf**2) for leaf in leaves(seen)))

        found = central_differences(f, x)
        assert same_form(found, x)
        for gradient, value, old in zip(leaves(found), leaves(x), before, strict=True):
            np.testing.assert_allclose(gradient, 2 * np.asarray(value), rtol=1e-3)
            assert_same_bits(np.array(value), old)

    @pytest.mark.parametrize(
        "x", [3, np.int32(3), [3, 4], [[1, 2], [3, 4]], np.arange(3)], ids=repr
    )
    def test_of_integers_and_lists_of_numbers_are_float64(self, x: Any) -> None:
        found = central_differences(lambda x: np.sum(np.square(x)), x)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, 2 * np.asarray(x), rtol=1e-9)

    def test_with_data_and_grad_are_seen_as_arrays(self) -> None:
        x = [Parameter(np.array([3.0]), name="a"), Holder(np.array([4.0]))]
        found = central_differences(lambda x: float(x[0][0] ** 2 + x[1][0] ** 2), x)
        np.testing.assert_allclose(np.concatenate(found), [6, 8], rtol=1e-9)

    def test_f_can_neither_write_nor_reach_x(self) -> None:
        x = {"w": np.ones(2)}
        views: list[Any] = []

        def writes(seen: Any) -> float:
            views.append(seen["w"])
            seen["w"][0] = 3
            return 0.0

        with pytest.raises(ValueError, match="read-only"):
            central_differences(writes, x)
        assert not np.shares_memory(views[0], x["w"])
        assert x["w"].tolist() == [1, 1]

    def test_an_error_in_f_passes_through(self) -> None:
        def f(x: Any) -> float:
            raise ZeroDivisionError("mine")

        with pytest.raises(ZeroDivisionError, match="mine"):
            central_differences(f, np.ones(2))

    @pytest.mark.parametrize("x", [range(3), deque([0, 1, 2])], ids=["range", "deque"])
    def test_any_sequence_of_numbers_is_an_array(self, x: Any) -> None:
        assert central_differences(lambda x: (x**2).sum(), x) == pytest.approx([0, 2, 4])


class TestRefusals:
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (np.ones(1), "(1,)"),
            (np.ones((2, 2)), "(2, 2)"),
            (None, "NoneType"),
            ("1", "str"),
            (True, "bool"),
            (np.True_, "bool"),
            (1j, "complex"),
            (np.complex128(1), "complex"),
            ([1.0], "list"),
            ((1.0, np.ones(1)), "tuple"),
        ],
        ids=repr,
    )
    def test_of_what_f_gives(self, value: Any, said: str) -> None:
        with refused(TypeError, "f: returned", said, "one real number"):
            central_differences(lambda x: value, np.ones(1))

    @pytest.mark.parametrize("value", [2, np.float32(2), np.array(2.0), np.array(2)], ids=repr)
    def test_not_of_a_number_in_any_dress(self, value: Any) -> None:
        assert central_differences(lambda x: value, np.ones(1)).tolist() == [0]

    @pytest.mark.parametrize(
        ("x", "error", "said"),
        [
            ("abc", TypeError, "x: got str"),
            (True, TypeError, "x: got bool"),
            ([True, False], TypeError, "x: got an array of bool"),
            (np.ones(2, np.float16), TypeError, "x: got an array of float16"),
            ({"w": np.ones(2, np.longdouble)}, TypeError, "x.w: got an array of"),
            (np.array(["a"]), TypeError, "x: got an array of <U1"),
            ({"w": [np.ones(1), None]}, TypeError, "x.w.1: got NoneType"),
            (np.ma.ones(2), TypeError, "MaskedArray"),
            ([], ValueError, "x: found no array"),
            ([[1.0], [1.0, 2.0]], ValueError, "differ in length"),
        ],
        ids=repr,
    )
    def test_of_points(self, x: Any, error: Any, said: str) -> None:
        with refused(error, said):
            central_differences(lambda x: 1.0, x)

    def test_of_a_list_in_itself(self) -> None:
        x: list[Any] = [np.ones(1)]
        x.append(x)
        with refused(ValueError, "x.1", "contains itself"):
            central_differences(lambda x: 1.0, x)
        nothing: list[Any] = []
        nothing.append(nothing)
        with refused(ValueError, "x.0", "contains itself"):
            central_differences(lambda x: 1.0, nothing)

    def test_of_args_that_are_no_tuple(self) -> None:
        with refused(TypeError, "args", "array", "args=(data,)"):
            central_differences(lambda x, a: 1.0, np.ones(1), np.ones(2))  # type: ignore[arg-type]
        with refused(TypeError, "args", "array"):
            hessian(lambda x, a: x, np.ones(1), np.ones(2))  # type: ignore[arg-type]


class TestSecondDerivatives:
    @pytest.mark.parametrize("seed", range(3))
    def test_are_those_of_mathematics(self, seed: int) -> None:
        x, v = start(8, seed), start(8, seed + 10) * 1e3
        before = x.copy()
        found = hessian(rosen_der, x)
        np.testing.assert_allclose(found, rosen_hess(x), atol=1e-5)
        assert (found == found.T).all()
        product = hessian_vector_product(rosen_der, x, v)
        np.testing.assert_allclose(product, rosen_hess_prod(x, v), rtol=1e-5, atol=1e-2)
        assert_same_bits(x, before)

    def test_of_float32_are_as_good_as_that(self) -> None:
        x = np.linspace(0.5, 2, 4).astype(np.float32)
        found = hessian(np.exp, x)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, np.diag(np.exp(x)), atol=2e-3)

    def test_are_right_where_grad_fills_one_array_again_and_again(self) -> None:
        buffer = np.empty(2)

        def grad(x: Any) -> Any:
            buffer[:] = 2 * x
            return buffer

        np.testing.assert_allclose(hessian(grad, np.ones(2)), 2 * np.eye(2), atol=1e-9)
        found = hessian_vector_product(grad, np.ones(2), np.ones(2))
        np.testing.assert_allclose(found, [2, 2])

    def test_along_nothing_are_zero(self) -> None:
        assert hessian_vector_product(rosen_der, np.ones(3), np.zeros(3)).tolist() == [0, 0, 0]

    def test_extremes_are_eigenvalues_if_all_of_space_is_probed(self) -> None:
        x = start(12)
        found = extreme_curvatures(rosen_der, x, probes=12)
        np.testing.assert_allclose(found, np.linalg.eigvalsh(rosen_hess(x))[[0, -1]], rtol=1e-5)

    @given(seed=st.integers(0, 50), probes=st.integers(1, 8))
    def test_extremes_lie_between_those_of_the_matrix(self, seed: int, probes: int) -> None:
        rng = np.random.default_rng(seed)
        matrix = rng.normal(size=(30, 30))
        matrix += matrix.T
        least, largest = extreme_curvatures(
            lambda x: matrix @ x, start(30), probes=probes, seed=seed
        )
        low, high = np.linalg.eigvalsh(matrix)[[0, -1]]
        assert low - 1e-6 <= least <= largest <= high + 1e-6

    def test_a_saddle_of_many_dimensions_is_seen(self) -> None:
        """One direction of 1000 bends down, by a tenth of what the others bend up."""
        curvature = np.r_[np.linspace(0.5, 1, 999), -0.1]
        least, largest = extreme_curvatures(lambda x: curvature * x, np.zeros(1000))
        assert least < -0.09
        assert 0.9 < largest < 1 + 1e-6

    def test_stop_where_the_matrix_has_few_eigenvalues(self) -> None:
        calls: list[Any] = []

        def grad(x: Any) -> Any:
            calls.append(1)
            return 3 * x

        assert extreme_curvatures(grad, np.zeros(50)) == pytest.approx((3, 3))
        assert len(calls) <= 6

    def test_that_are_not_finite_are_not_numbers(self) -> None:
        assert np.isnan(extreme_curvatures(lambda x: x * np.nan, np.ones(3))).all()

    @pytest.mark.parametrize(
        ("call", "error", "said"),
        [
            (lambda: hessian(np.exp, [1.0]), TypeError, "x: got list"),
            (lambda: hessian(np.exp, np.ones((2, 2))), ValueError, "x: got shape (2, 2)"),
            (lambda: hessian(np.exp, np.ones(0)), ValueError, "x: got shape (0,)"),
            (lambda: hessian(np.sum, np.ones(2)), ValueError, "grad: returned shape ()"),
            (lambda: hessian(str, np.ones(2)), TypeError, "grad: returned str"),
            (
                lambda: hessian_vector_product(np.exp, np.ones(2), np.ones(3)),
                ValueError,
                "v: got shape (3,)",
            ),
            (lambda: extreme_curvatures(np.exp, np.ones(2), probes=0), ValueError, "probes: got 0"),
            (
                lambda: extreme_curvatures(np.exp, np.ones(2), probes=1.5),  # type: ignore[arg-type]
                TypeError,
                "probes: got float",
            ),
        ],
    )
    def test_refuse_what_is_no_vector(self, call: Any, error: Any, said: str) -> None:
        with refused(error, said):
            call()
