"""The check of a gradient: what is right passes, every common mistake is called by its name."""

from __future__ import annotations

import re
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der
from steepest import check_gradient, is_ascent_direction, is_descent_direction
from unchanged import refused

RNG = np.random.default_rng(7)
A = RNG.normal(size=(4, 4))
Layer = namedtuple("Layer", "W b")


def f(p: Any) -> Any:
    """Of W, b and a number s, with a gradient that is not symmetric in W."""
    return np.sum(np.sin(A @ p["W"])) + np.sum(np.exp(p["b"])) * p["s"]


def grad(p: Any) -> Any:
    return {
        "W": A.T @ np.cos(A @ p["W"]),
        "b": np.exp(p["b"]) * p["s"],
        "s": np.sum(np.exp(p["b"])),
    }


def point() -> Any:
    rng = np.random.default_rng(1)
    return {"W": rng.normal(size=(4, 4)), "b": rng.normal(size=3), "s": 1.5}


def spoilt(**turns: Any) -> Any:
    """The gradient with some of its arrays turned into something else."""
    return lambda p: {k: turns.get(k, lambda g: g)(g) for k, g in grad(p).items()}


def cubes(z: Any) -> Any:
    return np.sum(np.abs(z) ** 4) + np.sum((z**3).imag)


def grad_cubes(z: Any) -> Any:
    return 4 * z * np.abs(z) ** 2 + np.conj(-3j * z**2)


class TestRight:
    def test_gradients_pass(self) -> None:
        report = check_gradient(f, grad, point(), strict=True)
        assert report
        assert report.ok
        assert report.verdict == "right"
        assert report.max_error < 1e-7
        assert report.factor is None
        assert (report.checked, report.total, report.kinks) == (20, 20, ())
        assert report.message.startswith("right; ")
        assert repr(report) == f"<GradientReport: {report.message}>"

    @pytest.mark.parametrize("seed", range(5))
    def test_gradients_of_others_pass(self, seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=7)
        assert check_gradient(rosen, rosen_der, x, strict=True).max_error < 1e-6

    @pytest.mark.parametrize(
        "x",
        [np.array(2.0), 2.0, 2, [1.0, 2.0], (np.ones(2), [3.0]), Layer(np.ones((2, 2)), 1.0)],
        ids=repr,
    )
    def test_forms_pass(self, x: Any) -> None:
        def sum_of(x: Any) -> Any:
            return (
                sum(map(sum_of, x)) if isinstance(x, tuple | list) else np.sum(np.asarray(x) ** 2)
            )

        def double(x: Any) -> Any:
            if isinstance(x, tuple | list):
                return [double(part) for part in x]
            return 2 * x

        assert check_gradient(sum_of, double, x, strict=True)

    def test_a_flat_list_and_a_value_with_its_gradient_pass(self) -> None:
        assert check_gradient(f, lambda p: list(grad(p).values()), point())
        assert check_gradient(lambda p: (f(p), grad(p)), True, point())
        assert not check_gradient(lambda p: (f(p), spoilt(b=np.negative)(p)), True, point())

    def test_args_are_handed_on(self) -> None:
        check = check_gradient(
            lambda x, a: a * np.sum(x**2), lambda x, a: 2 * a * x, np.ones(3), (5.0,)
        )
        assert check

    def test_nothing_is_written(self) -> None:
        x = {"w": np.ones(3)}
        for grad_of in (lambda x: {"w": x["w"].fill(2)}, lambda x: x["w"].sort()):
            with pytest.raises(ValueError, match="read-only"):
                check_gradient(lambda x: x["w"].sum(), grad_of, x)
        assert x["w"].tolist() == [1, 1, 1]

    @given(
        n=st.integers(1, 6),
        seed=st.integers(0, 1000),
        scale=st.floats(1e-3, 1e3),
        offset=st.floats(-1e6, 1e6),
    )
    def test_values_of_any_size_pass_and_a_wrong_number_is_found(
        self, n: int, seed: int, scale: float, offset: float
    ) -> None:
        rng = np.random.default_rng(seed)
        x, slope = rng.normal(size=n), rng.normal(size=n)

        def value(x: Any) -> Any:
            return offset + scale * np.sum(np.cos(x) + slope * x)

        def right(x: Any) -> Any:
            return scale * (slope - np.sin(x))

        assert check_gradient(value, right, x, strict=True)
        wrong_at = int(rng.integers(n))
        error = max(abs(offset), scale) * 0.1 * np.eye(n)[wrong_at]
        report = check_gradient(value, lambda x: right(x) + error, x)
        assert not report
        assert report.index == (wrong_at,)

    def test_a_likelihood_of_many_terms_passes(self) -> None:
        """Where the terms cancel the differences are no better than the sum's rounding."""
        X = RNG.normal(size=(5000, 4)) * 10
        y = RNG.random(5000) < 0.5

        def likelihood(w: Any) -> Any:
            return (y * (X @ w) - np.logaddexp(0, X @ w)).sum()

        def score(w: Any) -> Any:
            return X.T @ (y - 1 / (1 + np.exp(-(X @ w))))

        assert check_gradient(likelihood, score, RNG.normal(size=4), strict=True)

    def test_are_measured_to_many_digits(self) -> None:
        """The central difference itself is off by h² f‴ / 6, here 6e-8 of the slope."""
        report = check_gradient(lambda x: np.exp(100 * x), lambda x: 100 * np.exp(100 * x), 0.0)
        assert report.numeric == pytest.approx(100, rel=1e-9)

    def test_the_end_of_a_climb_passes(self) -> None:
        report = check_gradient(lambda x: -np.sum(x**2), lambda x: -2 * x, np.zeros(3), strict=True)
        assert "resolve little here" in report.message
        assert check_gradient(lambda x: np.sum(x**4), lambda x: 4 * x**3, np.zeros(2), strict=True)
        assert check_gradient(lambda x: np.sum(x**3), lambda x: 3 * x**2, np.zeros(2), strict=True)


