"""The law of AdaBelief, optax's; `rust/laws/adabelief.rs` is the same, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, State
from .parts import capped, correction, coupled, first_moment, flushed, scaled_by, second_moment


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
        kappa1, root2 = T(correction(b1, steps)), T(math.sqrt(correction(b2, steps)))
        d = scaled_by(root2, T(options["eps"]), s, kappa1 * m)
        return coupled(options["weight_decay"], theta, d), {"mu": m, "nu": s}
