"""What is maximum likelihood good for? Its error falls as 1/√m, along the lower bound.

Where is the middle of data with heavy tails, Student's t with 3 degrees of freedom? The mean comes closer
with more data, too, but the likelihood's maximum needs only half as much, and keeps to Cramér and Rao's
bound.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import check_gradient, maximize
from steepest.maximization import Result
from steepest.plots import style

Array = NDArray[np.float64]
FREEDOM = 3
INFORMATION = (FREEDOM + 1) / (FREEDOM + 3)  # on the middle, by one observation: Fisher's
SIZES = (10, 30, 100, 300, 1000, 3000)


def log_likelihood(middles: Any, x: Array) -> float:
    """Of each row of x around a middle of its own, without what does not depend on it."""
    error = x - middles[:, None]
    return -(FREEDOM + 1) / 2 * float(np.sum(np.log1p(error**2 / FREEDOM)))


def slope(middles: Any, x: Array) -> Array:
    """Far away it falls to 0: unlike a mean, it does not follow a stray observation."""
    error = x - middles[:, None]
    return np.asarray(np.sum((FREEDOM + 1) * error / (FREEDOM + error**2), axis=1))


def fit(x: Array) -> Result:
    """The middles of all rows in one ascent, from their medians; gtol is for all rows together."""
    gtol = 1e-6 * x.shape[1]
    return maximize(log_likelihood, np.median(x, axis=1), slope, args=(x,), gtol=gtol, ftol=None)


def errors(seed: int = 0, repeats: int = 400) -> dict[str, Array]:
    """By size: the root mean square of how far estimates are from the truth, which is 0."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"mean": [], "maximum likelihood": []}
    for m in SIZES:
        x = rng.standard_t(FREEDOM, size=(repeats, m))
        for name, estimates in zip(found, (x.mean(axis=1), fit(x).x), strict=True):
            found[name].append(float(np.sqrt(np.mean(estimates**2))))
    return {name: np.array(values) for name, values in found.items()}


def power(error: Array) -> float:
    """The slope of the straight line through the errors, drawn by logarithms."""
    return float(np.polyfit(np.log(SIZES), np.log(error), 1)[0])


def bound() -> Array:
    """Cramér and Rao's: no unbiased estimate has a smaller error."""
    return np.asarray(1 / np.sqrt(INFORMATION * np.array(SIZES)))


def draw(path: str, found: dict[str, Array]) -> None:
    figure = style.figure(8, 4.5)
    axes, levels = style.tidy(figure.subplots()), (0.02, 0.05, 0.1, 0.2, 0.5)
    axes.loglog(SIZES, bound(), color="0.3", lw=1, label="Cramér and Rao's bound")
    for (name, error), colour, look in zip(
        found.items(), style.COLOURS[1::-1], ("s--", "o"), strict=True
    ):
        axes.loglog(SIZES, error, look, color=colour, ms=7, mfc="none", mew=1.8, label=name)
    axes.set(xlabel="observations m", ylabel="root mean square error", xticks=SIZES)
    axes.set(xticklabels=SIZES, yticks=levels, yticklabels=levels)
    axes.minorticks_off()
    axes.legend(frameon=False)
    style.save(figure, path)


def main() -> None:
    x = np.random.default_rng(1).standard_t(FREEDOM, size=(1, 1000))
    print(check_gradient(log_likelihood, slope, [0.5], args=(x,)).message)
    one = fit(x)
    print(f"standard error, m = 1000: {one.standard_errors()[0]:.4f}, bound {bound()[4]:.4f}")
    found = errors()
    print("    m   mean   maximum likelihood   bound")
    for row in zip(SIZES, *found.values(), bound(), strict=True):
        print("{:5} {:6.4f}  {:19.4f}  {:6.4f}".format(*row))
    for name, error in found.items():
        print(f"{name}: error falls as m to the power {power(error):.3f}")
    draw("pictures/07_consistency.png", found)
    print("Drawn: pictures/07_consistency.png")


if __name__ == "__main__":
    main()
