"""A network of thinc's learns to read digits, by steepest's optimizers and by thinc's own.

Only the import is another: the loop is that of thinc's documentation.
"""

from collections.abc import Callable
from typing import Any

import steepest.clients.thinc
import thinc.api
from numpy.random import default_rng
from sklearn.datasets import load_digits
from thinc.api import Relu, Softmax, chain, fix_random_seed, to_categorical


def network(seed: int) -> Any:
    fix_random_seed(seed)
    return chain(Relu(nO=32), Softmax())


def train(optimizer: Any, seed: int, epochs: int = 8) -> tuple[Any, float]:
    """The trained model, and how many of the test's digits it reads."""
    images, digits = load_digits(return_X_y=True)
    order = default_rng(seed).permutation(len(digits))
    X, Y = (images[order] / 16).astype("float32"), to_categorical(digits[order], n_classes=10)
    train_X, train_Y, test_X, test_Y = X[:1400], Y[:1400], X[1400:], Y[1400:]

    model = network(seed)
    model.initialize(X=train_X[:5], Y=train_Y[:5])
    for _ in range(epochs):
        for batch_X, batch_Y in model.ops.multibatch(32, train_X, train_Y, shuffle=True):
            Yh, backprop = model.begin_update(batch_X)
            backprop(Yh - batch_Y)
            model.finish_update(optimizer)
            optimizer.step_schedules()

    read = model.predict(test_X).argmax(axis=1) == test_Y.argmax(axis=1)
    return model, float(read.mean())


def main() -> None:
    optimizers: dict[str, Callable[[], Any]] = {
        "thinc's Adam": lambda: thinc.api.Adam(0.003),
        "steepest's Adam": lambda: steepest.clients.thinc.Adam(0.003),
        "steepest's Lion": lambda: steepest.clients.thinc.Lion(0.001),
        "steepest's AdamW, warming up": lambda: steepest.clients.thinc.AdamW(
            thinc.api.warmup_linear(0.003, warmup_steps=40, total_steps=352)
        ),
    }
    for name, make in optimizers.items():
        _, accuracy = train(make(), seed=0)
        print(f"{name:>30}: {accuracy:.4f}")


if __name__ == "__main__":
    main()
