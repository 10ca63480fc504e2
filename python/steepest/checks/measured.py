"""What differences can tell of a gradient: for each number an interval, and how blurred they see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrays import Array, reals
from ..differences import moved, step_for, value_at
from ..parameters import Leaf
from ..points import Point

#: Roughness, as a part of the slope, from which a kink is suspected.
_ROUGH = 1e-2
#: How far beyond the slopes on either side of a kink a derivative may be, as f is curved there too.
_SLACK = 1e-3
#: How many times the roughness seen the differences may be wrong.
_CAUTION = 10.0


@dataclass
class Measured:
    """The derivatives by some numbers of an array, by real parts: rows of 1 number, or of Re and Im.

    ``low`` and ``high`` are the same but at kinks, where they are the slopes on either side; ``blur`` is
    what differences with those ``steps`` do not resolve. What could not be measured is NaN.
    """

    leaf: Leaf
    chosen: Array
    low: Array = field(init=False)
    high: Array = field(init=False)
    blur: Array = field(init=False)
    steps: Array = field(init=False)
    kinks: Array = field(init=False)

    def __post_init__(self) -> None:
        parts = 2 if self.leaf.dtype.kind == "c" else 1
        self.low, self.high, self.blur, self.steps = np.zeros((4, self.chosen.size, parts))
        self.kinks = np.zeros((self.chosen.size, parts), bool)

    @property
    def seen(self) -> Array:
        """Which of the numbers could be measured."""
        return np.asarray(np.isfinite(self.low + self.high).all(axis=1))

    @property
    def uncertainty(self) -> Array:
        """How far from the middle the derivatives may be."""
        return np.asarray(np.linalg.norm(self.blur + (self.high - self.low) / 2, axis=1))

    @property
    def middle(self) -> Array:
        """The derivatives; at kinks half-way between those on either side."""
        middle = (self.low + self.high) / 2
        return middle[:, 0] if middle.shape[1] == 1 else middle[:, 0] + 1j * middle[:, 1]

    def picked(self, gradient: Array) -> Array:
        """Of an array of the leaf's shape the numbers that were measured."""
        return gradient.reshape(-1)[self.chosen]

    def errors(self, gradient: Array, rtol: float, own_eps: float) -> Array:
        """Relative errors of some numbers that should be the derivatives; 0 where nothing was seen.

        Relative to the larger of both, or to what blur alone would make an error of rtol.
        """
        seen, middle = self.seen, np.abs(self.middle)
        parts = np.stack([gradient.real, gradient.imag][: self.low.shape[1]], axis=-1)
        outside = np.maximum(self.low - parts, parts - self.high)
        outside = np.maximum(outside - _SLACK * (self.high - self.low), 0.0)
        # A gradient rounds its sums as coarsely as its largest numbers.
        rounding = 64 * own_eps * np.max(middle, where=seen, initial=0.0)
        floor = (np.linalg.norm(self.blur, axis=1) + rounding) / rtol
        scale = np.maximum(np.maximum(np.abs(gradient), middle), floor)
        with np.errstate(all="ignore"):
            errors = np.linalg.norm(outside, axis=1) / scale
        errors = np.where(outside.any(axis=1), np.nan_to_num(errors, nan=np.inf), 0.0)
        return np.where(seen, errors, 0.0)


def measure(leaf: Leaf, chosen: Array, value: Callable[[], float], eps: float) -> Measured:
    """The derivatives of a value by the chosen numbers of a leaf, for 4 evaluations each and 1 more.

    Suspected kinks take 4 more. ``eps`` is the precision of the value.
    """
    found = Measured(leaf, chosen)
    numbers, parts, at_rest = reals(leaf.array).reshape(-1), found.low.shape[1], value()
    for row, element in enumerate(chosen.tolist()):
        for part in range(parts):
            spot = (row, part)
            try_at = _Stencil(numbers, element * parts + part, value, at_rest)
            h = float(np.cbrt(eps)) * max(1.0, abs(try_at.number))
            with np.errstate(all="ignore"):
                low, high, found.blur[spot], found.kinks[spot] = _derivative(try_at, h, eps)
            found.low[spot], found.high[spot], found.steps[spot] = low, high, h
    return found


def share_noise(all_measured: Sequence[Measured]) -> None:
    """Let no number be seen more clearly than the noise of f allows that is seen at most of them.

    One stencil may happen to look smooth; f is as noisy by one number as by another.
    """
    noise = [(m.blur * m.steps)[m.seen[:, None] & ~m.kinks] for m in all_measured]
    level = np.median(np.concatenate(noise)) if any(n.size for n in noise) else 0.0
    for m in all_measured:
        m.blur = np.maximum(m.blur, level / m.steps)


