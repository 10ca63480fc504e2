"""Draw the pictures of docs/plots.md and docs/compare.md: `python examples/plots.py`.

Rosenbrock's valley, (1 − x)² + 100 (y − x²)², is long, bent and flat on its ground; in ten numbers a chain of
such valleys. The data of the last picture are a logistic regression's, in batches of 20.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, Adam, Rprop, compare, lr_finder, minibatches, minimize, plots
from steepest.maximization import Result

try:
    from matplotlib.figure import Figure
    from PIL import Image
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[plot]"')

Array = NDArray[np.float64]


def valley(x: Array) -> float:
    return float(100 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x[:-1]) ** 2).sum())


def slope(x: Array) -> Array:
    g = np.zeros_like(x)
    g[1:] = 200 * (x[1:] - x[:-1] ** 2)
    g[:-1] += 2 * (x[:-1] - 1) - 400 * x[:-1] * (x[1:] - x[:-1] ** 2)
    return g


START = np.array([-1.2, 1.0])


def three() -> dict[str, Result]:
    """Three ways down the valley."""
    ways: dict[str, dict[str, Any]] = {
        "SGD, lr 0.001": {"optimizer": SGD, "lr": 0.001},
        "Adam, lr 0.1": {"optimizer": Adam, "lr": 0.1},
        "Rprop": {"optimizer": Rprop},
    }
    return {
        name: minimize(valley, START, slope, max_iter=1000, keep_iterates=True, **way)
        for name, way in ways.items()
    }


def in_ten() -> Result:
    return minimize(
        valley, np.tile(START, 5), slope, optimizer=Adam, lr=0.05, max_iter=3000, keep_iterates=True
    )


def regression() -> tuple[Any, Array, Any, Any]:
    """Minus the mean log-likelihood of 2000 rows, over batches: f, x0, its gradient, the batches."""
    rng = np.random.default_rng(0)
    X = np.c_[np.ones(2000), rng.normal(size=(2000, 5))]
    side = np.where(rng.random(2000) < 1 / (1 + np.exp(-X @ [1, 2, -1, 0.5, 0, 1])), 1, -1)

    def f(w: Array, i: Any) -> float:
        return float(np.logaddexp(0, -side[i] * (X[i] @ w)).mean())

    def gradient(w: Array, i: Any) -> Array:
        slope: Array = -X[i].T @ (side[i] / (1 + np.exp(side[i] * (X[i] @ w)))) / len(i)
        return slope

    return f, np.zeros(6), gradient, minibatches(np.arange(2000), 20, seed=0)


def draw_finders(figure: Figure) -> None:
    whole, ramp = figure.subplots(1, 2)
    lr_finder(valley, START, slope, lr_min=1e-5).plot(ax=whole)
    f, x0, gradient, batches = regression()
    lr_finder(f, x0, gradient, batches=batches, optimizer=Adam, lr_min=1e-4, lr_max=100.0).plot(
        ax=ramp
    )
    whole.set_title("short runs, Rosenbrock", loc="left", size=10)
    ramp.set_title("a ramp, over batches", loc="left", size=10)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the pictures of two pages.")
    parser.add_argument(
        "--pictures",
        type=Path,
        default=Path("pictures"),
        help="the folder to draw into",
    )
    folder = parser.parse_args().pictures
    folder.mkdir(parents=True, exist_ok=True)
    ways = three()

    def save(name: str, figure: Any) -> None:
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=100)
        with Image.open(buffer) as image:  # as many colours are enough
            image.convert("RGB").quantize(256).save(folder / name, optimize=True)
        print(f"Drawn: {folder / name}")

    save("history.png", plots.plot_history(ways))
    save("trajectory.png", plots.plot_trajectory(ways).figure)
    save("surface.png", plots.plot_trajectory(ways, kind="surface").figure)
    save("plane.png", in_ten().plot_trajectory().figure)
    found = compare(valley, START, slope)
    print(found)
    save("compare.png", found.plot())
    figure = Figure(figsize=(9.6, 4), dpi=140, layout="constrained")
    draw_finders(figure)
    save("lr_finder.png", figure)


if __name__ == "__main__":
    main()
