"""Every optimizer finds the optimum, within a stated number of steps.

Three problems: a quadratic of six dimensions, its axes turned, a hundred times as steep one way as another;
Rosenbrock's valley from (−1.2, 1); and the softmax classifier of scikit-learn's digits on all images at once.
The first two are descended, the third is climbed. An optimizer has arrived within a thousandth of the truth,
which comes from elsewhere: np.linalg.solve, the formula, and LogisticRegression.

The rate falls on a straight line, from the one stated to nothing after the last step: so those come to rest
too whose steps do not shrink by themselves. Half the steps, on a steeper line, are too few for any of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import steepest
from steepest.optimizer import Optimizer

Array = np.ndarray[Any, Any]


class Row(NamedTuple):
    """An optimizer, its options, and for every problem the rate to begin with and the steps."""

    name: str
    optimizer: Any
    options: dict[str, Any]
    quadratic: tuple[float, int]
    rosenbrock: tuple[float, int]
    digits: tuple[float, int]

    def __str__(self) -> str:
        return self.name


NESTEROV = {"momentum": 0.9, "nesterov": True}
CENTERED = {"momentum": 0.9, "centered": True}
# With a decay of weights, which is 0.01 by default, the optimum would be another one.
UNDECAYED = {"weight_decay": 0.0}
# Where the valley ends, steps of 1e-6 across it, the default's least, would hide the slope along it.
FINE = {"step_sizes": (1e-8, 50)}

ROWS = [
    Row("GradientAscent", steepest.GradientAscent, {}, (0.5, 180), (0.1, 760), (0.1, 150)),
    Row("GradientDescent", steepest.GradientDescent, {}, (0.5, 180), (0.1, 760), (0.1, 150)),
    Row("SGD", steepest.SGD, {}, (0.015, 1300), (0.002, 24_000), (10, 300)),
    Row("momentum", steepest.SGD, {"momentum": 0.9}, (0.015, 200), (0.0015, 2700), (10, 190)),
    Row("nesterov", steepest.SGD, NESTEROV, (0.01, 200), (0.0015, 2900), (10, 190)),
    Row("ASGD", steepest.ASGD, {}, (0.015, 1300), (0.002, 24_000), (20, 240)),
    Row("Adam", steepest.Adam, {}, (1, 180), (0.5, 1500), (1, 150)),
    Row("AdamW", steepest.AdamW, UNDECAYED, (1, 180), (0.5, 1500), (1, 150)),
    Row("NAdam", steepest.NAdam, {}, (1, 170), (0.03, 4800), (0.3, 140)),
    Row("Adamax", steepest.Adamax, {}, (1, 360), (0.5, 3800), (3, 360)),
    Row("RAdam", steepest.RAdam, {}, (0.02, 3000), (0.002, 16_000), (3, 130)),
    Row("AdaBelief", steepest.AdaBelief, {}, (1, 180), (0.5, 1500), (1, 150)),
    Row("Yogi", steepest.Yogi, {}, (1, 180), (1, 1700), (2, 140)),
    Row("Lion", steepest.Lion, {}, (0.005, 1600), (0.005, 4200), (0.07, 440)),
    Row("RMSprop", steepest.RMSprop, {}, (0.1, 360), (0.003, 8200), (0.1, 220)),
    Row("centered", steepest.RMSprop, CENTERED, (0.05, 200), (0.02, 920), (0.1, 120)),
    Row("Adagrad", steepest.Adagrad, {}, (1.5, 700), (0.7, 20_000), (1.5, 300)),
    Row("Adadelta", steepest.Adadelta, {}, (150, 270), (0.2, 11_000), (100, 120)),
    Row("Rprop", steepest.Rprop, FINE, (0.02, 170), (0.03, 4200), (0.05, 50)),
]


class Problem(NamedTuple):
    """Where one starts, the gradients there, the distance to the truth, and whether one climbs."""

    start: Callable[[], Any]
    gradients: Callable[[Any], list[Array]]
    miss: Callable[[Any], float]
    climbed: bool


@functools.cache
def quadratic() -> Problem:
    rng = np.random.default_rng(0)
    axes, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    curvature = axes * np.logspace(0, 2, 6) @ axes.T
    slope = curvature @ rng.normal(size=6)
    optimum = np.linalg.solve(curvature, slope)
    return Problem(
        start=lambda: np.zeros(6),
        gradients=lambda x: [curvature @ x - slope],
        miss=lambda x: float(np.linalg.norm(x - optimum)),
        climbed=False,
    )


@functools.cache
def rosenbrock() -> Problem:
    def gradients(point: Array) -> list[Array]:
        x, y = point
        return [np.array([2 * (x - 1) - 400 * x * (y - x**2), 200 * (y - x**2)])]

    return Problem(
        start=lambda: np.array([-1.2, 1.0]),
        gradients=gradients,
        miss=lambda point: float(np.linalg.norm(point - 1)),
        climbed=False,
    )


@functools.cache
def digits() -> Problem:
    """The demo's; the distance is in its penalised log-likelihood."""
    for needed in ("matplotlib", "sklearn", "tqdm"):
        pytest.importorskip(needed)
    from examples import digits as demo

    sample, _ = demo.load()
    summit, _ = demo.log_likelihood(demo.scikit_learn(sample), sample)
    return Problem(
        start=lambda: {"W": np.zeros((64, 10)), "b": np.zeros(10)},
        gradients=lambda model: list(demo.log_likelihood(model, sample)[1].values()),
        miss=lambda model: abs(summit - demo.log_likelihood(model, sample)[0]),
        climbed=True,
    )


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "quadratic": quadratic,
    "rosenbrock": rosenbrock,
    "digits": digits,
}