class TestMistakes:
    @pytest.mark.parametrize(
        ("given", "verdict", "factor", "said"),
        [
            (
                lambda p: {k: -g for k, g in grad(p).items()},
                "sign",
                -1,
                "wrong sign: grad gives −∇f",
            ),
            (
                lambda p: {k: 2 * g for k, g in grad(p).items()},
                "factor",
                2,
                "grad gives 2 times ∇f",
            ),
            (lambda p: {k: g / 20 for k, g in grad(p).items()}, "factor", 0.05, "0.05 times ∇f"),
            (lambda p: {k: 0 * g for k, g in grad(p).items()}, "zero", None, "grad gives 0"),
            (spoilt(W=np.transpose), "transposed", 1, "W: grad gives ∇f transposed"),
            (
                spoilt(W=lambda g: -2 * g.T),
                "transposed",
                -2,
                "W: grad gives -2 times ∇f transposed",
            ),
            (spoilt(b=np.negative), "sign", -1, "b: wrong sign"),
            (spoilt(b=lambda g: 3.7 * g), "factor", 3.7, "b: grad gives 3.7 times ∇f"),
            (spoilt(s=lambda g: g / 2), "factor", 0.5, "s: grad gives 0.5 times ∇f"),
            (spoilt(s=lambda g: 3.7 * g), "wrong", None, "s: 1 number is wrong, of 1"),
            (spoilt(s=lambda g: 0.0), "zero", None, "s: grad gives 0"),
            (spoilt(b=lambda g: g[::-1]), "wrong", None, "b: 2 numbers are wrong, of 3"),
            (spoilt(b=np.negative, W=np.transpose), "wrong", None, "b: wrong sign"),
            (spoilt(W=lambda g: g + 1), "wrong", None, "W: 16 numbers are wrong, of 16"),
            (spoilt(b=lambda g: g * np.nan), "wrong", None, "b: 3 numbers are wrong"),
        ],
    )
    def test_are_called_by_their_names(
        self, given: Any, verdict: str, factor: Any, said: str
    ) -> None:
        report = check_gradient(f, given, point())
        assert not report.ok
        assert report.verdict == verdict
        assert report.factor == (None if factor is None else pytest.approx(factor, rel=1e-6))
        assert said in report.message

    def test_of_one_number_are_found_where_they_are(self) -> None:
        def wrong(g: Any) -> Any:
            g = g.copy()
            g[2, 1] += 1e-3
            return g

        x = point()
        report = check_gradient(f, spoilt(W=wrong), x)
        assert (report.path, report.index, report.verdict) == ("W", (2, 1), "wrong")
        right = grad(x)["W"][2, 1]
        assert report.analytic == right + 1e-3
        assert report.numeric == pytest.approx(right, abs=1e-8)
        assert report.uncertainty < 1e-7
        assert report.max_error == pytest.approx(
            1e-3 / max(abs(right), abs(right + 1e-3)), rel=1e-4
        )
        assert "W[2, 1]" in report.message

    def test_in_layers_are_found_by_their_path(self) -> None:
        x = {"layers": [{"W": np.ones((2, 2))}, {"W": np.ones((2, 2))}]}

        def wrong(x: Any) -> Any:
            first, second = (layer["W"] for layer in x["layers"])
            return {"layers": [{"W": 2 * first}, {"W": -2 * second}]}

        report = check_gradient(
            lambda x: sum(np.sum(layer["W"] ** 2) for layer in x["layers"]), wrong, x
        )
        assert (report.path, report.verdict) == ("layers.1.W", "sign")

    def test_of_what_f_does_not_use_are_said(self) -> None:
        report = check_gradient(
            lambda x: np.sum(x["a"] ** 2),
            lambda x: {"a": 2 * x["a"], "b": 1.0},
            {"a": 1.0, "b": 1.0},
        )
        assert (report.path, report.verdict) == ("b", "flat")

    @pytest.mark.parametrize("factor", [1, 0.5, -1])
    @pytest.mark.parametrize("dtype", ["complex64", "complex128"])
    def test_of_the_conjugate_are_said(self, dtype: str, factor: float) -> None:
        z = (RNG.normal(size=4) + 1j * RNG.normal(size=4)).astype(dtype)
        assert check_gradient(cubes, grad_cubes, z, strict=True)
        report = check_gradient(cubes, lambda z: factor * grad_cubes(z).conj(), z)
        assert (report.ok, report.verdict) == (False, "conjugate")
        assert report.factor == pytest.approx(factor, rel=1e-3)
        by = {1: "it is", 0.5: "it, divided by 0.5, is", -1: "it, divided by -1, is"}[factor]
        for said in ("∂f/∂Re − i ∂f/∂Im", "JAX", f"np.conj of {by} what is wanted"):
            assert said in report.message

    def test_of_a_complex_gradient_without_imaginary_part_are_found(self) -> None:
        z = RNG.normal(size=4) + 1j * RNG.normal(size=4)
        assert check_gradient(cubes, lambda z: grad_cubes(z).real, z).verdict == "wrong"

    def test_raise_if_strict(self) -> None:
        with pytest.raises(ValueError, match=r"grad: b: wrong sign.* at b\[") as caught:
            check_gradient(f, spoilt(b=np.negative), point(), strict=True)
        assert caught.value.report.verdict == "sign"  # type: ignore[attr-defined]


