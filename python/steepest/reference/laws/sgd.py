"""The law of SGD, torch's; `rust/laws/sgd.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import Law, Scalar, State
from .parts import coupled, flushed, look_ahead


def momentum_buffer(mu: Scalar, rest: Scalar, b: Array, g: Array) -> Array:
    """b ← μ b + (1 − τ) g"""
    return mu * b + rest * g


class Sgd(Law):
    """The gradient with weight decay in it, its momentum buffer, or with Nesterov one look ahead of that."""

    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        T = theta.dtype.type
        g = coupled(options["weight_decay"], theta, g)
        if options["momentum"] == 0:
            return g, {}
        mu = T(options["momentum"])
        # The first gradient is taken whole: only those after it are dampened.
        rest = T(1.0 if steps == 1 else 1 - options["dampening"])
        b = momentum_buffer(mu, rest, state["momentum_buffer"], g)
        d = look_ahead(mu, b, g) if options["nesterov"] else b
        return d, {"momentum_buffer": flushed(b)}

    def squares(self, options: Mapping[str, Any]) -> bool:
        return False
