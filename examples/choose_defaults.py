"""Which optimizer should maximize use if it is not told? `python examples/choose_defaults.py`.

Every candidate, with one rate for all, minimizes every objective with the default stops, and ftol. It has
arrived if it reports success within the accuracy stated for the objective. The table is docs/defaults.md's.
"""

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, Adam, GradientDescent, RMSprop, Rprop, minimize

Array = NDArray[np.float64]


class Objective(NamedTuple):
    both: Callable[[Any], tuple[float, Any]]  # f, and its gradient
    x0: Any
    error: Callable[[Any], float]
    accuracy: float


def fence(unit: float = 1.0) -> Objective:
    """Minus the area that a fence of 200 m closes, by a side in some other unit."""
    return Objective(
        lambda x: ((x / unit) ** 2 - 100 * x / unit, (2 * x / unit - 100) / unit),
        57.0 * unit,
        lambda x: abs(float(x) / unit - 50),
        1e-5,
    )


def quadratic(size: int, condition: float) -> Objective:
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(size, size)))
    H = (Q * np.geomspace(1, condition, size)) @ Q.T
    centre = rng.normal(size=size)

    def both(x: Array) -> tuple[float, Array]:
        slope = H @ (x - centre)
        return float((x - centre) @ slope) / 2, slope

    return Objective(both, np.zeros(size), lambda x: float(np.abs(x - centre).max()), 1e-3)


