"""The law of Adam and AdamW, torch's; `rust/laws/adam.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array
from .ascent import correction, scaled, second_moment
from .sweep import Scalar, coupled, flushed, power

TURNS_GRADIENT = True


def first_moment(beta: Scalar, rest: Scalar, m: Array, g: Array) -> Array:
    """m ← β₁ m + (1 − β₁) g"""
    return beta * m + rest * g


def largest(most: Array, v: Array) -> Array:
    """v̂ ← max(v̂, v)"""
    return np.where(most >= v, most, v)


def direction(
    options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: Mapping[str, Array]
) -> tuple[Array, dict[str, Array]]:
    """The direction d, and the state after the step."""
    T = theta.dtype.type
    beta1, beta2 = options["betas"]
    if couples_decay(options):
        g = coupled(options["weight_decay"], theta, g)
    m = flushed(first_moment(T(beta1), T(1 - beta1), state["exp_avg"], g))
    v = flushed(second_moment(T(beta2), T(1 - beta2), state["exp_avg_sq"], g))
    new = {"exp_avg": m, "exp_avg_sq": v}
    if options["amsgrad"]:
        v = new["max_exp_avg_sq"] = largest(state["max_exp_avg_sq"], v)
    return scaled(T(correction(beta2, steps)), T(options["eps"]), v, m), new


def squares(options: Mapping[str, Any]) -> bool:
    """Whether the law squares the gradient, so that a square beyond the dtype would freeze an element."""
    return True


def couples_decay(options: Mapping[str, Any]) -> bool:
    """Whether weight decay is a part of the law, not of what comes after it."""
    return not options["decoupled_weight_decay"]


def step_rate(options: Mapping[str, Any], steps: int, alpha: float) -> float:
    """α / (1 − β₁^tᵢ)"""
    return alpha / (1.0 - power(options["betas"][0], steps))
