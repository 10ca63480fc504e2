"""Powers with the same bits on every CPU, which libm's are not; see `rust/power.rs`."""

from __future__ import annotations

import math

#: Binary digits of a fraction that are looked at.
DIGITS = 60


def power(base: float, n: int) -> float:
    """baseⁿ by repeated squaring, lowest bit first."""
    product = 1.0
    while n > 0:
        if n & 1:
            product *= base
        base *= base
        n >>= 1
    return product


def real_power(base: float, exponent: float) -> float:
    """baseˣ for x ≥ 0: by its integer part as above, then digit by digit of its binary fraction.

    For each digit, the highest first, one root more of the base; where the digit is 1 it is a factor.
    """
    whole = math.floor(exponent) if exponent < 2.0**62 else 2**62
    product = power(base, whole)
    fraction = exponent - whole if exponent < 2.0**62 else 0.0
    root = base
    digits = 0
    while fraction > 0.0 and digits < DIGITS:
        root = math.sqrt(root)
        fraction *= 2.0
        if fraction >= 1.0:
            product *= root
            fraction -= 1.0
        digits += 1
    return product
