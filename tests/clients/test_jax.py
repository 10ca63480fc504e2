"""JAX: its gradients step NumPy parameters; what asynchronous dispatch does to them, and how not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import statsmodels.api as sm
from steepest import GradientDescent, check_gradient, maximize, minimize
from steepest.clients.jax import grad, value_and_grad

from examples.clients import jax_gradients as example


@pytest.fixture(params=[False, True], ids=["32 bits", "64 bits"])
def wide(request: Any) -> Iterator[bool]:
    """Both of JAX's modes."""
    with jax.enable_x64(request.param):
        yield request.param


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture
def x32() -> Iterator[None]:
    with jax.enable_x64(False):
        yield


def aligned(n: int, value: float, dtype: Any = np.float32) -> Any:
    """An array that begins at a multiple of 64 bytes, whose memory JAX takes as it is."""
    size = n * np.dtype(dtype).itemsize
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    array = raw[start : start + size].view(dtype)
    array[...] = value
    return array


def square(p: Any) -> Any:
    return jnp.sum(p**2)


class TestGradientsAsTheyCome:
    """What jax.grad gives, given to an optimizer."""

    def test_step_nested_parameters(self, wide: bool) -> None:
        dtype = np.float64 if wide else np.float32
        p = {"w": [np.ones(2, dtype), (np.array(3.0, dtype),)]}
        opt = GradientDescent(p, lr=0.1, momentum=0, beta=None)
        gradient = jax.grad(lambda p: jnp.sum(p["w"][0] ** 2) + p["w"][1][0] ** 2)(p)
        opt.step(gradient)
        np.testing.assert_allclose(p["w"][0], 0.8, rtol=1e-6)
        np.testing.assert_allclose(p["w"][1][0], 2.4, rtol=1e-6)
        np.testing.assert_array_equal(gradient["w"][0], 2.0)  # read, not written

    def test_are_read_where_they_lie(self, x32: None) -> None:
        gradient = jax.grad(square)(np.ones(1000, np.float32)).block_until_ready()
        for view in (np.asarray(gradient), np.from_dlpack(gradient)):
            assert view.ctypes.data == gradient.unsafe_buffer_pointer()
            assert not view.flags.writeable
        p = np.ones(1000, np.float32)
        with pytest.raises(ValueError, match="gradient is read-only"):
            GradientDescent(p).step(gradient, zero_grads=True)

    def test_are_waited_for(self, x32: None) -> None:
        slow = jax.jit(jax.grad(lambda p: square(p) + 0 * busy(jnp.ones((100, 100)))[0, 0]))
        p = aligned(64, 1.0)
        opt = GradientDescent(p, lr=0.25, momentum=0, beta=None)
        for wanted in (0.5, 0.25, 0.125):
            opt.step(slow(p))
            np.testing.assert_array_equal(p, np.float32(wanted))

    def test_of_float64_parameters_are_float32_and_the_error_says_what_to_do(
        self, x32: None
    ) -> None:
        p = np.ones(2)
        with pytest.raises(TypeError, match="gradient is float32, parameter is float64; convert"):
            GradientDescent(p).step(jax.grad(square)(p))
        assert (p == 1).all()

    def test_arrays_of_jax_are_points_to_start_from(self) -> None:
        x0 = jnp.zeros(2)
        found = minimize(value_and_grad(lambda x: ((x - 1) ** 2).sum()), x0, True)
        np.testing.assert_allclose(found.x, 1, atol=1e-4)
        assert x0.tolist() == [0, 0]

    def test_arrays_of_jax_cannot_be_parameters(self) -> None:
        with pytest.raises(TypeError, match=r"read-only.*numpy\.array\(array\)"):
            GradientDescent({"w": jnp.ones(2)})


@jax.jit
def busy(a: Any) -> Any:
    """A computation that takes its time."""
    return jax.lax.fori_loop(0, 200, lambda i, a: jnp.sin(a @ a / 100), a)


class TestHazard:
    """Without this package's adapter: JAX computes with what was written after the call."""

    def test_an_array_may_share_its_memory(self, x32: None) -> None:
        p = aligned(64, 1.0)
        device = jax.device_put(p).block_until_ready()
        assert device.unsafe_buffer_pointer() == p.ctypes.data
        p[...] = 2.0  # as a step does
        assert float(device[0]) == 2.0

    @pytest.mark.parametrize(
        "call",
        [
            jax.jit(jax.grad(square)),
            lambda p: 2 * jnp.asarray(p),
            lambda p: 2 * jnp.array(p, copy=True),  # a copy indeed, but made when its turn comes
        ],
        ids=["jit", "asarray", "array"],
    )
    def test_a_later_write_changes_what_is_computed(
        self, x32: None, call: Callable[[Any], Any]
    ) -> None:
        assert any(wrong(call) for _ in range(10))

    @pytest.mark.parametrize(
        "call",
        [grad(square), lambda p: 2 * jnp.asarray(np.array(p))],
        ids=["adapter", "NumPy's copy"],
    )
    def test_not_with_a_copy_made_by_numpy(self, x32: None, call: Callable[[Any], Any]) -> None:
        assert not any(wrong(call) for _ in range(10))


