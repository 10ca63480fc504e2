"""Learn to read handwritten digits by climbing their likelihood: `make demo`.

The model is the softmax classifier, p(digit | image) = softmax(image · W + b). It climbs the mean
log-likelihood of the training images less scikit-learn's L2 penalty, ‖W‖² / (2 C n); without one
there is no summit, as these digits can be told apart and W would grow for ever. So scikit-learn's
LogisticRegression maximises the same function, and has to arrive at the same place.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
    from tqdm import tqdm
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[demo]"')

Array = NDArray[np.float64]
Model = dict[str, Array]  # weights "W", 64 pixels × 10 digits, and biases "b"
C = 1.0  # scikit-learn's measure: the larger, the weaker the penalty


class Sample(NamedTuple):
    images: Array  # one a row, 8 × 8 standardised pixels
    digits: NDArray[np.intp]


def load() -> tuple[Sample, Sample]:
    """Three images in four to learn from, the others to be tested with."""
    images, digits = load_digits(return_X_y=True)
    split = train_test_split(images, digits, test_size=0.25, stratify=digits, random_state=0)
    train, test, train_digits, test_digits = split
    standardise = StandardScaler().fit(train).transform
    return Sample(standardise(train), train_digits), Sample(standardise(test), test_digits)


def log_likelihood(model: Model, sample: Sample) -> tuple[float, Model]:
    """The penalised mean log-likelihood, and its gradient."""
    W, n = model["W"], len(sample.digits)
    scores = sample.images @ W + model["b"]
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    truth = np.eye(10)[sample.digits]
    error = truth - np.exp(log_p)
    value = (truth * log_p).sum() / n - (W**2).sum() / (2 * C * n)
    return float(value), {"W": (sample.images.T @ error - W / C) / n, "b": error.mean(axis=0)}


def accuracy(model: Model, sample: Sample) -> float:
    guesses = (sample.images @ model["W"] + model["b"]).argmax(axis=1)
    return float((guesses == sample.digits).mean())


def ascend(sample: Sample, steps: int = 500) -> tuple[Model, list[float], list[float]]:
    """The fitted model, and the log-likelihood and the gradient's norm at every step."""
    model = {"W": np.zeros((64, 10)), "b": np.zeros(10)}
    values: list[float] = []
    norms: list[float] = []
    optimizer = GradientAscent(
        model, lr=0.01, lr_decay=0.998, callback=lambda step: norms.append(step.grad_norm)
    )
    with tqdm(range(steps), desc="Ascending", unit=" steps") as progress:
        for _ in progress:
            value, gradient = log_likelihood(model, sample)
            optimizer.step(gradient)
            values.append(value)
            progress.set_postfix_str(f"log-likelihood {value:.4f}", refresh=False)
    return model, values, norms


def scikit_learn(sample: Sample) -> Model:
    """The same model by scikit-learn, its solver's tolerance tightened to end on the summit too."""
    fit = LogisticRegression(C=C, tol=1e-6, max_iter=10_000).fit(sample.images, sample.digits)
    return {"W": fit.coef_.T, "b": fit.intercept_}


@rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
def draw(path: Path, model: Model, values: list[float], norms: list[float], summit: float) -> None:
    figure = Figure(figsize=(9, 5.4), dpi=200, layout="constrained")
    curves, images = figure.subfigures(2, squeeze=False, height_ratios=[2.7, 1], hspace=0.04).flat

    climb, slope = curves.subplots(1, 2)
    blue, orange = {"color": "#0072b2", "lw": 2.5}, {"color": "#d55e00", "lw": 2, "ls": ":"}
    climb.plot(range(1, len(values) + 1), values, label="GradientAscent", **blue)
    climb.axhline(summit, label="scikit-learn's optimum", **orange)
    climb.legend(loc="lower right", frameon=False)
    climb.set(ylabel="penalised log-likelihood", ylim=(None, 0.1))
    slope.plot(range(1, len(norms) + 1), norms, **blue)
    slope.set(ylabel="gradient norm", yscale="log")
    for axes, title in (climb, "The climb"), (slope, "The slope it climbs"):
        axes.set_title(title, loc="left", weight="bold")
        axes.set(xlabel="step", xscale="log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.3)

    title = "What speaks for each digit, and what against it"
    images.suptitle(title, x=0.01, ha="left", weight="bold")
    tiles = images.subplots(1, 10)
    for digit, tile in enumerate(tiles):
        weights = model["W"][:, digit].reshape(8, 8)
        shown = tile.imshow(weights, cmap="PuOr_r", vmin=-1.2, vmax=1.2)
        tile.set(xlabel=digit, xticks=[], yticks=[], frame_on=False)
    images.colorbar(shown, ax=tiles, label="weight", aspect=9, ticks=[-1, 0, 1], extend="both")

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn handwritten digits by gradient ascent.")
    default = Path("pictures/digits.png")
    parser.add_argument("--picture", type=Path, default=default, help="the file to draw into")
    picture = parser.parse_args().picture

    train, test = load()
    model, values, norms = ascend(train)
    peer = scikit_learn(train)
    ours, summit = (log_likelihood(m, train)[0] for m in (model, peer))
    accurate, as_accurate = (accuracy(m, test) for m in (model, peer))

    print(f"{'':26}{'steepest':>10}{'scikit-learn':>15}{'difference':>13}")
    for what, a, b in (
        ("penalised log-likelihood", ours, summit),
        ("test accuracy", accurate, as_accurate),
    ):
        print(f"{what:26}{a:10.4f}{b:15.4f}{a - b:+z13.4f}")
    draw(picture, model, values, norms, summit)
    print(f"Drawn: {picture}")

    if abs(ours - summit) > 1e-3:
        sys.exit("steepest's log-likelihood is more than 0.001 away from scikit-learn's.")
    if accurate < as_accurate - 0.005:
        sys.exit("steepest is more than 0.5 points less accurate than scikit-learn.")


if __name__ == "__main__":
    main()
