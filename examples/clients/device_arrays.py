"""Data on a GPU, parameters in NumPy: the loop that copies once a step in each direction.

steepest steps memory that NumPy sees, so an array of CuPy or of JAX is no parameter: it says so, and what to
do. What is large stays on the device, the data and the arithmetic of the gradient; what travels is the
parameters there and their gradient back. With CuPy installed this runs on the GPU, else with NumPy itself.
"""

import importlib
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import Adam

Array = NDArray[np.float32]


def data(seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2000, 5))
    y = X @ [2.0, -1.0, 0.5, 0.0, 3.0] + rng.normal(size=2000)
    return X.astype(np.float32), y.astype(np.float32)


def least_squares(xp: Any, features: Array, targets: Array, steps: int = 500) -> Array:
    """The coefficients, with the gradients computed by an array library: cupy, jax.numpy or numpy."""
    to_host = getattr(xp, "asnumpy", np.asarray)  # CuPy copies only when told to
    X, y = xp.asarray(features), xp.asarray(targets)  # to the device, once

    w = np.zeros(X.shape[1], np.float32)
    opt = Adam(w, lr=0.05)
    for _ in range(steps):
        there = xp.array(w)  # a copy, never a view: w is about to change
        gradient = X.T @ (X @ there - y) / len(y)
        opt.step(to_host(gradient))
    return w


def main() -> None:
    name = "cupy" if find_spec("cupy") else "numpy"
    X, y = data(seed=0)
    print(f"by {name}:  {least_squares(importlib.import_module(name), X, y)}")
    print(f"by lstsq:  {np.linalg.lstsq(X, y)[0]}")


if __name__ == "__main__":
    main()