class TestTolerance:
    @pytest.mark.parametrize(("error", "ok"), [(1e-4, False), (1e-8, True)])
    def test_is_a_millionth_for_float64(self, error: float, ok: bool) -> None:
        report = check_gradient(f, spoilt(b=lambda g: g * np.array([1, 1 + error, 1])), point())
        assert (report.ok, report.rtol) == (ok, 1e-6)

    @pytest.mark.parametrize(("rtol", "ok"), [(1e-3, True), (1e-5, False)])
    def test_can_be_chosen(self, rtol: float, ok: bool) -> None:
        report = check_gradient(f, spoilt(b=lambda g: g * [1, 1 + 1e-4, 1]), point(), rtol=rtol)
        assert (report.ok, report.rtol) == (ok, rtol)


class TestFloat32:
    M = RNG.normal(size=(30, 30)).astype(np.float32)
    x = RNG.normal(size=30).astype(np.float32)

    def f(self, x: Any) -> Any:
        return np.tanh(self.M @ x).sum()

    def grad(self, x: Any) -> Any:
        return self.M.T @ (1 - np.tanh(self.M @ x) ** 2)

    def in_float32(self, x: Any) -> Any:
        return self.f(x.astype(np.float32))

    def only_float32(self, x: Any) -> Any:
        if x.dtype != np.float32:
            raise TypeError("float32, please")
        return self.f(x)

    def test_is_measured_in_float64(self) -> None:
        seen = set()

        def watched(x: Any) -> Any:
            seen.add(x.dtype)
            return self.f(x)

        def grad(x: Any) -> Any:
            assert x.dtype == np.float32
            return self.grad(x)

        report = check_gradient(watched, grad, self.x, strict=True)
        assert seen == {np.dtype(np.float64)}
        assert (report.rtol, report.uncertainty < 1e-5) == (1e-3, True)

    @pytest.mark.parametrize("name", ["in_float32", "only_float32"])
    def test_is_measured_with_longer_steps_if_f_insists_on_it(self, name: str) -> None:
        report = check_gradient(getattr(self, name), self.grad, self.x, strict=True)
        assert report.uncertainty > 1e-4
        assert (
            check_gradient(getattr(self, name), lambda x: -self.grad(x), self.x).verdict == "sign"
        )
        wrong = check_gradient(
            getattr(self, name), lambda x: self.grad(x) + 0.1 * np.eye(30)[5], self.x
        )
        assert (wrong.ok, wrong.index) == (False, (5,))

    def test_gradients_are_as_coarse_as_their_largest_number(self) -> None:
        slope = np.array([1e4, 1e-2])
        rounding = np.array([0, 1e4 * 2.0**-22])
        for error, ok in ((rounding, True), (100 * rounding, False)):
            report = check_gradient(
                lambda x: slope @ x,
                lambda x, error=error: (slope + error).astype(np.float32),
                np.ones(2, np.float32),
            )
            assert report.ok == ok

    def test_within_f_is_noticed_at_a_float64_point(self) -> None:
        x = self.x.astype(float) + 1e-9
        report = check_gradient(lambda x: float(self.in_float32(x)), self.grad, x, strict=True)
        assert report.rtol == 1e-3
        assert report.uncertainty > 1e-4

    def test_an_error_that_f_has_in_any_dtype_passes_through(self) -> None:
        def broken(x: Any) -> Any:
            raise KeyError("mine")

        for x in (self.x, self.x.astype(float)):
            with pytest.raises(KeyError, match="mine"):
                check_gradient(broken, self.grad, x)


