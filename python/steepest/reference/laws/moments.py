"""The moments that Adam and its kin keep; `rust/laws/moments.rs` is the same, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arrays import Array
from .law import State
from .parts import capped, coupled, first_moment, flushed, is_coupled, second_moment


def with_moments(
    options: Mapping[str, Any], theta: Array, g: Array, state: State
) -> tuple[Array, Array, Array]:
    """The gradient, and its moments with it."""
    T = theta.dtype.type
    beta1, beta2 = options["betas"]
    if is_coupled(options):
        g = coupled(options["weight_decay"], theta, g)
    m = first_moment(T(beta1), T(1 - beta1), state["exp_avg"], g)
    v = second_moment(T(beta2), T(1 - beta2), state["exp_avg_sq"], g)
    return g, flushed(m), flushed(capped(v))
