"""The law of Adam and AdamW, torch's; `rust/laws/adam.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from ..power import power
from .law import Law, State
from .parts import capped, correction, coupled, first_moment, flushed, larger, scaled, second_moment


class Adam(Law):
    """The first moment, scaled by the second or with AMSGrad by the largest there was."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        beta1, beta2 = options["betas"]
        decays = options["weight_decay"] != 0 and not options["decoupled_weight_decay"]
        if decays:
            g = coupled(options["weight_decay"], theta, g)
        m = flushed(first_moment(T(beta1), T(1 - beta1), state["exp_avg"], g))
        v = second_moment(T(beta2), T(1 - beta2), state["exp_avg_sq"], g)
        v = flushed(capped(v) if decays else v)
        new = {"exp_avg": m, "exp_avg_sq": v}
        if options["amsgrad"]:
            v = new["max_exp_avg_sq"] = larger(state["max_exp_avg_sq"], v)
        return scaled(T(correction(beta2, steps)), T(options["eps"]), v, m), new

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ, if decoupled"""
        return 1 - alpha * options["weight_decay"] if options["decoupled_weight_decay"] else 1.0

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α / (1 − β₁^tᵢ)"""
        return alpha / (1.0 - power(options["betas"][0], steps))