class TestKinks:
    x = np.array([0.0, 1e-6, -4e-6, 1.0, -1.0])

    def relu(self, x: Any) -> Any:
        return np.maximum(x, 0).sum() + np.sum(np.sin(x))

    @pytest.mark.parametrize("at_zero", [0.0, 0.5, 1.0])
    def test_are_reported_and_not_an_error(self, at_zero: float) -> None:
        report = check_gradient(
            self.relu, lambda x: np.where(x == 0, at_zero, x > 0) + np.cos(x), self.x, strict=True
        )
        assert [kink[:2] for kink in report.kinks] == [("x", (0,)), ("x", (1,)), ("x", (2,))]
        assert report.kinks[0][2:] == pytest.approx((1, 2), abs=1e-4)
        assert "kink" in report.message
        assert "in 3 numbers, the first x[0]" in report.message

    @pytest.mark.parametrize("at_zero", [-0.5, 1.5])
    def test_bound_what_is_right(self, at_zero: float) -> None:
        report = check_gradient(
            self.relu, lambda x: np.where(x == 0, at_zero, x > 0) + np.cos(x), self.x
        )
        assert (report.ok, report.index) == (False, (0,))
        assert report.max_error > 0.1

    @pytest.mark.parametrize("at_zero", [0.0, 1.0])
    def test_have_slopes_that_are_known_only_as_well_as_f_is_straight(self, at_zero: float) -> None:
        report = check_gradient(
            lambda x: np.maximum(x, 0).sum() - 50 * np.sum(x**2),
            lambda x: np.where(x == 0, at_zero, x > 0) - 100 * x,
            np.zeros(2),
            strict=True,
        )
        assert len(report.kinks) == 2

    def test_are_not_what_noise_is(self) -> None:
        def noisy(x: Any) -> Any:
            return np.sum(np.sin(x)) + 1e-6 * np.sin(1e9 * np.sum(x))

        report = check_gradient(noisy, np.cos, RNG.normal(size=50))
        assert report.ok
        assert len(report.kinks) < 10
        assert report.uncertainty > 0.1

    def test_do_not_hide_the_sign(self) -> None:
        report = check_gradient(self.relu, lambda x: -1.0 * (x > 0) - np.cos(x), self.x)
        assert report.verdict == "sign"

    @pytest.mark.parametrize("offset", np.linspace(-3e-5, 3e-5, 61))
    def test_anywhere_near_are_no_error(self, offset: float) -> None:
        x = np.array([0.3 + offset])
        report = check_gradient(
            lambda x: abs(x[0] - 0.3) + x[0] ** 2, lambda x: np.sign(x - 0.3) + 2 * x, x
        )
        assert report.ok, report
        assert bool(report.kinks) == (abs(offset) < 6.06e-6) or 6e-6 < abs(offset) < 1.3e-5

    @pytest.mark.parametrize(
        "smooth",
        [
            (lambda x: np.sum(x**2), lambda x: 2 * x),
            (lambda x: np.sum(np.exp(10 * x)), lambda x: 10 * np.exp(10 * x)),
            (lambda x: np.sum(np.cos(100 * x)), lambda x: -100 * np.sin(100 * x)),
            (lambda x: 1e8 + np.sum(np.sin(x)), np.cos),
        ],
    )
    def test_are_not_seen_where_f_is_smooth(self, smooth: Any) -> None:
        x = np.r_[0.0, RNG.normal(size=20)]
        assert check_gradient(*smooth, x, strict=True).kinks == ()

    def test_of_a_complex_point_are_reported(self) -> None:
        z = np.array([0j, 1 + 1j])
        report = check_gradient(
            lambda z: np.abs(z).sum(), lambda z: z / np.where(z == 0, 1, abs(z)), z
        )
        assert report.ok
        assert [kink[1] for kink in report.kinks] == [(0,), (0,)]


