"""Which optimizer is best? Of five objectives none is best on more than two, ties counted.

Each goes 200 steps at each of five rates down a bent valley, a turned bowl, a badly scaled bowl and a
plateau, and through minibatches; its best rate counts, and 1e-16 or less is a tie. For every one
there is an objective on which another comes a thousand times closer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, compare, family, minibatches
from steepest.plots import style

Array = NDArray[np.float64]
#: f, its gradient, where to start, how far x is above the least value (None: f), what else compare is told.
Objective = tuple[Callable[..., float], Callable[..., Array], Array, Any, dict[str, Any]]
RATES = [1e-4, 1e-3, 1e-2, 0.1, 1.0]
SOLVED = 1e-16  # as near as this is there: who is nearer yet is not asked
#: All classes, and SGD with momentum, too.
OPTIMIZERS: dict[str, Any] = {name: {"optimizer": getattr(family, name)} for name in family.__all__}
del OPTIMIZERS["GradientAscent"]  # it only goes up if it is not told
OPTIMIZERS["SGD, momentum"] = {"optimizer": SGD, "momentum": 0.9}
OPTIMIZERS["AdamW"]["weight_decay"] = 0.0  # it would lead elsewhere


def quadratic(H: Array, start: Array) -> Objective:
    return lambda x: float(x @ H @ x) / 2, lambda x: H @ x, start, None, {}


def valley() -> Objective:
    def slope(x: Array) -> Array:
        rise = x[1] - x[0] ** 2
        return np.array([2 * (x[0] - 1) - 400 * x[0] * rise, 200 * rise])

    start = np.array([-1.2, 1.0])
    return lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, slope, start, None, {}


def plateau(start: Array) -> Objective:
    """A pit in a plain, so flat where it begins that the slope is some 1e-5."""
    return lambda x: -np.expm1(-x @ x / 2), lambda x: x * np.exp(-x @ x / 2), start, None, {}


def batches(rng: np.random.Generator) -> Objective:
    """Least squares, ten rows a step."""
    X = rng.normal(size=(400, 5))
    y = X @ rng.normal(size=5) + rng.normal(size=400)
    best = X @ np.linalg.lstsq(X, y)[0]
    return (
        lambda w, i: float(np.mean((X[i] @ w - y[i]) ** 2)) / 2,
        lambda w, i: X[i].T @ (X[i] @ w - y[i]) / len(i),
        np.zeros(5),
        lambda w: float(np.mean((X @ w - best) ** 2)) / 2,
        {"batches": minibatches(np.arange(400), 10, seed=0), "epochs": 5},  # of 40 steps
    )


def objectives(seed: int = 0) -> dict[str, Objective]:
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    return {
        "bent valley": valley(),
        "turned bowl": quadratic(Q * np.logspace(0, 2, 10) @ Q.T, rng.normal(size=10)),
        "badly scaled bowl": quadratic(np.diag(np.logspace(-3, 3, 10)), rng.normal(size=10)),
        "plateau": plateau(np.array([4.0, 3.0]) + rng.normal(0, 0.1, 2)),
        "minibatches": batches(rng),
    }


def table(seed: int = 0) -> dict[str, dict[str, float]]:
    """For each objective how far above the least value each optimizer's best rate has ended."""
    found: dict[str, dict[str, float]] = {}
    for title, (f, grad, start, excess, options) in objectives(seed).items():
        limits = {"max_iter": 200, "gtol": None, "max_norm": 1e6, **options}
        tried = compare(f, start, grad, OPTIMIZERS, lr=RATES, **limits)
        ends = found[title] = dict.fromkeys(OPTIMIZERS, np.inf)
        for row in (row for row in tried.rows if row.is_whole):
            end = max((excess or f)(row.result.x), SOLVED)
            ends[row.optimizer] = min(ends[row.optimizer], end)
    return found


def best(ends: dict[str, float]) -> list[str]:
    return [name for name, end in ends.items() if end == min(ends.values())]


def draw(path: str, found: dict[str, dict[str, float]]) -> None:
    excess = np.array([list(ends.values()) for ends in found.values()]).T
    behind = np.log10(excess / excess.min(axis=0))
    order = behind.clip(max=6).sum(axis=1).argsort()
    figure = style.figure(9, 5.5)
    axes = figure.subplots()
    image = axes.imshow(behind[order], cmap="cividis_r", vmin=0, vmax=6, aspect="auto")
    for (i, j), value in np.ndenumerate(excess[order]):
        far = behind[order][i, j]
        look = {"weight": "normal" if far else "bold", "color": "white" if far > 3 else "black"}
        told = f"≤ {SOLVED:.0e}" if value == SOLVED else f"{value:.0e}"
        axes.text(j, i, told, ha="center", va="center", fontsize=9, **look)
    axes.set_xticks(range(len(found)), found)
    axes.set_yticks(range(len(order)), np.array(list(OPTIMIZERS))[order])
    axes.set_title("How far above the least value (the best, with ties, in bold)")
    figure.colorbar(image, label="powers of ten behind the best", extend="max")
    style.save(figure, path)


def main() -> None:
    for title, (f, grad, start, _, options) in objectives().items():
        batch = [next(iter(options["batches"]))] if options else []
        print(f"{title:18} {check_gradient(f, grad, start + 0.1, batch).message}")
    found = table()
    for title, ends in found.items():
        print(f"{title:18} {' = '.join(best(ends))}: {min(ends.values()):.0e}")
    draw("pictures/21_no_best.png", found)
    print("Drawn: pictures/21_no_best.png")


if __name__ == "__main__":
    main()
