"""What comes before and after every law; see `rust/sweep.rs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array

Scalar = np.floating[Any]


def power(base: float, n: int) -> float:
    """baseⁿ by repeated squaring, lowest bit first: the same bits on every CPU, which libm's pow is not."""
    product = 1.0
    while n > 0:
        if n & 1:
            product *= base
        base *= base
        n >>= 1
    return product


def flushed(x: Array) -> Array:
    """Subnormal state becomes +0: it carries no information worth its hundredfold cost."""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, x.dtype.type(0), x)


def coupled(weight_decay: float, theta: Array, g: Array) -> Array:
    """g ← g + λ θ, if there is weight decay at all: nothing is added where there is none."""
    if weight_decay:
        lambda_theta: Array = theta.dtype.type(weight_decay) * theta
        g = g + lambda_theta
    return g


def rate(options: Mapping[str, Any], t: int) -> float:
    """α ← lr · γ^(t−1) · min(1, t / W)"""
    gamma: float = 1.0 if options.get("lr_decay") is None else options["lr_decay"]
    decayed: float = options["lr"] * power(gamma, t - 1)
    warmup: int = options.get("warmup_steps", 0)
    return decayed * (t / warmup) if t < warmup else decayed


def before(options: Mapping[str, Any], factor: float, g: Array, turns_gradient: bool) -> Array:
    """g ← g · f;  g ← g < −c ? −c : g > c ? c : g  (f < 0 turns the gradient)"""
    T = g.dtype.type
    g = g * T(-factor if turns_gradient and options["maximize"] else factor)
    c = T(np.inf if options["clip_value"] is None else options["clip_value"])
    return np.where(g < -c, -c, np.where(g > c, c, g))


def after(theta: Array, d: Array, shrink: float, step_rate: float) -> Array:
    """θ ← θ · (1 − α λ);  θ ← θ ± α d"""
    T = theta.dtype.type
    new: Array = theta * T(shrink) + T(step_rate) * d
    return new
