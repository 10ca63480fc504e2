"""Too small a rate crawls, too large a one thrashes; and where the slope is 0 there may be a saddle.

The same bowl is descended at five rates, from one that has hardly moved after 100 steps to one that runs
away. From a ridge a run ends on the saddle as if it had arrived, and a nudge, or noise, leads it off.
"""

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, lr_finder, minimize
from steepest.maximization import Result
from steepest.plots import plot_trajectory, style

Array = NDArray[np.float64]

CURVATURES = np.array([1.0, 10.0])
RATES = {"crawls": 0.00001, "is slow": 0.01, "is best": 2 / 11, "thrashes": 0.2, "runs away": 0.21}


def bowl(x: Array) -> float:
    return float(CURVATURES @ x**2) / 2


def bowl_slope(x: Array) -> Array:
    return CURVATURES * x


def at_rate(rate: float, steps: int = 100) -> Result:
    """Each step takes every x to (1 − rate · curvature) x: best at 2 / (1 + 10), larger beyond 2 / 10."""
    return minimize(
        bowl, np.ones(2), bowl_slope, optimizer=SGD, lr=rate, max_iter=steps, gtol=None,
        keep_iterates=True,
    )  # fmt: skip


def saddle(x: Array) -> float:
    """Its minima are at y = ±√2, and between them, at 0, it is one only along x."""
    return float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4)


def saddle_slope(x: Array) -> Array:
    return np.array([2 * x[0], x[1] ** 3 - 2 * x[1]])


def from_ridge(nudge: float, momentum: float = 0.0) -> Result:
    """From (1.5, 0), but for a nudge, where the slope has no part along y."""
    return minimize(
        saddle, np.array([1.5, nudge]), saddle_slope, optimizer=SGD, lr=0.05, momentum=momentum,
        keep_iterates=True,
    )  # fmt: skip


def with_noise(seed: int = 0) -> Result:
    """From the ridge itself, with a slope that is a little wrong each time, as a batch's is."""
    rng = np.random.default_rng(seed)
    return minimize(
        saddle, np.array([1.5, 0.0]), lambda x: saddle_slope(x) + rng.normal(0, 1e-3, 2),
        optimizer=SGD, lr=0.05, max_iter=500, gtol=None,
    )  # fmt: skip


def draw(path: str) -> None:
    figure = style.figure(10, 4)
    left, right = figure.subplots(1, 2)
    for i, (name, rate) in enumerate(RATES.items()):
        look = style.line(i) | {"ls": ("--", "-.", "-", ":", (0, (5, 1, 1, 1, 1, 1)))[i]}
        left.plot([x[1] for x in at_rate(rate, 12).history.x], label=f"{rate:.3g} {name}", **look)
    style.tidy(left).set(xlabel="steps", ylabel="y", title="(x² + 10 y²) / 2 at five rates")
    left.set_ylim(-5.5, 3.5)  # with room for the legend
    left.legend(frameon=False, fontsize=9, loc="lower left", ncols=2)
    runs = {"from the ridge": from_ridge(0.0), "nudged by 0.001": from_ridge(0.001)}
    plot_trajectory(runs, limits=((-0.6, 1.7), (-1, 2.2)), ax=right)
    right.set(xlabel="x", ylabel="y", title="x² − y² + y⁴/4 has a saddle at 0")
    style.save(figure, path)


def main() -> None:
    for f, slope in ((bowl, bowl_slope), (saddle, saddle_slope)):
        print(
            f"The slope of the {f.__name__}: {check_gradient(f, slope, np.array([1.5, 0.7])).message}"
        )
    for name, rate in RATES.items():
        found = at_rate(rate)
        said = ", ".join(verdict.name for verdict in found.history.diagnose()) or "nothing wrong"
        print(f"rate {rate:<7.3g} {name:10} after {found.nit} steps {found.fun:9.3g}; {said}")
    print(f"lr_finder: {lr_finder(bowl, np.ones(2), bowl_slope).suggestion:.3g}")
    for name, found in (("ridge", from_ridge(0.0)), ("nudged", from_ridge(0.001))):
        print(f"{name:7} y = {found.x[1]:.4f} after {found.nit} steps: {found.check()}")
    print(f"with a noisy slope y = {with_noise().x[1]:.4f}")
    draw("pictures/21_rates_and_saddles.png")
    print("Drawn: pictures/21_rates_and_saddles.png")


if __name__ == "__main__":
    main()
