"""The law of Rprop, torch's; `rust/laws/rprop.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array
from .law import Law, Scalar, State
from .parts import flushed, sign


def clamped(x: Array, least: Scalar, most: Scalar) -> Array:
    """X within [least, most]; NaN stays NaN."""
    return np.where(x < least, least, np.where(x > most, most, x))


class Rprop(Law):
    """The gradient's sign times a step size that grows while the sign stays and shrinks where it turned."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        # The step size starts at the rate: that is added in the first step.
        initial = T(options["lr"] if steps == 1 else 0.0)
        shrinks, grows = map(T, options["etas"])
        least, most = map(T, options["step_sizes"])
        prev = state["prev"]
        # Signs are compared, not multiplied gradients: the product of small ones would be zero.
        stays = ((g > 0) & (prev > 0)) | ((g < 0) & (prev < 0))
        turned = ((g > 0) & (prev < 0)) | ((g < 0) & (prev > 0))
        factor = np.where(turned, shrinks, np.where(stays, grows, T(1)))
        size = clamped((state["step_size"] + initial) * factor, least, most)
        g = np.where(turned, T(0), g)
        return sign(g) * size, {"prev": flushed(g), "step_size": size}

    def squares(self, options: Mapping[str, Any]) -> bool:
        return False

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """1: the step size is the step"""
        return 1.0
