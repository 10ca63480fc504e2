"""The reproducible norm, and the search for values that are not finite; see `rust/norm.rs`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..arrays import Array

BLOCK, WIDTH = 4096, 32

#: Squares that overflow float64 are summed once more at this scale.
SCALE = 2.0**-600


def sum_of_squares(arrays: Sequence[Array], scale: float) -> float:
    """The squares of all elements, each times ``scale``, added block by block."""
    total = 0.0
    for array in arrays:
        x = np.ravel(array, order="C").astype(np.float64) * scale
        blocks = np.zeros((-(-x.size // BLOCK), BLOCK // WIDTH, WIDTH))
        blocks.reshape(-1)[: x.size] = x * x
        for block in blocks:
            total += _block_sum(block)
    return total


def _block_sum(block: Array) -> float:
    lanes = np.zeros(WIDTH)
    for row in block:
        lanes = lanes + row
    while lanes.size > 1:
        half = lanes.size // 2
        lanes = lanes[:half] + lanes[half:]
    return float(lanes[0])


def norm(arrays: Sequence[Array]) -> float:
    """‖·‖ of all arrays together."""
    total = sum_of_squares(arrays, 1.0)
    if total == math.inf:
        return math.sqrt(sum_of_squares(arrays, SCALE)) / SCALE
    return math.sqrt(total)


def clip_factor(most: float, norm: float) -> float:
    """f = min(1, C / (‖g‖ + 1e-6)); NaN if the norm is."""
    factor = most / (norm + 1e-6)
    return factor if not factor >= 1.0 else 1.0


def all_finite(array: Array, squared: bool) -> bool:
    """Whether every element is finite and, if ``squared``, its square too (in the array's own dtype)."""
    return bool(np.isfinite(array * array if squared else array).all())
