"""A dense layer, relu(Wx + b), learns from minibatches to read digits.

64 such units between the pixels and a softmax of ten descend the cross-entropy of scikit-learn's digits, 32
images a step, from a small random start. They read new images as well as the same network there, though some
have fallen silent: where relu is flat no gradient comes through to wake them.
"""

import sys
from typing import Any

import numpy as np
from steepest import GradientDescent, check_gradient, minibatches
from steepest.plots import style

try:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Data = tuple[Any, Any]  # images, one a row, 64 pixels from 0 to 1; and their digits


def load(seed: int = 0) -> tuple[Data, Data]:
    """Three images in four to learn from, the others are new."""
    images, digits = load_digits(return_X_y=True)
    split = train_test_split(images / 16, digits, stratify=digits, random_state=seed)
    return (split[0], split[2]), (split[1], split[3])


def start(seed: int = 0) -> Any:
    """Not zeros: all units would be the same, and stay so."""
    rng = np.random.default_rng(seed)
    return {
        "W": rng.normal(0, 0.1, (64, 64)), "b": np.zeros(64),
        "V": rng.normal(0, 0.1, (64, 10)), "c": np.zeros(10),
    }  # fmt: skip


def forward(p: Any, images: Any) -> tuple[Any, Any]:
    """The dense layer, and the ten scores made of it."""
    units = np.maximum(images @ p["W"] + p["b"], 0)
    return units, units @ p["V"] + p["c"]


def cross_entropy(p: Any, images: Any, digits: Any) -> tuple[float, Any]:
    """The mean over images of −log p(digit), and its gradient, from the scores back to W."""
    units, scores = forward(p, images)
    truth = np.eye(10)[digits]
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    to_scores = (np.exp(log_p) - truth) / len(digits)
    to_units = to_scores @ p["V"].T * (units > 0)  # nothing comes through where relu is flat
    return float(-np.sum(truth * log_p) / len(digits)), {
        "W": images.T @ to_units, "b": to_units.sum(axis=0),
        "V": units.T @ to_scores, "c": to_scores.sum(axis=0),
    }  # fmt: skip


def accuracy(p: Any, data: Data) -> float:
    return float(np.mean(forward(p, data[0])[1].argmax(axis=1) == data[1]))


def learn(train: Data, new: Data, seed: int = 0, epochs: int = 30) -> tuple[Any, Any]:
    """The network, and the share of images it knew, old ones and new, before and after each epoch."""
    p = start(seed)
    optimizer = GradientDescent(p, lr=0.003, lr_decay=0.999)
    batches = minibatches(train, 32, seed)
    known = [(accuracy(p, train), accuracy(p, new))]
    for _ in range(epochs):
        for images, digits in batches:
            optimizer.step(cross_entropy(p, images, digits)[1])
        known.append((accuracy(p, train), accuracy(p, new)))
    return p, np.array(known)


def scikit_learn(train: Data, new: Data, seed: int = 0) -> float:
    """How many of the new images the same network knows there."""
    network = MLPClassifier((64,), max_iter=1000, learning_rate_init=0.003, random_state=seed)
    return float(network.fit(*train).score(*new))


def draw(path: str, p: Any, known: Any, peer: float, answers: Any) -> None:
    figure = style.figure(9.5, 4.2)
    axes, mosaic = figure.subplots(1, 2, width_ratios=[1.1, 1])
    for i, name in enumerate(("images learnt from", "new images")):
        axes.plot(100 * known[:, i], label=name, **style.line(i) | {"ls": style.DASHES[i]})
    axes.axhline(100 * peer, color="black", ls=":", lw=1.5, label="scikit-learn, new images")
    style.tidy(axes).set(xlabel="epoch", ylabel="read right, in %", ylim=(90, 100.5))
    axes.legend(frameon=False, loc="lower right")
    # A tile of 8 × 8 weights a unit, with a gap between them.
    tiles = p["W"].T[np.argsort(-answers)].reshape(8, 8, 8, 8)
    tiles = np.pad(tiles, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    picture = tiles.transpose(0, 2, 1, 3).reshape(72, 72)
    shown = mosaic.imshow(picture, cmap="PuOr_r", vmin=-0.8, vmax=0.8)
    figure.colorbar(shown, ax=mosaic, label="weight of a pixel", extend="both")
    mosaic.set(xticks=[], yticks=[], frame_on=False)
    mosaic.set_title(f"64 units, the busiest first; {np.sum(answers == 0)} are silent")
    style.save(figure, path)


def main() -> None:
    train, new = load()
    report = check_gradient(lambda p: cross_entropy(p, *train), True, start(1), samples=100)
    print(f"Gradient: {report.verdict}; kinks of relu met on the way: {len(report.kinks)}")
    p, known = learn(train, new)
    peer, answers = scikit_learn(train, new), (forward(p, train[0])[0] > 0).mean(axis=0)
    print(f"Right of {len(new[1])} new images: {known[-1, 1]:.4f}, scikit-learn's {peer:.4f}")
    print(f"Units that answer to no image: {np.sum(answers == 0)} of 64")
    draw("pictures/08_dense_layer.png", p, known, peer, answers)
    print("Drawn: pictures/08_dense_layer.png")


if __name__ == "__main__":
    main()
