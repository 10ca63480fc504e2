"""The law of ASGD, torch's; `rust/laws/asgd.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from ..power import real_power
from .law import Law, State
from .parts import coupled, flushed


def average_weight(options: Mapping[str, Any], steps: int) -> float:
    """μ = 1 / max(1, tᵢ − 1 − t₀)"""
    t0: float = options["t0"]
    return 1.0 / max(float(steps - 1) - t0, 1.0)


class Asgd(Law):
    """The gradient, with weight decay in it; beside the parameter, the average of its values."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        return coupled(options["weight_decay"], theta, g), {"ax": state["ax"]}

    def after(
        self, options: Mapping[str, Any], steps: int, theta: Array, state: State
    ) -> dict[str, Array]:
        """a ← a + (θ − a) μ"""
        mu = average_weight(options, steps)
        ax = state["ax"]
        return {"ax": flushed(ax + (theta - ax) * theta.dtype.type(mu) if mu != 1 else theta)}

    def squares(self, options: Mapping[str, Any]) -> bool:
        return False

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1 − λ η"""
        shrink: float = 1.0 - options["lambd"] * self.rate(options, steps, alpha)
        return shrink

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """η = α / (1 + λ α (tᵢ − 1))^a"""
        grown = 1.0 + options["lambd"] * alpha * float(steps - 1)
        return alpha / real_power(grown, options["alpha"])
