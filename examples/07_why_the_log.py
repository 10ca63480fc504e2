"""Why the logarithm? Products of densities vanish, gradients too; sums of logs stay.

A thousand densities multiply to 0, where nothing can climb, and one that is 0 is enough; their logarithms add
up to a hill with the same top. Nor does a logarithm let go of a sigmoid that is surely wrong, as squared and
absolute error do.

Beside it: 07_one_gradient.py, what else such a sum is called; 07_consistency.py, what it is good for.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize, minimize
from steepest.maximization import Result
from steepest.plots import style

Array = NDArray[np.float64]


def sample(m: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=m)


# How likely are data x, if they are normal with the mean μ and the standard deviation 1?
def densities(mu: Any, x: Array) -> Array:
    return np.asarray(np.exp(-((x - mu) ** 2) / 2) / np.sqrt(2 * np.pi))


def product(mu: Any, x: Array) -> float:
    return float(np.prod(densities(mu, x)))


def product_slope(mu: Any, x: Array) -> float:
    return product(mu, x) * float(np.sum(x - mu))


def sum_of_logs(mu: Any, x: Array, scale: float = 1.0) -> float:
    """The logarithm taken by hand: that of a density which is 0 already would come too late."""
    return -scale * float(np.sum((x - mu) ** 2 + np.log(2 * np.pi))) / 2


def log_slope(mu: Any, x: Array, scale: float = 1.0) -> float:
    return scale * float(np.sum(x - mu))


def by_product(x: Array) -> Result:
    # No ftol: products are so small that no gain would look like one.
    return maximize(product, 0.5, product_slope, args=(x,), ftol=None)


def by_logs(x: Array, scale: float = 1.0) -> Result:
    """The most likely μ is the same, whatever the sum is multiplied by, such as 1/m for a mean."""
    return maximize(sum_of_logs, 0.5, log_slope, args=(x, scale), gtol=1e-9 * scale, ftol=None)


# A sigmoid σ(z) that should say 1: three losses, and their derivatives in z. 1 − σ(z) is σ(−z).
def sigmoid(z: Any) -> Any:
    return np.exp(-np.logaddexp(0, -z))


LOSSES: dict[str, tuple[Any, Any]] = {
    "squared error": (lambda z: sigmoid(-z) ** 2, lambda z: -2 * sigmoid(-z) ** 2 * sigmoid(z)),
    "absolute error": (lambda z: sigmoid(-z), lambda z: -sigmoid(-z) * sigmoid(z)),
    "cross-entropy": (lambda z: np.logaddexp(0, -z), lambda z: -sigmoid(-z)),  # −log σ(z)
}


def recover(name: str) -> Result:
    """A hundred steps of rate 1 from z = −10, where σ says 0.00005."""
    f, slope = LOSSES[name]
    return minimize(f, -10.0, slope, optimizer=SGD, lr=1.0, max_iter=100, gtol=None)


def draw(path: str, x: Array) -> None:
    figure = style.figure(10, 4)
    left, right = figure.subplots(1, 2)
    factors, count = densities(0, x), np.arange(1, len(x) + 1)
    logs, products = np.cumsum(np.log10(factors)), np.cumprod(factors)
    alive = products > 0
    left.plot(count, logs, label="sum of logs", **style.line(0))
    look = style.line(1) | {"ls": "--", "lw": 4}
    left.plot(count[alive], np.log10(products[alive]), label="log of the product", **look)
    end = (alive.sum(), np.log10(products[alive][-1]))
    left.plot(*end, "X", color=style.COLOURS[1], ms=11)
    left.annotate(f"0 from the {end[0] + 1}th on", end, (12, 0), textcoords="offset points")
    style.tidy(left).set(xlabel="densities", ylabel="log₁₀ of the likelihood")
    left.set_title("A product vanishes")
    z = np.linspace(-12, 6, 400)
    for i, (name, (_, slope)) in enumerate(LOSSES.items()):
        right.plot(z, -slope(z), label=name, **style.line(i) | {"ls": ("--", ":", "-")[i]})
    style.tidy(right).set(xlabel="z, where σ(z) should be 1", ylabel="−slope in z")
    right.set_xticks(range(-12, 7, 3))
    right.set_title("Only a logarithm pulls at what is surely wrong")
    for axes in (left, right):
        axes.legend(frameon=False)
    style.save(figure, path)


def main() -> None:
    x, few = sample(1000), sample(10)
    print(f"product: {check_gradient(product, product_slope, 0.5, args=(few,)).message}")
    print(f"logs: {check_gradient(sum_of_logs, log_slope, 0.5, args=(x,)).message}")
    print("data         product of densities     by logs: their sum, their mean  mean of x")
    for name, data in (("10", few), ("10 and 40.0", np.append(few, 40)), ("1000", x)):
        run, logs, scaled = by_product(data), by_logs(data), by_logs(data, 1 / len(data))
        print(f"{name:11}  {run.fun:8.3g} at μ = {run.x:.6f}", end="")
        print(f"  {logs.x:18.6f}  {scaled.x:10.6f}  {data.mean():9.6f}")
    print(f"the product of 1000: {by_product(x).history.diagnose()[0]}")
    for name, (f, slope) in LOSSES.items():
        verdict, z = check_gradient(f, slope, -2.0).message.split(";")[0], recover(name).x
        print(f"{name:14}  {verdict}; {slope(-10.0):8.5f} at z = −10, steps lead to {z:.3f}")
    draw("pictures/07_why_the_log.png", x)
    print("Drawn: pictures/07_why_the_log.png")


if __name__ == "__main__":
    main()
