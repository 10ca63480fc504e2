"""The law of SGD, torch's; `rust/laws/sgd.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arrays import Array
from .ascent import look_ahead
from .sweep import Scalar, coupled, flushed

TURNS_GRADIENT = True


def momentum_buffer(mu: Scalar, rest: Scalar, b: Array, g: Array) -> Array:
    """b ← μ b + (1 − τ) g"""
    return mu * b + rest * g


def direction(
    options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: Mapping[str, Array]
) -> tuple[Array, dict[str, Array]]:
    """The direction d, and the state after the step."""
    T = theta.dtype.type
    g = coupled(options["weight_decay"], theta, g)
    if options["momentum"] == 0:
        return g, {}
    mu = T(options["momentum"])
    # The first gradient is taken whole: only those after it are dampened.
    rest = T(1.0 if steps == 1 else 1 - options["dampening"])
    b = momentum_buffer(mu, rest, state["momentum_buffer"], g)
    d = look_ahead(mu, b, g) if options["nesterov"] else b
    return d, {"momentum_buffer": flushed(b)}


def squares(options: Mapping[str, Any]) -> bool:
    """Whether the law squares the gradient, so that a square beyond the dtype would freeze an element."""
    return False


def couples_decay(options: Mapping[str, Any]) -> bool:
    """Whether weight decay is a part of the law, not of what comes after it."""
    return True


def step_rate(options: Mapping[str, Any], steps: int, alpha: float) -> float:
    """α as it is"""
    return alpha