class TestWhatCannotBeMeasured:
    def test_is_counted(self) -> None:
        def log(x: Any) -> Any:
            with np.errstate(invalid="ignore"):
                return np.sum(np.log(x))

        report = check_gradient(log, lambda x: 1 / x, np.array([1e-7, 1.0]), strict=True)
        assert (report.checked, report.total) == (1, 2)
        assert "not finite near x in 1 number" in report.message
        report = check_gradient(log, lambda x: 1 / x, np.array([1e-7]))
        assert (report.ok, report.verdict, report.checked) == (False, "unmeasured", 0)

    def test_where_grad_gives_none_is_not_checked(self) -> None:
        report = check_gradient(f, spoilt(b=lambda g: None), point(), strict=True)
        assert (report.checked, report.total) == (17, 20)
        assert check_gradient(np.sum, lambda x: None, np.ones(2)).verdict == "unmeasured"
        assert check_gradient(np.sum, np.ones_like, np.ones(0)).verdict == "unmeasured"

    def test_is_said_of_samples(self) -> None:
        calls: list[Any] = []

        def counted(x: Any) -> Any:
            calls.append(1)
            return np.sum(x["a"] ** 2) + np.sum(x["b"] ** 2)

        x = {"a": RNG.normal(size=(30, 30)), "b": RNG.normal(size=100)}
        double = {"a": 2 * x["a"], "b": 2 * x["b"]}
        report = check_gradient(counted, lambda x: double, x, samples=50, strict=True)
        assert (report.checked, report.total) == (50, 1000)
        assert len(calls) <= 4 * 50 + 8
        assert "only 50 of 1000 numbers" in report.message
        double["a"] = double["a"].T
        found = check_gradient(counted, lambda x: double, x, samples=50)
        assert found.verdict == "transposed"
        places = {
            check_gradient(counted, lambda x: double, x, samples=50, seed=s).index for s in (1, 2)
        }
        assert len(places) == 2
        assert check_gradient(counted, lambda x: x, x, samples=10**6).checked == 1000


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            ({"grad": None}, TypeError, ["grad: got NoneType", "function"]),
            ({"grad": lambda x: np.ones(2)}, ValueError, ["'x'", "(2,)", "(2, 3)"]),
            ({"grad": lambda x: np.ones((3, 2))}, ValueError, ["(3, 2)", "transposed"]),
            ({"grad": lambda x: "abc"}, TypeError, ["'x'", "str"]),
            ({"grad": lambda x: x + 1j}, TypeError, ["complex128", "float64"]),
            ({"grad": lambda x: [x, x]}, ValueError, ["2", "expected 1"]),
            ({"f": lambda x: x}, TypeError, ["f: returned an array", "(2, 3)"]),
            ({"f": lambda x: np.nan}, ValueError, ["f: is nan at x"]),
            ({"f": lambda x: RNG.normal()}, ValueError, ["f: gave", "seed"]),
            ({"grad": True}, TypeError, ["f: returned", "(value, gradient)"]),
            ({"x": np.ones(2, bool)}, TypeError, ["x: got an array of bool"]),
            ({"args": np.ones(2)}, TypeError, ["args"]),
            ({"rtol": 0}, ValueError, ["rtol: got 0"]),
            ({"rtol": "1"}, TypeError, ["rtol"]),
            ({"samples": 0}, ValueError, ["samples: got 0"]),
            ({"samples": 1.5}, TypeError, ["samples"]),
            ({"samples": 2, "seed": -1}, ValueError, ["seed"]),
        ],
        ids=str,
    )
    def test_say_what_was_expected(self, change: Any, error: Any, said: Any) -> None:
        call = {"f": np.sum, "grad": np.ones_like, "x": np.ones((2, 3))}
        with refused(error, *said):
            check_gradient(**(call | change))

    def test_of_a_structure_that_is_not_that_of_x(self) -> None:
        with refused(ValueError, "no 's'"):
            check_gradient(f, lambda p: {"W": p["W"], "b": p["b"]}, point())


