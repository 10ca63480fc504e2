"""A network whose gradients autograd takes: `python examples/clients/autograd_nested.py`.

The parameters are a dict of lists of dicts of NumPy arrays. Two moons are told apart by climbing the mean
log-likelihood of the labels, with autograd's own `grad`; then the same by the optimizers that come with
autograd, from there and from here.
"""

import sys
from itertools import pairwise
from typing import Any

import numpy as onp
import steepest.clients.autograd as here
from numpy.typing import NDArray
from steepest import GradientAscent

try:
    import autograd.numpy as np
    from autograd import grad
    from autograd.misc import optimizers as theirs
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[autograd]"')

Array = NDArray[onp.float64]


def two_moons(rng: onp.random.Generator, n: int = 200) -> tuple[Array, Array]:
    """Points on two half circles that reach into each other, and which each is on: 0 or 1."""
    angle, moon = rng.uniform(0, onp.pi, n), onp.arange(n) % 2
    x = onp.stack([onp.cos(angle), onp.sin(angle)], axis=1)
    x[moon == 1] = [1, 0.5] - x[moon == 1]
    return x + rng.normal(scale=0.2, size=x.shape), moon.astype(float)


def network(rng: onp.random.Generator, sizes: tuple[int, ...] = (2, 16, 16, 1)) -> dict[str, Any]:
    layers = [
        {"W": rng.normal(size=(m, n)) / onp.sqrt(m), "b": onp.zeros(n)} for m, n in pairwise(sizes)
    ]
    return {"layers": layers, "log_scale": onp.array(0.0)}


def logits(model: Any, x: Any) -> Any:
    *hidden, last = model["layers"]
    for layer in hidden:
        x = np.tanh(x @ layer["W"] + layer["b"])
    return np.exp(model["log_scale"]) * (x @ last["W"] + last["b"])[:, 0]


def log_likelihood(model: Any, x: Array, y: Array) -> Any:
    """The mean of log p(y | x), by label."""
    z = logits(model, x)
    return np.mean(y * z - np.logaddexp(0, z))


def climb(model: dict[str, Any], x: Array, y: Array, steps: int = 200) -> None:
    """Train a network in place."""
    gradient = grad(log_likelihood)
    opt = GradientAscent(model, lr=0.002)
    for _ in range(steps):
        opt.step(gradient(model, x, y))


def descend(optimizers: Any, model: dict[str, Any], x: Array, y: Array) -> tuple[Any, list[float]]:
    """The same by `autograd.misc.optimizers`, or what stands in for it: a new network, and its losses."""
    losses: list[float] = []

    def loss(model: Any, i: int) -> Any:
        return -log_likelihood(model, x, y)

    def note(model: Any, i: int, gradient: Any) -> None:
        losses.append(float(loss(model, i)))

    found = optimizers.adam(grad(loss), model, note, num_iters=200, step_size=0.02)
    return found, losses


def accuracy(model: Any, x: Array, y: Array) -> float:
    return float(onp.mean((logits(model, x) > 0) == y))


def main() -> None:
    rng = onp.random.default_rng(0)
    (x, y), unseen = two_moons(rng), two_moons(rng)
    model = network(rng)
    start = network(rng)
    climb(model, x, y)
    print(f"GradientAscent      log-likelihood {log_likelihood(model, x, y):.5f}", end=", ")
    print(f"of new points {accuracy(model, *unseen):.1%} right")
    for name, optimizers in (("autograd's adam", theirs), ("the same from here", here)):
        found, losses = descend(optimizers, start, x, y)
        print(f"{name:19} loss {losses[0]:.5f} → {losses[-1]:.5f}", end=", ")
        print(f"of new points {accuracy(found, *unseen):.1%} right")


if __name__ == "__main__":
    main()
