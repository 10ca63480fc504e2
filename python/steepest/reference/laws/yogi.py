"""The law of Yogi, optax's; `rust/laws/yogi.rs` is the same, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, Scalar, State
from .parts import capped, correction, coupled, first_moment, flushed, scaled_by, sign

#: Where both moments start, as in optax.
INITIAL = 1e-6


def controlled(rest: Scalar, v: Array, g: Array) -> Array:
    """v ← v − (1 − b₂) sign(v − g²) g²"""
    square = g * g
    new: Array = v - (rest * sign(v - square)) * square
    return new


class Yogi(Law):
    """The first moment, scaled by a second that moves towards g² by no more than a part of it."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        # The moments start at their initial value: that is added in the first step.
        initial = T(INITIAL if steps == 1 else 0.0)
        b1, b2 = options["b1"], options["b2"]
        m = flushed(first_moment(T(b1), T(1 - b1), state["mu"] + initial, g))
        v = flushed(capped(controlled(T(1 - b2), state["nu"] + initial, g)))
        kappa1, root2 = T(correction(b1, steps)), T(math.sqrt(correction(b2, steps)))
        d = scaled_by(root2, T(options["eps"]), v, kappa1 * m)
        return coupled(options["weight_decay"], theta, d), {"mu": m, "nu": v}
