"""The law of Lion, optax's; `rust/laws/lion.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, State
from .parts import coupled, first_moment, flushed, sign


class Lion(Law):
    """The sign of the momentum that the gradient would make; the momentum kept is a slower one."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        b1, b2 = options["b1"], options["b2"]
        d = sign(first_moment(T(b1), T(1 - b1), state["mu"], g))
        d = coupled(options["weight_decay"], theta, d)
        return d, {"mu": flushed(first_moment(T(b2), T(1 - b2), state["mu"], g))}

    def squares(self, options: Mapping[str, Any]) -> bool:
        return False
