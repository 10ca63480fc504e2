"""The law of AdaBelief, optax's; `rust/laws/adabelief.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, State
from .parts import capped, correction, first_moment, flushed, scaled, second_moment, shrink


class Adabelief(Law):
    """The first moment, scaled by how far gradients are from it."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        b1, b2 = options["b1"], options["b2"]
        m = flushed(first_moment(T(b1), T(1 - b1), state["mu"], g))
        s = second_moment(T(b2), T(1 - b2), state["nu"], g - m) + T(options["eps_root"])
        s = flushed(capped(s))
        kappa = T(correction(b2, steps))
        return scaled(T(options["eps"]), capped(kappa * s), m), {"mu": m, "nu": s}

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ"""
        return shrink(options, alpha)

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α κ₁"""
        return alpha * correction(options["b1"], steps)
