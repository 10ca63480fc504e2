"""The law of NAdam, torch's; `rust/laws/nadam.rs` is the same, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array
from ..power import real_power
from .law import Law, State
from .moments import with_moments
from .parts import correction, decoupled_shrink, flushed, scaled_by


def momentum(options: Mapping[str, Any], steps: int) -> float:
    """μ_t = β₁ (1 − ½ · 0.96^(t ψ))"""
    beta1: float = options["betas"][0]
    return beta1 * (1.0 - 0.5 * real_power(0.96, float(steps) * options["momentum_decay"]))


class Nadam(Law):
    """One look ahead along the first moment, scaled by the second."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        # Π ← Π μ_t; the weights of g and m: (1 − μ_t) / (1 − Π) and μ_{t+1} / (1 − Π μ_{t+1})
        mu, mu_next = momentum(options, steps), momentum(options, steps + 1)
        product = float(flushed(state["mu_product"] * mu))
        now = T((1.0 - mu) / (1.0 - product))
        next_ = T(mu_next / (1.0 - product * mu_next))
        g, m, v = with_moments(options, theta, g, state)
        root = T(math.sqrt(correction(options["betas"][1], steps)))
        d = scaled_by(root, T(options["eps"]), v, now * g + next_ * m)
        return d, {"exp_avg": m, "exp_avg_sq": v, "mu_product": np.array(product)}

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ, if decoupled"""
        return decoupled_shrink(options, alpha)
