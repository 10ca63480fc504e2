"""Who gets a loan, if in the bank's data those who paid like carrots less?

A classifier σ(θ₁x₁ + θ₂x₂ + θ₃) of a credit score x₁ and a fondness for carrots x₂ descends its
cross-entropy, and of two people with one score it refuses the one who likes carrots. The ascent on the same
loss runs away and approves nobody, since most people pay, and to refuse them is the costliest mistake.

The bias is in the data. Both groups are normal with one covariance Σ, so the true law is a classifier of this
form with (θ₁, θ₂) = Σ⁻¹ (mean of those who paid − mean of the others): more data only make the bias exact.
It is found with nearly any seed: of 0 to 99 only 7 refuses the one with few carrots, too, at .4955.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize, minimize
from steepest.maximization import Result
from steepest.plots import style

Array = NDArray[np.float64]
PAYERS, OTHERS, SHARE = np.array([0.45, 0.35]), np.array([0.05, 0.65]), 0.65
COVARIANCE = 0.2**2 * np.array([[1.0, -0.3], [-0.3, 1.0]])
STEPS: dict[Callable[..., Result], int] = {minimize: 1000, maximize: 300}
TWINS = np.array([[0.1, 0.2, 1.0], [0.1, 0.8, 1.0]])  # one score, few carrots and many
BLUE, RED = style.COLOURS[:2]


def people(seed: int = 0, n: int = 400) -> tuple[Array, Array]:
    """Score and carrots of n people with a column of ones, and whether they paid, 1 or 0."""
    rng = np.random.default_rng(seed)
    paid = rng.random(n) < SHARE
    means = np.where(paid[:, None], PAYERS, OTHERS)
    points = means + rng.multivariate_normal([0, 0], COVARIANCE, n)
    return np.c_[points, np.ones(n)], paid.astype(float)


def probability(theta: Any, X: Any) -> Any:
    """That they pay: σ(z) = exp(−log(1 + e⁻ᶻ)), which cannot overflow."""
    return np.exp(-np.logaddexp(0, -X @ theta))


def loss(theta: Any, X: Any, y: Any) -> float:
    """Cross-entropy: the mean of −log of the probability of what happened."""
    return float(np.mean(np.logaddexp(0, X @ theta) - y * (X @ theta)))


def gradient(theta: Any, X: Any, y: Any) -> Any:
    return X.T @ (probability(theta, X) - y) / len(y)


def train(search: Callable[..., Result], X: Array, y: Array, **options: Any) -> Result:
    """`minimize` or `maximize` the same loss by plain steps."""
    return search(
        loss, np.zeros(3), gradient, args=(X, y), optimizer=SGD, lr=0.5,
        max_iter=STEPS[search], gtol=None, **options,
    )  # fmt: skip


def true_law() -> Array:
    """Bayes' θ for two normal groups with one covariance."""
    slopes = np.linalg.solve(COVARIANCE, PAYERS - OTHERS)
    constant = np.log(SHARE / (1 - SHARE)) - slopes @ (PAYERS + OTHERS) / 2
    return np.append(slopes, constant)


def approved(theta: Array, X: Array) -> float:
    """The share of people who more likely pay than not."""
    return float(np.mean(X @ theta > 0))


def draw(path: str, X: Array, y: Array, down: Result, up: Result) -> None:
    grid = np.meshgrid(np.linspace(-0.8, 1.4, 300), np.linspace(-0.5, 1.5, 300))
    everywhere = np.stack([*grid, np.ones_like(grid[0])], axis=-1)
    shades = "#f3c3a3", "#fae3d5", "#d6e8f3", "#a9cfe6"
    figure = style.figure(9, 4)
    both = figure.subplots(1, 2, sharey=True)
    for axes, found, name in zip(both, (down, up), ("descent", "ascent"), strict=True):
        p, levels = probability(found.x, everywhere), (0, 0.25, 0.5, 0.75, 1)
        shading = style.tidy(axes).contourf(*grid, p, levels, colors=shades)
        for label, paid, mark, colour in (("paid", 1, "o", BLUE), ("did not", 0, "^", RED)):
            axes.plot(*X[y == paid, :2].T, mark, color=colour, ms=2.5, label=label)
        axes.plot(*TWINS[:, :2].T, "D", color="black", ms=7, mec="white", label="score .1")
        for twin, chance in zip(TWINS, probability(found.x, TWINS), strict=True):
            box = {"fc": "white", "ec": "none", "pad": 1.5}
            axes.text(0.03, twin[1], f"{chance:.0%}", ha="right", va="center", bbox=box)
        axes.set(xlabel="credit score", title=f"{name}: {approved(found.x, X):.0%} approved")
        axes.set(xticks=(-0.5, 0, 0.5, 1), yticks=(-0.5, 0, 0.5, 1, 1.5))
    both[0].set(ylabel="fondness for carrots")
    both[1].legend(loc="upper right", framealpha=0.9, edgecolor="none", handletextpad=0.1)
    figure.colorbar(shading, ax=both, label="probability of paying")
    style.save(figure, path)


def main() -> None:
    X, y = people()
    at = np.array([0.3, -0.7, 0.2])
    print(f"The gradient: {check_gradient(loss, gradient, at, args=(X, y)).message}")
    down, up = train(minimize, X, y), train(maximize, X, y)
    for name, theta in {"descent": down.x, "true law": true_law(), "ascent": up.x}.items():
        few, many = probability(theta, TWINS)
        print(f"{name:8}: θ₂ = {theta[1]:6.2f}, {approved(theta, X):.0%} approved;", end=" ")
        print(f"with score .1 they pay with {few:.2f} at carrots .2, {many:.2f} at .8")
    size, slope = np.linalg.norm(up.x), np.linalg.norm(up.jac)
    print(f"The ascent after {up.nit} steps: ‖θ‖ = {size:.0f}, and the slope is still {slope:.2f}")
    print(f"The same with a bound of 50 on ‖θ‖: {train(maximize, X, y, max_norm=50).message}")
    draw("pictures/11_biased_loans.png", X, y, down, up)
    print("Drawn: pictures/11_biased_loans.png")


if __name__ == "__main__":
    main()