class _Stencil:
    """A function of one number, sampled at −2, −1, 0, 1 and 2 times a step from where it is."""

    def __init__(self, numbers: Array, i: int, value: Callable[[], float], at_rest: float) -> None:
        self.numbers, self.i, self.value, self.at_rest = numbers, i, value, at_rest
        self.number = numbers.item(i)

    def __call__(self, h: float) -> tuple[list[float], list[float]]:
        samples = [
            moved(self.numbers, self.i, self.number + k * h, self.value) for k in (-2, -1, 1, 2)
        ]
        self.numbers[self.i] = self.number
        samples.insert(2, (self.number, self.at_rest))
        x, y = zip(*samples, strict=True)
        return list(x), list(y)


def _derivative(stencil: _Stencil, h: float, eps: float) -> tuple[float, float, float, bool]:
    """The bounds of the derivative, their blur, and whether there is a kink."""
    x, y = stencil(h)
    if not np.isfinite(y).all():
        return np.nan, np.nan, 0.0, False
    near, far, left, right, rough = _slopes(x, y)
    rounding = 4 * eps * max(map(abs, y)) / h
    slope = max(abs(left), abs(right))
    if rough > max(_ROUGH * slope, 100 * rounding):
        wider = _slopes(*stencil(8 * h))[-1]
        # With the step noise falls 8 times, curvature rises at least 64 times; a kink stays what it is.
        if rough / 2 < wider < 4 * rough:
            low, high = min(left, right), max(left, right)
            return low, high, _CAUTION * rounding, True
    best = near + (near - far) / 3  # Richardson's: without the error h²
    return best, best, _CAUTION * (rough + rounding), False


def _slopes(x: list[float], y: list[float]) -> tuple[float, float, float, float, float]:
    """Central differences with steps h and 2h, those on either side, and how far from smooth they are.

    A smooth function's third and fourth differences, here in the units of a slope, vanish as h².
    """

    def between(i: int, j: int) -> float:
        return (y[j] - y[i]) / (x[j] - x[i])

    near, far, left, right = between(1, 3), between(0, 4), between(1, 2), between(2, 3)
    fourth = (between(2, 4) - between(0, 2)) - 2 * (right - left)
    return near, far, left, right, abs(far - near) + abs(fourth) / 2


def measurable(
    f: Callable[..., Any], point: Point, args: Sequence[Any]
) -> tuple[Point, Callable[[], float], float]:
    """The point to measure at, f as it is there, and the precision of that.

    That is the same point in float64, unless f takes no float64; and f may compute in float32 all the same.
    """
    single, double = (float(np.finfo(dtype).eps) for dtype in (np.float32, np.float64))
    wide = [
        leaf.array.astype(np.result_type(leaf.dtype, np.float64), copy=True)
        for leaf in point.leaves
    ]
    measuring, eps = Point(point.filled(wide), takes_complex=True), double
    value = value_at(f, measuring, args)
    try:
        at_x = value()
    except Exception:  # whatever f says to a dtype it does not know
        if all(leaf.dtype == array.dtype for leaf, array in zip(point.leaves, wide, strict=True)):
            raise
        measuring, eps = point, single
        value = value_at(f, measuring, args)
        at_x = value()
    if not np.isfinite(at_x):
        raise ValueError(f"f: is {at_x} at x, expected a finite number")
    if eps == double:
        nearby = np.array(_nearby(measuring, value))
        with np.errstate(over="ignore"):
            eps = single if (nearby == nearby.astype(np.float32)).all() else double
    again = value()
    if abs(again - at_x) > 100 * eps * abs(at_x):
        raise ValueError(
            f"f: gave {at_x} and then {again} at the same x, expected a function of x alone; "
            "fix its seed, and its batch"
        )
    return measuring, value, eps


def _nearby(point: Point, value: Callable[[], float]) -> list[float]:
    """Values of f with all numbers of the point a step to either side: some random digits of f."""
    values = []
    before = [leaf.array.copy() for leaf in point.leaves]
    for sign in (-1, 1):
        for leaf in point.leaves:
            numbers = reals(leaf.array).reshape(-1)
            numbers += [sign * step_for(number, numbers.dtype) for number in numbers.tolist()]
        values.append(value())
        for leaf, array in zip(point.leaves, before, strict=True):
            leaf.array[...] = array
    return values
