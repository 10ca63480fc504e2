"""KL divergence, cross-entropy, negative log-likelihood: three names, one gradient.

A model q is fitted to how often each of five letters came, p, and its three losses differ by the entropy of p
at most, in which there is no model: they fall together, the divergence to 0. On lengths, whose densities may
be above 1, the negative log-likelihood ends below 0.
"""

from typing import Any

import numpy as np
from steepest import SGD, check_gradient, minimize
from steepest.maximization import Result
from steepest.plots import style

SENT = np.array([0.5, 0.25, 0.15, 0.07, 0.03])


def letters(seed: int = 0, m: int = 1000) -> Any:
    """Which of the letters 0 … 4 came, m times."""
    return np.random.default_rng(seed).choice(len(SENT), m, p=SENT)


def frequencies(data: Any) -> Any:
    return np.bincount(data, minlength=len(SENT)) / len(data)


def log_q(theta: Any) -> Any:
    """The model is a softmax: q = exp(θ) / Σ exp(θ)."""
    return theta - np.logaddexp.reduce(theta)


def divergence(theta: Any, data: Any) -> float:
    """Σ p log(p / q), Kullback's and Leibler's."""
    p = frequencies(data)
    return float(p @ (np.log(p) - log_q(theta)))


def cross_entropy(theta: Any, data: Any) -> float:
    """−Σ p log q."""
    return float(-frequencies(data) @ log_q(theta))


def negative_log_likelihood(theta: Any, data: Any) -> float:
    """Of one letter after another, which knows nothing of frequencies."""
    return -float(np.mean(log_q(theta)[data]))


def slope(theta: Any, data: Any) -> Any:
    """q − p, for all three."""
    return np.exp(log_q(theta)) - frequencies(data)


LOSSES = {
    "negative log-likelihood": negative_log_likelihood,
    "cross-entropy": cross_entropy,
    "KL divergence": divergence,
}


def descend(name: str, data: Any) -> Result:
    return minimize(
        LOSSES[name], np.zeros(len(SENT)), slope, args=(data,),
        optimizer=SGD, lr=1.0, gtol=1e-9, ftol=None,
    )  # fmt: skip


def lengths(seed: int = 0, m: int = 1000) -> Any:
    """Of screws, in cm: 1.3, give or take a millimetre."""
    return np.random.default_rng(seed).normal(1.3, 0.1, m)


def normal_loss(p: Any, x: Any) -> tuple[float, Any]:
    """The mean of −log density, normal with the mean p[0] and log σ = p[1], and its gradient."""
    z = (x - p[0]) * np.exp(-p[1])
    value = np.mean(z**2) / 2 + p[1] + np.log(2 * np.pi) / 2
    return float(value), np.array([-np.mean(z) * np.exp(-p[1]), 1 - np.mean(z**2)])


def fit(x: Any) -> Result:
    return minimize(normal_loss, [1.0, 0.0], True, args=(x,), gtol=1e-9, ftol=None)


def draw(path: str, runs: dict[str, Result], x: Any, screws: Result) -> None:
    figure = style.figure(10, 4)
    left, right = figure.subplots(1, 2)
    for i, (name, run) in enumerate(runs.items()):
        look = {"ls": ("-", ":", "--")[i], "lw": (1.8, 4, 1.8)[i], "color": style.COLOURS[i]}
        left.plot(run.history.value[:41], label=name, **look)
    left.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.45))
    style.tidy(left).set(xlabel="step", ylabel="loss in nats a letter", title="They fall together")
    (mean, log_sd), at = screws.x, np.linspace(0.9, 1.7, 300)
    density = np.exp(-(((at - mean) / np.exp(log_sd)) ** 2) / 2 - log_sd) / np.sqrt(2 * np.pi)
    right.hist(x, 30, density=True, color="0.85", label="data")
    right.plot(at, density, label="fitted", **style.line(0))
    right.axhline(1, color="0.3", lw=1, ls="--")
    right.text(1.73, 1.12, "above 1: −log < 0", color="0.3", ha="right")
    right.legend(frameon=False)
    style.tidy(right).set(xlabel="length in cm", ylabel="density per cm")
    right.set_title("A mean of −log density below 0")
    style.save(figure, path)


def main() -> None:
    data, x, theta = letters(), lengths(), np.random.default_rng(1).normal(size=len(SENT))
    runs, screws, p = {name: descend(name, data) for name in LOSSES}, fit(x), frequencies(data)
    for name, run in runs.items():
        verdict = check_gradient(LOSSES[name], slope, theta, args=(data,)).message.split(";")[0]
        away = np.abs(np.exp(log_q(run.x)) - p).max()
        print(f"{name:23} q − p is {verdict}; ends at {run.fun:.6f}, q within {away:.0e} of p")
    print(f"entropy of p {-p @ np.log(p):.6f}")
    print(f"screws: {check_gradient(normal_loss, True, [1.0, -1.0], args=(x,)).message}")
    truth = np.log(x.std()) + np.log(2 * np.pi * np.e) / 2
    print(f"loss {screws.fun:.6f}, by log(sd) + log(2πe) / 2 {truth:.6f}")
    draw("pictures/07_one_gradient.png", runs, x, screws)
    print("Drawn: pictures/07_one_gradient.png")


if __name__ == "__main__":
    main()
