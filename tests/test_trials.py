"""compare is what separate runs are, and lr_finder's suggestions are those of theory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from objectives import Rows, area, area_slope, logistic, quadratic, rosenbrock
from steepest import (
    SGD,
    Adam,
    GradientAscent,
    GradientDescent,
    Lion,
    RMSprop,
    Rprop,
    compare,
    lr_finder,
    maximize,
    minibatches,
    minimize,
)
from steepest.trials.comparison import Comparison, Row


def noisy(sign: int = 1) -> dict[str, Any]:
    """A regression in batches, whose optimum is that of its 1000 rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3)) * [1.0, 2.0, 0.5]
    y = X @ [1.0, -2.0, 3.0] + rng.normal(size=1000)
    return {
        "f": lambda w, i: sign * float(((X[i] @ w - y[i]) ** 2).mean()) / 2,
        "grad": lambda w, i: sign * X[i].T @ (X[i] @ w - y[i]) / len(i),
        "x0": np.zeros(3),
        "batches": minibatches(np.arange(1000), 20, seed=0),
    }


class TestCompare:
    @pytest.mark.parametrize("up", [False, True])
    def test_has_the_numbers_of_separate_runs(self, up: bool) -> None:
        problem = quadratic(6)
        sign = -1 if up else 1
        f, grad = (lambda x: sign * problem.f(x)), (lambda x: sign * problem.grad(x))
        go = maximize if up else minimize
        found = compare(f, problem.x0, grad, maximize=up, max_iter=60)
        assert len(found) == len(found.rows) == 16
        kinds: dict[str, dict[str, Any]] = {
            "default": {},
            "SGD": {"optimizer": SGD},
            "SGD, momentum 0.9": {"optimizer": SGD, "momentum": 0.9},
            "GradientAscent": {"optimizer": GradientAscent},
            "RMSprop": {"optimizer": RMSprop},
            "Adam": {"optimizer": Adam},
        }
        assert {row.optimizer for row in found.rows} == set(kinds)
        for row in found.rows:
            alone = go(f, problem.x0, grad, lr=row.lr, max_iter=60, **kinds[row.optimizer])
            assert_same_bits(row.result.x, alone.x)
            assert (row.value, row.steps, row.evaluations) == (alone.fun, alone.nit, alone.nfev)
            assert row.status == alone.status.name
            assert row.time > 0
        assert found.best is found.rows[0].result
        assert sign * found.best.fun == min(sign * row.value for row in found.rows)

    def test_ranks_by_cost_where_values_agree(self) -> None:
        found = compare(area, 57.0, area_slope, [SGD], lr=[1e-3, 0.01, 0.3, 0.5], maximize=True)
        assert [row.lr for row in found.rows] == [0.5, 0.3, 0.01, 1e-3]
        assert [row.value for row in found.rows][2] == pytest.approx(2500)
        assert found.rows[0].evaluations == 2  # half of the derivative is the whole way

    def test_a_run_that_diverges_is_a_row_and_comes_last(self) -> None:
        found = compare(lambda x: x**4, 1.0, lambda x: 4 * x**3, [SGD, Adam], lr=[5.0, 1e-3])
        assert (found.rows[-1].name, found.rows[-1].status) == ("SGD, lr 5", "DIVERGED")
        assert found.rows[-1].value == 1.0

    def test_so_is_one_in_which_f_raises(self) -> None:
        import math

        found = compare(
            lambda x: x - math.log(x), 2.0, lambda x: 1 - 1 / x, [SGD], lr=[0.1, 10.0], max_iter=99
        )
        assert [row.status for row in found.rows] == ["MAX_ITER", "RAISED"]
        assert found.rows[1].result.message.startswith("ValueError")  # Pythons word it differently
        assert math.isfinite(found.rows[1].value)

    def test_what_is_wrong_from_the_start_passes_through(self) -> None:
        def f(x: Any) -> Any:
            raise ZeroDivisionError("no such place")

        with pytest.raises(ZeroDivisionError, match="no such place"):
            compare(f, 1.0, lambda x: x)

        def g(x: Any) -> Any:
            raise KeyError("later" if x != 1 else "at once")

        with pytest.raises(KeyError, match="at once"):
            compare(lambda x: x, 1.0, g)

    def test_options_are_for_all_or_for_one(self) -> None:
        problem = quadratic(3)
        found = compare(
            problem.f,
            problem.x0,
            problem.grad,
            {
                "plain": SGD,
                "heavy": {"optimizer": SGD, "momentum": 0.5, "lr": 0.02},
                "mine": {"optimizer": Adam, "lr": None, "max_iter": 3},
            },
            lr=np.array([0.01]),
            target=0.1,
            max_iter=500,
        )
        names = {row.name: row for row in found.rows}
        assert set(names) == {"plain, lr 0.01", "heavy, lr 0.02", "mine"}
        assert names["mine"].steps == 3
        assert names["plain, lr 0.01"].status == "TARGET"
        heavy = minimize(
            problem.f, problem.x0, problem.grad, optimizer=SGD, momentum=0.5, lr=0.02, target=0.1
        )
        assert names["heavy, lr 0.02"].value == heavy.fun
        assert list(found.results) == [row.name for row in found.rows]

    def test_every_run_has_the_same_batches(self) -> None:
        given = noisy()
        batches = given["batches"]
        for _ in range(3):
            next(iter(batches))
        before = batches.state_dict()
        found = compare(**given, optimizers=[SGD, Adam], lr=[0.01, 0.1], max_iter=30)
        assert batches.state_dict() == before
        for row in found.rows:
            kind = {"SGD": SGD, "Adam": Adam}[row.optimizer]
            alone = minimize(**given, optimizer=kind, lr=row.lr, max_iter=30)
            assert_same_bits(row.result.x, alone.x)
            batches.load_state_dict(before)

    def test_takes_nested_numbers_and_differences(self) -> None:
        found = compare(
            lambda p: (p["a"] - 1) ** 2 + p["b"] @ p["b"], {"a": 0.0, "b": np.ones(2)}, max_iter=50
        )
        assert found.best.x["a"] == pytest.approx(1, abs=1e-4)

    def test_as_a_string_is_a_table(self) -> None:
        def row(name: str, x0: float, **more: Any) -> Row:
            return Row.of(
                name, more.get("lr"), minimize(lambda x: x**2, x0, lambda x: 2 * x, **more)
            )

        rows = [
            row("plain", 1.0, optimizer=SGD, lr=0.25, max_iter=2)._replace(time=12.5),
            row("default", 3.0)._replace(time=0.0123, evaluations=1234),
        ]
        lines = repr(Comparison(rows, maximized=False)).splitlines()
        assert lines[0].split() == [
            "optimizer",
            "lr",
            "value",
            "steps",
            "evaluations",
            "status",
            "time",
        ]
        assert lines[1].split()[0] == "default"
        assert lines[1].split()[-4:] == ["1,234", "GTOL", "12", "ms"]
        assert lines[2].split() == ["plain", "0.25", "0.0625", "2", "3", "MAX_ITER", "12", "s"]
        assert lines[0].index("value") + 5 == lines[2].index("0.0625") + 6

    @pytest.mark.parametrize(
        ("options", "kind", "said"),
        [
            ({"optimizers": []}, ValueError, "optimizers: there are none"),
            ({"optimizers": SGD}, TypeError, "optimizers: got"),
            ({"optimizers": "SGD"}, TypeError, "optimizers: got"),
            ({"optimizers": 3}, TypeError, "optimizers: got"),
            ({"optimizers": ["SGD"]}, TypeError, "optimizers: got"),
            ({"optimizers": {"a": {"optimizer": 3}}}, TypeError, "optimizers: got"),
            ({"optimizers": [SGD, SGD]}, ValueError, "optimizers: SGD, lr 0.001 is there twice"),
            ({"optimizers": [SGD], "lr": []}, ValueError, "lr: there is no rate"),
            ({"optimizers": [SGD], "lr": [-1.0]}, ValueError, "lr: got -1.0"),
            ({"optimizers": [SGD], "lr": "0.1"}, TypeError, "lr: got"),
            ({"maximize": 1}, TypeError, "maximize: got"),
            ({"maximize": True, "optimizers": [GradientDescent]}, ValueError, "only descends"),
            (
                {"momentum": 0.9, "optimizers": [SGD, Adam]},
                TypeError,
                "momentum: no option of Adam",
            ),
            ({"optimizer": SGD}, TypeError, "optimizer: is said by optimizers"),
            ({"checkpoint": "run.npz"}, TypeError, "checkpoint: is for one run alone"),
            ({"max_iter": -1}, ValueError, "max_iter"),
        ],
        ids=str,
    )
    def test_refuses(self, options: Any, kind: Any, said: str) -> None:
        calls: list[Any] = []
        with pytest.raises(kind) as caught:
            compare(lambda x: calls.append(x) or x**2, 1.0, lambda x: 2 * x, **options)
        assert said in str(caught.value)
        assert not calls


