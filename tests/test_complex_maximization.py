"""maximize and minimize over complex numbers: the run of their real and imaginary parts, told as complex."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from steepest import (
    SGD,
    Adam,
    check_gradient,
    compare,
    lr_finder,
    maximize,
    minibatches,
    minimize,
    projections,
)

seeds = pytest.mark.parametrize("seed", [0, 1, 2])


def numbers(rng: Any, *shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def parts(z: Any) -> Any:
    """A copy as real numbers, Re and Im along a last axis."""
    return np.stack([np.real(z), np.imag(z)], axis=-1)


def whole(x: Any) -> Any:
    """Complex numbers from their parts."""
    return x[..., 0] + 1j * x[..., 1]


class LeastSquares:
    """½‖Az − b‖², whose gradient ∂f/∂Re z + i ∂f/∂Im z is Aᴴ(Az − b)."""

    def __init__(self, seed: int = 0, rows: int = 8, dtype: str = "complex128") -> None:
        rng = np.random.default_rng(seed)
        self.A, self.b = numbers(rng, rows, 3).astype(dtype), numbers(rng, rows).astype(dtype)
        self.x0 = np.zeros(3, dtype)
        self.x = np.linalg.lstsq(self.A, self.b)[0]

    def f(self, z: Any) -> float:
        return float(np.linalg.norm(self.A @ z - self.b) ** 2) / 2

    def grad(self, z: Any) -> Any:
        return self.A.conj().T @ (self.A @ z - self.b)

    def f_of_parts(self, x: Any) -> float:
        return self.f(whole(x))

    def grad_of_parts(self, x: Any) -> Any:
        return parts(self.grad(whole(x)))


class TestOptima:
    @seeds
    def test_least_squares_are_lstsqs(self, seed: int) -> None:
        problem = LeastSquares(seed)
        found = minimize(problem.f, problem.x0, problem.grad)
        assert found.success
        assert found.x.dtype == np.complex128
        np.testing.assert_allclose(found.x, problem.x, atol=1e-6)
        np.testing.assert_allclose(found.jac, problem.grad(found.x))
        assert found.check().kind == "minimum"
        assert not problem.x0.any()

    def test_differences_go_where_the_gradient_does(self) -> None:
        problem = LeastSquares()
        found = minimize(problem.f, problem.x0)
        np.testing.assert_allclose(found.x, problem.x, atol=1e-6)
        assert found.nfev == 13 * (found.nit + 1)  # one, and two for every part

    def test_complex64_stay_complex64(self) -> None:
        problem = LeastSquares(dtype="complex64")
        found = minimize(problem.f, problem.x0, problem.grad)
        assert found.x.dtype == np.complex64
        np.testing.assert_allclose(found.x, problem.x, atol=1e-3)

    @seeds
    @pytest.mark.parametrize("project", [projections.sphere(), lambda z: z / np.linalg.norm(z)])
    def test_rayleigh_quotient_ends_at_the_largest_eigenvalue(
        self, project: Any, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        root = numbers(rng, 4, 4)
        H = root.conj().T @ root
        values, vectors = np.linalg.eigh(H)
        found = maximize(
            lambda z: np.vdot(z, H @ z).real, numbers(rng, 4), lambda z: 2 * H @ z, project=project
        )
        assert found.fun == pytest.approx(values[-1])
        assert abs(np.vdot(vectors[:, -1], found.x)) == pytest.approx(1)  # whatever its phase
        assert found.check().kind == "constrained"

    @seeds
    def test_phases_of_unit_numbers_are_those_of_the_weights(self, seed: int) -> None:
        """Re Σ w̄ z is highest on |z| = 1 at z = w / |w|: numbers that a beam is steered with."""
        rng = np.random.default_rng(seed)
        w, x0 = numbers(rng, 5, 1), numbers(rng, 5, 1)
        project = projections.sphere(axis=1)
        found = maximize(
            lambda z: np.vdot(w, z).real, x0, lambda z: w, project=project, lr=0.3, max_iter=3000
        )
        np.testing.assert_allclose(found.x, w / np.abs(w), atol=1e-4)
        assert found.fun == pytest.approx(np.abs(w).sum())

    @seeds
    def test_phases_are_retrieved_from_intensities(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        A, z = numbers(rng, 40, 3), numbers(rng, 3)
        y = np.abs(A @ z) ** 2

        def f(x: Any) -> float:
            return float(((np.abs(A @ x) ** 2 - y) ** 2).mean()) / 4

        def grad(x: Any) -> Any:
            Ax = A @ x
            return A.conj().T @ ((np.abs(Ax) ** 2 - y) * Ax) / len(y)

        x0 = z + 0.2 * numbers(rng, 3)
        found = minimize(f, x0, grad)
        turn = np.vdot(found.x, z) / abs(np.vdot(found.x, z))  # the phase of all is not to be seen
        np.testing.assert_allclose(turn * found.x, z, atol=1e-5)
        assert "5 curve up, 0 down, 1 neither" in found.check().message  # and f is flat along it


class TestForms:
    def test_number_is_told_as_a_number(self) -> None:
        seen: list[Any] = []

        def f(z: Any) -> Any:
            seen.append(type(z))
            return abs(z - 3j) ** 2

        found = minimize(f, 1 + 0j, lambda z: 2 * (z - 3j))
        assert abs(found.x - 3j) < 1e-6
        assert {*seen, type(found.x), type(found.jac)} == {np.complex128}

    def test_list_of_numbers_is_one_array(self) -> None:
        found = minimize(lambda z: np.linalg.norm(z - 1j) ** 2, [1.0, 2 + 1j], max_iter=1)
        assert found.x.dtype == np.complex128
        assert found.x.shape == (2,)

    @pytest.mark.parametrize("known", [True, False])
    def test_real_and_complex_arrays_mix(self, known: bool) -> None:
        w = np.array([[1 + 2j], [-1j]])

        def f(x: Any) -> float:
            r, z = x["b"]
            return float(
                sum((np.abs(a) ** 2).sum() for a in (x["w"] - w, r - 0.5, z - 2j, x["c"] - 1))
            )

        def grad(x: Any) -> Any:
            r, z = x["b"]
            return {
                "w": 2 * (x["w"] - w),
                "b": [2 * (r - 0.5), 2 * (z - 2j)],
                "c": 2 * (x["c"] - 1),
            }

        b = (np.zeros(1), 0j)
        x0 = {"w": np.zeros((2, 1), complex), "b": b, "c": np.zeros(2, np.float32)}
        found = minimize(f, x0, grad if known else None, optimizer=SGD, lr=0.1, max_iter=100)
        r, z = found.x["b"]
        np.testing.assert_allclose(found.x["w"], w, atol=1e-4)
        np.testing.assert_allclose(found.x["c"], 1, atol=1e-2)
        assert (r[0], z) == (pytest.approx(0.5), pytest.approx(2j))
        kinds = [found.x["w"].dtype, r.dtype, z.dtype, found.x["c"].dtype]
        assert kinds == ["complex128", "float64", "complex128", "float32"]
        assert found.jac["w"].dtype == np.complex128

    def test_callbacks_and_history_have_copies(self) -> None:
        problem, states = LeastSquares(), []
        found = minimize(
            problem.f,
            problem.x0,
            problem.grad,
            callback=states.append,
            keep_iterates=True,
            max_iter=5,
        )
        for t, (state, point) in enumerate(zip(states, found.history.x, strict=True)):
            assert state.x.dtype == state.jac.dtype == np.complex128
            assert_same_bits(parts(state.x), parts(point))
            np.testing.assert_allclose(state.jac, problem.grad(point))
            assert found.history.value[t] == problem.f(point)
            assert found.history.grad_norm[t] == pytest.approx(np.linalg.norm(state.jac))
        assert not states[0].x.any()

    def test_gradient_may_lie_in_any_order(self) -> None:
        rng = np.random.default_rng(3)
        target = numbers(rng, 3, 4)
        straight, turned = (
            minimize(
                lambda z: np.linalg.norm(z - target) ** 2,
                np.zeros((3, 4), complex),
                lambda z, order=order: np.array(2 * (z - target), order=order),
                keep_iterates=True,
            )
            for order in "CF"
        )
        assert_same_bits(parts(turned.x), parts(straight.x))
        np.testing.assert_array_equal(turned.jac, straight.jac)
        np.testing.assert_allclose(straight.x, target, atol=1e-6)

    def test_result_can_be_pickled(self) -> None:
        problem = LeastSquares()
        found = minimize(problem.f, problem.x0, problem.grad)
        assert_same_bits(parts(pickle.loads(pickle.dumps(found)).x), parts(found.x))


class TestAreTheirParts:
    """Whatever is asked for, the run has the bits of one over a real array of the parts."""

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"optimizer": Adam, "lr": 0.1, "max_iter": 200, "xtol": 1e-4},
            {"optimizer": Adam, "lr": 0.1, "max_iter": 40, "average": 10},
            {"optimizer": SGD, "lr": 0.01, "ftol": 1e-3, "patience": 10},
            {"optimizer": SGD, "lr": 0.01, "max_norm": 0.3, "gtol": None},
            {"optimizer": SGD, "lr": 0.01, "target": 8.0},
            {"optimizer": SGD, "lr": 2.0, "max_iter": 60},
            {"project": projections.sphere(), "max_iter": 100},
            {"project": projections.l2_ball(0.5), "optimizer": SGD, "lr": 0.02},
        ],
        ids=str,
    )
    def test_in_every_way_to_end(self, options: Any) -> None:
        problem = LeastSquares()
        x0 = np.array([0.1 + 0.2j, -0.3, 1j]) / 10
        ours = minimize(problem.f, x0, problem.grad, **options)
        theirs = minimize(problem.f_of_parts, parts(x0), problem.grad_of_parts, **options)
        assert (ours.status, ours.nit, ours.message) == (theirs.status, theirs.nit, theirs.message)
        assert_same_bits(parts(ours.x), theirs.x)
        assert_same_bits(ours.history.value, theirs.history.value)
        assert_same_bits(ours.history.grad_norm, theirs.history.grad_norm)

    @pytest.mark.parametrize("known", [True, False])
    def test_in_check_covariance_and_standard_errors(self, known: bool) -> None:
        problem = LeastSquares()
        ours = minimize(problem.f, problem.x0, problem.grad if known else None)
        theirs = minimize(
            problem.f_of_parts, parts(problem.x0), problem.grad_of_parts if known else None
        )
        assert str(ours.check()) == str(theirs.check())
        assert_same_bits(ours.check().curvatures, theirs.check().curvatures)
        assert_same_bits(ours.covariance(), theirs.covariance())
        assert_same_bits(parts(ours.standard_errors()), theirs.standard_errors())

    def test_in_check_of_many(self) -> None:
        curvature = np.linspace(1, 3, 150)  # of 150 numbers, which are 300
        found = minimize(
            lambda z: curvature @ np.abs(z - 1j) ** 2 / 2,
            np.zeros(150, complex),
            lambda z: curvature * (z - 1j),
        )
        assert found.check().ok
        assert len(found.check().curvatures) == 2


def test_standard_errors_are_those_of_re_and_im() -> None:
    """The mean of n complex numbers whose Re has variance 4 and whose Im has 9: 4 / n and 9 / n."""
    x = np.array([1 + 2j, 3.0, -1j, 2 - 2j])

    def f(m: Any) -> float:
        return -float(((x - m).real ** 2).sum() / 8 + ((x - m).imag ** 2).sum() / 18)

    found = maximize(f, 0j, lambda m: (x - m).real.sum() / 4 + 1j * (x - m).imag.sum() / 9)
    assert found.x == pytest.approx(x.mean(), abs=1e-5)
    np.testing.assert_allclose(found.covariance(), np.diag([1, 9 / 4]), atol=1e-6)
    assert found.standard_errors() == pytest.approx(1 + 1.5j)


def test_tolerance_is_of_the_moduli() -> None:
    found = minimize(lambda z: abs(z) ** 2 / 2, 3 + 4j, lambda z: z, optimizer=SGD, lr=0.5, gtol=1)
    assert found.history.grad_norm.tolist() == [5, 2.5, 1.25, 0.625]


def test_a_huge_gradient_has_a_finite_norm() -> None:
    z0 = np.full(2, 3e200 + 4e200j)
    found = minimize(lambda z: float(np.abs(z).sum()), z0, lambda z: z0, max_iter=0)
    assert found.history.grad_norm[0] == pytest.approx(5e200 * 2**0.5)


class TestGoingOn:
    @pytest.mark.parametrize("optimizer", [None, Adam])
    @pytest.mark.parametrize("dtype", ["complex64", "complex128"])
    def test_from_a_file_has_the_bits_of_one_that_never_stopped(
        self, optimizer: Any, dtype: str, tmp_path: Any
    ) -> None:
        problem = LeastSquares(dtype=dtype)
        given = problem.f, problem.x0, problem.grad
        options: Any = {"optimizer": optimizer, "average": 5, "ftol": None, "gtol": None}
        path = tmp_path / "run.npz"
        straight = minimize(*given, max_iter=30, **options)
        minimize(*given, max_iter=17, checkpoint=path, **options)
        resumed = minimize(
            problem.f, problem.x0 + 1, problem.grad, resume=path, max_iter=30, **options
        )
        assert resumed.nit == 30
        assert_same_bits(parts(resumed.x), parts(straight.x))
        assert_same_bits(resumed.history.value, straight.history.value)

    def test_keeps_the_best_point(self, tmp_path: Any) -> None:
        problem, path = LeastSquares(), tmp_path / "run.npz"
        options: Any = {"optimizer": SGD, "lr": 0.04}
        minimize(problem.f, problem.x0, problem.grad, max_iter=9, checkpoint=path, **options)
        found = minimize(
            problem.f, problem.x0, problem.grad, max_iter=99, resume=path, max_norm=1e-3, **options
        )
        assert found.status.name == "DIVERGED"
        assert problem.f(found.x) == found.fun == found.history.value.min()

    def test_file_of_real_numbers_is_refused(self, tmp_path: Any) -> None:
        problem, path = LeastSquares(), tmp_path / "run.npz"
        minimize(
            problem.f_of_parts,
            parts(problem.x0),
            problem.grad_of_parts,
            max_iter=3,
            checkpoint=path,
        )
        with pytest.raises(ValueError, match="complex128"):
            minimize(problem.f, problem.x0, problem.grad, resume=path)


class TestBeside:
    @seeds
    def test_restarts_come_from_a_sampler(self, seed: int) -> None:
        """|z³ − 1|² has three minima, all as good, and 0 between them."""
        found = minimize(
            lambda z: abs(z**3 - 1) ** 2,
            0.1 + 0j,
            lambda z: 6 * np.conj(z) ** 2 * (z**3 - 1),
            restarts=8,
            seed=seed,
            sampler=lambda rng: complex(*rng.uniform(-2, 2, 2)),
        )
        assert len({complex(np.round(run.x, 3) + 0) for run in found.runs}) == 3
        assert found.x**3 == pytest.approx(1, abs=1e-6)
        assert found.agreeing == 9

    def test_real_starts_and_projections_count_as_complex(self) -> None:
        problem = LeastSquares()
        found = minimize(
            problem.f,
            problem.x0,
            problem.grad,
            restarts=2,
            seed=0,
            sampler=lambda rng: rng.normal(size=3),
            project=np.real,
        )
        best = np.linalg.lstsq(
            np.r_[problem.A.real, problem.A.imag], np.r_[problem.b.real, problem.b.imag]
        )[0]
        np.testing.assert_allclose(found.x, best, atol=1e-5)
        assert found.x.dtype == np.complex128

    @seeds
    def test_batches_are_stepped_over(self, seed: int) -> None:
        problem = LeastSquares(seed, rows=64)
        b = problem.A @ problem.x  # so that every batch has the same minimum
        found = minimize(
            lambda z, batch: np.linalg.norm(batch[0] @ z - batch[1]) ** 2 / 2,
            problem.x0,
            lambda z, batch: batch[0].conj().T @ (batch[0] @ z - batch[1]),
            batches=minibatches((problem.A, b), 16, seed=seed),
            epochs=100,
            optimizer=SGD,
            lr=0.02,
        )
        np.testing.assert_allclose(found.x, problem.x, atol=1e-6)

    def test_compare_ranks_them(self) -> None:
        problem = LeastSquares()
        found = compare(problem.f, problem.x0, problem.grad, [SGD, Adam], lr=[0.03, 0.1])
        assert len(found.rows) == 4
        np.testing.assert_allclose(found.best.x, problem.x, atol=1e-5)

    def test_lr_finder_suggests_the_rate_of_the_largest_curvature(self) -> None:
        c = np.array([1.0, 10.0])
        found = lr_finder(lambda z: c @ np.abs(z) ** 2 / 2, np.array([1j, 1 + 1j]), lambda z: c * z)
        assert found.suggestion is not None
        assert 0.08 < found.suggestion < 0.15

    def test_are_drawn_by_their_parts(self) -> None:
        pytest.importorskip("matplotlib")
        one = minimize(lambda z: abs(z - 1j) ** 2, 1 + 0j, keep_iterates=True)
        axes = one.plot_trajectory(points=8)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("x.real", "x.imag")
        problem = LeastSquares()
        found = minimize(problem.f, problem.x0, problem.grad, keep_iterates=True)
        axes = found.plot_trajectory(plane=("x[0].imag", 3), points=8)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("x[0].imag", "x[1].imag")
        (way,) = (line for line in axes.lines if len(line.get_xdata()) == found.nit + 1)
        np.testing.assert_array_equal(way.get_xdata(), [x[0].imag for x in found.history.x])


class TestAConjugateGradient:
    """What JAX and autograd give: uphill in Im, and downhill in Re."""

    def test_goes_the_wrong_way_and_is_told_apart(self) -> None:
        problem = LeastSquares()

        def wrong(z: Any) -> Any:
            return problem.grad(z).conj()

        found = minimize(problem.f, problem.x0, wrong)
        assert not found.success
        assert "check_gradient" in found.message
        assert found.history.diagnose()[0].name == "exploding"
        assert check_gradient(problem.f, wrong, problem.x0).message.startswith(
            "grad gives the conjugate of ∇f"
        )

    def test_at_the_minimum_looks_like_a_saddle(self) -> None:
        problem = LeastSquares()
        found = minimize(
            problem.f, problem.x, lambda z: problem.grad(z).conj(), gtol=1e-6, max_iter=0
        )
        assert found.check().kind == "saddle"


class TestBounds:
    @pytest.mark.parametrize(
        ("x0", "bounds", "said"),
        [
            (1j, (0, 1), "'x0' is complex128"),
            (np.zeros(2, np.complex64), [(0, 1), (0, 1)], "'x0' is complex64"),
            (np.zeros(2, complex), [None, None], "'x0' is complex128"),
            ({"w": np.zeros(2, complex), "b": 0.0}, {"w": (0, 1), "b": None}, "'w' is complex128"),
        ],
    )
    def test_on_complex_numbers_are_refused(self, x0: Any, bounds: Any, said: str) -> None:
        with pytest.raises(TypeError, match=f"bounds: .*{said}, .*no order.*project"):
            minimize(lambda x: 0.0, x0, bounds=bounds)

    def test_on_the_real_ones_beside_them_hold(self) -> None:
        found = minimize(
            lambda x: abs(x["z"] - 1j) ** 2 + (x["r"] + 2) ** 2,
            {"z": 0j, "r": 5.0},
            lambda x: {"z": 2 * (x["z"] - 1j), "r": 2 * (x["r"] + 2)},
            bounds={"z": None, "r": (-1, None)},
        )
        assert found.x["r"] == -1
        assert abs(found.x["z"] - 1j) < 1e-6
        assert found.success
        assert found.check().ok
        with pytest.raises(ValueError, match="not all finite; give a sampler"):
            minimize(
                lambda x: abs(x["z"]) + x["r"],
                {"z": 0j, "r": 0.5},
                bounds={"z": None, "r": (0, 1)},
                restarts=1,
            )

    def test_of_parts_are_a_projection(self) -> None:
        problem = LeastSquares()

        def project(z: Any) -> Any:
            return np.clip(z.real, 0, 0.2) + 1j * np.clip(z.imag, -0.1, 0.1)

        given = {"optimizer": SGD, "lr": 0.02, "max_iter": 2000}
        found = minimize(problem.f, problem.x0, problem.grad, project=project, **given)
        low, high = parts(np.full(3, -0.1j)), parts(np.full(3, 0.2 + 0.1j))
        box = list(zip(low.ravel(), high.ravel(), strict=True))
        theirs = minimize(
            problem.f_of_parts, parts(problem.x0), problem.grad_of_parts, bounds=box, **given
        )
        np.testing.assert_allclose(parts(found.x), theirs.x, atol=1e-12)


class TestRefused:
    @pytest.mark.parametrize(
        ("f", "x0", "grad", "error", "said"),
        [
            (abs, 1j, lambda z: 1.0, TypeError, "gradient is float64, parameter is complex128"),
            (abs, 1.0, lambda z: 1j, TypeError, "gradient is complex128, parameter is float64"),
            (abs, 1j, lambda z: np.complex64(1), TypeError, "gradient is complex64"),
            (abs, 1j, lambda z: np.ones(2, complex), ValueError, r"shape \(2,\), expected \(\)"),
            (abs, 1j, lambda z: complex(0, np.nan), ValueError, "gradient at x0 is not finite"),
            (
                lambda z: z,
                1j,
                None,
                TypeError,
                "f: returned numpy complex128, expected one real number",
            ),
            (abs, complex(0, np.inf), None, ValueError, "x0: .* not finite"),
            (abs, [[1j]], lambda z: np.ones((1, 1, 2)), TypeError, "gradient is float64"),
        ],
    )
    def test_what_does_not_fit(self, f: Any, x0: Any, grad: Any, error: Any, said: str) -> None:
        value = f if np.ndim(x0) == 0 else lambda z: float(np.abs(z).sum())
        with pytest.raises(error, match=said):
            minimize(value, x0, grad)

    def test_gradient_that_no_longer_fits(self) -> None:
        for options in ({}, {"callback": lambda state: None}):
            answers = iter([np.ones(2, complex), np.ones(2)])
            with pytest.raises(TypeError, match="gradient is float64, parameter is complex128"):
                minimize(
                    lambda z: 1.0,
                    np.zeros(2, complex),
                    lambda z, answers=answers: next(answers),
                    **options,
                )

    @pytest.mark.parametrize(
        ("project", "error", "said"),
        [
            (lambda z: z[:1], ValueError, r"project: returned shape \(1,\)"),
            (lambda z: parts(z), ValueError, r"project: returned shape \(2, 2\)"),
            (lambda z: ["a", "b"], TypeError, "project: .*expected complex numbers"),
            (lambda z: z * complex(0, np.nan), ValueError, "project: .* not finite"),
        ],
    )
    def test_projection(self, project: Any, error: Any, said: str) -> None:
        with pytest.raises(error, match=said):
            minimize(lambda z: float(np.abs(z).sum()), np.ones(2, complex), project=project)


class TestProjections:
    @seeds
    @pytest.mark.parametrize("dtype", ["complex64", "complex128"])
    @pytest.mark.parametrize("make", [projections.l2_ball, projections.sphere])
    def test_norms_are_those_of_the_moduli(self, make: Any, dtype: str, seed: int) -> None:
        z = numbers(np.random.default_rng(seed), 3, 4).astype(dtype)
        atol = 1e-6 if dtype == "complex64" else 1e-14
        found = make(0.5)(z)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, 0.5 * z / np.linalg.norm(z), atol=atol)
        for axis in (0, 1, -1):
            expected = 0.5 * z / np.linalg.norm(z, axis=axis, keepdims=True)
            np.testing.assert_allclose(make(0.5, axis=axis)(z), expected, atol=atol)

    @pytest.mark.parametrize("axis", [None, 0, 1])
    def test_in_place_in_any_order(self, axis: Any) -> None:
        z = numbers(np.random.default_rng(0), 3, 4)
        expected = projections.sphere(axis=axis)(z)
        for lying in (np.asfortranarray(z), np.repeat(z, 2, axis=1)[:, ::2], z[::-1].copy()[::-1]):
            assert projections.sphere(axis=axis)(lying, out=lying) is lying
            np.testing.assert_allclose(lying, expected, atol=1e-15)

    def test_into_another_array(self) -> None:
        z, out = np.array([3j, 4.0]), np.zeros(2, complex)
        assert projections.sphere()(z, out=out) is out
        np.testing.assert_allclose(out, [0.6j, 0.8])
        with pytest.raises(TypeError, match=r"out: .* is float64, expected complex128"):
            projections.sphere()(z, out=np.zeros(2))

    def test_nestings_are_one_vector(self) -> None:
        found = projections.l2_ball(1.0)({"z": np.array([3j]), "r": 4.0})
        assert (found["z"][0], found["r"]) == (pytest.approx(0.6j), pytest.approx(0.8))

    @seeds
    def test_orthonormal_columns_are_the_polar_factor(self, seed: int) -> None:
        X = numbers(np.random.default_rng(seed), 4, 2)
        Q = projections.orthonormal_columns()(X)
        np.testing.assert_allclose(Q.conj().T @ Q, np.eye(2), atol=1e-14)
        rest = Q.conj().T @ X  # Hermitian and positive definite, in X = Q P
        np.testing.assert_allclose(rest, rest.conj().T, atol=1e-13)
        assert (np.linalg.eigvalsh(rest) > 0).all()

    @pytest.mark.parametrize(
        "project",
        [
            projections.box(0, 1),
            projections.nonnegative(),
            projections.linf_ball(),
            projections.l1_ball(axis=0),
            projections.simplex(),
            projections.each(projections.simplex()),
        ],
        ids=repr,
    )
    def test_onto_sets_of_real_numbers_are_refused(self, project: Any) -> None:
        z = np.ones(2, complex)
        for options in ({}, {"out": z}):
            with pytest.raises(
                TypeError, match=r"'(x|0)': is complex128, expected real numbers for"
            ):
                project(z, **options)
        assert (z == 1).all()
        both = projections.parts({"r": project, "z": projections.sphere()})
        assert both({"r": np.array([0.5, 0.5]), "z": z})["r"].tolist() == [0.5, 0.5]
        with pytest.raises(TypeError, match="'z': is complex128"):
            projections.parts({"z": project})({"r": np.ones(2), "z": z})
