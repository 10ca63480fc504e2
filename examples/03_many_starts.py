"""Five maxima and two at the ends: one ascent finds a near one, many starts the highest.

f(x) = −x sin(5πx) has maxima on [−1, 1] at ±.70573 (.70287), ±.31278 (.30650), 0 (0) and at the two ends (0),
and an ascent ends at the one on whose slope it began. Of 21 starts the best is kept, and the result says how
many agree with it.
"""

from typing import Any

import numpy as np
from steepest import SGD, check_gradient, maximize
from steepest.maximization import Result
from steepest.plots import style

PLAIN: dict[str, Any] = {"optimizer": SGD, "lr": 0.002, "bounds": (-1, 1), "keep_iterates": True}


def f(x: Any) -> Any:
    return -x * np.sin(5 * np.pi * x)


def gradient(x: Any) -> Any:
    return -np.sin(5 * np.pi * x) - 5 * np.pi * x * np.cos(5 * np.pi * x)


def one() -> Result:
    return maximize(f, 0.5, gradient, **PLAIN)


def many(seed: int = 0) -> Result:
    """The ascent from .5, and 20 more from anywhere between −1 and 1."""
    return maximize(f, 0.5, gradient, restarts=20, seed=seed, **PLAIN)


def draw(path: str, best: Result) -> None:
    axes = best.plot_trajectory(limits=(-1, 1))
    title = f"{best.agreeing} of {len(best.runs)} starts end at the highest"
    axes.set(ylabel="−x sin(5πx)", title=title)
    style.save(axes.figure, path)


def main() -> None:
    print("The gradient is", check_gradient(f, gradient, 0.5).message)
    alone, best = one(), many()
    print(f"One ascent from .5: x = {alone.x:.5f}, f = {alone.fun:.5f}")
    print(f"With restarts:      x = {best.x:.5f}, f = {best.fun:.5f}; {best.message}")
    draw("pictures/03_many_starts.png", best)
    print("Drawn: pictures/03_many_starts.png")


if __name__ == "__main__":
    main()