class TestFinderByRuns:
    @pytest.mark.parametrize("condition", [1.0, 10.0, 300.0, 1e4])
    @pytest.mark.parametrize("n", [3, 20])
    @pytest.mark.parametrize("up", [False, True])
    def test_agrees_with_theory_on_a_quadratic(self, condition: float, n: int, up: bool) -> None:
        """Gradient descent converges for rates below 2/L; 1/L never makes it worse."""
        problem = quadratic(n, condition)
        sign = -1 if up else 1
        found = lr_finder(
            lambda x: sign * problem.f(x), problem.x0, lambda x: sign * problem.grad(x), maximize=up
        )
        assert found.suggestion is not None
        assert 0.6 / condition <= found.suggestion < 1.6 / condition
        assert 2 / condition < found.lr[-1] * 1.3
        assert not sign * found.value[-1] <= sign * found.start

    def test_values_are_those_of_short_runs(self) -> None:
        problem = rosenbrock()
        found = lr_finder(
            problem.f, problem.x0, problem.grad, optimizer=Adam, lr_min=1e-3, lr_max=0.1, rates=5,
            steps=7, betas=(0.8, 0.99),
        )  # fmt: skip
        assert found.lr == pytest.approx(np.geomspace(1e-3, 0.1, 5))
        for lr, value in zip(found.lr.tolist(), found.value, strict=True):
            alone = minimize(
                problem.f, problem.x0, problem.grad, optimizer=Adam, lr=lr, max_iter=7, gtol=None,
                betas=(0.8, 0.99),
            )  # fmt: skip
            assert value == alone.fun
        assert found.start == problem.f(problem.x0)
        assert (found.method, found.optimizer, found.maximized) == ("runs", "Adam", False)

    @pytest.mark.parametrize("optimizer", [Adam, RMSprop, Rprop, GradientAscent, Lion])
    def test_suggests_what_improves(self, optimizer: Any) -> None:
        problem = rosenbrock()
        found = lr_finder(problem.f, problem.x0, problem.grad, optimizer=optimizer)
        run = minimize(
            problem.f, problem.x0, problem.grad, optimizer=optimizer, lr=found.suggestion,
            max_iter=20,
        )  # fmt: skip
        assert run.fun < 0.5 * found.start

    def test_ends_where_it_diverges(self) -> None:
        found = lr_finder(lambda x: x**4, 1.0, lambda x: 4 * x**3)
        assert found.lr[-1] < 10
        assert not found.value[-1] < found.start
        assert (found.value[:-1] <= found.start).all()
        assert "it gets worse" in found.message

    def test_ends_where_f_raises(self) -> None:
        import math

        found = lr_finder(
            lambda x: x - math.log(x), 2.0, lambda x: 1 - 1 / x, lr_min=0.1, lr_max=10, rates=4
        )
        assert np.isnan(found.value[-1])
        assert found.suggestion is not None

    def test_says_if_all_rates_were_too_low(self) -> None:
        problem = quadratic()
        found = lr_finder(problem.f, problem.x0, problem.grad, lr_max=1e-4)
        assert found.suggestion == found.lr[-1] == pytest.approx(1e-4)
        assert "higher lr_max" in found.message

    def test_says_if_no_rate_is_right(self) -> None:
        wrong = lr_finder(lambda x: x**2, 1.0, lambda x: -2 * x)
        high = lr_finder(lambda x: x**2, 1.0, lambda x: 2 * x, lr_min=2.0)
        flat = lr_finder(lambda x: 1.0, 1.0, lambda x: 0.0)
        for found in (wrong, high, flat):
            assert found.suggestion is None
            assert "check_gradient" in found.message
            assert "suggestion: lr none" in repr(found)

    def test_says_what_it_suggests(self) -> None:
        found = lr_finder(area, 57.0, area_slope, maximize=True)
        assert 0.3 < found.suggestion < 0.6  # half of the derivative is the whole way
        assert repr(found) == (
            f"Sweep(SGD, {len(found.lr)} rates from 1e-07 to {found.lr[-1]:.3g}; "
            f"suggestion: lr {found.suggestion:.3g}: {found.message})"
        )