def walk(row: Row, problem: Problem, rate: float, steps: int, *, turned: bool = False) -> Any:
    """Where it ends on the problem or, turned, the other way on the problem's negative."""
    point, options = problem.start(), row.options
    maximize = problem.climbed != turned
    if row.optimizer is not steepest.GradientDescent:
        options = options | {"maximize": maximize}
    elif maximize:  # it only descends
        turned = not turned
    optimizer = row.optimizer(point, lr=rate, **options)
    for step in range(steps):
        optimizer.lr = rate * (1 - step / steps)
        optimizer.step([-g if turned else g for g in problem.gradients(point)])
    return point


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("row", ROWS, ids=str)
class TestArrival:
    @pytest.fixture
    def problem(self, name: str) -> Iterator[Problem]:
        """Posed, and on one thread: products this small only wait for a second one."""
        if name == "digits":
            limits = pytest.importorskip("threadpoolctl").threadpool_limits
            with limits(1):
                yield PROBLEMS[name]()
        else:
            yield PROBLEMS[name]()

    def test_within_the_steps_stated(self, row: Row, name: str, problem: Problem) -> None:
        rate, steps = getattr(row, name)
        assert problem.miss(walk(row, problem, rate, steps)) < 1e-3

    def test_not_within_half_of_them(self, row: Row, name: str, problem: Problem) -> None:
        rate, steps = getattr(row, name)
        assert problem.miss(walk(row, problem, rate, steps // 2)) > 1e-3


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_climbing_the_negative_is_descending_to_the_last_bit(row: Row) -> None:
    """Of the quadratic; GradientDescent descends it both times."""
    problem = quadratic()
    climbed = walk(row, problem, *row.quadratic, turned=True)
    assert problem.miss(climbed) < 1e-3
    np.testing.assert_array_equal(climbed, walk(row, problem, *row.quadratic))


def test_every_optimizer_is_in_the_table() -> None:
    public = (getattr(steepest, name) for name in steepest.__all__)
    optimizers = {one for one in public if isinstance(one, type) and issubclass(one, Optimizer)}
    assert {row.optimizer for row in ROWS} == optimizers
