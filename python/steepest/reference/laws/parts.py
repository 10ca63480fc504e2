"""What several laws are made of; `rust/laws/parts.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array
from ..power import one_minus_power
from .law import Scalar


def coupled(weight_decay: float, theta: Array, g: Array) -> Array:
    """g ← g + λ θ, or d ← d + λ θ, if there is weight decay at all."""
    if weight_decay:
        lambda_theta: Array = theta.dtype.type(weight_decay) * theta
        g = g + lambda_theta
    return g


def velocity(mu: Scalar, v: Array, g: Array) -> Array:
    """v ← μ v + g"""
    return mu * v + g


def look_ahead(mu: Scalar, v: Array, g: Array) -> Array:
    """d ← g + μ v"""
    return g + mu * v


def first_moment(beta: Scalar, rest: Scalar, m: Array, g: Array) -> Array:
    """m ← β m + (1 − β) g"""
    return beta * m + rest * g


def second_moment(beta: Scalar, rest: Scalar, m: Array, g: Array) -> Array:
    """m ← β m + ((1 − β) g) g"""
    return beta * m + (rest * g) * g


def scaled(eps: Scalar, m: Array, d: Array) -> Array:
    """d ← d / (√m + ε)"""
    return d / (np.sqrt(m) + eps)


def scaled_by(root: Scalar, eps: Scalar, v: Array, d: Array) -> Array:
    """d ← d / (√κ √v + ε), where κ v might be too large; ``root`` is √κ."""
    return d / (root * np.sqrt(v) + eps)


def correction(beta: float, steps: int) -> float:
    """κ = 1 / (1 − β^tᵢ)"""
    return 1.0 / one_minus_power(beta, steps)


def larger(a: Array, b: Array) -> Array:
    """The larger of two; the second if it is NaN."""
    return np.where(a >= b, a, b)


def is_coupled(options: Mapping[str, Any]) -> bool:
    """Whether weight decay is in the gradient, as in L2, and not decoupled from it."""
    return options["weight_decay"] != 0 and not options["decoupled_weight_decay"]


def decoupled_shrink(options: Mapping[str, Any], alpha: float) -> float:
    """1 − α λ, if decoupled"""
    return shrink(options, alpha) if options["decoupled_weight_decay"] else 1.0


def shrink(options: Mapping[str, Any], alpha: float) -> float:
    """1 − α λ"""
    weight_decay: float = options["weight_decay"]
    return 1.0 - alpha * weight_decay


def flushed(x: Array) -> Array:
    """Subnormal state becomes +0: it carries no information worth its hundredfold cost."""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, x.dtype.type(0), x)


def capped(x: Array) -> Array:
    """A sum of squares stays at the largest number: an infinite one would freeze its element."""
    most = np.finfo(x.dtype).max
    return np.where(x > most, most, x)


def sign(x: Array) -> Array:
    """−1, 0 or 1; NaN of NaN."""
    return np.where(x > 0, x.dtype.type(1), np.where(x < 0, x.dtype.type(-1), x))
