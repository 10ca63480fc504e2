"""Which direction has most of the variance? Iris, and scikit-learn's principal components.

Variance is climbed along vectors of length 1, and then again at right angles to those found before. The ends
are the principal components, as PCA has them: one direction has 92 % of what 150 flowers differ in.

The variance along w is wᵀC w, with the covariance C of the data, and its gradient 2 C w. Without the bound on
its length w would grow for ever.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize
from steepest.maximization import Result
from steepest.plots import style

try:
    from sklearn.datasets import load_iris
    from sklearn.decomposition import PCA
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Array = NDArray[np.float64]


def variance(w: Any, C: Any) -> Any:
    return w @ C @ w


def gradient(w: Any, C: Any) -> Any:
    return 2 * C @ w


def components(X: Array, seed: int = 0) -> list[Result]:
    """The climbs to all components of data with a sample a row, largest variance first."""
    rng, C = np.random.default_rng(seed), np.cov(X.T)
    found: list[Result] = []

    def project(w: Any) -> Any:
        for before in found:
            w = w - (before.x @ w) * before.x
        return w / np.linalg.norm(w)

    for _ in range(len(C)):
        run = maximize(
            variance, rng.normal(size=len(C)), gradient, args=(C,), project=project,
            optimizer=SGD, lr=0.1, momentum=0.9, gtol=1e-12, max_iter=1000, keep_iterates=True,
        )  # fmt: skip
        found.append(run)
    return found


def distance(w: Array, true: Array) -> float:
    """Largest difference of two components; −w is as good as w."""
    return float(np.abs(w * np.sign(w @ true) - true).max())


def draw(path: str, X: Array, species: Array, found: list[Result], true: Array) -> None:
    figure = style.figure(10, 4)
    left, right = figure.subplots(1, 2)
    first, second = ((X - X.mean(axis=0)) @ run.x for run in found[:2])
    for kind, name in enumerate(("setosa", "versicolor", "virginica")):
        own = species == kind
        look = {"color": style.COLOURS[kind], "ms": 5, "alpha": 0.8, "mew": 0, "label": name}
        left.plot(first[own], second[own], "os^"[kind], **look)
    for i, run in enumerate(found[:-1]):  # the last has no choice left
        errors = [max(distance(w, true[i]), 1e-17) for w in run.history.x]
        name = ("first", "second", "third")[i]
        right.semilogy(errors, **{**style.line(i), "ls": style.DASHES[i], "label": name})
    style.tidy(left).set(xlabel="first component in cm", ylabel="second component in cm")
    style.tidy(right).set(xlabel="step", ylabel="distance from scikit-learn's")
    left.legend(frameon=False)
    right.legend(title="component", frameon=False)
    style.save(figure, path)


def main() -> None:
    X, species = load_iris(return_X_y=True)
    w = np.random.default_rng(1).normal(size=4)
    print(check_gradient(variance, gradient, w, args=(np.cov(X.T),)).message)
    pca, found = PCA().fit(X), components(X)
    print("variance in cm²  by PCA    of all  distance  steps")
    for run, exact, share, true in zip(
        found, pca.explained_variance_, pca.explained_variance_ratio_, pca.components_, strict=True
    ):
        away = distance(run.x, true)
        print(f"{run.fun:15.6f}  {exact:8.6f}{share:7.1%}  {away:8.1e}  {run.nit:5}")
    draw("pictures/19_pca.png", X, species, found, pca.components_)
    print("Drawn: pictures/19_pca.png")


if __name__ == "__main__":
    main()
