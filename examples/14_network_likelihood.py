"""Where a network tells all apart, no weights are the likeliest; a penalty mends that.

A softmax network climbs the log-likelihood of scikit-learn's digits: without a penalty its weights grow for
ever, with L2 they end where LogisticRegression's do. The weaker the penalty, the likelier the images it has
learnt from; but of new ones it is soon too sure.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from steepest import SGD, check_gradient, maximize
from steepest.maximization import Result
from steepest.plots import style

try:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Data = tuple[Any, Any]  # images, one a row, 64 pixels from 0 to 1; and their digits
CS = (0.1, 1.0, 10.0, 100.0)  # scikit-learn's C: the larger, the weaker the penalty


def load(seed: int = 0) -> tuple[Data, Data]:
    """Three images in four to learn from, the others are new."""
    images, digits = load_digits(return_X_y=True)
    split = train_test_split(images / 16, digits, stratify=digits, random_state=seed)
    return (split[0], split[2]), (split[1], split[3])


def likelihood(data: Data, C: float = np.inf) -> Callable[[Any], tuple[float, Any]]:
    """The mean log-likelihood of a network of 64 inputs and 10 outputs, less ‖W‖² / 2Cn; its gradient."""
    images, digits = data
    n, truth = len(digits), np.eye(10)[digits]

    def value_and_gradient(p: Any) -> tuple[float, Any]:
        scores = images @ p["W"] + p["b"]
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        total = odds.sum(axis=1, keepdims=True)
        error = truth - odds / total
        value = np.sum(truth * (scores - np.log(total))) / n - np.sum(p["W"] ** 2) / (2 * C * n)
        return float(value), {"W": images.T @ error / n - p["W"] / (C * n), "b": error.mean(axis=0)}

    return value_and_gradient


def climb(data: Data, C: float = np.inf, **options: Any) -> Result:
    start = {"W": np.zeros((64, 10)), "b": np.zeros(10)}
    return maximize(likelihood(data, C), start, True, **options)


def walk(data: Data, C: float = np.inf, steps: int = 1000) -> Result:
    """The same by momentum at a constant rate, to see how W grows."""
    law: dict[str, Any] = {"optimizer": SGD, "lr": 1.0, "momentum": 0.9}
    return climb(data, C, max_iter=steps, gtol=None, keep_iterates=True, **law)


def scikit_learn(data: Data, C: float) -> Any:
    fit = LogisticRegression(C=C, tol=1e-6, max_iter=10_000).fit(*data)
    return {"W": fit.coef_.T, "b": fit.intercept_}


def size(p: Any) -> float:
    return float(np.linalg.norm(p["W"]))


def accuracy(p: Any, data: Data) -> float:
    return float(np.mean((data[0] @ p["W"] + p["b"]).argmax(axis=1) == data[1]))


def draw(path: str, walks: dict[str, Result], peer: Any, values: Any) -> None:
    figure = style.figure(9.5, 4)
    growth, penalty = (style.tidy(axes) for axes in figure.subplots(1, 2))
    for i, (name, run) in enumerate(walks.items()):
        look = style.line(i) | {"ls": style.DASHES[i]}
        growth.plot([size(p) for p in run.history.x], label=name, **look)
    growth.axhline(size(peer), color="black", ls=":", lw=1.5, label="scikit-learn's, C = 1")
    growth.set(xscale="log", xlim=(1, None), xlabel="step", ylabel="‖W‖", title="How weights grow")
    growth.legend(frameon=False)
    for i, (name, mark) in enumerate({"images learnt from": "o", "new images": "s"}.items()):
        penalty.plot(CS, [value[i] for value in values], marker=mark, label=name, **style.line(i))
    penalty.set(xscale="log", xlabel="C: weaker penalties to the right", ylim=(-0.42, 0.02))
    penalty.set(ylabel="mean log-likelihood of an image", title="What the penalty does")
    penalty.legend(frameon=False, loc="lower right")
    style.save(figure, path)


def main() -> None:
    train, new = load()
    random = np.random.default_rng(0)
    point = {"W": random.normal(size=(64, 10)), "b": random.normal(size=10)}
    print("Gradient:", check_gradient(likelihood(train, 1.0), True, point, samples=40).verdict)

    peer, fits = scikit_learn(train, 1.0), {C: climb(train, C) for C in CS}
    ours, theirs = fits[1.0].x, likelihood(train, 1.0)(peer)[0]
    print(f"C = 1: objective {fits[1.0].fun:.6f}, scikit-learn's {theirs:.6f};")
    print(f"  new digits right {accuracy(ours, new):.4f}, {accuracy(peer, new):.4f}")
    values = [[likelihood(data)(fit.x)[0] for data in (train, new)] for fit in fits.values()]
    for (C, fit), (learnt, unseen) in zip(fits.items(), values, strict=True):
        print(f"C = {C:<5g} ‖W‖ {size(fit.x):5.2f}, log-likelihood {learnt:.4f}, new {unseen:.4f}")

    print(f"No penalty: {climb(train, max_norm=100.0).message}")
    # A slope that dies is no summit: where all are told apart, twice the weights are likelier still.
    far = climb(train)
    twice = likelihood(train)({name: 2 * array for name, array in far.x.items()})[0]
    print(f"Without max_norm: ‖W‖ {size(far.x):.0f}, where {far.message};")
    print(f"  log-likelihood {far.fun:.1e}, of 2W {twice:.1e}, new {likelihood(new)(far.x)[0]:.1f}")
    walks = {"no penalty": walk(train), "C = 1": walk(train, 1.0)}
    draw("pictures/14_network_likelihood.png", walks, peer, values)
    print("Drawn: pictures/14_network_likelihood.png")


if __name__ == "__main__":
    main()
