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


def one_minus_power(base: float, n: int) -> float:
    """1 − baseⁿ for 0 ≤ base ≤ 1, likewise, from 1 − base: nothing cancels in 1 − a + (1 − b) a."""
    rest = 0.0
    square = 1.0 - base
    while n > 0:
        if n & 1:
            rest = rest + square * (1.0 - rest)
        square *= 2.0 - square
        n >>= 1
    return rest


#: Veltkamp's 2²⁷ + 1, which splits a float64 in halves whose products are exact.
SPLITTER = 134_217_729.0


def _halves(x: float) -> tuple[float, float]:
    t = SPLITTER * x
    high = t - (t - x)
    return high, x - high


def _times(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """Dekker's product of two numbers with twice the digits, by + − × alone."""
    product = a[0] * b[0]
    (a1, a2), (b1, b2) = _halves(a[0]), _halves(b[0])
    lost = a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)
    rest = lost + (a[0] * b[1] + a[1] * b[0])
    total = product + rest
    return total, rest - (total - product)


def rounded_power(base: float, n: int) -> float:
    """baseⁿ by repeated squaring with twice the digits, lowest bit first, rounded once."""
    product, square = (1.0, 0.0), (base, 0.0)
    while n > 0:
        if n & 1:
            product = _times(product, square)
        square = _times(square, square)
        n >>= 1
    return product[0] + product[1]


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