class TestDirections:
    def test_on_a_circle_are_ascent_on_the_gradients_side(self) -> None:
        x = np.array([0.3, -0.8])
        gradient = rosen_der(x)
        angles = np.arctan2(gradient[1], gradient[0]) + np.radians(np.arange(5, 360, 10))
        for angle in angles:
            d = np.array([np.cos(angle), np.sin(angle)])
            gain = rosen(x + 1e-7 * d) - rosen(x)
            assert is_ascent_direction(gradient, d) == (gain > 0)
            assert is_descent_direction(gradient, d) == (gain < 0)

    def test_nested_are_matched_by_name(self) -> None:
        gradient = {"w": np.array([1.0, -2.0]), "b": 3.0, "layers": [np.ones((2, 2))]}
        up = {"layers": [np.zeros((2, 2))], "b": 0.0, "w": np.array([0.0, -1.0])}
        assert is_ascent_direction(gradient, up)
        assert is_ascent_direction(gradient, gradient)
        assert is_descent_direction(gradient, up | {"b": -1.0})

    def test_along_the_level_is_neither(self) -> None:
        for d in ([0, 1], [0, 0]):
            assert is_ascent_direction(np.array([1.0, 0.0]), d) is False
            assert is_descent_direction(np.array([1.0, 0.0]), d) is False

    def test_is_summed_in_float64(self) -> None:
        gradient = np.array([1e8, 1, -1e8], np.float32)
        assert is_ascent_direction(gradient, np.ones(3, np.float32))

    @pytest.mark.parametrize("size", [1e-200, 1e200])
    def test_neither_underflows_nor_overflows(self, size: float) -> None:
        assert is_ascent_direction(np.full(3, size), np.full(3, size))
        assert is_descent_direction(np.full(3, size), np.full(3, -size))

    def test_of_a_complex_point_is_by_re_and_im(self) -> None:
        assert is_ascent_direction(np.array([1j]), np.array([1j]))
        assert is_descent_direction(np.array([1j]), np.array([-1j]))
        assert not is_ascent_direction(np.array([1j]), np.array([1 + 0j]))

    @pytest.mark.parametrize(
        ("gradient", "d", "error", "said"),
        [
            (np.ones(2), np.ones(3), ValueError, "d: got the shapes"),
            ({"a": np.ones(2)}, {"b": np.ones(2)}, ValueError, "d: got the shapes"),
            ({"a": np.ones(2)}, np.ones(2), ValueError, "d: got the shapes"),
            (np.array([np.nan]), np.ones(1), ValueError, "grad: found NaN"),
            (np.ones(1), np.array([np.inf]), ValueError, "d: found NaN"),
            ("abc", np.ones(1), TypeError, "grad: got str"),
            ({"a": np.ones(1)}, {"a": None}, TypeError, "d.a: got NoneType"),
        ],
    )
    def test_that_are_none_are_refused(self, gradient: Any, d: Any, error: Any, said: str) -> None:
        with refused(error, said):
            is_ascent_direction(gradient, d)
        with refused(error, said):
            is_descent_direction(gradient, d)


def test_torchs_complex_gradient_is_the_convention() -> None:
    torch = pytest.importorskip("torch")

    def value(z: Any) -> Any:
        z = torch.as_tensor(np.array(z))
        return (z.abs() ** 4).sum() + (z**3).imag.sum()

    def gradient(z: Any) -> Any:
        leaf = torch.as_tensor(np.array(z)).requires_grad_()
        ((leaf.abs() ** 4).sum() + (leaf**3).imag.sum()).backward()
        return leaf.grad.numpy()

    z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    assert check_gradient(value, gradient, z, strict=True)
    np.testing.assert_allclose(gradient(z), grad_cubes(z))


def test_the_page_about_it_runs_as_written() -> None:
    page = (Path(__file__).parents[1] / "docs/checks.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "docs/checks.md", "exec"), names)
