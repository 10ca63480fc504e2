"""The least squared error finds the mean of y given x, the least absolute error its median.

Most rides by bus are delayed a little and a few a lot, so at every distance the mean time lies above the
median, and the lines of least squared and of least absolute error find one each. IQs are normal, as likely
above 100 as below: there both errors find the same, and 68 % of all people lie within one sd of it.

The gradients say why. That of the squared error vanishes where the errors cancel, and one of an hour counts
sixty times as much as one of a minute. That of the absolute error sees signs only, and vanishes where as many
rides lie above the line as below, however far.
"""

import sys
from math import erf, exp, sqrt
from typing import Any

import numpy as np
from steepest import check_gradient, minimize
from steepest.maximization import Result
from steepest.plots import style

try:
    from statsmodels.regression.quantile_regression import QuantReg
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

# Minutes at 0 km, and how many more a km. The delay's logarithm is normal with sd 1, which makes the mean
# delay √e times the median one.
ON_TIME, MEDIAN_DELAY = np.array([5, 2]), np.array([1, 0.6])
MEDIAN, MEAN = ON_TIME + MEDIAN_DELAY, ON_TIME + exp(0.5) * MEDIAN_DELAY


def rides(seed: int = 0, n: int = 2000) -> tuple[Any, Any]:
    """A column of ones and the distances in km, and how many minutes each ride took."""
    rng = np.random.default_rng(seed)
    X = np.c_[np.ones(n), rng.uniform(0, 10, n)]
    return X, X @ ON_TIME + X @ MEDIAN_DELAY * rng.lognormal(size=n)


def people(seed: int = 0, n: int = 2000) -> tuple[Any, Any]:
    """A column of ones, and IQs: normal, with mean 100 and sd 15."""
    return np.ones((n, 1)), np.random.default_rng(seed).normal(100, 15, n)


def squared_error(w: Any, X: Any, y: Any) -> tuple[float, Any]:
    """Its mean, and the gradient of that."""
    error = X @ w - y
    return float(np.mean(error**2)), 2 * X.T @ error / len(y)


def absolute_error(w: Any, X: Any, y: Any) -> tuple[float, Any]:
    """Its mean, and the gradient of that; where an error is 0 there is a kink, and its sign is 0."""
    error = X @ w - y
    return float(np.mean(np.abs(error))), X.T @ np.sign(error) / len(y)


def fit(loss: Any, X: Any, y: Any) -> Result:
    return minimize(loss, np.zeros(X.shape[1]), True, args=(X, y), gtol=1e-9)


def by_statsmodels(X: Any, y: Any) -> Any:
    """The line of the median, as statsmodels has it."""
    return QuantReg(y, X).fit(0.5, p_tol=1e-9, max_iter=10_000).params


def normal_share(low: float, high: float, mean: float = 100, sd: float = 15) -> float:
    """How many of a normal distribution lie between two values."""
    return (erf((high - mean) / sd / sqrt(2)) - erf((low - mean) / sd / sqrt(2))) / 2


def draw(path: str, bus: Any, lines: list[Any], iq: Any, middles: list[Any]) -> None:
    figure = style.figure(10, 4.3)
    left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
    dot = f"a ride ({np.sum(bus[1] > 60)} more are longer)"
    left.plot(bus[0][:, 1], bus[1], ".", color="0.72", ms=3.5, mew=0, label=dot)
    right.hist(iq[1], np.arange(40, 161, 5), density=True, color="0.9")
    x = np.linspace(40, 160, 241)
    bell = np.exp(-(((x - 100) / 15) ** 2) / 2) / (15 * sqrt(2 * np.pi))
    inside = np.abs(x - 100) <= 15
    right.fill_between(x[inside], bell[inside], color=style.COLOURS[5], alpha=0.35, lw=0)
    right.plot(x, bell, color="black", lw=0.8)
    right.text(117, 0.0205, f"{100 * normal_share(85, 115):.2f} %\nfrom 85 to 115")
    ends = np.array([[1, 0], [1, 10]])
    for i, name in enumerate(("squared", "absolute")):
        look = {**style.line(i), "lw": 2.5, "ls": style.DASHES[i]}
        left.plot(ends[:, 1], ends @ lines[i], label=f"least {name} error", **look)
        right.axvline(middles[i][0], **look)
    for truth, label in ((MEAN, "true mean and median"), (MEDIAN, None)):
        left.plot(ends[:, 1], ends @ truth, color="black", lw=0.8, label=label)
    style.tidy(left).set(xlabel="distance in km", ylabel="ride in min", xlim=(0, 10), ylim=(0, 60))
    style.tidy(right).set(xlabel="IQ", ylabel="share of people per point of IQ", ylim=(0, 0.029))
    left.set_title("Skewed: mean and median differ")
    right.set_title("Normal: they are the same")
    left.legend(frameon=False, loc="upper left", markerscale=2.5)
    style.save(figure, path)


def main() -> None:
    (X, y), iq = rides(), people()
    losses = (squared_error, absolute_error)
    for loss in losses:
        report = check_gradient(loss, True, np.ones(2), args=(X, y))
        print(f"Gradient of the {loss.__name__.replace('_', ' ')}: {report.verdict}")
    lines = [fit(loss, X, y).x for loss in losses]
    for name, found, peer, exact, truth in (
        ("mean", lines[0], "lstsq", np.linalg.lstsq(X, y)[0], MEAN),
        ("median", lines[1], "statsmodels", by_statsmodels(X, y), MEDIAN),
    ):
        away, above = np.abs(found - exact).max(), np.mean(y > X @ found)
        print(f"Line of the {name:6} {found.round(3)}, true {truth.round(3)},", end=" ")
        print(f"{away:.0e} from {peer}; {100 * above:.1f} % of the rides are above")
    middles = [fit(loss, *iq).x for loss in losses]
    print(f"IQ: mean {middles[0][0]:.2f}, median {middles[1][0]:.2f};", end=" ")
    within = np.mean(np.abs(iq[1] - 100) <= 15)
    print(f"from 85 to 115 {normal_share(85, 115):.4f}, of those drawn {within:.4f}")
    draw("pictures/06_mean_and_median.png", (X, y), lines, iq, middles)
    print("Drawn: pictures/06_mean_and_median.png")


if __name__ == "__main__":
    main()