def rosenbrock(size: int) -> Objective:
    def both(x: Array) -> tuple[float, Array]:
        valley, rest = x[1:] - x[:-1] ** 2, 1 - x[:-1]
        g = np.zeros_like(x)
        g[1:] = 200 * valley
        g[:-1] -= 400 * x[:-1] * valley + 2 * rest
        return float(100 * valley @ valley + rest @ rest), g

    start = np.tile([-1.2, 1.0], size // 2)
    return Objective(both, start, lambda x: float(np.abs(x - 1).max()), 1e-3)


def logistic(scale: float = 1.0) -> Objective:
    """1000 rows; one of three columns may be of another scale. The truth is Newton's."""
    rng = np.random.default_rng(0)
    X = np.c_[rng.normal(size=(1000, 3)) * [1, 1, scale], np.ones(1000)]
    y = rng.random(1000) < 1 / (1 + np.exp(-X @ [2, -1, 0.5 / scale, 1]))
    side = 2.0 * y - 1
    w = np.zeros(4)
    for _ in range(25):
        p = 1 / (1 + np.exp(-X @ w))
        w += np.linalg.solve(X.T * (p * (1 - p)) @ X, X.T @ (y - p))

    def both(v: Array) -> tuple[float, Array]:
        z = side * (X @ v)
        return float(np.logaddexp(0, -z).mean()), -X.T @ (side / (1 + np.exp(z))) / 1000

    units = np.array([1, 1, scale, 1])
    return Objective(both, np.zeros(4), lambda v: float(np.abs((v - w) * units).max()), 1e-3)


def relu_network(hidden: int = 16, decay: float = 1e-2) -> Objective:
    """A 1-16-1 network on a sine, with weight decay; the best value that is known is .0834558."""
    rng = np.random.default_rng(0)
    x, n = np.linspace(-1, 1, 64), 64
    y = np.sin(3 * x)
    start = {
        "W": rng.normal(size=hidden),
        "b": rng.uniform(-1, 1, hidden),
        "v": rng.normal(size=hidden) / 4,
        "c": 0.0,
    }

    def both(p: Any) -> tuple[float, Any]:
        z = np.outer(x, p["W"]) + p["b"]
        active = np.maximum(z, 0)
        error = active @ p["v"] + p["c"] - y
        back = np.outer(2 * error / n, p["v"]) * (z > 0)
        slopes = {"W": x @ back, "b": back.sum(0), "v": active.T @ (2 * error / n)}
        slopes["c"] = 2 * error.mean()
        penalty = sum(float(np.sum(value**2)) for value in p.values())
        grad = {name: slopes[name] + decay * p[name] for name in p}
        return float(error @ error) / n + decay / 2 * penalty, grad

    return Objective(both, start, lambda p: both(p)[0] - 0.0834558, 1e-3)


def mixture() -> Objective:
    """Two normal distributions, 500 numbers, by weights, means and log-deviations; the truth is EM's."""
    rng = np.random.default_rng(1)
    x = np.where(rng.random(500) < 0.3, rng.normal(-2, 0.6, 500), rng.normal(1.5, 1.0, 500))

    def both(p: Any) -> tuple[float, Any]:
        log_w = p["a"] - np.logaddexp(*p["a"])
        u = (x[:, None] - p["mean"]) / np.exp(p["log_sd"])
        parts = log_w - p["log_sd"] - u**2 / 2 - np.log(2 * np.pi) / 2
        total = np.logaddexp(*parts.T)
        share = np.exp(parts - total[:, None])
        return -float(total.mean()), {
            "a": -(share - np.exp(log_w)).mean(0),
            "mean": -(share * u / np.exp(p["log_sd"])).mean(0),
            "log_sd": -(share * (u**2 - 1)).mean(0),
        }

    w, m, s = np.full(2, 0.5), np.array([-1.0, 1.0]), np.ones(2)
    for _ in range(2000):  # expectation, maximization
        density = w * np.exp(-(((x[:, None] - m) / s) ** 2) / 2) / s
        share = density / density.sum(1, keepdims=True)
        w, m = share.mean(0), share.T @ x / share.sum(0)
        s = np.sqrt((share * (x[:, None] - m) ** 2).sum(0) / share.sum(0))
    best = both({"a": np.log(w), "mean": m, "log_sd": np.log(s)})[0]
    start = {"a": np.zeros(2), "mean": np.array([-1.0, 1.0]), "log_sd": np.zeros(2)}
    return Objective(both, start, lambda p: both(p)[0] - best, 1e-6)


OBJECTIVES: dict[str, Callable[[], Objective]] = {
    "fence": fence,
    "fence in mm": lambda: fence(1000.0),
    "quadratic, n = 10, κ = 10": lambda: quadratic(10, 10.0),
    "quadratic, n = 20, κ = 10⁴": lambda: quadratic(20, 1e4),
    "Rosenbrock, n = 2": lambda: rosenbrock(2),
    "Rosenbrock, n = 100": lambda: rosenbrock(100),
    "logistic regression": logistic,
    "the same, a column × 1000": lambda: logistic(1000.0),
    "ReLU network, 1-16-1": relu_network,
    "Gaussian mixture": mixture,
}
CANDIDATES: dict[str, dict[str, Any]] = {
    "default": {},
    "Rprop, s/1000": {"first": 1e-3},
    "Rprop, s/10": {"first": 1e-1},
    "SGD .01, momentum .9": {"optimizer": SGD, "lr": 0.01, "momentum": 0.9},
    "GradientDescent .01": {"optimizer": GradientDescent, "lr": 0.01},
    "Adam .01": {"optimizer": Adam, "lr": 0.01},
    "Adam .1": {"optimizer": Adam, "lr": 0.1},
    "RMSprop .01": {"optimizer": RMSprop, "lr": 0.01},
}


def steps(objective: Objective, options: dict[str, Any]) -> str:
    """The steps until it said that it was there, or what went wrong."""
    options = dict(options)
    if "first" in options:  # Rprop as the default one, but for the first step
        largest = [np.abs(x).max() for x in _leaves(objective.x0)]
        scale = max(map(float, largest)) or 1.0
        sizes = (1e-12 * min(scale, 1.0), 1e3 * max(scale, 1.0))
        options = {"optimizer": Rprop, "lr": options["first"] * scale, "step_sizes": sizes}
    with np.errstate(all="ignore"):
        found = minimize(objective.both, objective.x0, True, ftol=1e-9, **options)
    error = objective.error(found.x)
    if found.success and error <= objective.accuracy:
        return f"{found.nit:,}"
    return found.status.name.lower().replace("_", " ") if not found.success else f"err {error:.0e}"


def _leaves(x: Any) -> list[Any]:
    return list(x.values()) if isinstance(x, dict) else [x]


def table() -> list[list[str]]:
    rows = [["", "accuracy", *CANDIDATES]]
    for name, make in OBJECTIVES.items():
        objective = make()
        accuracy = f"{objective.accuracy:g}"
        rows.append([name, accuracy, *(steps(objective, c) for c in CANDIDATES.values())])
    return rows


def main() -> None:
    argparse.ArgumentParser(
        description="Measure candidates for the default optimizer."
    ).parse_args()
    rows = table()
    rows.insert(1, ["---", *["---:"] * (len(rows[0]) - 1)])
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