class TestFinderByRamp:
    @pytest.mark.parametrize(("optimizer", "low", "high"), [(SGD, 0.01, 0.5), (Adam, 0.01, 1.0)])
    @pytest.mark.parametrize("sign", [1, -1])
    def test_finds_a_rate_over_batches(
        self, optimizer: Any, low: float, high: float, sign: int
    ) -> None:
        """The largest curvature is that of the column that is twice as wide: 4, so 2/L = 0.5."""
        given = noisy(sign)
        found = lr_finder(**given, optimizer=optimizer, maximize=sign < 0, lr_max=1e3)
        assert found.method == "ramp"
        assert found.suggestion is not None
        assert low < found.suggestion < high
        run = (minimize if sign > 0 else maximize)(
            **given, optimizer=optimizer, lr=found.suggestion, epochs=20, average=500
        )
        assert run.x == pytest.approx([1, -2, 3], abs=0.2)

    def test_values_are_those_of_one_run(self) -> None:
        given = noisy()
        seen: list[float] = []

        def f(w: Any, i: Any) -> float:
            seen.append(given["f"](w, i))
            return seen[-1]

        found = lr_finder(**{**given, "f": f}, optimizer=Adam, lr_min=1e-4, lr_max=1e-2, rates=20)
        assert found.lr == pytest.approx(np.geomspace(1e-4, 1e-2, 20))
        w, expected, batches = given["x0"].copy(), [], iter(given["batches"])
        opt = Adam(w, lr=1.0)
        for lr in found.lr.tolist():
            batch = next(batches)
            expected.append(given["f"](w, batch))
            opt.lr = lr
            opt.step(given["grad"](w, batch))
        expected.append(given["f"](w, next(batches)))
        assert seen == pytest.approx(expected, rel=1e-12)
        assert [found.start, *found.value] == seen

    def test_leaves_the_batches_where_they_were(self) -> None:
        given = noisy()
        next(iter(given["batches"]))
        before = given["batches"].state_dict()
        lr_finder(**given)
        assert given["batches"].state_dict() == before

    def test_takes_batches_that_cannot_be_left(self) -> None:
        data = np.random.default_rng(0).normal(3.0, 1.0, size=(400, 2))
        batches = Rows(data, 10)
        plain = [data[i : i + 10] for i in range(0, 400, 10)]
        for given in (batches, plain):
            found = lr_finder(
                lambda x, rows: ((x - rows) ** 2).sum(axis=1).mean() / 2,
                np.zeros(2),
                lambda x, rows: x - rows.mean(axis=0),
                batches=given,
            )
            assert found.suggestion is not None
            assert 0.02 < found.suggestion < 2

    def test_ends_where_it_diverges(self) -> None:
        found = lr_finder(**noisy(), lr_max=1e6)
        assert found.lr[-1] < 100
        assert "too high" not in found.message
        assert "no rate was too high" in lr_finder(**noisy(), lr_max=0.1).message

    def test_is_for_a_whole_objective_too(self) -> None:
        problem = logistic()
        found = lr_finder(problem.f, problem.x0, problem.grad, method="ramp", lr_max=1e4)
        assert found.method == "ramp"
        assert found.suggestion is not None
        run = minimize(
            problem.f, problem.x0, problem.grad, optimizer=SGD, lr=found.suggestion, max_iter=2000
        )
        assert problem.error(run.x) < 0.01

    def test_says_if_no_rate_is_right(self) -> None:
        given = noisy()
        wrong = lr_finder(**{**given, "grad": lambda w, i: -given["grad"](w, i)})
        assert wrong.suggestion is None
        assert "check_gradient" in wrong.message


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"optimizer": "SGD"}, TypeError, "optimizer: got"),
        ({"maximize": "up"}, TypeError, "maximize: got"),
        ({"optimizer": GradientDescent, "maximize": True}, ValueError, "only descends"),
        ({"method": "sweep"}, ValueError, "method: got 'sweep'"),
        ({"method": "runs", "batches": [1, 2]}, ValueError, 'method: "runs"'),
        ({"lr_min": 0.0}, ValueError, "lr_min"),
        ({"lr_min": "low"}, TypeError, "lr_min: got"),
        ({"lr_max": np.inf}, ValueError, "lr_max"),
        ({"lr_min": 1.0, "lr_max": 0.1}, ValueError, "expected them to rise"),
        ({"rates": 3}, ValueError, "rates: got 3"),
        ({"rates": 10.0}, TypeError, "rates: got"),
        ({"steps": 0}, ValueError, "steps: got 0"),
        ({"lr": 0.1}, TypeError, "lr: not for lr_finder"),
        ({"callback": print}, TypeError, "callback: not for lr_finder"),
        ({"momentum": 2.0}, ValueError, "momentum"),
        ({"nesterovv": True}, TypeError, "nesterovv: no option of SGD"),
        ({"resume": "run.npz"}, TypeError, "resume: is for one run alone"),
        ({"gtol": -1.0}, ValueError, "gtol"),
    ],
    ids=str,
)
def test_lr_finder_refuses(options: Any, kind: Any, said: str) -> None:
    calls: list[Any] = []
    with pytest.raises(kind) as caught:
        lr_finder(lambda x, *more: calls.append(x) or x**2, 1.0, lambda x, *more: 2 * x, **options)
    assert said in str(caught.value)
    assert not calls