def wrong(call: Callable[[Any], Any]) -> bool:
    """Whether a gradient at 1 is not 2, because p was stepped while the device was at something else."""
    p, ones = aligned(64, 1.0), jnp.ones((100, 100))
    np.asarray(call(p))  # compiled
    before = busy(ones)
    gradient = call(p)
    p[...] = 5.0
    found = np.asarray(gradient)
    before.block_until_ready()
    return bool((found != 2.0).any())


@jax.jit
def skewed(x: Any) -> Any:
    """Real, of complex or real numbers, and different by each of them."""
    sums = jnp.sum(x["a"][1][0], axis=0) * jnp.array([1, 2])
    product = jnp.sum(x["b"]) * x["a"][0] + sums[0] * sums[1]
    return jnp.real(product * jnp.conj(product)) + jnp.real(product) + jnp.imag(product)


SLOPE, VALUE_AND_SLOPE = grad(skewed), value_and_grad(skewed)  # compiled once for all tests


class TestAdapter:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_gives_the_gradient_in_the_parameters_own_dtype(
        self, x64: None, dtype: Any, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)

        def numbers(*shape: int) -> Any:
            real = rng.normal(size=shape)
            imaginary = 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else 0
            return (real + imaginary).astype(dtype)[()]

        x = {"b": numbers(3), "a": [numbers(), (numbers(2, 2),)]}

        assert check_gradient(skewed, SLOPE, x).ok
        assert check_gradient(VALUE_AND_SLOPE, True, x).ok
        value, gradient = VALUE_AND_SLOPE(x)
        assert type(value) is float
        found = [gradient["b"], gradient["a"][0], gradient["a"][1][0]]
        assert [g.dtype for g in found] == [dtype] * 3
        assert [g.shape for g in found] == [(3,), (), (2, 2)]
        assert all(type(g) is np.ndarray for g in found)
        assert type(gradient["a"][1]) is tuple
        if np.dtype(dtype).kind == "c":
            assert check_gradient(skewed, jax.grad(skewed), x).verdict == "conjugate"

    @pytest.mark.parametrize(
        ("x", "path"),
        [
            (np.ones(2), r"argument 0: is float64"),
            (1.0, r"argument 0: is float64"),
            ({"a": [np.ones(2, np.float32), np.ones(2)]}, r"argument 0\['a'\]\[1\]: is float64"),
            (np.ones(2) + 1j, r"argument 0: is complex128.*astype\('complex64'\)"),
        ],
        ids=["array", "number", "nesting", "complex"],
    )
    def test_nothing_is_silently_computed_in_float32(self, x32: None, x: Any, path: str) -> None:
        gradient = grad(lambda x: sum(jnp.sum(jnp.abs(a) ** 2) for a in jax.tree.leaves(x)))
        with pytest.raises(TypeError, match=path + ".*|.*jax_enable_x64"):
            gradient(x)
        with pytest.raises(TypeError, match="argument 1: is float64"):
            grad(lambda data, x: data * x, -1)(np.float32(1), np.float64(1))
        with jax.enable_x64(True):
            assert (
                jax.tree.leaves(gradient(x))[-1].dtype.itemsize
                == np.asarray(jax.tree.leaves(x)[-1]).dtype.itemsize
            )

    def test_what_is_no_plain_array_is_refused_by_its_path(self, x32: None) -> None:
        plain = np.ones(3, np.float32)
        gradient = grad(lambda p: square(p["a"]))
        for leaf, said in (
            (np.ma.array(plain, mask=[0, 1, 0]), "a MaskedArray, whose mask would be ignored"),
            ("text", "str, expected an array"),
            (object(), "object, expected an array"),
        ):
            with pytest.raises(TypeError, match=r"argument 0\['b'\]\[0\]: got " + said):
                gradient({"a": plain, "b": [leaf]})
        assert gradient({"a": plain, "b": [None]})["b"] == [None]  # which is no leaf in JAX

    def test_what_jax_is_handed_shares_no_memory(self, x32: None, monkeypatch: Any) -> None:
        handed: list[Any] = []
        jit = jax.jit

        def spied(fun: Any) -> Any:
            compiled = jit(fun)

            def call(*args: Any) -> Any:
                handed.append(args)
                return compiled(*args)

            return call

        monkeypatch.setattr(jax, "jit", spied)
        p, data = {"a": aligned(64, 1.0), "b": (aligned(64, 2.0),)}, aligned(64, 3.0)
        gradient = grad(lambda data, p: square(p["a"] * data) + square(p["b"][0]), 1)(data, p)
        ((given_data, given),) = handed
        assert given_data is data  # which is not stepped
        for found in (given, gradient):
            assert not np.shares_memory(found["a"], p["a"])
            assert not np.shares_memory(found["b"][0], p["b"][0])

    def test_what_it_gave_stays_when_parameters_go_on(self, x32: None) -> None:
        gradient = value_and_grad(lambda p: (0.5 * square(p), p), has_aux=True)
        p = aligned(64, 1.0)
        (value, aux), slope = gradient(p)
        p[...] = 7.0
        assert value == 32.0
        assert (np.asarray(aux) == 1).all()
        assert (slope == 1).all()
        assert not slope.flags.writeable

    def test_is_jaxs_but_for_that(self, x32: None) -> None:
        def f(a: Any, b: Any, c: float = 1.0) -> Any:
            return c * jnp.sum(a * b**2)

        at = np.array([1, 2], np.float32), np.array([3, 4], np.float32)
        for argnums in (0, 1, -1, (0, 1), (1,)):
            ours, wanted = grad(f, argnums)(*at, c=2.0), jax.grad(f, argnums)(*at, c=2.0)
            assert type(ours) is (tuple if isinstance(argnums, tuple) else np.ndarray)
            np.testing.assert_array_equal(ours, wanted)
        for argnums in (np.int64(1), [1], (np.int32(1),)):
            ours, wanted = grad(f, argnums)(*at), jax.grad(f, argnums)(*at)
            np.testing.assert_array_equal(ours, wanted)
            assert isinstance(ours, tuple) is isinstance(wanted, tuple)
        assert grad(f).__name__ == "f"
        gradient, more = grad(lambda a: (square(a), {"a": a}), has_aux=True)(at[0])
        np.testing.assert_array_equal(gradient, [2, 4])
        np.testing.assert_array_equal(more["a"], [1, 2])
        with pytest.raises(TypeError, match="argnums"):
            grad(f, 3)(*at)
        with pytest.raises(TypeError, match="scalar"):
            grad(lambda a: a)(at[0])
        with pytest.raises(TypeError, match="int32"):
            grad(square)(np.array([1, 2]))

    def test_takes_what_jax_nests(self, x32: None) -> None:
        class Line(NamedTuple):
            slope: Any
            offset: Any

        line = Line(np.ones(2, np.float32), np.float32(3))
        found = grad(lambda line: square(line.slope) + line.offset**2)(line)
        assert isinstance(found, Line)
        np.testing.assert_array_equal(found.slope, [2, 2])
        assert found.offset == 6.0
        assert grad(square)(jnp.ones(2)).dtype == np.float32  # an array of JAX's own

    def test_compiles_once(self, x32: None) -> None:
        traced: list[Any] = []

        def f(p: Any, power: int) -> Any:
            traced.append(p)
            return jnp.sum(p**power)

        gradient = grad(functools.partial(f, power=2))
        p = np.ones(3, np.float32)
        for _ in range(5):
            gradient(p)
            p[...] += 1
        assert len(traced) == 1
        gradient(np.ones(4, np.float32))
        assert len(traced) == 2

    def test_is_what_maximize_takes(self, wide: bool) -> None:
        def f(p: Any) -> Any:
            return -jnp.sum((p["a"] - 1) ** 2) - (p["b"] - p["a"][0]) ** 2

        number = np.float64 if wide else np.float32
        start = {"a": np.zeros(2, number), "b": number(0)}
        for found in (
            maximize(value_and_grad(f), start, True),
            maximize(f, start, grad(f)),
            minimize(value_and_grad(lambda p: -f(p)), start, True),
        ):
            np.testing.assert_allclose(found.x["a"], 1.0, atol=1e-4)
            np.testing.assert_allclose(found.x["b"], 1.0, atol=1e-4)
            assert found.success
            assert found.x["a"].dtype == number
        assert maximize(value_and_grad(f), start, True).check().ok


class TestExample:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_finds_what_statsmodels_finds(self, seed: int) -> None:
        X, y = example.counts(np.random.default_rng(seed))
        model = sm.NegativeBinomial(y, sm.add_constant(X)).fit(method="newton", disp=0, tol=1e-12)
        b, *w, alpha = model.params
        found, errors = example.fit(X, y)
        assert found.success
        np.testing.assert_allclose(found.fun, model.llf, rtol=1e-10)
        np.testing.assert_allclose(found.x["w"], w, atol=1e-6)
        np.testing.assert_allclose(found.x["b"], b, atol=1e-6)
        np.testing.assert_allclose(np.exp(found.x["log_alpha"]), alpha, atol=1e-6)
        np.testing.assert_allclose(errors["w"], model.bse[1:3], rtol=1e-4)
        np.testing.assert_allclose(errors["log_alpha"] * alpha, model.bse[3], rtol=1e-4)
        p = example.climb(X, y)
        assert {array.dtype for array in p.values()} == {np.dtype(np.float32)}
        np.testing.assert_allclose(p["w"], w, atol=1e-3)
        np.testing.assert_allclose(p["log_alpha"], np.log(alpha), atol=1e-3)
