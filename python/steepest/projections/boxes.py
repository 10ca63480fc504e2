"""Sets of bounds: boxes, the largest norm, the orthant."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..arrays import Array, described
from ..parameters import Leaf
from .projection import SIZE, Projection, refuse_complex


def box(lower: Any = None, upper: Any = None) -> Projection:
    """The box lower ≤ x ≤ upper.

    Parameters
    ----------
    lower, upper : float, array_like or None, default None
        Bounds, of a shape that broadcasts to that of x, or of every array of a nesting; infinite or None
        for none. In float32 they are rounded into the box.

    Returns
    -------
    Projection
        min(max(x, lower), upper).

    Raises
    ------
    TypeError
        If a bound is not real numbers.
    ValueError
        If a bound is NaN, or a lower one larger than its upper one; on a call if it does not broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import box
    >>> box(0, [1, np.inf])(np.array([3.0, 3.0]))
    array([1., 3.])
    """
    low, high = _bound("lower", lower, -np.inf), _bound("upper", upper, np.inf)
    try:
        crossed = low > high
    except ValueError:
        raise ValueError(
            f"upper: got shape {high.shape}, expected one that fits lower's, {low.shape}"
        ) from None
    if crossed.any():
        first = tuple(int(i) for i in np.argwhere(crossed)[0])
        pair = [np.broadcast_to(bound, crossed.shape)[first] for bound in (low, high)]
        where = f" at {list(first)}" if first else ""
        raise ValueError(f"lower: got {pair[0]}{where}, expected at most upper, {pair[1]}")
    return _box(f"box({lower!r}, {upper!r})", low, high)


def linf_ball(radius: float = 1.0) -> Projection:
    """The ball ‖x‖∞ ≤ radius: the box from −radius to radius.

    Parameters
    ----------
    radius : float, default 1.0
        Larger than 0.

    Returns
    -------
    Projection
        min(max(x, −radius), radius).

    Raises
    ------
    TypeError, ValueError
        If radius is not a finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import linf_ball
    >>> linf_ball(1.0)(np.array([3.0, -0.5]))
    array([ 1. , -0.5])
    """
    size = SIZE("radius", radius)
    return _box(f"linf_ball({size:g})", np.array(-size), np.array(size))


def nonnegative() -> Projection:
    """The orthant x ≥ 0.

    Returns
    -------
    Projection
        max(x, 0).

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import nonnegative
    >>> nonnegative()(np.array([-3.0, 0.5]))
    array([0. , 0.5])
    """
    return _box("nonnegative()", np.array(0.0), np.array(np.inf))


def _box(text: str, lower: Array, upper: Array) -> Projection:
    bounds = lower, upper
    return Projection(text, partial(_project_into_box, *bounds), partial(_check, text, *bounds))


def _bound(name: str, bound: Any, none: float) -> Array:
    array = np.asarray(none if bound is None else bound)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: got {described(bound)}, expected real numbers or None")
    array = array.astype(np.float64)
    if np.isnan(array).any():
        raise ValueError(f"{name}: got NaN, expected a number or an infinity")
    return array


def _check(text: str, lower: Array, upper: Array, leaves: Sequence[Leaf]) -> None:
    refuse_complex(text, leaves)
    for leaf in leaves:
        for name, bound in (("lower", lower), ("upper", upper)):
            try:
                np.broadcast_to(bound, leaf.shape)
            except ValueError:
                raise ValueError(
                    f"{name}: got shape {bound.shape}, expected one that broadcasts to {leaf.shape}"
                ) from None


def _project_into_box(lower: Array, upper: Array, leaves: Sequence[Leaf]) -> None:
    for leaf in leaves:
        low, high = (
            _rounded(bound, leaf.dtype, to) for bound, to in ((lower, np.inf), (upper, -np.inf))
        )
        np.clip(leaf.array, low, high, out=leaf.array)


def _rounded(bound: Array, dtype: Any, to: float) -> Array:
    """A bound in the dtype, rounded up or down."""
    if bound.dtype == dtype:
        return bound
    with np.errstate(over="ignore"):
        rounded = bound.astype(dtype)
    beyond = rounded < bound if to > 0 else rounded > bound
    return np.where(beyond, np.nextafter(rounded, dtype.type(to)), rounded)
