"""Two mixtures of two sources: InfoMax finds what was mixed, if it may choose the density.

Uncorrelated is not yet unmixed: InfoMax turns the mixtures until the sources' densities fit, and finds two of
Laplace noise. If one is a square wave its density has two humps instead of one peak, and plain InfoMax fails;
the extended one chooses, and succeeds.

InfoMax is maximum likelihood of X = W⁻¹u with independent sources u: log |det W| + mean Σ log p(u). The
peaked p is the logistic density (Bell and Sejnowski, 1995), that of two humps cosh(u) exp(−u²/2). Which of
them a source has is told by whether it would stay where it is (Lee, Girolami and Sejnowski, 1999).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import check_gradient, maximize
from steepest.plots import style

Array = NDArray[np.float64]


def sources(second: str, seed: int = 0) -> Any:
    """Laplace noise, and more of it or a square wave, as rows."""
    S = np.random.default_rng(seed).laplace(size=(2, 2000))
    if second == "square wave":
        S[1] = np.where(np.arange(2000) % 40 < 20, 1.0, -1.0)
    return (S - S.mean(axis=1, keepdims=True)) / S.std(axis=1, keepdims=True)


def mixed(S: Array) -> Any:
    """What two microphones would hear."""
    return np.array([[1.0, 0.6], [0.5, 1.0]]) @ S


def whitened(X: Array) -> Any:
    """Uncorrelated, with variance 1: what principal components can do."""
    variances, directions = np.linalg.eigh(np.cov(X))
    return directions.T @ X / np.sqrt(variances)[:, None]


def likelihood(W: Any, X: Any, peaked: Any) -> Any:
    u = W @ X
    logistic = -2 * np.logaddexp(u / 2, -u / 2)
    two_humps = np.logaddexp(u, -u) - u**2 / 2
    return np.linalg.slogdet(W)[1] + np.where(peaked, logistic, two_humps).mean(axis=1).sum()


def gradient(W: Any, X: Any, peaked: Any) -> Any:
    u = W @ X
    slopes = np.where(peaked, -np.tanh(u / 2), np.tanh(u) - u)
    return np.linalg.inv(W).T + slopes @ X.T / X.shape[1]


def unmix(X: Array, extended: bool) -> Any:
    """The sources that InfoMax finds, but for their order, sign and size."""
    W, peaked = np.eye(2), np.ones((2, 1), bool)
    for _ in range(5):
        W = maximize(likelihood, W, gradient, args=(X, peaked)).x
        before, peaked = peaked, is_peaked(W @ X)
        if not extended or (peaked == before).all():
            break
    return W @ X


def is_peaked(u: Array) -> Any:
    """Whether a source would stay with the peaked density, a row each."""
    t = np.tanh(u)
    stays = (1 - t**2).mean(axis=1) * (u**2).mean(axis=1) > (u * t).mean(axis=1)
    return stays[:, None]


def match(S: Array, u: Array) -> Any:
    """|Correlation| of each source with what was found for it, in the better order."""
    table = np.abs(np.corrcoef(S, u)[:2, 2:])
    return max(table.diagonal(), table[:, ::-1].diagonal(), key=min)


def draw(path: str, rows: dict[str, Array]) -> None:
    """The first samples of two signals, one above the other, in columns."""
    figure = style.figure(10, 4)
    grid = figure.subplots(2, len(rows), sharex=True, sharey=True)
    for column, (title, signals) in zip(grid.T, rows.items(), strict=True):
        for i, axes in enumerate(column):
            style.tidy(axes).plot(signals[i, :160] / signals[i].std(), **style.line(i))
        column[0].set_title(title, fontsize=11)
        column[1].set_xlabel("sample")
    figure.supylabel("signal in standard deviations", fontsize=10)
    style.save(figure, path)


def main() -> None:
    rng = np.random.default_rng(1)
    X, either = mixed(sources("square wave")), np.array([[True], [False]])
    W = rng.normal(size=(2, 2))
    print(check_gradient(likelihood, gradient, W, args=(X, either)).message)
    for second in ("Laplace noise", "square wave"):
        S = sources(second)
        X = whitened(mixed(S))
        plain, extended = unmix(X, extended=False), unmix(X, extended=True)
        for name, u in {"whitened": X, "plain": plain, "extended": extended}.items():
            noise, other = match(S, u)
            print(f"{name:9}|correlation| {noise:.4f} Laplace noise, {other:.4f} {second}")
    found = {"plain InfoMax": plain, "extended InfoMax": extended}
    draw("pictures/19_infomax.png", {"sources": S, "mixed": mixed(S), **found})
    print("Drawn: pictures/19_infomax.png")


if __name__ == "__main__":
    main()
