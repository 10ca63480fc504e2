"""What do descent and ascent see of a loss: its surface, both ways over it, and upside down?

The cross-entropy of a classifier σ(θ₁x₁ + θ₂x₂ + θ₃), over θ₁ and θ₂, is a valley: descent goes to its floor,
ascent goes on until it is stopped, and upside down they change their parts. Written down naively, the loss is
infinite where the classifier is certain of class 1 and wrong, and there the ascent ends.

The naive loss takes the logarithm of 1 − p, with p = σ(z): in float64 that is 0 from z = 37 on, in float32
from z = 17. logaddexp(0, z) is −log(1 − p), too, and finite for every z.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize, minimize
from steepest.maximization import Result
from steepest.plots import plot_trajectory, style

Array = NDArray[np.float64]
START = np.array([-2.0, 10.0, 0.0])
LIMITS, CELLS = (-18.0, 18.0), 60


def classes(seed: int = 0, size: int = 200) -> tuple[Array, Array]:
    """Points around ±(1, 1) with a column of ones, and their class, 1 or 0."""
    means = np.repeat([1.0, -1.0], size)[:, None]
    points = np.random.default_rng(seed).normal(means, 1.0, (2 * size, 2))
    return np.c_[points, np.ones(2 * size)], np.repeat([1.0, 0.0], size)


def loss(theta: Any, X: Any, y: Any) -> float:
    """The mean of −log p or −log(1 − p), as logaddexp has it."""
    return float(np.mean(np.logaddexp(0, X @ theta) - y * (X @ theta)))


def naive_loss(theta: Any, X: Any, y: Any) -> float:
    """The same as it is written in books."""
    with np.errstate(over="ignore", divide="ignore"):
        p = 1 / (1 + np.exp(-(X @ theta)))
        return float(np.mean(-np.log(np.where(y == 1, p, 1 - p))))


def gradient(theta: Any, X: Any, y: Any) -> Any:
    return X.T @ (np.exp(-np.logaddexp(0, -X @ theta)) - y) / len(y)


def upside_down(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: -f(*given)


def train(
    search: Callable[..., Result], data: Any, f: Any = loss, grad: Any = gradient, **stops: Any
) -> Result:
    """`minimize` or `maximize` by plain steps from the same start."""
    plain = {"optimizer": SGD, "lr": 0.5, "max_iter": 400, "gtol": None, "keep_iterates": True}
    return search(f, START, grad, args=data, **plain, **stops)


def holes(f: Any, data: tuple[Array, Array], dtype: Any = np.float64) -> int:
    """Cells of the surface in which a loss is not finite."""
    X, y = (part.astype(dtype) for part in data)
    side = np.linspace(*LIMITS, CELLS)
    values = [f(np.array([a, b, 0], dtype), X, y) for a in side for b in side]
    return int(np.sum(~np.isfinite(values)))


def draw(path: str, data: tuple[Array, Array]) -> None:
    ways = {"descent": minimize, "ascent": maximize}
    naive = f"naive: {holes(naive_loss, data)} of {CELLS**2} cells empty"
    shown = (
        ("the loss: a valley", loss, gradient, (0, 36), 30),
        ("upside down: a hill", upside_down(loss), upside_down(gradient), (-36, 0), 210),
        (naive, naive_loss, gradient, (0, 36), 30),
    )
    figure = style.figure(10, 4)
    for place, (title, f, grad, heights, side) in enumerate(shown, 1):
        axes = figure.add_subplot(1, 3, place, projection="3d")
        axes.view_init(28, side)
        runs = {name: train(search, data, f, grad, max_norm=18) for name, search in ways.items()}
        look: dict[str, Any] = {"kind": "surface", "limits": (LIMITS, LIMITS), "points": CELLS}
        plot_trajectory(runs, plane=(0, 1), at=np.zeros(3), ax=axes, **look)
        axes.set_title("", loc="right")
        axes.set_title(title, size=11)
        axes.set(xlabel="θ₁", ylabel="θ₂", xticks=(-10, 0, 10), yticks=(-10, 0, 10), zlim=heights)
        axes.set_zlabel("")
        axes.text2D(0.0, 0.75, "loss" if side == 30 else "−loss", transform=axes.transAxes)
        axes.get_legend().remove()
    ends = axes.get_legend_handles_labels()
    figure.legend(*ends, loc="outside lower center", ncols=2, frameon=False)
    style.save(figure, path)


def main() -> None:
    data = classes()
    print(f"The gradient: {check_gradient(loss, gradient, START, args=data).message}")
    print(f"Down: {train(minimize, data).message}, the loss is {train(minimize, data).fun:.4f}")
    for f, stops in ((loss, {}), (loss, {"max_norm": 100}), (naive_loss, {})):
        up = train(maximize, data, f, **stops)
        print(
            f"Up the {f.__name__}, {stops or 'no bound'}: {up.message}; ‖θ‖ = {np.linalg.norm(up.x):.1f}"
        )
    for f in (loss, naive_loss):
        counts = [holes(f, data, dtype) for dtype in (np.float64, np.float32)]
        print(
            f"Cells of {CELLS**2} where {f.__name__} is not finite: float64 {counts[0]}, float32 {counts[1]}"
        )
    draw("pictures/10_loss_surface.png", data)
    print("Drawn: pictures/10_loss_surface.png")


if __name__ == "__main__":
    main()