def test_lr_finder_passes_on_what_f_raises_at_x0() -> None:
    with pytest.raises(ValueError, match="f: is nan at x0"):
        lr_finder(lambda x: np.nan, 1.0, lambda x: x)


class TestInterrupted:
    """Ctrl-C in the second run of three."""

    @staticmethod
    def f_of(runs: int) -> Any:
        calls = iter(range(10_000))

        def f(x: Any) -> Any:
            if next(calls) == 9 * (runs - 1) + 4:
                raise KeyboardInterrupt
            return x**2

        return f

    @staticmethod
    def compared(f: Any, **options: Any) -> Any:
        rates = [0.1, 0.2, 0.3]
        return compare(
            f, 1.0, lambda x: 2 * x, [SGD], lr=rates, max_iter=8, gtol=None, ftol=None, **options
        )

    def test_ends_the_comparison_and_carries_what_had_ended(self) -> None:
        with pytest.raises(KeyboardInterrupt) as raised:
            self.compared(self.f_of(2))
        rows = raised.value.comparison.rows  # type: ignore[attr-defined]
        assert [(row.lr, row.status) for row in rows] == [(0.1, "MAX_ITER")]

    def test_returned_it_is_the_last_row(self) -> None:
        found = self.compared(self.f_of(2), on_interrupt="return")
        assert {(row.lr, row.status) for row in found.rows} == {
            (0.1, "MAX_ITER"),
            (0.2, "INTERRUPTED"),
        }
