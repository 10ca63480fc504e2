"""Complex parameters, by hand and by three libraries: `python examples/clients/complex_parameters.py`.

A radio channel answers a known signal s with its echoes: b_t = Σₖ zₖ s_{t−k} + noise, z complex. The z of
greatest likelihood is that of least squares. The gradient of a real f by z is ∂f/∂Re z + i ∂f/∂Im z here,
the direction of steepest ascent. torch's is the same; that of autograd and JAX is its conjugate, which the
`grad` of `steepest.clients` turns round.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent

try:
    import autograd.numpy as anp
    import jax
    import jax.numpy as jnp
    import torch
    from steepest.clients import autograd as by_autograd
    from steepest.clients import jax as by_jax
except ModuleNotFoundError as missing:
    sys.exit(f"This example needs {missing.name}: pip install autograd jax torch")

Array = NDArray[Any]
Gradient = Callable[[Array], Any]


def echoes(rng: np.random.Generator, n: int = 400) -> tuple[Array, Array]:
    """The signal, delayed by 0, 1, … 4, as columns; and what was received."""
    signal = rng.choice([1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j], n) / np.sqrt(2)
    A = np.stack([np.roll(signal, delay) for delay in range(5)], axis=1)
    noise = rng.normal(size=n) + 1j * rng.normal(size=n)
    return A, A @ [1 + 0.5j, -0.4j, 0.3 - 0.2j, 0.0, 0.1] + 0.1 * noise


def gradients(A: Array, b: Array) -> dict[str, Gradient]:
    """Four ways to the gradient of −mean |A z − b|²."""

    def by_hand(z: Array) -> Any:
        return -2 * A.conj().T @ (A @ z - b) / len(b)

    autograd = by_autograd.grad(lambda z: -anp.mean(anp.abs(A @ z - b) ** 2))
    jitted = by_jax.grad(lambda z: -jnp.mean(jnp.abs(A @ z - b) ** 2))

    def jax_in_double(z: Array) -> Any:
        with jax.enable_x64(True):
            return jitted(z)

    A_torch, b_torch = torch.tensor(A), torch.tensor(b)

    def by_torch(z: Array) -> Any:
        tensor = torch.tensor(z, requires_grad=True)
        (-((A_torch @ tensor - b_torch).abs() ** 2).mean()).backward()
        return tensor.grad

    return {"by hand": by_hand, "autograd": autograd, "JAX": jax_in_double, "torch": by_torch}


def climb(gradient: Gradient, steps: int = 300) -> Array:
    z = np.zeros(5, complex)
    opt = GradientAscent(z, lr=0.05, beta=None)
    for _ in range(steps):
        opt.step(gradient(z))
    return z


def main() -> None:
    A, b = echoes(np.random.default_rng(0))
    exact = np.linalg.lstsq(A, b)[0]
    print("least squares:", *(f"{value:.3f}" for value in exact))
    for name, gradient in gradients(A, b).items():
        z = climb(gradient)
        print(f"{name:9} ends {np.abs(z - exact).max():.0e} from it")


if __name__ == "__main__":
    main()
