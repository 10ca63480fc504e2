"""What comes before and after every law; see `rust/sweep.rs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array


def before(options: Mapping[str, Any], factor: float, g: Array, turns_gradient: bool) -> Array:
    """g ← g · f;  g ← g < −c ? −c : g > c ? c : g  (f < 0 turns the gradient)"""
    T = g.dtype.type
    g = g * T(-factor if turns_gradient and options["maximize"] else factor)
    c = T(np.inf if options["clip_value"] is None else options["clip_value"])
    return np.where(g < -c, -c, np.where(g > c, c, g))


def after(theta: Array, d: Array, shrink: float, rate: float) -> Array:
    """θ ← θ · shrink;  θ ← θ ± rate · d"""
    T = theta.dtype.type
    new: Array = theta * T(shrink) + T(rate) * d
    return new
