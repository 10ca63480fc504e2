"""Maximum likelihood is least squares, if the errors are normal: regression three ways.

On scikit-learn's diabetes data, standardised, climbing the log-likelihood in the coefficients and log σ and
descending the mean squared error both end at lstsq's coefficients. Minibatches, for data that would not fit
into memory, end at its loss but not quite at its coefficients.

What is left is not noise alone. Some measurements nearly follow from others, so in one direction the loss is
almost flat, and the rate has fallen before its end is reached: all patients at once, at the same rate, end
further off.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientDescent, check_gradient, maximize, minimize
from steepest.maximization import Result
from steepest.plots import style

try:
    from sklearn.datasets import load_diabetes
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Array = NDArray[np.float64]
NAMES = ["age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu"]  # blood: from tc on


def load() -> tuple[Array, Array]:
    """442 patients: a column of ones and ten standardised measurements; the disease a year later."""
    X, y = load_diabetes(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return np.c_[np.ones(len(y)), X], y


def log_likelihood(p: Any, X: Array, y: Array) -> tuple[float, Any]:
    """Of coefficients w and log σ, and its gradient."""
    error, variance, n = y - X @ p["w"], np.exp(2 * p["log_sd"]), len(y)
    value = -(error @ error) / (2 * variance) - n * (p["log_sd"] + np.log(2 * np.pi) / 2)
    slope = {"w": X.T @ error / variance, "log_sd": error @ error / variance - n}
    return float(value), slope


def mean_squared_error(w: Array, X: Array, y: Array) -> tuple[float, Array]:
    error = X @ w - y
    return float(error @ error) / len(y), 2 * X.T @ error / len(y)


def by_likelihood(X: Array, y: Array) -> Result:
    start = {"w": np.zeros(X.shape[1]), "log_sd": float(np.log(y.std()))}
    return maximize(log_likelihood, start, True, args=(X, y), gtol=1e-9, ftol=None)


def by_least_squares(X: Array, y: Array) -> Result:
    start = np.zeros(X.shape[1])
    return minimize(mean_squared_error, start, True, args=(X, y), gtol=1e-9, ftol=None)


def by_minibatches(X: Array, y: Array, seed: int = 0, epochs: int = 1000) -> Result:
    """34 patients a step, in one random order, and a rate that falls, so that their noise does."""
    order = np.random.default_rng(seed).permutation(len(y)).reshape(-1, 34)
    return minimize(
        lambda w, rows: float(np.mean((X[rows] @ w - y[rows]) ** 2)),
        np.zeros(X.shape[1]),
        lambda w, rows: 2 * X[rows].T @ (X[rows] @ w - y[rows]) / len(rows),
        batches=list(order), epochs=epochs,
        optimizer=GradientDescent, lr=0.1, lr_decay=0.9995, momentum=0.0, beta=None,
    )  # fmt: skip


def draw(path: str, exact: Any, others: dict[str, Array]) -> None:
    figure = style.figure(8, 4)
    axes = style.tidy(figure.subplots())
    axes.bar(np.arange(10), exact[1:], color="#cccccc", label="lstsq")
    for (name, w), mark, colour in zip(others.items(), "o+x", style.COLOURS, strict=False):
        axes.plot(np.arange(10), w[1:], mark, color=colour, ms=9, mfc="none", label=name)
    axes.set(xlabel="measurement", ylabel="coefficient", xticks=range(10))
    axes.set_xticklabels(NAMES)
    axes.legend(frameon=False)
    style.save(figure, path)


def main() -> None:
    X, y = load()
    at = np.ones(X.shape[1])
    print(
        "Likelihood:",
        check_gradient(log_likelihood, True, {"w": at, "log_sd": 4.0}, (X, y)).message,
    )
    print("Squared error:", check_gradient(mean_squared_error, True, at, (X, y)).message)
    exact = np.linalg.lstsq(X, y)[0]
    likelihood, squares, batches = by_likelihood(X, y), by_least_squares(X, y), by_minibatches(X, y)
    found = {
        "log-likelihood, climbed": likelihood.x["w"],
        "squared error, descended": squares.x,
        "the same by minibatches": batches.x,
    }
    for (name, w), run in zip(found.items(), (likelihood, squares, batches), strict=True):
        print(f"{name:25} {run.nit:5} steps, {np.abs(w - exact).max():.1e} from lstsq")
    sd = np.sqrt(np.mean((y - X @ exact) ** 2))
    print(f"σ {np.exp(likelihood.x['log_sd']):.6f}, by the residuals {sd:.6f}")
    draw("pictures/05_regression.png", exact, found)
    print("Drawn: pictures/05_regression.png")


if __name__ == "__main__":
    main()
