"""The law of RMSprop, torch's; `rust/laws/rmsprop.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array
from .law import Law, State
from .parts import capped, coupled, first_moment, flushed, scaled, second_moment, velocity


def variance(s: Array, a: Array) -> Array:
    """s − a², which rounding must not make negative."""
    variance: Array = s - a * a
    return np.where(variance < 0, s.dtype.type(0), variance)


class Rmsprop(Law):
    """The gradient scaled by the average of its square or by its variance; gathered in a momentum buffer."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        alpha, rest = T(options["alpha"]), T(1 - options["alpha"])
        g = coupled(options["weight_decay"], theta, g)
        s = flushed(capped(second_moment(alpha, rest, state["square_avg"], g)))
        new = {"square_avg": s}
        if options["centered"]:
            a = new["grad_avg"] = flushed(first_moment(alpha, rest, state["grad_avg"], g))
            s = variance(s, a)
        d = scaled(T(options["eps"]), s, g)
        if options["momentum"] != 0:
            d = velocity(T(options["momentum"]), state["momentum_buffer"], d)
            new["momentum_buffer"] = flushed(d)
        return d, new
