"""What are pictures made of? Few strokes at a time, from a dictionary learned with them.

Patches of a photograph are written as sums of atoms, where every atom used costs something, and codes and
atoms descend together. The atoms become stripes and edges, more than nine codes of ten are exactly 0, and the
objective is below scikit-learn's after 100 rounds, but not always below its after 1000, the default there.

It is ½‖x − aD‖² + α‖a‖₁ a patch, and atoms, the rows of D, are no longer than 1. ‖a‖₁ has a kink at 0; with
a = a⁺ − a⁻, both projected onto numbers ≥ 0, it is Σ a⁺ + a⁻, smooth, and 0 is hit exactly. There are many
minima: 100 rounds take about as long as ours and end up to 1 % higher; after 1000 either may be lower.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientDescent, check_gradient, projections
from steepest.plots import style

try:
    from sklearn.datasets import load_sample_image
    from sklearn.decomposition import DictionaryLearning
    from sklearn.feature_extraction.image import extract_patches_2d
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Array = NDArray[np.float64]
ALPHA, ATOMS, SIDE = 1.0, 64, 8


def load(seed: int = 0, count: int = 400) -> Any:
    """Patches of a photograph in grey, a row each, of mean 0; their variance together is 1."""
    grey = load_sample_image("china.jpg").mean(axis=2)
    patches = extract_patches_2d(grey, (SIDE, SIDE), max_patches=count, random_state=seed)
    X = patches.reshape(count, -1) - patches.mean(axis=(1, 2))[:, None]
    return X / X.std()


def objective(p: Any, X: Any) -> float:
    error = (p["plus"] - p["minus"]) @ p["D"] - X
    return float((error**2).sum() / 2 + ALPHA * (p["plus"] + p["minus"]).sum())


def gradient(p: Any, X: Any) -> dict[str, Any]:
    codes = p["plus"] - p["minus"]
    error = codes @ p["D"] - X
    slope = error @ p["D"].T
    return {"plus": slope + ALPHA, "minus": ALPHA - slope, "D": codes.T @ error}


def start(X: Array, seed: int = 0) -> dict[str, Array]:
    """No codes, and atoms of noise."""
    noise = np.random.default_rng(seed).normal(size=(ATOMS, X.shape[1]))
    codes = np.zeros((2, len(X), ATOMS))
    return {"plus": codes[0], "minus": codes[1], "D": projections.sphere(axis=1)(noise)}


def learn(X: Array, seed: int = 0, steps: int = 1500) -> tuple[Array, Array, list[float]]:
    """Codes, dictionary, and the objective a patch at every step."""
    p, values = start(X, seed), []
    positive, ball = projections.nonnegative(), projections.l2_ball(axis=1)
    project = projections.parts({"plus": positive, "minus": positive, "D": ball})
    codes, atoms = {"params": [p["plus"], p["minus"]], "lr": 0.02}, {"params": p["D"], "lr": 0.002}
    opt = GradientDescent([codes, atoms], momentum=0.9, beta=None)  # projections need beta=None
    for _ in range(steps):
        values.append(objective(p, X) / len(X))
        opt.step(list(gradient(p, X).values()))
        project(p, out=p)
    return p["plus"] - p["minus"], p["D"], [*values, objective(p, X) / len(X)]


def by_subgradient(X: Array, D: Array, steps: int = 200) -> Array:
    """Codes for the same dictionary without the split: they jump over 0."""
    a = np.zeros((len(X), len(D)))
    opt = GradientDescent(a, lr=0.02, momentum=0.0, beta=None)
    for _ in range(steps):
        opt.step((a @ D - X) @ D.T + ALPHA * np.sign(a))
    return a


def by_sklearn(X: Array, seed: int = 0) -> Any:
    model = DictionaryLearning(ATOMS, alpha=ALPHA, fit_algorithm="cd", max_iter=100)
    return model.set_params(random_state=seed).fit(X).error_[-1] / len(X)


def mosaic(patches: Array) -> Array:
    """64 patches in 8 rows, each in its own contrast, with white between them."""
    tiles = patches / np.abs(patches).max(axis=1, keepdims=True)
    tiles = np.pad(tiles.reshape(8, 8, SIDE, SIDE), [(0, 0)] * 2 + [(1, 1)] * 2, constant_values=1)
    return tiles.transpose(0, 2, 1, 3).reshape(8 * (SIDE + 2), -1)


def draw(path: str, X: Array, D: Array, values: list[float], theirs: float) -> None:
    figure = style.figure(10, 4)
    *both, descent = figure.subplots(1, 3)
    for axes, title, tiles in zip(both, ("patches", "atoms"), (X[:64], D), strict=True):
        axes.imshow(mosaic(tiles), cmap="gray", vmin=-1, vmax=1)
        axes.set(xticks=[], yticks=[], title=title)
        axes.spines[:].set_visible(False)
    style.tidy(descent).plot(values, **style.line(0), label="steepest")
    descent.axhline(theirs, **{**style.line(1), "ls": "--"}, label="scikit-learn, 100 rounds")
    descent.set(xlabel="step", ylabel="objective a patch", ylim=(theirs - 1, theirs + 6))
    descent.legend(frameon=False)
    style.save(figure, path)


def main() -> None:
    X, random = load(), np.random.default_rng(1).random
    some = {name: random(a.shape) for name, a in start(X[:5]).items()}
    print(check_gradient(objective, gradient, some, args=(X[:5],), samples=99).message)
    (codes, D, values), theirs = learn(X), by_sklearn(X)
    zeros, without = np.mean(codes == 0), np.mean(by_subgradient(X, D) == 0)
    print(f"objective a patch {values[-1]:.3f}, scikit-learn's after 100 rounds {theirs:.3f}")
    print(f"codes that are exactly 0: {zeros:.1%}; without the split {without:.1%}")
    draw("pictures/20_sparse_coding.png", X, D, values, theirs)
    print("Drawn: pictures/20_sparse_coding.png")


if __name__ == "__main__":
    main()
