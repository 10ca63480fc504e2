"""The law of Adam and AdamW, torch's; `rust/laws/adam.rs` is the same, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, State
from .moments import with_moments
from .parts import correction, decoupled_shrink, larger, scaled_by


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
        root = T(math.sqrt(correction(options["betas"][1], steps)))
        return scaled_by(root, T(options["eps"]), v, m), new

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ, if decoupled"""
        return decoupled_shrink(options, alpha)

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α κ₁"""
        return alpha * correction(options["betas"][0], steps)
