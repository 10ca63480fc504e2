"""Three kinds of iris from their measurements alone: a Gaussian mixture by its gradient.

Three normal distributions climb the mean log-likelihood of 150 flowers, in the logits of their weights, their
means and the Cholesky factors of their precisions. From k-means they end where scikit-learn's EM ends; of
random starts few do, so it takes many.
"""

import sys
from typing import Any

import numpy as np
from steepest import GradientAscent, check_gradient, maximize
from steepest.maximization import Result
from steepest.plots import style

try:
    from scipy.optimize import Bounds
    from sklearn.cluster import KMeans
    from sklearn.datasets import load_iris
    from sklearn.mixture import GaussianMixture
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

FLOWERS = load_iris().data  # 150 of them: length and width of sepals and of petals, in cm
# A density's height is the product of L's diagonal. Around flowers in one plane it would grow for ever, so no
# kind may be narrower than the rounding to 0.1 cm, whose sd is 0.1/√12. Above the diagonal L is held at 0.
BELOW, DIAGONAL = np.tri(4, k=-1, dtype=bool), np.eye(4, dtype=bool)
LOWEST = np.where(BELOW, -np.inf, 0.01 * DIAGONAL)
HIGHEST = np.where(BELOW, np.inf, np.sqrt(12) / 0.1 * DIAGONAL)
BOUNDS = {"logits": None, "means": None, "L": Bounds([LOWEST] * 3, [HIGHEST] * 3)}


def log_likelihood(p: Any) -> tuple[float, Any]:
    """The mean over flowers x of log Σ wₖ N(x; μₖ, (LₖLₖᵀ)⁻¹), and its gradient."""
    L, diagonal = p["L"], p["L"][:, DIAGONAL]
    away = FLOWERS - p["means"][:, None]  # kinds × flowers × measurements
    white = away @ L
    log_weights = p["logits"] - np.logaddexp.reduce(p["logits"])
    height = log_weights + np.log(diagonal).sum(axis=1) - 2 * np.log(2 * np.pi)
    log_joint = height[:, None] - (white**2).sum(axis=2) / 2
    log_p = np.logaddexp.reduce(log_joint)
    shares = np.exp(log_joint - log_p) / len(FLOWERS)  # of each kind in each flower, as in EM
    pull = shares[:, :, None] * white
    logits = shares.sum(axis=1) - np.exp(log_weights)
    means = np.einsum("kij,kj->ki", L, pull.sum(axis=1))
    factors = -np.swapaxes(away, 1, 2) @ pull
    factors[:, DIAGONAL] += shares.sum(axis=1)[:, None] / diagonal
    return float(log_p.mean()), {"logits": logits, "means": means, "L": factors}


def k_means(seed: int = 0) -> Any:
    """The start that scikit-learn makes: each cluster's share, mean and covariance."""
    labels = KMeans(3, n_init=1, random_state=seed).fit(FLOWERS).labels_
    clusters = [FLOWERS[labels == kind] for kind in range(3)]
    precisions = [np.linalg.inv(np.cov(cluster.T, bias=True)) for cluster in clusters]
    return {
        "logits": np.log([len(cluster) for cluster in clusters]),
        "means": np.array([cluster.mean(axis=0) for cluster in clusters]),
        "L": np.linalg.cholesky(precisions),
    }


def anywhere(rng: Any) -> Any:
    """Three flowers as means, and around each a sd of half a centimetre."""
    means = FLOWERS[rng.choice(len(FLOWERS), 3, replace=False)]
    return {"logits": np.zeros(3), "means": means, "L": np.array([2 * np.eye(4)] * 3)}


def climb(start: Any, **options: Any) -> Result:
    options = {"lr": 0.01, "lr_decay": 0.99, "max_iter": 400, "bounds": BOUNDS, **options}
    return maximize(log_likelihood, start, True, optimizer=GradientAscent, **options)


def climb_from_anywhere(seed: int = 0) -> Result:
    """The best of 12 climbs, which are all in its runs; their ways are longer, and so are their steps."""
    start = anywhere(np.random.default_rng(seed))
    return climb(start, lr=0.05, restarts=11, sampler=anywhere, seed=seed)


def expectation_maximization(seed: int = 0) -> Any:
    return GaussianMixture(3, tol=1e-9, max_iter=5000, random_state=seed).fit(FLOWERS)


def draw(path: str, found: Result, scattered: Result, em: Any) -> None:
    figure = style.figure(9.5, 4)
    flowers, climbs = (style.tidy(axes) for axes in figure.subplots(1, 2))
    flowers.plot(FLOWERS[:, 2], FLOWERS[:, 3], "o", color="0.65", ms=3, label="a flower")
    turn = np.linspace(0, 2 * np.pi, 100)
    dotted: dict[str, Any] = {"color": "black", "ls": ":", "lw": 1.5}
    for kind, L in enumerate(found.x["L"]):
        ours = found.x["means"][kind], np.linalg.inv(L @ L.T), style.line(0)
        theirs = em.means_[kind], em.covariances_[kind], dotted
        for mean, covariance, look in (ours, theirs):
            ellipse = np.linalg.cholesky(covariance[2:, 2:]) @ [2 * np.cos(turn), 2 * np.sin(turn)]
            flowers.plot(*(mean[2:, None] + ellipse), **look)
    flowers.set(xlabel="petal length in cm", ylabel="petal width in cm", title="Two sd around each")
    for run in scattered.runs:
        (line,) = climbs.plot(run.history.value, color="0.7", lw=0.8)
    line.set_label("from 12 random starts")
    climbs.plot(found.history.value, label="ascent from k-means", **style.line(0))
    climbs.axhline(em.score(FLOWERS), label="scikit-learn's EM", **dotted)
    climbs.set(xlabel="step", ylabel="mean log-likelihood of a flower", ylim=(-1.5, -1.17))
    climbs.set_title(f"{scattered.agreeing} of 12 random starts arrive there")
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    style.save(figure, path)


def main() -> None:
    print("Gradient:", check_gradient(log_likelihood, True, anywhere(np.random.default_rng(0))))
    em, found, scattered = expectation_maximization(), climb(k_means()), climb_from_anywhere()
    print(f"scikit-learn's EM      {em.score(FLOWERS):.5f}")
    print(f"ascent from k-means    {found.fun:.5f}")
    print(f"from a random start    {scattered.runs[0].fun:.5f}")
    print(f"the best of 12 such    {scattered.fun:.5f}, on which {scattered.agreeing} agree")
    draw("pictures/12_gaussian_mixture.png", found, scattered, em)
    print("Drawn: pictures/12_gaussian_mixture.png")


if __name__ == "__main__":
    main()
