"""The law of Adagrad, torch's; `rust/laws/adagrad.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, State
from .parts import capped, coupled, flushed, scaled


def sum_of_squares(s: Array, g: Array) -> Array:
    """s ← s + g²"""
    new: Array = s + g * g
    return new


class Adagrad(Law):
    """The gradient, with weight decay in it, scaled by the sum of all its squares."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        # The sum starts at its initial value: that is added in the first step.
        initial = T(options["initial_accumulator_value"] if steps == 1 else 0.0)
        g = coupled(options["weight_decay"], theta, g)
        s = flushed(capped(sum_of_squares(state["sum"] + initial, g)))
        return scaled(T(options["eps"]), s, g), {"sum": s}

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """α / (1 + (tᵢ − 1) η)"""
        lr_decay: float = options["lr_decay"]
        return alpha / (1.0 + float(steps - 1) * lr_decay)
