"""The law of RAdam, torch's; `rust/laws/radam.rs` is the same, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from ..power import rounded_power
from .law import Law, State
from .moments import with_moments
from .parts import correction, decoupled_shrink, scaled


def rectification(beta: float, steps: int) -> float | None:
    """r √(1 − β₂ᵗ), with r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ)), where ρ > 5"""
    # Rounded as torch rounds it: in ρ, of a few units, thousands cancel.
    decayed = rounded_power(beta, steps)
    rest = 1.0 - decayed
    most = 2.0 / (1.0 - beta) - 1.0
    rho = most - 2.0 * steps * decayed / rest
    if not rho > 5.0:
        return None
    above = (rho - 4.0) * (rho - 2.0) * most
    below = (most - 4.0) * (most - 2.0) * rho
    return math.sqrt(above / below) * math.sqrt(rest)


class Radam(Law):
    """The first moment, scaled by the second, rectified, once there are gradients enough to trust it."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        _, m, v = with_moments(options, theta, g, state)
        factor = rectification(options["betas"][1], steps)
        d = m if factor is None else scaled(T(options["eps"]), v, T(factor) * m)
        return d, {"exp_avg": m, "exp_avg_sq": v}

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − α λ, if decoupled"""
        return decoupled_shrink(options, alpha)

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α κ₁"""
        return alpha * correction(options["betas"][0], steps)
