"""Adam by others, each behind one small class; see `Candidate` in `rounds.py`.

All have steepest's defaults: lr 0.001, betas 0.9 and 0.999, eps 1e-8. Each is used as its documentation
says, on arrays that it may keep, with gradients in the form it likes best, made beforehand; where a
library neither checks nor returns anything, neither is added.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import steepest.reference

try:
    from numba import prange
except ImportError:
    prange = range

Array = np.ndarray[Any, Any]

LR, BETAS, EPS = 0.001, (0.9, 0.999), 1e-8


class Peer:
    """A candidate that steps NumPy arrays in place, given gradients in a list."""

    needs: ClassVar[str] = "numpy"
    #: Whether it can use more than one thread.
    threaded: ClassVar[bool] = False

    step: Callable[[Any], object]

    def __init__(self, parameters: list[Array], threads: int) -> None:
        self.parameters = parameters
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]
        self.t = 0

    def take(self, gradients: list[Array]) -> Any:
        return gradients

    def result(self) -> list[Array]:
        return self.parameters

    @classmethod
    def is_installed(cls) -> bool:
        return find_spec(cls.needs) is not None


class Steepest(Peer):
    needs = "steepest"
    threaded = True
    options: ClassVar[dict[str, Any]] = {"nonfinite": "propagate"}

    def __init__(self, parameters: list[Array], threads: int) -> None:
        steepest.set_num_threads(threads)
        self.parameters = parameters
        self.step = steepest.Adam(parameters, **self.options).step


class SteepestChecked(Steepest):
    options: ClassVar[dict[str, Any]] = {}


class Reference(Peer):
    needs = "steepest"

    def __init__(self, parameters: list[Array], threads: int) -> None:
        self.parameters = parameters
        opt = steepest.reference.Adam(parameters, nonfinite="propagate")
        self.step = opt.step


class ByHand(Peer):
    """The lines that are copied from project to project."""

    def step(self, gradients: list[Array]) -> None:
        self.t += 1
        for i, g in enumerate(gradients):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g**2
            m_hat = self.m[i] / (1 - 0.9**self.t)
            v_hat = self.v[i] / (1 - 0.999**self.t)
            self.parameters[i] -= 0.001 * m_hat / (np.sqrt(v_hat) + 1e-8)


class Out(Peer):
    """The same with `out=`: nothing is allocated, and the corrections go into two scalars."""

    def __init__(self, parameters: list[Array], threads: int) -> None:
        super().__init__(parameters, threads)
        self.scratch = [np.empty_like(p) for p in parameters]

    def step(self, gradients: list[Array]) -> None:
        self.t += 1
        root = (1 - 0.999**self.t) ** 0.5
        rate = 0.001 * root / (1 - 0.9**self.t)
        eps = 1e-8 * root
        for p, m, v, g, s in zip(
            self.parameters, self.m, self.v, gradients, self.scratch, strict=True
        ):
            np.multiply(m, 0.9, out=m)
            np.multiply(g, 0.1, out=s)
            np.add(m, s, out=m)
            np.multiply(g, g, out=s)
            np.multiply(s, 0.001, out=s)
            np.multiply(v, 0.999, out=v)
            np.add(v, s, out=v)
            np.sqrt(v, out=s)
            np.add(s, eps, out=s)
            np.divide(m, s, out=s)
            np.multiply(s, rate, out=s)
            np.subtract(p, s, out=p)


class TorchFused(Peer):
    needs = "torch"
    threaded = True
    options: ClassVar[dict[str, bool]] = {"fused": True}

    def __init__(self, parameters: list[Array], threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self.tensors = [torch.from_numpy(p).requires_grad_() for p in parameters]
        self.optimizer = torch.optim.Adam(self.tensors, LR, BETAS, EPS, **self.options)

    def take(self, gradients: list[Array]) -> None:
        import torch

        for tensor, gradient in zip(self.tensors, gradients, strict=True):
            tensor.grad = torch.from_numpy(gradient)

    def step(self, gradients: None) -> None:
        self.optimizer.step()

    def result(self) -> list[Array]:
        return [tensor.detach().numpy() for tensor in self.tensors]


class TorchForeach(TorchFused):
    options: ClassVar[dict[str, bool]] = {"foreach": True}


class Numba(Peer):
    """The loop that one writes: compiled once, called once an array."""

    needs = "numba"
    parallel: ClassVar[bool] = False
    compiled: ClassVar[dict[bool, Any]] = {}

    def __init__(self, parameters: list[Array], threads: int) -> None:
        import numba

        super().__init__(parameters, threads)
        if self.parallel:
            numba.set_num_threads(threads)
        if self.parallel not in self.compiled:
            decorator = numba.njit(error_model="numpy", parallel=self.parallel)
            self.compiled[self.parallel] = decorator(_loop)
        self.loop = self.compiled[self.parallel]

    def step(self, gradients: list[Array]) -> None:
        self.t += 1
        rate, correction = (
            np.float32(0.001 / (1 - 0.9**self.t)),
            np.float32(1 / (1 - 0.999**self.t)),
        )
        loop = self.loop
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            loop(p, g, m, v, rate, correction)


class NumbaParallel(Numba):
    parallel = True
    threaded = True


def _loop(p: Any, g: Any, m: Any, v: Any, rate: Any, correction: Any) -> None:
    beta1, rest1 = np.float32(0.9), np.float32(0.1)
    beta2, rest2, eps = np.float32(0.999), np.float32(0.001), np.float32(1e-8)
    for i in prange(len(p)):
        m[i] = beta1 * m[i] + rest1 * g[i]
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i]
        p[i] -= rate * m[i] / (np.sqrt(correction * v[i]) + eps)


class Thinc(Peer):
    """It zeroes its gradients; writing them anew is in its time."""

    needs = "thinc"

    def __init__(self, parameters: list[Array], threads: int) -> None:
        from thinc.api import Adam

        self.parameters = parameters
        self.optimizer = Adam(
            LR, beta1=BETAS[0], beta2=BETAS[1], eps=EPS, L2=0, grad_clip=0, use_averages=False
        )
        self.scratch = [np.empty_like(p) for p in parameters]
        self.keys = [(i, "W") for i in range(len(parameters))]

    def step(self, gradients: list[Array]) -> None:
        optimizer = self.optimizer
        for key, p, g, s in zip(self.keys, self.parameters, gradients, self.scratch, strict=True):
            np.copyto(s, g)
            optimizer(key, p, s)


class ScikitLearn(Peer):
    needs = "sklearn"

    def __init__(self, parameters: list[Array], threads: int) -> None:
        from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

        self.parameters = parameters
        self.optimizer = AdamOptimizer(parameters, LR, *BETAS, EPS)

    def step(self, gradients: list[Array]) -> None:
        self.optimizer.update_params(self.parameters, gradients)


class Optax(Peer):
    """Jitted, with parameters and state donated, and waited for."""

    needs = "optax"
    threaded = True
    compiled: ClassVar[Any] = None

    def __init__(self, parameters: list[Array], threads: int) -> None:
        import jax
        import optax

        optimizer = optax.adam(LR, *BETAS, EPS)

        def step(parameters: Any, state: Any, gradients: Any) -> Any:
            updates, state = optimizer.update(gradients, state, parameters)
            return optax.apply_updates(parameters, updates), state

        if Optax.compiled is None:
            Optax.compiled = jax.jit(step, donate_argnums=(0, 1))
        self.wait = jax.block_until_ready
        self.now = [jax.device_put(p) for p in parameters]
        self.state = optimizer.init(self.now)

    def take(self, gradients: list[Array]) -> Any:
        import jax

        return [jax.device_put(g) for g in gradients]

    def step(self, gradients: Any) -> None:
        self.now, self.state = Optax.compiled(self.now, self.state, gradients)
        self.wait(self.now)

    def result(self) -> list[Array]:
        return [np.asarray(p) for p in self.now]


#: From the one the others are compared with to the slowest, roughly.
PEERS: dict[str, type[Peer]] = {
    "steepest": Steepest,
    'steepest, "raise"': SteepestChecked,
    "torch, fused": TorchFused,
    "torch, foreach": TorchForeach,
    "numba, loop": Numba,
    "numba, prange": NumbaParallel,
    "thinc": Thinc,
    "optax, jitted": Optax,
    "scikit-learn": ScikitLearn,
    "NumPy, out=": Out,
    "NumPy by hand": ByHand,
    "NumPy reference": Reference,
}
