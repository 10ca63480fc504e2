"""Complex parameters: whichever library gives the gradient, they end where lstsq is."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import steepest.clients.autograd as ours
import torch
from autograd.misc import optimizers as theirs
from steepest import Adam, GradientAscent, GradientDescent, check_gradient
from steepest.clients.jax import grad

from examples.clients import complex_parameters as example

NAMES = ["by hand", "autograd", "JAX", "torch"]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
class TestExample:
    def test_its_gradient_is_right(self, name: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        A, b = example.echoes(rng)
        z = rng.normal(size=5) + 1j * rng.normal(size=5)

        def f(z: Any) -> Any:
            return -np.mean(np.abs(A @ z - b) ** 2)

        gradients = example.gradients(A, b)
        assert list(gradients) == NAMES
        assert check_gradient(f, gradients[name], z).ok

    def test_ends_at_least_squares(self, name: str, seed: int) -> None:
        A, b = example.echoes(np.random.default_rng(seed))
        z = example.climb(example.gradients(A, b)[name])
        np.testing.assert_allclose(z, np.linalg.lstsq(A, b)[0], rtol=0, atol=1e-6)
        assert z.dtype == np.complex128


def problem(seed: int = 0) -> tuple[Any, Any, Any]:
    A, b = example.echoes(np.random.default_rng(seed))
    return A, b, np.linalg.lstsq(A, b)[0]


def test_the_conjugate_goes_elsewhere() -> None:
    A, b, exact = problem()
    z = example.climb(autograd.grad(lambda z: -anp.mean(anp.abs(A @ z - b) ** 2)))
    assert not np.abs(z - exact).max() < 0.1


def test_complex64_stays_complex64() -> None:
    A, b, exact = problem()
    A, b = A.astype("complex64"), b.astype("complex64")
    gradient = grad(lambda z: jnp.mean(jnp.abs(A @ z - b) ** 2))
    z = np.zeros(5, np.complex64)
    opt = GradientDescent(z, lr=0.05, beta=None)
    with jax.enable_x64(False):
        for _ in range(300):
            opt.step(gradient(z))
    assert {array.dtype for array in opt.state["0"].values()} == {np.dtype(np.complex64)}
    np.testing.assert_allclose(z, exact, rtol=0, atol=1e-5)


def test_tensors_of_torch_share_their_memory() -> None:
    A, b, exact = problem()
    A, b = torch.tensor(A), torch.tensor(b)
    z = torch.zeros(5, dtype=torch.complex128, requires_grad=True)
    opt = GradientDescent([z], lr=0.05, beta=None)
    for _ in range(300):
        opt.zero_grad(set_to_none=True)
        ((A @ z - b).abs() ** 2).mean().backward()
        opt.step()
    np.testing.assert_allclose(z.detach().numpy(), exact, rtol=0, atol=1e-6)


def test_real_and_complex_parameters_nest() -> None:
    A, b, exact = problem()
    p = {"z": np.zeros(5, complex), "log_sd": [np.array(0.0)]}

    def log_likelihood(p: Any) -> Any:
        log_sd = p["log_sd"][0]
        squares = anp.mean(anp.abs(A @ p["z"] - b) ** 2)
        return -squares * anp.exp(-2 * log_sd) / 2 - 2 * log_sd

    opt = GradientAscent(p, lr=0.003, momentum=0.9)
    for _ in range(2000):
        opt.lr = 0.003 * 0.995**opt.step_count
        opt.step(ours.grad(log_likelihood)(p))
    np.testing.assert_allclose(p["z"], exact, rtol=0, atol=1e-3)
    sd = np.sqrt(np.mean(np.abs(A @ exact - b) ** 2) / 2)
    np.testing.assert_allclose(np.exp(p["log_sd"][0]), sd, rtol=1e-3)


class TestStandIns:
    """autograd's optimizers, from here."""

    def test_sgd_is_autograds(self) -> None:
        A, b, exact = problem()
        gradient = ours.grad(lambda z: anp.mean(anp.abs(A @ z - b) ** 2))
        for optimizers in (ours, theirs):
            found = optimizers.sgd(lambda z, i: gradient(z), np.zeros(5, complex), num_iters=400)
            np.testing.assert_allclose(found, exact, rtol=0, atol=1e-6)

    def test_adam_steps_pairs_of_reals(self) -> None:
        A, b, _ = problem()
        gradient = ours.grad(lambda z: anp.mean(anp.abs(A @ z - b) ** 2))
        found = ours.adam(lambda z, i: gradient(z), np.zeros(5, complex), None, 50, 0.01)
        pairs = np.zeros(10)
        opt = Adam(pairs, lr=0.01)
        for _ in range(50):
            opt.step(gradient(pairs.view(complex)).view(float))
        np.testing.assert_array_equal(found.view(float), pairs)
