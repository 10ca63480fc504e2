"""The result: its fields, what kind of point it is, and the errors of estimates."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from objectives import area, area_slope, logistic, quadratic
from steepest import SGD, maximize, minimize
from steepest.maximization import Status

# Spector and Mazzeo, 1980: whether the grade improved (1) by grade point average, test score and teaching
# method, as in statsmodels.datasets.spector and in Greene, "Econometric analysis".
GPA = [
    *(
        2.66,
        2.89,
        3.28,
        2.92,
        4.00,
        2.86,
        2.76,
        2.87,
        3.03,
        3.92,
        2.63,
        3.32,
        3.57,
        3.26,
        3.53,
        2.74,
    ),
    *(
        2.75,
        2.83,
        3.12,
        3.16,
        2.06,
        3.62,
        2.89,
        3.51,
        3.54,
        2.83,
        3.39,
        2.67,
        3.65,
        4.00,
        3.10,
        2.39,
    ),
]
TUCE = [
    *(20, 22, 24, 12, 21, 17, 17, 21, 25, 29, 20, 23, 23, 25, 26, 19),
    *(25, 19, 23, 25, 22, 28, 14, 26, 24, 27, 17, 24, 21, 23, 21, 19),
]
PSI = [0] * 18 + [1] * 14
GRADE = np.array(
    [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1]
)
X = np.c_[GPA, TUCE, PSI, np.ones(32)]
# statsmodels 0.15.0, Logit(GRADE, X).fit(tol=1e-12): params, bse and two entries of cov_params().
PARAMS = [2.8261125949, 0.0951576613, 2.3786876551, -13.0213468581]
ERRORS = [1.2629410756, 0.1415542057, 1.0645642545, 4.9313242136]
COVARIANCES = {(0, 1): -3.6920576801e-02, (3, 0): -4.5734786631}


def log_likelihood(w: Any) -> float:
    side = 2 * GRADE - 1
    return -float(np.logaddexp(0, -side * (X @ w)).sum())


def score(w: Any) -> Any:
    return X.T @ (GRADE - 1 / (1 + np.exp(-X @ w)))


class TestStandardErrors:
    @pytest.mark.parametrize("grad", [score, None], ids=["gradient", "differences"])
    def test_are_statsmodels_on_logit(self, grad: Any) -> None:
        found = maximize(log_likelihood, np.zeros(4), grad)
        assert found.success
        assert found.x == pytest.approx(PARAMS, rel=1e-4)
        assert found.fun == pytest.approx(-12.889634222)
        assert found.check().kind == "maximum"
        assert found.standard_errors() == pytest.approx(ERRORS, rel=1e-4)
        covariance = found.covariance()
        assert np.array_equal(covariance, covariance.T)
        for place, value in COVARIANCES.items():
            assert covariance[place] == pytest.approx(value, rel=1e-4)

    def test_come_in_the_form_of_x(self) -> None:
        found = maximize(
            lambda p: log_likelihood(np.append(p["w"], p["b"])),
            {"w": np.zeros(3), "b": 0.0},
            lambda p: (
                dict(zip("wb", np.split(score(np.append(p["w"], p["b"])), [3]), strict=True))
                | {"b": score(np.append(p["w"], p["b"]))[3]}
            ),
        )
        errors = found.standard_errors()
        assert errors["w"] == pytest.approx(ERRORS[:3], rel=1e-4)
        assert errors["b"] == pytest.approx(ERRORS[3], rel=1e-4)
        assert found.covariance().shape == (4, 4)

    def test_of_a_minimized_negative_log_likelihood_are_the_same(self) -> None:
        found = minimize(lambda w: -log_likelihood(w), np.zeros(4), lambda w: -score(w))
        assert found.standard_errors() == pytest.approx(ERRORS, rel=1e-4)

    def test_need_a_strict_optimum(self) -> None:
        found = maximize(lambda x: -(x[0] ** 2), np.ones(2), lambda x: np.array([-2 * x[0], 0.0]))
        with pytest.raises(ValueError, match="not positive definite"):
            found.standard_errors()


class TestCheck:
    def test_the_fences_maximum(self) -> None:
        found = maximize(area, 57.0, area_slope)
        check = found.check()
        assert (check.kind, check.ok) == ("maximum", True)
        assert check.curvatures == pytest.approx([-2])
        assert check.grad_norm < 1e-6
        assert area(49.0) == area(51.0) == 2499 < found.fun  # lower to both sides
        assert str(check) == check.message
        assert check.message.startswith("maximum: gradient norm ")

    @pytest.mark.parametrize(
        ("f", "grad", "kind"),
        [
            (lambda x: x[0] ** 2 + 3 * x[1] ** 2, lambda x: x * [2, 6], "minimum"),
            (lambda x: -(x[0] ** 2) - 3 * x[1] ** 2, lambda x: -x * [2, 6], "maximum"),
            (lambda x: x[0] ** 2 - x[1] ** 2, lambda x: x * [2, -2], "saddle"),
            (lambda x: x[0] ** 2 + x[1] ** 3, lambda x: x * [2, 3] * [1, x[1]], "shoulder"),
            (lambda x: x[0] ** 2 + x[1] ** 4, lambda x: x * [2, 4] * [1, x[1] ** 2], "minimum"),
            (lambda x: x[0] ** 2 - x[1] ** 4, lambda x: x * [2, -4] * [1, x[1] ** 2], "saddle"),
            (lambda x: x[0] ** 2, lambda x: x * [2, 0], "flat"),
            (lambda x: x[0] + x[1] ** 2, lambda x: np.array([1.0, 2 * x[1]]), "not stationary"),
        ],
        ids=["x²+y²", "−x²−y²", "x²−y²", "x²+y³", "x²+y⁴", "x²−y⁴", "x²", "x+y²"],
    )
    @pytest.mark.parametrize("given", [True, False], ids=["gradient", "differences"])
    def test_tells_what_kind_of_point_it_is(
        self, f: Any, grad: Any, kind: str, given: bool
    ) -> None:
        found = minimize(f, np.zeros(2), grad if given else None, max_iter=0)
        check = found.check()
        assert check.kind == kind
        assert check.ok == (kind == "minimum")

    @pytest.mark.parametrize("x0", [-1.0, 1.0])
    def test_of_one_number(self, x0: float) -> None:
        """x³ − 3x has a maximum at −1 and a minimum at 1."""
        found = maximize(lambda x: x**3 - 3 * x, x0, lambda x: 3 * x**2 - 3, max_iter=0)
        assert found.check().kind == ("maximum" if x0 < 0 else "minimum")
        assert found.check().ok == (x0 < 0)

    @pytest.mark.parametrize("n", [200, 201, 400])
    @pytest.mark.parametrize("kind", ["minimum", "saddle"])
    def test_of_many_numbers(self, n: int, kind: str) -> None:
        curvatures = np.linspace(1, 5, n)
        if kind == "saddle":
            curvatures[n // 2] = -4
        calls = 0

        def grad(x: Any) -> Any:
            nonlocal calls
            calls += 1
            return curvatures * x

        found = minimize(lambda x: curvatures @ x**2 / 2, np.zeros(n), grad, max_iter=0)
        calls = 0
        check = found.check()
        assert check.kind == kind
        assert len(check.curvatures) == (n if n <= 200 else 2)
        assert calls == (401 if n <= 200 else 41)

    def test_of_float32_and_nested_points(self) -> None:
        found = minimize(
            lambda p: float(((p["a"] - 1) ** 2).sum() + p["b"][0] ** 2),
            {"a": np.zeros(3, np.float32), "b": [np.array(1.0)]},
            lambda p: {"a": 2 * (p["a"] - 1), "b": [2 * p["b"][0]]},
            gtol=1e-3,
        )
        check = found.check()
        assert check.ok
        assert check.curvatures == pytest.approx([2] * 4, rel=1e-2)

    def test_at_a_bound_looks_at_the_other_numbers(self) -> None:
        problem = quadratic(3)
        low = problem.x0 + 5.0
        corner = minimize(problem.f, low, problem.grad, bounds=[(5, 9)] * 3)
        assert corner.check().ok
        side = minimize(problem.f, low, problem.grad, bounds=[(5, 9), (None, None), (None, None)])
        check = side.check()
        assert (check.kind, len(check.curvatures)) == ("minimum", 2)
        assert "1 numbers are held" in check.message

    @pytest.mark.parametrize("n", [3, 300], ids=["whole Hessian", "probes"])
    def test_where_the_gradient_ends_says_so(self, n: int) -> None:
        found = minimize(
            lambda x: x @ x,
            np.zeros(n),
            lambda x: 2 * x if x.sum() == 0 else x * np.nan,
            max_iter=0,
        )
        checked = found.check()
        assert (checked.kind, checked.ok) == ("unmeasured", False)
        with pytest.raises(ValueError, match="not finite beside x"):
            found.covariance()

    def test_of_an_unfinished_run_says_so(self) -> None:
        problem = logistic()
        options: dict[str, Any] = {"optimizer": SGD, "lr": 0.01, "max_iter": 5}
        check = minimize(problem.f, problem.x0, problem.grad, **options).check()
        assert (check.kind, check.ok) == ("not stationary", False)


class TestResult:
    def test_has_scipys_names(self) -> None:
        optimize = pytest.importorskip("scipy.optimize")
        theirs = optimize.minimize(lambda x: x @ x, np.ones(2), jac=lambda x: 2 * x)
        found = minimize(lambda x: x @ x, np.ones(2), lambda x: 2 * x)
        for name in ("x", "fun", "jac", "nit", "nfev", "njev", "success", "status", "message"):
            assert type(getattr(found, name)) is type(theirs[name]) or name in ("status", "fun")
        assert int(found.status) == theirs.status == 0
        assert found.runs == []

    def test_status_says_whether_it_is_a_success(self) -> None:
        assert [status.name for status in Status if status <= Status.CALLBACK] == [
            *("GTOL", "FTOL", "XTOL", "TARGET", "EPOCHS", "CALLBACK")
        ]

    def test_repr_reads_well(self) -> None:
        found = maximize(area, 57.0, area_slope, optimizer=SGD, lr=0.1, max_iter=3)
        assert repr(found).splitlines() == [
            " message: max_iter = 3 iterations are done",
            " success: False",
            "  status: 6 (MAX_ITER)",
            "     fun: 2487.154944",
            "       x: 53.584",
            "     jac: -7.168000000000006",
            "     nit: 3",
            "    nfev: 4",
            "    njev: 4",
            " history: History(4 iterations, value 2451 → 2487.15)",
        ]

    def test_repr_of_a_large_x_stays_short(self) -> None:
        found = minimize(lambda x: (x**2).sum(), np.ones((300, 300)), lambda x: 2 * x, max_iter=2)
        assert len(repr(found)) < 1500

    @pytest.mark.parametrize(
        "again", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))], ids=["copy", "pickle"]
    )
    def test_can_be_copied_and_pickled_but_for_the_objective(self, again: Any) -> None:
        found = minimize(lambda x: x @ x, np.ones(2), lambda x: 2 * x)
        other = again(found)
        assert np.array_equal(other.x, found.x)
        assert np.array_equal(other.history.value, found.history.value)
        assert (other.status, other.message) == (found.status, found.message)
        with pytest.raises(ValueError, match="no objective"):
            other.check()


def test_what_is_no_optimum_has_no_covariance() -> None:
    def f(x: Any) -> Any:
        return x @ x

    def slope(x: Any) -> Any:
        return 2 * x

    cut_short = minimize(f, np.ones(2), slope, optimizer=SGD, lr=0.01, max_iter=3)
    with pytest.raises(ValueError, match="x is no optimum: not stationary"):
        cut_short.covariance()
    held = minimize(f, np.full(2, 2.0), slope, bounds=[(1, 3), (-1, 3)])
    with pytest.raises(ValueError, match="held by their bounds"):
        held.standard_errors()


def test_results_are_compared_by_identity() -> None:
    one, other = (minimize(lambda x: x @ x, np.ones(2), lambda x: 2 * x) for _ in range(2))
    assert one == one
    assert one != other
    assert one.check() != other.check()
    assert len({one.check(), other.check()}) == 2
