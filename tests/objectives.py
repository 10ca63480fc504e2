"""Objectives with a known optimum, that the tests of maximize and minimize share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Problem(NamedTuple):
    """f to be minimized, its gradient, a start, and how far a point is from the optimum."""

    f: Callable[[Any], float]
    grad: Callable[[Any], Any]
    x0: Any
    error: Callable[[Any], float]


def quadratic(n: int = 10, condition: float = 10.0) -> Problem:
    """A rotated bowl with curvatures from 1 to ``condition``."""
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    H = Q * np.geomspace(1, condition, n) @ Q.T
    centre = rng.normal(size=n)
    return Problem(
        lambda x: (x - centre) @ H @ (x - centre) / 2,
        lambda x: H @ (x - centre),
        np.zeros(n),
        lambda x: np.abs(x - centre).max(),
    )


def rosenbrock(n: int = 2) -> Problem:
    def gradient(x: Any) -> Any:
        valley, slope = x[1:] - x[:-1] ** 2, 1 - x[:-1]
        g = np.zeros_like(x)
        g[1:] = 200 * valley
        g[:-1] -= 400 * x[:-1] * valley + 2 * slope
        return g

    return Problem(
        lambda x: float(100 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x[:-1]) ** 2).sum()),
        gradient,
        np.tile([-1.2, 1.0], n // 2),
        lambda x: np.abs(x - 1).max(),
    )


def logistic(rows: int = 200, scale: float = 1.0) -> Problem:
    """The negative mean log-likelihood of a logistic regression, against Newton's solution."""
    rng = np.random.default_rng(0)
    X = np.c_[np.ones(rows), rng.normal(size=(rows, 2)) * [1.0, scale]]
    y = rng.random(rows) < 1 / (1 + np.exp(-X @ [0.5, 2.0, -1.0 / scale]))
    side = 2.0 * y - 1

    def gradient(w: Any) -> Any:
        return -X.T @ (side / (1 + np.exp(side * (X @ w)))) / rows

    w = np.zeros(3)
    for _ in range(25):
        p = 1 / (1 + np.exp(-X @ w))
        w = w + np.linalg.solve(X.T * (p * (1 - p)) @ X, X.T @ (y - p))
    return Problem(
        lambda w: float(np.logaddexp(0, -side * (X @ w)).mean()),
        gradient,
        np.zeros(3),
        lambda found: np.abs((found - w) * [1, 1, scale]).max(),
    )


def area(length: Any) -> Any:
    """Of the rectangle that a fence of 200 closes; greatest, 2500, at 50."""
    return 100 * length - length**2


def area_slope(length: Any) -> Any:
    return 100 - 2 * length


class Rows:
    """Rows of an array in shuffled batches, to be saved in the middle of an epoch."""

    def __init__(self, data: Any, size: int, seed: int = 0) -> None:
        self.data, self.size, self.seed = data, size, seed
        self.epoch = self.position = 0

    def __len__(self) -> int:
        return -(-len(self.data) // self.size)

    def __iter__(self) -> Any:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.data))
        while self.position < len(self):
            chosen = order[self.position * self.size : (self.position + 1) * self.size]
            self.position += 1
            yield self.data[chosen]
        self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.position = state["epoch"], state["position"]
