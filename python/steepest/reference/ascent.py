"""The law of GradientAscent and GradientDescent; `rust/laws/ascent.rs` is the same, line by line.

From simple to complex: the textbook rule, momentum, and either of them scaled by the second moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array
from .sweep import Scalar, flushed, power

TURNS_GRADIENT = False


def velocity(mu: Scalar, v: Array, g: Array) -> Array:
    """v ← μ v + g"""
    return mu * v + g


def look_ahead(mu: Scalar, v: Array, g: Array) -> Array:
    """d ← g + μ v"""
    return g + mu * v


def second_moment(beta: Scalar, rest: Scalar, m: Array, g: Array) -> Array:
    """m ← β m + ((1 − β) g) g"""
    return beta * m + (rest * g) * g


def scaled(kappa: Scalar, eps: Scalar, m: Array, d: Array) -> Array:
    """d ← d / (√(κ m) + ε)"""
    return d / (np.sqrt(kappa * m) + eps)


def correction(beta: float, steps: int) -> float:
    """κ = 1 / (1 − β^tᵢ)"""
    return 1.0 / (1.0 - power(beta, steps))


def direction(
    options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: Mapping[str, Array]
) -> tuple[Array, dict[str, Array]]:
    """The direction d, and the state after the step."""
    T = theta.dtype.type
    new: dict[str, Array] = {}
    d = g
    if options["momentum"] != 0:
        mu = T(options["momentum"])
        v = velocity(mu, state["velocity"], g)
        d = look_ahead(mu, v, g) if options["nesterov"] else v
        new["velocity"] = flushed(v)
    if options["beta"] is not None:
        beta = options["beta"]
        m = flushed(second_moment(T(beta), T(1 - beta), state["second_moment"], g))
        kappa = correction(beta, steps) if options["bias_correction"] else 1.0
        d = scaled(T(kappa), T(options["eps"]), m, d)
        new["second_moment"] = m
    return d, new


def squares(options: Mapping[str, Any]) -> bool:
    """Whether the law squares the gradient, so that a square beyond the dtype would freeze an element."""
    return options["beta"] is not None


def couples_decay(options: Mapping[str, Any]) -> bool:
    """Whether weight decay is a part of the law, not of what comes after it."""
    return False


def step_rate(options: Mapping[str, Any], steps: int, alpha: float) -> float:
    """α as it is"""
    return alpha
