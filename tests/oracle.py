"""The law, one number at a time: a third opinion, written from the text alone.

Nothing here is fast or clever. Numbers of the array's own dtype are NumPy scalars, the step's
scalars are Python floats, and every loop is written out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Number = Any  # np.float32 or np.float64, whichever the array holds


def power(base: float, exponent: int) -> float:
    """``base ** exponent`` by repeated squaring, lowest bit first."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


def sum_of_squares(arrays: list[Array], scale: float = 1.0) -> float:
    """Blocks of 4096 numbers in index order, 32 lanes a block, the lanes halved five times."""
    total = 0.0
    for array in arrays:
        numbers = [float(x) * scale for x in array.ravel(order="C")]
        for first in range(0, len(numbers), 4096):
            block = numbers[first : first + 4096]
            block += [0.0] * (4096 - len(block))
            lanes = [0.0] * 32
            for k, x in enumerate(block):
                lanes[k % 32] += x * x
            while len(lanes) > 1:
                half = len(lanes) // 2
                lanes = [low + high for low, high in zip(lanes[:half], lanes[half:], strict=True)]
            total += lanes[0]
    return total


def norm(arrays: list[Array]) -> float:
    """The norm over all arrays; finite numbers whose squares overflow are scaled first."""
    total = sum_of_squares(arrays)
    if total == math.inf and all(np.isfinite(array).all() for array in arrays):
        return math.sqrt(sum_of_squares(arrays, 2.0**-600)) * 2.0**600
    return math.sqrt(total)


def factor(norm: float, clip_norm: float | None) -> float:
    """f = min(1, C / (‖g‖ + 1e-6)); a NaN norm gives a NaN factor."""
    if clip_norm is None:
        return 1.0
    return min(clip_norm / (norm + 1e-6), 1.0)  # in this order a NaN stays


def flushed(x: Number) -> Number:
    """+0 for anything smaller in magnitude than the smallest normal number."""
    return type(x)(0.0) if abs(x) < np.finfo(type(x)).smallest_normal else x


@dataclass
class Oracle:
    """An optimizer of one group that follows the law to the letter."""

    parameters: dict[str, Array]
    lr: float = 0.01
    momentum: float = 0.9
    beta: float | None = 0.999
    eps: float = 1e-8
    nesterov: bool = False
    clip_value: float | None = None
    lr_decay: float | None = None
    warmup_steps: int = 0
    clip_norm: float | None = None
    weight_decay: float = 0.0
    bias_correction: bool = True
    maximize: bool = True
    nonfinite: str = "propagate"
    step_count: int = 0
    velocity: dict[str, Array] = field(default_factory=dict)
    second_moment: dict[str, Array] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, theta in self.parameters.items():
            self.velocity[name] = np.zeros_like(theta)
            self.second_moment[name] = np.zeros_like(theta)
            self.steps[name] = 0

    def step(self, gradients: dict[str, Array | None]) -> None:
        """One step; a gradient that is None leaves its array alone."""
        present = {name: g for name, g in gradients.items() if g is not None}
        f = factor(norm(list(present.values())), self.clip_norm)
        self.step_count += 1
        with np.errstate(all="ignore"):
            for name, g in present.items():
                self.steps[name] += 1
                self._step_array(name, g, f)

    def _step_array(self, name: str, gradient: Array, f: float) -> None:
        theta, v, m = self.parameters[name], self.velocity[name], self.second_moment[name]
        cast = theta.dtype.type

        decay = 1.0 if self.lr_decay is None else self.lr_decay
        alpha = self.lr * power(decay, self.step_count - 1)
        if self.warmup_steps:
            alpha *= min(1.0, self.step_count / self.warmup_steps)
        shrink = cast(1.0 - alpha * self.weight_decay)
        kappa = 1.0
        if self.beta is not None and self.bias_correction:
            kappa = 1.0 / (1.0 - power(self.beta, self.steps[name]))
        bound = cast(math.inf if self.clip_value is None else self.clip_value)

        for i in np.ndindex(theta.shape):
            g = gradient[i] * cast(f)
            if g < -bound:
                g = -bound
            elif g > bound:
                g = bound
            d = g
            if self.momentum:
                v[i] = cast(self.momentum) * v[i] + g
                d = g + cast(self.momentum) * v[i] if self.nesterov else v[i]
                v[i] = flushed(v[i])
            if self.beta is not None:
                m[i] = cast(self.beta) * m[i] + (cast(1.0 - self.beta) * g) * g
                m[i] = flushed(m[i])
                d = d / (np.sqrt(cast(kappa) * m[i]) + cast(self.eps))
            theta[i] = theta[i] * shrink
            theta[i] = theta[i] + cast(alpha) * d if self.maximize else theta[i] - cast(alpha) * d
