"""The law of Adadelta, torch's; `rust/laws/adadelta.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array
from .law import Law, Scalar, State
from .parts import capped, coupled, flushed, second_moment


def in_its_own_units(eps: Scalar, u: Array, s: Array, g: Array) -> Array:
    """d ← √(u + ε) / √(s + ε) · g"""
    d: Array = np.sqrt(u + eps) / np.sqrt(s + eps) * g
    return d


class Adadelta(Law):
    """The gradient, scaled by the averages of its square and of the steps' squares."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        rho, rest = T(options["rho"]), T(1 - options["rho"])
        g = coupled(options["weight_decay"], theta, g)
        s = flushed(capped(second_moment(rho, rest, state["square_avg"], g)))
        d = in_its_own_units(T(options["eps"]), state["acc_delta"], s, g)
        u = flushed(capped(second_moment(rho, rest, state["acc_delta"], d)))
        return d, {"square_avg": s, "acc_delta": u}
