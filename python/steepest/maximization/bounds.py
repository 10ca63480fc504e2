"""Bounds and projections: what keeps x where it may be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import Array, described
from ..parameters import Leaf
from ..projections.boxes import _rounded
from .iterate import Iterate
from .objective import all_finite, norm_of

#: Takes arrays like x's to the nearest that are allowed; may return the arrays it was given.
Project = Callable[[list[Array]], list[Array]]


class Bounds:
    """A lowest and a highest value for every number of x.

    Parameters
    ----------
    bounds : nesting
        For one array a sequence with a pair (lo, hi) for each number, or an object with ``lb`` and ``ub``
        that broadcast to it, as ``scipy.optimize.Bounds``; for a number a pair. For a nested x the same
        nesting with, for each array, such an object, a pair of numbers or of arrays that broadcast to it, or
        None, which is all that a complex one may have. None in a pair is no bound. In float32 they are
        rounded into the box; if no number is in it, to the nearest.
    x : Iterate
        What is bounded.
    """

    def __init__(self, bounds: Any, x: Iterate) -> None:
        is_one = isinstance(x.x, np.ndarray)
        given = [bounds] if is_one else x.placed_as("bounds", bounds)
        _refuse_complex(given, x.point.leaves)
        if is_one:
            given = [_rows(bounds, x.arrays[0])]
        rows = zip(given, x.arrays, x.point.leaves, strict=True)
        pairs = [_pair(found, array, leaf.label) for found, array, leaf in rows]
        self.low = [low for low, _ in pairs]
        self.high = [high for _, high in pairs]

    def project(self, arrays: list[Array]) -> list[Array]:
        """The arrays, written, with every number within its bounds."""
        for array, low, high in zip(arrays, self.low, self.high, strict=True):
            np.maximum(array, low, out=array)
            np.minimum(array, high, out=array)
        return arrays

    def hold(self, arrays: list[Array]) -> bool:
        """Whether every number is within its bounds."""
        rows = zip(arrays, self.low, self.high, strict=True)
        return all(((low <= a) & (a <= high)).all() for a, low, high in rows)

    def sample(self, rng: np.random.Generator) -> list[Array]:
        """Arrays drawn evenly from within the bounds."""
        pairs = list(zip(self.low, self.high, strict=True))
        if not all(np.isfinite(low).all() and np.isfinite(high).all() for low, high in pairs):
            raise ValueError("restarts: the bounds are not all finite; give a sampler")
        return [np.asarray(rng.uniform(low, high)).astype(low.dtype) for low, high in pairs]


def bounded_length_of(x: Iterate, bounds: Bounds, sign: int) -> Callable[[Any], float]:
    """The function that gives ‖P(x ± g) − x‖, as that of ± g between low − x and high − x.

    So a gradient too small to change x in its rounding still has its length.
    """

    def length(gradient: Any) -> float:
        parts = x.parts(gradient)
        if not all_finite([*x.arrays, *parts]):
            return math.nan
        with np.errstate(over="ignore"):
            rows = zip(x.arrays, parts, bounds.low, bounds.high, strict=True)
            moved = [
                np.clip(sign * np.asarray(g), low - at, high - at)
                for at, g, low, high in rows
                if g is not None
            ]
        return norm_of(moved)

    return length


def projection(project: Any, x: Iterate) -> Project:
    """A user's projection as one of arrays; ValueError if it gives another form or shape."""
    if not callable(project):
        raise TypeError(f"project: got {described(project)}, expected a function of x")

    def onto(arrays: list[Array]) -> list[Array]:
        was_finite = all_finite(arrays)  # project may write into them
        found = x.fitted("project", project(x.filled(arrays)))
        if was_finite and not all_finite(found):
            raise ValueError("project: returned what is not finite, expected an allowed point")
        return found

    return onto


def _refuse_complex(given: list[Any], leaves: list[Leaf]) -> None:
    for leaf, bounds in zip(leaves, given, strict=True):
        if leaf.dtype.kind == "c" and bounds is not None:
            raise TypeError(
                f"bounds: {leaf.label} is {leaf.dtype}, and complex numbers have no order; "
                "expected None for it: a project function can keep its parts in a box"
            )


def _rows(bounds: Any, array: Array) -> Any:
    """SciPy's sequence of pairs as one pair of arrays."""
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        return bounds
    if not array.shape and isinstance(bounds, (tuple, list, np.ndarray)) and len(bounds) == 2:
        bounds = [bounds]
    try:
        rows = [(None, None) if row is None else tuple(row) for row in bounds]
    except TypeError as error:
        raise TypeError(
            f"bounds: got {described(bounds)}, expected a pair (lo, hi) for each number, "
            "or an object with lb and ub"
        ) from error
    if len(rows) != array.size or any(len(row) != 2 for row in rows):
        raise ValueError(
            f"bounds: got {len(rows)} entries, "
            f"expected a pair (lo, hi) for each of {array.size} numbers"
        )
    defaults = (-np.inf, np.inf)
    sides = [
        [none if value is None else value for value in side]
        for side, none in zip(zip(*rows, strict=True), defaults, strict=True)
    ]
    try:
        return [np.array(side, float).reshape(array.shape) for side in sides]
    except (TypeError, ValueError) as error:
        raise type(error)(f"bounds: expected pairs of numbers or None ({error})") from error


def _pair(bounds: Any, array: Array, label: str) -> tuple[Array, Array]:
    if bounds is None:
        bounds = (None, None)
    elif hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        bounds = (bounds.lb, bounds.ub)
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise TypeError(f"bounds: got {described(bounds)} for {label}, expected a pair (lo, hi)")
    sides = []
    for bound, none in zip(bounds, (-np.inf, np.inf), strict=True):
        try:
            side = np.asarray(none if bound is None else bound, dtype=np.float64)
            if side.size == 1:  # SciPy's bounds of a number have one row
                side = side.reshape(())
            sides.append(np.broadcast_to(side, array.shape))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"bounds: {described(bound)} for {label} is no bound for shape {array.shape}"
            ) from error
    given_low, given_high = sides
    low, high = (
        _rounded(side, array.dtype, to) for side, to in zip(sides, (np.inf, -np.inf), strict=True)
    )
    wrong = ~(given_low <= given_high) | (low == np.inf) | (high == -np.inf)  # NaN included
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise ValueError(
            f"bounds: {label} at {i} has {given_low[i]} to {given_high[i]}, "
            "expected lower <= upper with a number between"
        )
    with np.errstate(over="ignore"):
        nearest = given_low.astype(array.dtype)
    is_empty = low > high  # as float32 has no number between 0.1 and 0.1
    return np.where(is_empty, nearest, low), np.where(is_empty, nearest, high)
