"""Likelihoods whose gradients JAX takes: `python examples/clients/jax_gradients.py`.

A regression of counts that scatter more than Poisson's: y is negative binomial with mean μ = exp(X w + b)
and variance μ + α μ². By hand its gradient needs the digamma function. Once the loop is `maximize`,
in float64, with standard errors; once it is one's own, in float32, with JAX's gradients as they come.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent, maximize
from steepest.clients.jax import value_and_grad
from steepest.maximization import Result

try:
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import gammaln
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[jax]"')

Array = NDArray[Any]


def counts(rng: np.random.Generator, n: int = 500) -> tuple[Array, Array]:
    """Measurements, and counts with w = (0.5, −0.8), b = 1 and α = 0.5."""
    X = rng.normal(size=(n, 2))
    mean = np.exp(X @ [0.5, -0.8] + 1)
    return X, rng.poisson(mean * rng.gamma(2, 0.5, n)).astype(float)


def log_likelihood(p: Any, X: Any, y: Any) -> Any:
    mean, r = jnp.exp(X @ p["w"] + p["b"]), jnp.exp(-p["log_alpha"])
    by_count = gammaln(y + r) - gammaln(r) - gammaln(y + 1)
    return jnp.sum(by_count + r * jnp.log(r / (r + mean)) + y * jnp.log(mean / (r + mean)))


def fit(X: Array, y: Array) -> tuple[Result, Any]:
    """In float64, which JAX must be told; and the standard errors, whose gradients are JAX's, too."""
    with jax.enable_x64(
        True
    ):  # in a program of one's own: jax.config.update("jax_enable_x64", True)
        start = {"w": np.zeros(2), "b": 0.0, "log_alpha": 0.0}
        found = maximize(value_and_grad(log_likelihood), start, True, args=(X, y))
        return found, found.standard_errors()


def climb(X: Array, y: Array, steps: int = 500) -> dict[str, Array]:
    """In float32, step by step: an optimizer takes JAX's arrays without a copy."""
    gradient = jax.jit(jax.grad(lambda p, X, y: log_likelihood(p, X, y) / len(y)))
    X, y = jnp.asarray(X, "float32"), jnp.asarray(y, "float32")
    p = {
        "w": np.zeros(2, np.float32),
        "b": np.zeros((), np.float32),
        "log_alpha": np.zeros((), np.float32),
    }
    opt = GradientAscent(p, lr=0.01, lr_decay=0.99)
    for _ in range(steps):
        opt.step(gradient(p, X, y))  # waits for the gradient, then writes p
    return p


def main() -> None:
    X, y = counts(np.random.default_rng(0))
    found, errors = fit(X, y)
    p = climb(X, y)
    print(found.message)
    print(f"{'':10}{'float64':>18}{'':12}{'float32':>9}")
    for name in found.x:
        rows = zip(*(np.atleast_1d(d[name]) for d in (found.x, errors, p)), strict=True)
        for value, error, single in rows:
            print(f"{name:10}{value:18.5f} ± {error:.5f}  {single:9.5f}")


if __name__ == "__main__":
    main()
