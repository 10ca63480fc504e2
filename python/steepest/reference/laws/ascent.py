"""The law of GradientAscent and GradientDescent; `rust/laws/ascent.rs` is the same, line by line.

From simple to complex: the textbook rule, momentum, and either of them scaled by the second moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from ..power import power
from .law import Law, State
from .parts import flushed, look_ahead, scaled, second_moment, shrink, velocity


class Ascent(Law):
    """The gradient, its velocity, or with Nesterov one look ahead of that; then the second moment."""

    TURNS_GRADIENT = False

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
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
            kappa = 1.0 / (1.0 - power(beta, steps)) if options["bias_correction"] else 1.0
            d = scaled(T(options["eps"]), T(kappa) * m, d)
            new["second_moment"] = m
        return d, new

    def squares(self, options: Mapping[str, Any]) -> bool:
        return options["beta"] is not None

    def alpha(self, options: Mapping[str, Any], t: int) -> float:
        """α ← lr · γ^(t−1) · min(1, t / W)"""
        gamma: float = 1.0 if options["lr_decay"] is None else options["lr_decay"]
        decayed: float = options["lr"] * power(gamma, t - 1)
        warmup: int = options["warmup_steps"]
        return decayed * (t / warmup) if t < warmup else decayed

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ"""
        return shrink(options, alpha)
