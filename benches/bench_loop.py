"""An iteration of `minimize` beside f, grad and step alone, and beside the loop one writes by hand.

By hand is the same law in NumPy, once with the record that `minimize` keeps (value, gradient norm, rate,
time) and once with none. Where all of them end is compared before they are timed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import steepest
from cases import Array
from objectives import Problem, logistic, rosenbrock

from benches.rounds import in_turns

ITERATIONS = 1000

OBJECTIVES: dict[str, tuple[Problem, float]] = {
    "Rosenbrock, 100 numbers": (rosenbrock(100), 1e-4),
    "logistic regression": (logistic(), 1e-2),
}

LAWS = {"SGD": steepest.SGD, "Adam": steepest.Adam}

#: Makes a step from the rate.
Rule = Callable[[float], Callable[[Array, Array], None]]


def sgd(lr: float) -> Callable[[Array, Array], None]:
    def step(x: Array, g: Array) -> None:
        x -= lr * g

    return step


def adam(lr: float) -> Callable[[Array, Array], None]:
    m: Any = 0.0
    v: Any = 0.0
    t = 0

    def step(x: Array, g: Array) -> None:
        nonlocal m, v, t
        t += 1
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        x -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    return step


RULES: dict[str, Rule] = {"SGD": sgd, "Adam": adam}


def looped(problem: Problem, law: str, lr: float) -> Array:
    found = steepest.minimize(
        problem.f,
        problem.x0,
        problem.grad,
        optimizer=LAWS[law],
        lr=lr,
        max_iter=ITERATIONS,
        gtol=None,
        ftol=None,
    )
    x: Array = found.x
    return x


def stepped(problem: Problem, law: str, lr: float) -> Array:
    f, grad, x = problem.f, problem.grad, np.array(problem.x0, float)
    step = LAWS[law](x, lr=lr).step
    for _ in range(ITERATIONS):
        f(x)
        step(grad(x))
    return x


def by_hand(problem: Problem, law: str, lr: float) -> Array:
    f, grad, x = problem.f, problem.grad, np.array(problem.x0, float)
    step, record, began = RULES[law](lr), [], time.perf_counter()
    for _ in range(ITERATIONS):
        value, g = f(x), grad(x)
        record.append((value, np.linalg.norm(g), lr, time.perf_counter() - began))
        step(x, g)
    return x


def by_hand_without_record(problem: Problem, law: str, lr: float) -> Array:
    f, grad, x = problem.f, problem.grad, np.array(problem.x0, float)
    step = RULES[law](lr)
    for _ in range(ITERATIONS):
        f(x)
        step(x, grad(x))
    return x


CANDIDATES = {
    "minimize": looped,
    "f, grad and step": stepped,
    "NumPy by hand": by_hand,
    "NumPy by hand, no record": by_hand_without_record,
}


@functools.cache
def verify(candidate: str, objective: str, law: str) -> None:
    """Fail unless it ends where the reference does."""
    problem, lr = OBJECTIVES[objective]
    x = np.array(problem.x0, float)
    opt = getattr(steepest.reference, law)(x, lr=lr)
    for _ in range(ITERATIONS):
        opt.step(problem.grad(x))
    found = CANDIDATES[candidate](problem, law, lr)
    np.testing.assert_allclose(found, x, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("candidate", CANDIDATES)
@in_turns
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_loop(
    benchmark: Any, threads: int, objective: str, law: str, turn: int, candidate: str
) -> None:
    verify(candidate, objective, law)
    problem, lr = OBJECTIVES[objective]
    benchmark.extra_info.update(row=f"{objective}, {law}", column=candidate, steps=ITERATIONS)
    benchmark.pedantic(CANDIDATES[candidate], [problem, law, lr], rounds=3)
