"""The law of Adamax, torch's; `rust/laws/adamax.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array
from .law import Law, Scalar, State
from .parts import correction, coupled, first_moment, flushed, larger


def infinity_norm(beta: Scalar, eps: Scalar, u: Array, g: Array) -> Array:
    """u ← max(β₂ u, |g| + ε)"""
    return larger(beta * u, np.abs(g) + eps)


class Adamax(Law):
    """The first moment over the largest gradient, which is forgotten slowly; weight decay is in both."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        beta1, beta2 = options["betas"]
        g = coupled(options["weight_decay"], theta, g)
        m = flushed(first_moment(T(beta1), T(1 - beta1), state["exp_avg"], g))
        u = infinity_norm(T(beta2), T(options["eps"]), state["exp_inf"], g)
        return m / u, {"exp_avg": m, "exp_inf": u}

    def squares(self, options: Mapping[str, Any]) -> bool:
        return False

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α κ₁"""
        return alpha * correction(options["betas"][0], steps)
