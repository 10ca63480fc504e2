"""The law of Adam and AdamW, torch's; `rust/laws/adam.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, State
from .moments import with_moments
from .parts import capped, correction, decoupled_shrink, larger, scaled


class Adam(Law):
    """The first moment, scaled by the second or with AMSGrad by the largest there was."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        _, m, v = with_moments(options, theta, g, state)
        new = {"exp_avg": m, "exp_avg_sq": v}
        if options["amsgrad"]:
            v = new["max_exp_avg_sq"] = larger(state["max_exp_avg_sq"], v)
        kappa = T(correction(options["betas"][1], steps))
        return scaled(T(options["eps"]), capped(kappa * v), m), new

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ, if decoupled"""
        return decoupled_shrink(options, alpha)

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α κ₁"""
        return alpha * correction(options["betas"][0], steps)
