"""The optimizers as methods of SciPy's minimize, held against SciPy's own methods."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import numpy as np
import pytest
import steepest
import steepest.clients.scipy as methods
from scipy.optimize import (
    Bounds,
    LinearConstraint,
    OptimizeResult,
    OptimizeWarning,
    differential_evolution,
    minimize,
    rosen,
    rosen_der,
    shgo,
)
from steepest.clients.scipy import adam, sgd

from examples.clients import scipy_minimize as example

CURVATURE, SLOPE = np.diag([1.0, 3.0, 10.0]), np.array([1.0, -2.0, 3.0])
LOWEST = np.linalg.solve(CURVATURE, SLOPE)
#: What those need to come to rest on the quadratic: a rate that falls, and no decay of the average.
NEEDS: dict[str, dict[str, Any]] = {
    "lion": {"lr": lambda t: 0.01 * 0.995**t, "maxiter": 2000},
    "asgd": {"lr": 0.05, "lambd": 0.0},
}


def bowl(x: Any) -> float:
    return float(x @ CURVATURE @ x / 2 - SLOPE @ x)


def bowl_der(x: Any) -> Any:
    return CURVATURE @ x - SLOPE


def run(method: Any = sgd, fun: Any = bowl, x0: Any = (0.0, 0.0, 0.0), **more: Any) -> Any:
    """A run on the quadratic, by SGD at a rate that suits it."""
    lr = {"lr": 0.1} if method is sgd else {}
    options = {**lr, **more.pop("options", {})}
    return minimize(fun, x0, method=method, **{"jac": bowl_der, "options": options, **more})


class TestMethods:
    def test_there_is_one_for_every_optimizer_that_descends(self) -> None:
        public = [getattr(steepest, name) for name in steepest.__all__]
        optimizers = [
            p for p in public if isinstance(p, type) and p.__module__.startswith("steepest.family")
        ]
        assert len(optimizers) > 10
        assert set(methods.__all__) == {
            one.__name__.lower() for one in optimizers if one is not steepest.GradientAscent
        }

    @pytest.mark.parametrize("name", methods.__all__)
    def test_each_reaches_the_optimum_of_a_quadratic(self, name: str) -> None:
        found = run(getattr(methods, name), options=NEEDS.get(name, {"lr": 0.01}))
        assert found.success or name in NEEDS
        np.testing.assert_allclose(found.x, LOWEST, atol=2e-5)
        np.testing.assert_allclose(found.x, run("BFGS").x, atol=3e-5)

    @pytest.mark.parametrize("name", methods.__all__)
    def test_each_is_a_function_with_a_name_that_can_be_pickled(self, name: str) -> None:
        method = getattr(methods, name)
        assert pickle.loads(pickle.dumps(method)) is copy.deepcopy(method) is method
        assert method.__name__ == name
        assert "lr" in method.__doc__

    def test_the_steps_are_the_optimizers_own(self) -> None:
        x = np.array([-1.2, 1.0])
        optimizer = steepest.Adam(x, lr=0.05, betas=(0.8, 0.99))
        for _ in range(50):
            optimizer.step(rosen_der(x))
        options = {"lr": 0.05, "betas": (0.8, 0.99), "maxiter": 50}
        found = minimize(rosen, [-1.2, 1.0], jac=rosen_der, method=adam, options=options)
        np.testing.assert_array_equal(found.x, x)


class TestResult:
    def test_fields(self) -> None:
        found = run(options={"return_all": True})
        assert isinstance(found, OptimizeResult)
        assert isinstance(found.message, str)
        assert (found.success, found.status) == (True, 0)
        assert found.fun == bowl(found.x)
        np.testing.assert_array_equal(found.jac, bowl_der(found.x))
        assert np.linalg.norm(found.jac) <= 1e-5
        assert found.nfev == found.njev == found.nit + 1 == len(found.allvecs)
        np.testing.assert_array_equal(found.allvecs[-1], found.x)
        np.testing.assert_array_equal(found.history.value, [bowl(x) for x in found.allvecs])

    def test_calls_are_counted_as_they_are(self) -> None:
        calls = {"f": 0, "g": 0}

        def f(x: Any) -> float:
            calls["f"] += 1
            return bowl(x)

        def g(x: Any) -> Any:
            calls["g"] += 1
            return bowl_der(x)

        found = run(fun=f, jac=g)
        assert (found.nfev, found.njev) == (calls["f"], calls["g"])
        calls["f"] = 0
        found = run(fun=f, jac=None)
        assert found.nfev == calls["f"] == 4 * found.njev == 4 * (found.nit + 1)
        calls["f"] = 0
        found = run(fun=lambda x: (f(x), bowl_der(x)), jac=True)
        assert found.nfev == calls["f"]

    def test_maxiter(self) -> None:
        found = run(options={"maxiter": 7})
        assert (found.nit, found.success, found.status) == (7, False, 1)
        theirs = run("BFGS", options={"maxiter": 2})
        assert (theirs.success, theirs.status) == (False, 1)

    def test_a_run_that_diverges_says_so_and_keeps_the_best(self) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            found = run(options={"lr": 10.0})
        assert (found.success, found.status) == (False, 3)
        assert found.fun == bowl(found.x) <= bowl(np.zeros(3))
        np.testing.assert_array_equal(found.jac, bowl_der(found.x))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_start_that_is_not_finite_is_a_failure_and_no_error(self, value: float) -> None:
        found = run(fun=lambda x: value)
        assert not run("BFGS", fun=lambda x: np.nan).success
        assert (found.success, found.status) == (False, 3)
        assert (found.nit, found.nfev) == (0, 2)
        np.testing.assert_array_equal(found.fun, value)
        assert found.message.startswith(f"not finite at x0: fun is {value}")

    def test_a_value_error_of_the_users_own_passes(self) -> None:
        def broken(x: Any) -> float:
            raise ValueError("mine")

        with pytest.raises(ValueError, match="mine"):
            run(fun=broken)

    @pytest.mark.parametrize(
        ("error", "message", "wrong"),
        [
            (ValueError, r"fun: returned shape \(3,\)", {"fun": lambda x: x}),
            (ValueError, r"fun: returned shape \(3,\)", {"fun": lambda x: x, "jac": None}),
            (TypeError, "fun: returned NoneType", {"fun": lambda x: None}),
            (TypeError, "fun: returned str", {"fun": lambda x: "1.0"}),
            (TypeError, "fun: returned complex", {"fun": lambda x: 1j}),
            (TypeError, "jac: returned NoneType", {"jac": lambda x: None}),
            (ValueError, r"jac: returned shape \(2,\)", {"jac": lambda x: np.zeros(2)}),
            (ValueError, r"jac: returned shape \(1, 3\)", {"jac": lambda x: bowl_der(x)[None]}),
            (TypeError, "jac: .* complex128", {"jac": lambda x: bowl_der(x) + 1j}),
        ],
    )
    def test_what_is_no_value_or_gradient_is_an_error(
        self, error: Any, message: str, wrong: Any
    ) -> None:
        with pytest.raises(error, match=message):
            run(**wrong)

        def later(x: Any) -> Any:
            return bowl(x) if not x.any() else wrong["fun"](x)

        if "fun" in wrong:
            with pytest.raises(error, match=message):
                run(**{**wrong, "fun": later})

    def test_not_finite_and_of_a_wrong_shape_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="jac: returned shape"):
            run(fun=lambda x: np.nan, jac=lambda x: np.zeros(2))


class TestArguments:
    def test_args_and_jac_true(self) -> None:
        def f(x: Any, scale: float, shift: float) -> tuple[float, Any]:
            return scale * float((x - shift) @ (x - shift)), 2 * scale * (x - shift)

        found = run(fun=f, jac=True, args=(2.0, 1.0))
        np.testing.assert_allclose(found.x, 1.0, atol=1e-5)
        alone = run(fun=lambda x, a: bowl(x) + a, jac=lambda x, a: bowl_der(x), args=3.0)
        assert alone.fun == pytest.approx(bowl(LOWEST) + 3, abs=1e-8)

    @pytest.mark.parametrize("jac", [None, "2-point", "3-point"])
    def test_differences(self, jac: Any) -> None:
        found, theirs = run(jac=jac), run("BFGS", jac=jac)
        np.testing.assert_allclose(found.x, theirs.x, atol=2e-5)

    def test_float32_stays_float32(self) -> None:
        seen = set()

        def f(x: Any) -> Any:
            seen.add(x.dtype)
            return bowl(x)

        start = np.zeros(3, np.float32)
        for jac, given in ((bowl_der, np.float32), (None, np.float64)):
            found = run(fun=f, x0=start, jac=jac, options={"gtol": 1e-3})
            assert found.success
            assert found.x.dtype == found.jac.dtype == np.float32
            assert seen == {np.dtype(given)}  # differences are in float64
            seen.clear()
            np.testing.assert_allclose(found.x, LOWEST, atol=2e-3)

    def test_a_success_from_float32_is_one(self) -> None:
        start, options = np.zeros(2, np.float32), {"lr": 0.01, "maxiter": 3000}
        found = minimize(rosen, start, method=adam, options=options)
        assert found.success
        np.testing.assert_allclose(found.x, 1, atol=1e-4)
        assert np.linalg.norm(rosen_der(found.x.astype(float))) < 1e-4
        theirs = minimize(rosen, start, method="BFGS")  # what the page says of it
        assert theirs.success
        assert not theirs.x.any()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_differences_of_float32_values_are_refused(self, dtype: Any) -> None:
        def f(x: Any) -> Any:
            return np.float32(bowl(x))

        with pytest.raises(TypeError, match="fun: returned float32, too coarse for differences"):
            run(fun=f, x0=np.zeros(3, dtype), jac=None)
        assert run(fun=f, x0=np.zeros(3, dtype), options={"gtol": 1e-3}).success

    @pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
    def test_complex_numbers_need_a_gradient(self, dtype: Any) -> None:
        def f(z: Any) -> float:
            return float((abs(z - 1 - 1j) ** 2).sum())

        start = np.zeros(2, dtype)
        for jac in (None, "2-point"):
            with pytest.raises(TypeError, match="jac: got None, expected a function, as x0 is com"):
                run(fun=f, x0=start, jac=jac)
        found = run(fun=f, x0=start, jac=lambda z: 2 * (z - 1 - 1j))
        assert found.success
        assert found.x.dtype == dtype
        np.testing.assert_allclose(found.x, 1 + 1j, atol=1e-5)

    def test_x_may_be_written_and_kept_and_results_be_arrays(self) -> None:
        kept = []

        def f(x: Any) -> Any:
            kept.append(x)
            value = bowl(x)
            x[:] = np.nan
            return np.array([[value]])

        def g(x: Any) -> list[float]:
            gradient = bowl_der(x).tolist()
            x[:] = np.nan
            return gradient  # type: ignore[no-any-return]

        np.testing.assert_array_equal(run(fun=f, jac=g).x, run().x)
        assert kept[0] is not kept[1]
        number = run(fun=lambda x: (x[0] - 1) ** 2, x0=3, jac=lambda x: 2 * (x[0] - 1))
        assert number.x.shape == (1,)

    def test_tol_is_gtol_unless_that_is_given(self) -> None:
        loose, tight = run(tol=1e-2), run(tol=1e-8)
        assert loose.nit < run().nit < tight.nit
        assert np.linalg.norm(tight.jac) <= 1e-8
        assert run(tol=1e-8, options={"gtol": 1e-2}).nit == loose.nit

    def test_the_loops_own_options(self) -> None:
        assert "xtol" in run(options={"xtol": 1e-3}).message
        assert "ftol" in run(options={"ftol": 1e-3, "patience": 5}).message
        assert run(options={"target": -0.5}).fun <= -0.5

    def test_a_success_is_of_the_point_returned(self) -> None:
        with pytest.warns(OptimizeWarning, match="Unknown solver options: average"):
            found = run(options={"average": True})
        assert found.success
        assert np.linalg.norm(found.jac) <= 1e-5

    def test_names_and_numbers_are_scipys(self) -> None:
        assert run(options={"maxiter": 5.0, "return_all": 1}).nit == 5
        assert run("BFGS", options={"maxiter": 5.0}).nit == 5
        assert run(options={"maxiter": 5}).message == "maxiter = 5 iterations are done"
        with pytest.raises(TypeError, match=r"^maxiter: got 5\.5"):
            run(options={"maxiter": 5.5})
        with pytest.raises(ValueError, match=r"^maxiter: got -1"):
            run(options={"maxiter": -1})

    def test_what_is_unknown_or_unused_is_warned_of_as_by_scipy(self) -> None:
        for method in (sgd, "BFGS"):
            with pytest.warns(OptimizeWarning, match="Unknown solver options: maxfev") as told:
                run(method, options={"maxfev": 3})
            assert told[0].filename == __file__
            with pytest.warns(RuntimeWarning, match="Hessian information") as told:
                run(method, hess=lambda x: CURVATURE)
            assert told[0].filename == __file__
            with pytest.warns(RuntimeWarning, match="Hessian-vector product"):
                run(method, hessp=lambda x, p: CURVATURE @ p)

    def test_a_wrong_value_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="lr: got -1"):
            run(options={"lr": -1})
        with pytest.raises(TypeError, match="callback: got int"):
            run(callback=3)

    def test_disp(self, caplog: Any, capsys: Any) -> None:
        with caplog.at_level(logging.INFO, "steepest"):
            run(options={"disp": True, "logging_interval": None})
        assert [record.message.split(":")[0] for record in caplog.records] == ["sgd"]
        for method in (sgd, "BFGS"):
            with pytest.warns(OptimizeWarning, match="iterations") as told:
                run(method, options={"disp": True, "maxiter": 1})
            assert told[0].filename == __file__ or method == "BFGS"
            assert bool(capsys.readouterr().out) == (method == "BFGS")


class TestCallback:
    def test_both_conventions(self) -> None:
        points: list[Any] = []
        results: list[Any] = []

        def by_result(intermediate_result: Any) -> bool:
            results.append(intermediate_result)
            return True  # which means nothing to SciPy

        found = run(callback=points.append, options={"return_all": True})
        assert run(callback=by_result).nit == len(results) == len(points) == found.nit
        np.testing.assert_array_equal(points, found.allvecs[1:])
        np.testing.assert_array_equal([now.x for now in results], points)
        np.testing.assert_array_equal([now.fun for now in results], [bowl(x) for x in points])

    def test_stop_iteration(self) -> None:
        def stop(xk: Any) -> None:
            raise StopIteration

        found, theirs = run(callback=stop), run("BFGS", callback=stop)
        for name in ("success", "status", "message", "nit"):
            assert found[name] == theirs[name], name
        np.testing.assert_array_equal(found.x, 0.1 * SLOPE)

    def test_another_exception_passes(self) -> None:
        def stop(intermediate_result: Any) -> None:
            raise ArithmeticError("mine")

        with pytest.raises(ArithmeticError, match="mine"):
            run(callback=stop)


BOXES = {
    "Bounds": Bounds([-1, -0.25, 0.5], [0.25, np.inf, 2]),
    "pairs": [(-1, 0.25), (-0.25, None), (0.5, 2)],
    "array": np.array([(-1, 0.25), (-0.25, np.inf), (0.5, 2)]),
    "fixed": [(0.25, 0.25), (-0.25, -0.25), (0.5, None)],
}


class TestBounds:
    @pytest.mark.parametrize("jac", [bowl_der, None])
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize("box", BOXES)
    def test_as_l_bfgs_b_and_never_outside(self, box: str, dtype: Any, jac: Any) -> None:
        low, high = [-1, -0.25, 0.5], [0.25, np.inf, 2]

        def f(x: Any) -> float:
            assert (low <= x).all()
            assert (x <= high).all()
            return bowl(x)

        start = np.array([3, -3, 0.75], dtype)  # outside
        options = {"gtol": 1e-5 if dtype is np.float64 else 1e-3}
        found = run(fun=f, x0=start, jac=jac, bounds=BOXES[box], options=options)
        theirs = run("L-BFGS-B", x0=start, bounds=BOXES[box])
        assert found.success
        assert "outside" in found.message
        np.testing.assert_allclose(found.x, theirs.x, atol=1e-5 if dtype is np.float64 else 1e-3)

    def test_differences_at_a_bound_and_where_there_is_hardly_room(self) -> None:
        box = [(0.0, 1e-9), (-1.0, np.nextafter(-1.0, 0)), (0.1, 0.25)]

        def f(x: Any) -> float:
            assert all(low <= number <= high for number, (low, high) in zip(x, box, strict=True))
            return bowl(x)

        found = run(fun=f, jac=None, bounds=box)
        np.testing.assert_allclose(found.x, [1e-9, -1.0, 0.25], rtol=1e-12)
        np.testing.assert_allclose(found.jac[2], bowl_der(found.x)[2], atol=1e-6)

    def test_one_pair_is_for_all_and_two_are_wrong(self) -> None:
        np.testing.assert_array_equal(run(bounds=[(1, 2)]).x, run("L-BFGS-B", bounds=[(1, 2)]).x)
        for method in (sgd, "L-BFGS-B"):
            with pytest.raises(ValueError, match="bounds"):
                run(method, bounds=[(0, 1), (0, 1)])
            with pytest.raises(ValueError, match="bound"):
                run(method, bounds=[(1, 0)] * 3)

    @pytest.mark.parametrize(
        "constraint",
        [
            LinearConstraint(np.eye(3), 0, 1),
            [{"type": "eq", "fun": bowl}],
            {"type": "eq", "fun": bowl},
        ],
    )
    def test_constraints_are_refused(self, constraint: Any) -> None:
        with pytest.raises(ValueError, match="sgd takes bounds alone"):
            run(constraints=constraint)
        for none in ([], (), None):
            assert run(constraints=none).success


class TestExample:
    def test_the_valley_as_bfgs(self) -> None:
        found = example.valley(lr=0.05)
        assert found.success
        np.testing.assert_allclose(found.x, example.valley("BFGS").x, atol=1e-4)

    def test_the_valley_in_a_box_as_l_bfgs_b(self) -> None:
        found = example.valley_in_a_box(lr=0.02)
        assert found.success
        np.testing.assert_allclose(found.x, example.valley_in_a_box("L-BFGS-B").x, atol=1e-5)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize("search", [example.hopping, example.annealing, example.evolution])
    def test_global_searches_find_the_lowest_dent(self, search: Any, seed: int) -> None:
        found = search(seed)
        assert found.fun == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(found.x, 0, atol=1e-6)

    def test_what_polishes_is_the_method(self) -> None:
        rough = differential_evolution(example.waves, example.PLAIN, polish=False, rng=0, tol=0.5)
        fine = differential_evolution(example.waves, example.PLAIN, polish=adam, rng=0, tol=0.5)
        assert fine.fun < rough.fun
        assert np.linalg.norm(fine.jac) < 1e-4

    def test_shgo_takes_no_function_of_anybodys(self) -> None:
        with pytest.raises(AttributeError, match="lower"):
            shgo(example.waves, example.PLAIN, minimizer_kwargs={"method": adam})

    def test_runs_as_a_script(self, capsys: Any) -> None:
        example.main()
        assert "hopping: f = " in capsys.readouterr().out
