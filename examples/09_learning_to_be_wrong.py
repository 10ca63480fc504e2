"""What does a classifier learn that is trained to be as wrong as it can?

A classifier σ(θ₁x₁ + θ₂x₂ + θ₃) of two overlapping classes descends its cross-entropy, and from the same
start ascends it. The opposite of what the ascent answers is right as often, but it is sure of nearly every
point: the band in which it is not shrinks with every step.

There is no most wrong classifier: far out, doubling θ doubles the loss. And where both classes lie on one
side of the origin the trick fails. After the first step the line runs through the origin, so nearly all get
the same name. The class that is wrong then pulls on the same way, the one that is right hardly pulls at all,
and the line never gets between them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize, minimize
from steepest.maximization import Result
from steepest.plots import style

Array = NDArray[np.float64]
STEPS = 400
BEST = 0.9214  # Φ(√2), of all that could ever be drawn; no classifier is right more often
BLUE, RED = style.COLOURS[:2]


def classes(seed: int = 0, centre: float = 0.0, size: int = 200) -> tuple[Array, Array]:
    """Points around centre ± (1, 1) with a column of ones, and their class, 1 or 0."""
    means = np.repeat([centre + 1, centre - 1], size)[:, None]
    points = np.random.default_rng(seed).normal(means, 1.0, (2 * size, 2))
    return np.c_[points, np.ones(2 * size)], np.repeat([1.0, 0.0], size)


def probability(theta: Any, X: Any) -> Any:
    """Of class 1: σ(z) = exp(−log(1 + e⁻ᶻ)), which cannot overflow."""
    return np.exp(-np.logaddexp(0, -X @ theta))


def loss(theta: Any, X: Any, y: Any) -> float:
    """Cross-entropy: the mean of −log of the probability of the right class."""
    return float(np.mean(np.logaddexp(0, X @ theta) - y * (X @ theta)))


def gradient(theta: Any, X: Any, y: Any) -> Any:
    return X.T @ (probability(theta, X) - y) / len(y)


def train(search: Callable[..., Result], X: Array, y: Array, steps: int = STEPS) -> Result:
    """`minimize` or `maximize` the same loss, from the same start, by the same steps."""
    return search(
        loss, np.zeros(3), gradient, args=(X, y), optimizer=SGD, lr=0.5, max_iter=steps,
        gtol=None, keep_iterates=True,
    )  # fmt: skip


def accuracy(theta: Array, X: Array, y: Array) -> float:
    return float(np.mean((X @ theta > 0) == (y > 0)))


def band(theta: Array) -> float:
    """The width of the strip in which .1 < p < .9, that is |z| < log 9."""
    return float(2 * np.log(9) / np.hypot(*theta[:2]))


def draw(path: str, X: Array, y: Array, down: Result, up: Result) -> None:
    figure = style.figure(10, 3.8)
    *maps, widths = (style.tidy(axes) for axes in figure.subplots(1, 3))
    grid = np.meshgrid(np.linspace(-5, 5, 400), np.linspace(-5, 5, 400))
    everywhere = np.stack([*grid, np.ones_like(grid[0])], axis=-1)
    for axes, found, name in zip(maps, (down, up), ("descent", "ascent"), strict=True):
        pale = ("#f3c3a3", "white", "#a9cfe6")
        axes.contourf(*grid, probability(found.x, everywhere), (0, 0.1, 0.9, 1), colors=pale)
        for label, mark, colour in ((1, "o", BLUE), (0, "^", RED)):
            axes.plot(*X[y == label, :2].T, mark, color=colour, ms=2.5, label=f"class {label}")
        right = accuracy(found.x, X, y)
        opposite = f", its opposite {1 - right:.1%}" if found is up else ""
        axes.set(xlabel="x₁", ylabel="x₂", title=f"{name}: right {right:.1%}{opposite}")
        axes.set(aspect="equal", xlim=(-5, 5), ylim=(-5, 5))
    maps[0].legend(loc="upper right", framealpha=0.9, edgecolor="none", handletextpad=0.1)
    for (name, found), look in zip({"descent": down, "ascent": up}.items(), "-:", strict=True):
        strip = [band(theta) for theta in found.history.x[1:]]
        widths.loglog(range(1, STEPS + 1), strip, look, color="black", lw=1.8, label=name)
    widths.set(xlabel="step", ylabel="width in units of x", title="white: .1 < p < .9")
    widths.set_box_aspect(1)
    widths.legend(frameon=False)
    style.save(figure, path)


def main() -> None:
    X, y = classes()
    at = np.array([0.3, -0.7, 0.2])
    print(f"The gradient: {check_gradient(loss, gradient, at, args=(X, y)).message}")
    down, up = train(minimize, X, y), train(maximize, X, y)
    print(f"Right about these 400 points: the descent {accuracy(down.x, X, y):.4f},")
    print(
        f"the opposite of the ascent {1 - accuracy(up.x, X, y):.4f}; about all points at best {BEST}"
    )
    for step in (10, 50, 100, 400):
        two = [band(run.history.x[step]) for run in (down, up)]
        print(f"Unsure at step {step:3}: the descent {two[0]:.3f} wide, the ascent {two[1]:.3f}")
    there = classes(centre=2)
    off = 1 - accuracy(train(maximize, *there).x, *there)
    print(f"With the classes around (2, 2) the opposite of the ascent is right {off:.4f}")
    draw("pictures/09_learning_to_be_wrong.png", X, y, down, up)
    print("Drawn: pictures/09_learning_to_be_wrong.png")


if __name__ == "__main__":
    main()
