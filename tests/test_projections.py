"""Projections: what they give is in the set, and nothing in the set is nearer."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import polar
from scipy.optimize import minimize
from steepest import projections
from steepest.projections import (
    box,
    each,
    l1_ball,
    l2_ball,
    linf_ball,
    nonnegative,
    orthonormal_columns,
    parts,
    simplex,
    sphere,
)
from unchanged import refused

# The sets of vectors: how far a point is outside, and a random point of the set.
CONVEX: dict[str, Any] = {
    "l2_ball": (l2_ball, lambda x, r: np.linalg.norm(x) - r),
    "l1_ball": (l1_ball, lambda x, r: np.abs(x).sum() - r),
    "linf_ball": (linf_ball, lambda x, r: np.abs(x).max() - r),
    "simplex": (simplex, lambda x, r: max(abs(x.sum() - r), -x.min())),
    "nonnegative": (lambda r: nonnegative(), lambda x, r: -x.min()),
    "box": (lambda r: box(-r, 2 * r), lambda x, r: max((-r - x).max(), (x - 2 * r).max())),
}
every_set = pytest.mark.parametrize("name", CONVEX)


def member(name: str, rng: Any, n: int, r: float) -> Any:
    """A random point of a set, made without the code under test."""
    x = rng.normal(size=n)
    if name == "l2_ball":
        return x / np.linalg.norm(x) * r * rng.random() ** (1 / n)
    if name == "l1_ball":
        return np.sign(x) * rng.dirichlet(np.full(n, 0.3)) * r * rng.random()
    if name == "linf_ball":
        return rng.uniform(-r, r, n)
    if name == "simplex":
        return rng.dirichlet(np.full(n, 0.3)) * r
    if name == "nonnegative":
        return np.abs(x) * r
    return rng.uniform(-r, 2 * r, n)


numbers = st.floats(-1e3, 1e3)
vectors = arrays(np.float64, st.integers(1, 8), elements=numbers)
radii = st.floats(1e-2, 1e2)


class TestNearest:
    @every_set
    @given(x=vectors, r=radii, seed=st.integers(0, 1000))
    def test_point_of_a_convex_set_sees_all_of_it_at_an_obtuse_angle(
        self, name: str, x: Any, r: float, seed: int
    ) -> None:
        """p is nearest to x if and only if (x − p) · (z − p) ≤ 0 for all z of the set."""
        make, outside = CONVEX[name]
        p = make(r)(x)
        size = np.linalg.norm(x) + r
        assert outside(p, r) <= 1e-12 * size
        rng = np.random.default_rng(seed)
        for _ in range(20):
            z = member(name, rng, len(x), r)
            assert (x - p) @ (z - p) <= 1e-12 * size * (size + np.linalg.norm(z))

    @every_set
    @pytest.mark.parametrize("seed", range(4))
    def test_is_what_a_solver_finds(self, name: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n, r = 5, 1.5
        x = rng.normal(size=n) * 2
        make, _ = CONVEX[name]
        start, bounds, constraints, lift = member(name, rng, n, r), None, [], lambda v: v
        if name == "l2_ball":
            constraints = [{"type": "ineq", "fun": lambda v: r**2 - v @ v}]
        elif name == "l1_ball":  # as a difference of two nonnegative parts
            start, bounds = np.full(2 * n, r / 4 / n), [(0, None)] * 2 * n
            constraints = [{"type": "ineq", "fun": lambda v: r - v.sum()}]
            lift = lambda v: v[:n] - v[n:]  # noqa: E731
        elif name == "simplex":
            bounds = [(0, None)] * n
            constraints = [{"type": "eq", "fun": lambda v: v.sum() - r}]
        else:
            bounds = {
                "linf_ball": [(-r, r)] * n,
                "nonnegative": [(0, None)] * n,
                "box": [(-r, 2 * r)] * n,
            }[name]
        found = minimize(
            lambda v: np.sum((lift(v) - x) ** 2),
            start,
            bounds=bounds,
            constraints=constraints,
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        np.testing.assert_allclose(make(r)(x), lift(found.x), atol=1e-5)

    @given(x=vectors, r=radii, seed=st.integers(0, 1000))
    def test_point_of_the_sphere_is_nearer_than_any_other(
        self, x: Any, r: float, seed: int
    ) -> None:
        p = sphere(r)(x)
        assert np.linalg.norm(p) == pytest.approx(r, rel=1e-14)
        z = np.random.default_rng(seed).normal(size=(50, len(x)))
        z *= r / np.linalg.norm(z, axis=1, keepdims=True)
        distance = np.linalg.norm(x - p)
        assert (np.linalg.norm(x - z, axis=1) >= distance - 1e-12 * (distance + r)).all()

    def test_point_of_the_sphere_to_its_centre_is_on_the_first_axis(self) -> None:
        assert sphere(2.0)(np.zeros(3)).tolist() == [2, 0, 0]

    @pytest.mark.parametrize("shape", [(3, 3), (6, 2), (5, 1)])
    def test_orthonormal_columns_are_the_polar_factor(self, shape: Any) -> None:
        rng = np.random.default_rng(0)
        x = rng.normal(size=shape)
        p = orthonormal_columns()(x)
        np.testing.assert_allclose(p.T @ p, np.eye(shape[1]), atol=1e-14)
        np.testing.assert_allclose(p, polar(x)[0], atol=1e-13)
        for seed in range(50):
            z = np.linalg.qr(np.random.default_rng(seed).normal(size=shape))[0]
            assert np.linalg.norm(x - z) >= np.linalg.norm(x - p)

    def test_orthonormal_columns_of_a_stack_are_those_of_each(self) -> None:
        x = np.random.default_rng(0).normal(size=(3, 4, 2))
        stacked = orthonormal_columns()(x)
        for matrix, found in zip(x, stacked, strict=True):
            np.testing.assert_allclose(found, polar(matrix)[0], atol=1e-13)

    def test_l1_and_simplex_give_exact_zeros(self) -> None:
        x = np.array([3.0, -2.5, 0.1, -0.2])
        assert l1_ball(2.0)(x).tolist() == [1.25, -0.75, 0, 0]
        assert simplex(2.0)(x).tolist() == [2, 0, 0, 0]


ALL = {name: make for name, (make, _) in CONVEX.items()} | {"sphere": sphere}


class TestTwice:
    @pytest.mark.parametrize("name", ALL)
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @given(data=st.data(), r=radii)
    def test_changes_no_bit(self, name: str, dtype: str, data: Any, r: float) -> None:
        x = data.draw(vectors).astype(dtype)
        once = ALL[name](r)(x)
        assert_same_bits(ALL[name](r)(once), once)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("name", ALL)
    def test_changes_no_bit_of_many_numbers(self, name: str, dtype: str) -> None:
        x = np.random.default_rng(0).normal(size=100_000).astype(dtype)
        once = ALL[name](1.5)(x)
        assert_same_bits(ALL[name](1.5)(once), once)

    @pytest.mark.parametrize("name", CONVEX)
    @given(seed=st.integers(0, 1000), n=st.integers(1, 8), r=radii)
    def test_nor_does_once_within_the_set(self, name: str, seed: int, n: int, r: float) -> None:
        x = member(name, np.random.default_rng(seed), n, r)
        assert_same_bits(ALL[name](r)(x), x)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("name", ["l2_ball", "l1_ball", "simplex", "sphere"])
    def test_changes_no_bit_of_numbers_near_the_ends_of_the_range(
        self, name: str, dtype: str
    ) -> None:
        limits = np.finfo(dtype)
        few_digits = np.array([1.0, 0.0, 3.0, 1.0]) * limits.smallest_subnormal
        half = limits.max / 4
        for x in (few_digits, np.array([half, -half, -half / 2, half / 3, -half, -half])):
            once = ALL[name](1.5)(x.astype(dtype))
            assert np.isfinite(once).all()
            assert_same_bits(ALL[name](1.5)(once), once)

    def test_of_subnormal_numbers_is_on_the_sphere(self) -> None:
        on = sphere(2.0)(np.full(4, 5e-324))
        np.testing.assert_allclose(on, 1.0, rtol=1e-15)

    def test_orthonormal_columns_stay(self) -> None:
        once = orthonormal_columns()(np.random.default_rng(0).normal(size=(5, 3)))
        np.testing.assert_allclose(orthonormal_columns()(once), once, atol=1e-15)


class TestAxis:
    @pytest.mark.parametrize("make", [l2_ball, l1_ball, sphere, simplex])
    @pytest.mark.parametrize("axis", [0, 1, 2, -1])
    def test_takes_every_vector_by_itself(self, make: Any, axis: int) -> None:
        x = np.random.default_rng(0).normal(size=(3, 4, 5))
        expected = np.apply_along_axis(make(0.7), axis, x)
        np.testing.assert_allclose(make(0.7, axis=axis)(x), expected, rtol=1e-14)
        np.testing.assert_allclose(
            make(0.7, axis)({"a": x, "b": x[..., ::-1]})["b"],
            np.apply_along_axis(make(0.7), axis, x[..., ::-1]),
            rtol=1e-14,
        )

    def test_without_takes_all_numbers_as_one_vector(self) -> None:
        x = np.random.default_rng(0).normal(size=(3, 4))
        for make in (l2_ball, l1_ball, sphere, simplex):
            np.testing.assert_allclose(make(0.7)(x).ravel(), make(0.7)(x.ravel()))

    def test_that_is_not_there_is_refused(self) -> None:
        with refused(ValueError, "'b'", "(3,)", "no axis 1"):
            l2_ball(axis=1)({"a": np.ones((2, 2)), "b": np.ones(3)})
        with refused(TypeError, "axis: got float"):
            l2_ball(axis=1.0)  # type: ignore[arg-type]


class TestNested:
    def x(self) -> Any:
        rng = np.random.default_rng(0)
        layers = [{"W": rng.normal(size=(2, 3)), "b": rng.normal(size=2)} for _ in range(2)]
        return {"layers": layers, "out": (rng.normal(size=3), 2.0)}

    def flat(self, x: Any) -> Any:
        layers = [layer[key].ravel() for layer in x["layers"] for key in ("W", "b")]
        return np.concatenate([*layers, x["out"][0], [x["out"][1]]])

    @pytest.mark.parametrize("make", [l2_ball, l1_ball, sphere, simplex, linf_ball])
    def test_points_are_one_vector(self, make: Any) -> None:
        """All weights in one ball."""
        found = make(1.5)(self.x())
        np.testing.assert_allclose(self.flat(found), make(1.5)(self.flat(self.x())), rtol=1e-14)
        assert isinstance(found["out"], tuple)
        assert isinstance(found["out"][1], np.float64)

    def test_each_takes_every_array_by_itself(self) -> None:
        found = each(sphere(2.0))(self.x())
        norms = [np.linalg.norm(layer[key]) for layer in found["layers"] for key in ("W", "b")]
        assert norms == pytest.approx([2, 2, 2, 2])
        assert np.linalg.norm(found["out"][0]) == pytest.approx(2)
        assert found["out"][1] == 2

    def test_parts_have_sets_of_their_own(self) -> None:
        x = self.x()
        project = parts(
            {"layers.0.W": each(l2_ball(0.1)), "layers.1": sphere(3.0), "out.0": simplex()}
        )
        found = project(x)
        assert np.linalg.norm(found["layers"][0]["W"]) == pytest.approx(0.1)
        assert_same_bits(found["layers"][0]["b"], x["layers"][0]["b"])
        second = found["layers"][1]
        assert np.hypot(*map(np.linalg.norm, second.values())) == pytest.approx(3)
        assert found["out"][0].sum() == pytest.approx(1)
        assert found["out"][1] == 2

    def test_parts_of_a_list_go_by_their_place(self) -> None:
        found = parts({1: nonnegative()})([np.array([-1.0]), np.array([-1.0])])
        assert [part.tolist() for part in found] == [[-1], [0]]

    def test_names_that_only_begin_alike_are_others(self) -> None:
        found = parts({"w": nonnegative()})({"w": np.array([-1.0]), "w2": np.array([-1.0])})
        assert found["w2"].tolist() == [-1]

    @pytest.mark.parametrize(
        ("make", "error", "said"),
        [
            (lambda: parts({"a": np.abs}), TypeError, "projections['a']: got"),
            (lambda: parts([box()]), TypeError, "projections: got list"),  # type: ignore[arg-type]
            (lambda: parts({}), ValueError, "projections: got an empty dict"),
            (lambda: each(np.abs), TypeError, "projection: got"),  # type: ignore[arg-type]
            (lambda: parts({"c": box()})({"a": 1.0, "b": 2.0}), ValueError, "no part 'c'"),
            (
                lambda: parts({"a": box(), "a.b": box()})({"a": {"b": 1.0}}),
                ValueError,
                "'a.b' is in 'a' and in 'a.b'",
            ),
        ],
    )
    def test_parts_that_do_not_fit_are_refused(self, make: Any, error: Any, said: str) -> None:
        with refused(error, said):
            make()


MATRICES = ALL | {"orthonormal_columns": lambda r: orthonormal_columns()}


class TestForms:
    @pytest.mark.parametrize("name", MATRICES)
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_keep_the_dtype_and_leave_x_alone(self, name: str, dtype: str) -> None:
        x = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
        before = x.copy()
        found = MATRICES[name](0.5)(x)
        assert (found.shape, found.dtype) == (x.shape, x.dtype)
        assert not np.shares_memory(found, x)
        assert_same_bits(x, before)

    @pytest.mark.parametrize("name", MATRICES)
    @pytest.mark.parametrize("layout", [np.asarray, np.asfortranarray, lambda x: x[::-1]])
    def test_out_has_the_same_bits_in_place_and_elsewhere(self, name: str, layout: Any) -> None:
        x = layout(np.random.default_rng(0).normal(size=(4, 3)))
        project = MATRICES[name](0.5)
        expected = project(x)
        out = np.empty_like(x)
        assert project(x, out=out) is out
        assert_same_bits(out, expected)
        assert project(x, out=x) is x
        assert_same_bits(x, expected)

    def test_out_may_overlap_x(self) -> None:
        x = np.arange(4.0)
        sphere(1.0)(x[::-1], out=x)
        np.testing.assert_allclose(x, np.arange(4)[::-1] / np.sqrt(14))

    def test_out_is_nested_as_x_is(self) -> None:
        x = {"w": np.array([3.0, 0.0]), "b": np.array(4.0)}
        out = {"w": np.zeros(2), "b": np.zeros(())}
        assert l2_ball()(x, out=out) is out
        assert (out["w"].tolist(), out["b"].tolist()) == ([0.6, 0], 0.8)
        assert x["b"] == 4
        w = x["w"]
        assert l2_ball()(x, out=x) is x
        assert x["w"] is w
        assert w.tolist() == [0.6, 0]

    @pytest.mark.parametrize(
        ("out", "error", "said"),
        [
            (np.zeros(3), ValueError, ["out", "(3,)", "(2,)"]),
            (np.zeros(2, np.float32), TypeError, ["out", "float32", "float64"]),
            ([np.zeros(2), np.zeros(2)], ValueError, ["out", "2 arrays", "expected 1"]),
            ([0.0, 0.0], TypeError, ["out", "updated in place"]),
            (np.broadcast_to(np.zeros(1), 2), ValueError, ["out", "read-only"]),
        ],
        ids=repr,
    )
    def test_out_that_does_not_fit_is_refused(self, out: Any, error: Any, said: Any) -> None:
        with refused(error, *said):
            l2_ball()(np.ones(2), out=out)
        if isinstance(out, np.ndarray):
            assert not out.any()

    @pytest.mark.parametrize(
        "bad", [orthonormal_columns(), l2_ball(axis=1), simplex(axis=0), box([0, 0], 1)], ids=repr
    )
    def test_nothing_is_written_if_a_part_is_refused(self, bad: Any) -> None:
        x = {"a": np.full(2, 9.0), "b": np.zeros(0), "c": np.ones(3)}
        out = {name: array.copy() for name, array in x.items()}
        for project in (parts({"a": l2_ball(), "b": bad, "c": bad}), each(bad)):
            with refused(ValueError, keeps=list(out.values())):
                project(x, out=out)
            with refused(ValueError, keeps=list(x.values())):
                project(x, out=x)

    def test_names_of_out_are_those_of_x(self) -> None:
        with refused(ValueError, "out", "'b'", "'a'"):
            box()({"a": np.ones(2), "c": np.ones(2)}, out={"b": np.ones(2), "c": np.ones(2)})

    @pytest.mark.parametrize(
        ("project", "error", "said"),
        [
            (lambda: box()("abc"), TypeError, "x: got str"),
            (lambda: box()(np.ones(2, np.float16)), TypeError, "x: got an array of float16"),
            (lambda: simplex()(np.zeros(0)), ValueError, "x: has a vector of no numbers"),
            (lambda: sphere(axis=0)(np.zeros((0, 3))), ValueError, "no numbers"),
            (lambda: orthonormal_columns()(np.ones((2, 3))), ValueError, "(2, 3)"),
            (lambda: orthonormal_columns()(np.ones(3)), ValueError, "(3,)"),
        ],
    )
    def test_of_x_that_have_no_such_set_are_refused(
        self, project: Any, error: Any, said: str
    ) -> None:
        with refused(error, said):
            project()

    def test_balls_of_nothing_are_nothing(self) -> None:
        for make in (l2_ball, l1_ball, linf_ball):
            assert make()(np.zeros(0)).shape == (0,)

    def test_numbers_and_integers_are_float64(self) -> None:
        assert linf_ball()(3) == 1.0
        assert linf_ball(2.5)(np.array([3, 1])).tolist() == [2.5, 1]

    def test_can_be_pickled_and_read(self) -> None:
        project = parts({"a": each(l2_ball(0.5, axis=0)), "b": box(0, None)})
        assert repr(project) == "parts({'a': each(l2_ball(0.5, axis=0)), 'b': box(0, None)})"
        x = {"a": np.ones((2, 2)), "b": -1.0}
        assert pickle.loads(pickle.dumps(project))(x)["b"] == 0
        texts = [repr(make(2)) for make in (simplex, sphere, l1_ball, linf_ball)]
        assert texts == ["simplex(2)", "sphere(2)", "l1_ball(2)", "linf_ball(2)"]

    def test_all_names_are_public(self) -> None:
        for name in projections.__all__:
            assert getattr(projections, name).__doc__


class TestBoxes:
    def test_bounds_broadcast(self) -> None:
        x = np.array([[-5.0, 0.5, 5.0], [-1.0, 2.0, 3.0]])
        found = box([-1, 0, -np.inf], [[1.0], [2.0]])(x)
        assert found.tolist() == [[-1, 0.5, 1], [-1, 2, 2]]

    def test_bounds_are_never_passed_in_float32(self) -> None:
        """0.1 lies between two numbers of float32, and 1e300 beyond all of them."""
        x = np.array([-1.0, 1.0], np.float32)
        low, high = box(0.1, 0.7)(x).astype(float)
        assert 0.1 <= low < 0.1 + 1e-8
        assert 0.7 - 6e-8 < high <= 0.7
        assert box(None, 1e300)(np.float32([np.inf]))[0] == np.finfo(np.float32).max

    def test_equal_bounds_fix_a_number(self) -> None:
        assert box(2, 2)(np.array([1.0, 2.0, 3.0])).tolist() == [2, 2, 2]

    @pytest.mark.parametrize(
        ("make", "error", "said"),
        [
            (lambda: box(2, 1), ValueError, "lower: got 2.0, expected at most upper, 1.0"),
            (lambda: box([0, 3], 2), ValueError, "lower: got 3.0 at [1]"),
            (lambda: box(np.nan), ValueError, "lower: got NaN"),
            (lambda: box(upper="1"), TypeError, "upper: got str"),
            (lambda: box(np.zeros(2), np.ones(3)), ValueError, "upper: got shape (3,)"),
            (lambda: box(np.zeros(2))(np.ones(3)), ValueError, "lower: got shape (2,)"),
            (lambda: box(np.zeros((2, 3)))(np.ones(3)), ValueError, "lower: got shape (2, 3)"),
        ],
    )
    def test_bounds_that_do_not_fit_are_refused(self, make: Any, error: Any, said: str) -> None:
        with refused(error, said):
            make()


class TestSizes:
    @pytest.mark.parametrize("make", [l2_ball, l1_ball, linf_ball, simplex, sphere])
    @pytest.mark.parametrize(
        ("size", "error"),
        [
            *[(size, ValueError) for size in (0, -1, np.inf, np.nan)],
            *[(size, TypeError) for size in ("1", True, None, np.ones(2))],
        ],
    )
    def test_that_are_none_are_refused(self, make: Any, size: Any, error: Any) -> None:
        with refused(error, "total" if make is simplex else "radius", "a number > 0"):
            make(size)


class TestExtremes:
    @pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e300])
    def test_sizes_neither_over_nor_underflow(self, size: float) -> None:
        x = np.array([3.0, 4.0]) * size
        np.testing.assert_allclose(sphere(5.0)(x), [3, 4], rtol=1e-14)
        np.testing.assert_allclose(l2_ball(size)(x), [0.6 * size, 0.8 * size], rtol=1e-14)
        assert l1_ball(1.0)(x).sum() <= 1 + 1e-15

    def test_numbers_far_from_zero_lose_nothing_on_the_simplex(self) -> None:
        """It is the same for all numbers moved together; 1e15 + 0.75 is exact."""
        x = np.array([0.75, 0.5, -2.0])
        assert simplex()(x + 1e15).tolist() == [0.625, 0.375, 0]

    @pytest.mark.parametrize("name", MATRICES)
    def test_nan_gives_nan(self, name: str) -> None:
        x = np.ones((3, 2))
        x[1, 0] = np.nan
        assert np.isnan(MATRICES[name](0.5)(x)[1, 0])

    def test_infinity_is_moved_into_a_box_and_is_nan_elsewhere(self) -> None:
        x = np.array([np.inf, 1.0])
        assert linf_ball()(x).tolist() == [1, 1]
        for make in (l2_ball, l1_ball, sphere, simplex):
            assert np.isnan(make()(x)[0])


def test_the_page_about_it_runs_as_written() -> None:
    page = (Path(__file__).parents[1] / "docs/projections.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "docs/projections.md", "exec"), names)
