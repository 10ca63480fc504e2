"""Sets of vectors: balls, the sphere, the simplex."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ..arrays import Array, described, reals
from ..parameters import Leaf
from .projection import SIZE, Projection, refuse_complex

#: What is on the border but for this many ε stays as it is: projecting twice changes no bit.
_ROUNDING = 16
#: Gives the nearest points of a set of some size for rows of vectors, up to some rounding.
_Nearest = Callable[[Array, float, float], Array]


def l2_ball(radius: float = 1.0, axis: int | None = None) -> Projection:
    """The ball ‖x‖₂ ≤ radius.

    Parameters
    ----------
    radius : float, default 1.0
        Larger than 0.
    axis : int, optional
        Every vector along it by itself; by default everything is one vector.

    Returns
    -------
    Projection
        x · min(1, radius / ‖x‖₂); of complex numbers the norm is that of their moduli.

    Raises
    ------
    TypeError, ValueError
        If radius is not a finite number > 0, or axis not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import l2_ball
    >>> l2_ball(1.0, axis=0)(np.array([[3.0, 0.1], [4.0, 0.2]]))  # the columns
    array([[0.6, 0.1],
           [0.8, 0.2]])
    """
    return _of_vectors("l2_ball", "radius", radius, axis, _into_l2_ball, takes_complex=True)


def sphere(radius: float = 1.0, axis: int | None = None) -> Projection:
    """The sphere ‖x‖₂ = radius.

    Parameters
    ----------
    radius, axis
        As for :func:`l2_ball`.

    Returns
    -------
    Projection
        x · radius / ‖x‖₂; of complex numbers the norm is that of their moduli. Every point of the sphere is
        nearest to 0: it goes to the one on the first axis.

    Raises
    ------
    TypeError, ValueError
        As for :func:`l2_ball`; and on a call if the vectors have no numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import sphere
    >>> sphere(10.0)(np.array([0.3, 0.4]))
    array([6., 8.])
    """
    return _of_vectors(
        "sphere", "radius", radius, axis, _onto_sphere, needs_numbers=True, takes_complex=True
    )


def simplex(total: float = 1.0, axis: int | None = None) -> Projection:
    """The simplex x ≥ 0, Σ x = total: probabilities, if total is 1.

    Parameters
    ----------
    total : float, default 1.0
        Larger than 0.
    axis : int, optional
        Every vector along it by itself; by default everything is one vector.

    Returns
    -------
    Projection
        max(x − τ, 0) with the τ that gives the sum (Duchi et al., "Efficient projections onto the ℓ₁-ball",
        ICML 2008, figure 1: by sorting).

    Raises
    ------
    TypeError, ValueError
        If total is not a finite number > 0, or axis not an integer; on a call if the vectors have no
        numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import simplex
    >>> simplex()(np.array([0.75, 0.5, -2.0]))
    array([0.625, 0.375, 0.   ])
    """
    return _of_vectors("simplex", "total", total, axis, _onto_simplex, needs_numbers=True)


def l1_ball(radius: float = 1.0, axis: int | None = None) -> Projection:
    """The ball ‖x‖₁ ≤ radius: small numbers become exactly 0.

    Parameters
    ----------
    radius, axis
        As for :func:`l2_ball`.

    Returns
    -------
    Projection
        sign(x) · max(|x| − τ, 0) (Duchi et al., 2008: of |x| onto the simplex).

    Raises
    ------
    TypeError, ValueError
        As for :func:`l2_ball`.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import l1_ball
    >>> l1_ball(2.0)(np.array([2.0, -1.0, 0.25]))
    array([ 1.5, -0.5,  0. ])
    """
    return _of_vectors("l1_ball", "radius", radius, axis, _into_l1_ball)


def _of_vectors(
    name: str,
    size_name: str,
    size: float,
    axis: int | None,
    nearest: _Nearest,
    needs_numbers: bool = False,
    takes_complex: bool = False,
) -> Projection:
    size = SIZE(size_name, size)
    text = f"{name}({size:g}" + (")" if axis is None else f", axis={axis})")
    check = partial(_check, axis, needs_numbers, None if takes_complex else text)
    if axis is None:
        return Projection(text, partial(_project_together, size, nearest), check)
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis: got {described(axis)}, expected an integer or None")
    return Projection(text, partial(_project_along, axis, size, nearest), check)


def _check(
    axis: int | None, needs_numbers: bool, real_only: str | None, leaves: Sequence[Leaf]
) -> None:
    if real_only is not None:
        refuse_complex(real_only, leaves)
    for leaf in leaves:
        if axis is not None and not -leaf.array.ndim <= axis < leaf.array.ndim:
            raise ValueError(f"{leaf.label}: has shape {leaf.shape}, which has no axis {axis}")
    if axis is None:
        lengths = [sum(leaf.array.size for leaf in leaves)]
    else:
        lengths = [leaf.shape[axis] for leaf in leaves]
    if needs_numbers and 0 in lengths:
        raise ValueError("x: has a vector of no numbers, expected at least one")


def _project_together(size: float, nearest: _Nearest, leaves: Sequence[Leaf]) -> None:
    """All arrays as one row of real numbers in float64."""
    arrays = [reals(leaf.array) for leaf in leaves]
    row = np.concatenate([array.ravel() for array in arrays], dtype=np.float64)
    row = _quietly(nearest, row[None, :], size, max(_eps(leaf) for leaf in leaves))[0]
    parts = np.split(row, np.cumsum([array.size for array in arrays])[:-1])
    for array, part in zip(arrays, parts, strict=True):
        array[...] = part.reshape(array.shape)


def _project_along(
    axis: int,
    size: float,
    nearest: _Nearest,
    leaves: Sequence[Leaf],
) -> None:
    for leaf in leaves:
        vectors = np.moveaxis(leaf.array, axis, -1)
        numbers = reals(vectors)
        rows = numbers.reshape(*vectors.shape[:-1], math.prod(numbers.shape[vectors.ndim - 1 :]))
        found = _quietly(nearest, rows.astype(np.float64), size, _eps(leaf))
        numbers[...] = found.reshape(numbers.shape)


def _quietly(nearest: _Nearest, rows: Array, size: float, eps: float) -> Array:
    with np.errstate(all="ignore"):  # NaN and infinity give NaN
        return nearest(rows, size, eps)


def _eps(leaf: Leaf) -> float:
    return _ROUNDING * float(np.finfo(leaf.dtype).eps)


def _polar(rows: Array) -> tuple[Array, Array]:
    """The norms along the last axis, and the unit vectors; scaled, so that no square over- or underflows.

    The unit vectors are not made from the norms, which have few digits where they are subnormal.
    """
    largest = np.abs(rows).max(axis=-1, keepdims=True, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    scaled = rows / unit
    lengths = np.linalg.norm(scaled, axis=-1, keepdims=True)
    return unit * lengths, scaled / np.where(lengths == 0, 1.0, lengths)


def _into_l2_ball(rows: Array, radius: float, eps: float) -> Array:
    norms, directions = _polar(rows)
    return np.where(norms <= radius * (1 + eps), rows, directions * radius)


def _onto_sphere(rows: Array, radius: float, eps: float) -> Array:
    norms, directions = _polar(rows)
    first = np.zeros(rows.shape[-1])
    first[0] = radius
    onto = np.where(norms == 0, first, directions * radius)
    return np.where(np.abs(norms - radius) <= radius * eps, rows, onto)


def _onto_simplex(rows: Array, total: float, eps: float) -> Array:
    is_there = np.abs(rows.sum(axis=-1, keepdims=True) - total) <= total * eps
    is_there &= (rows >= 0).all(axis=-1, keepdims=True)
    # The same for all numbers moved together, and exact if the largest is 0.
    moved = rows - rows.max(axis=-1, keepdims=True)
    # What is total or more below the largest becomes 0; no sum of such numbers may overflow.
    moved = np.where(moved < -total, -total, moved)
    down = -np.sort(-moved, axis=-1)
    shifts = (np.cumsum(down, axis=-1) - total) / np.arange(1, rows.shape[-1] + 1)
    count = np.count_nonzero(down > shifts, axis=-1, keepdims=True)
    shift = np.take_along_axis(shifts, np.maximum(count - 1, 0), axis=-1)
    return np.where(is_there, rows, np.maximum(moved - shift, 0.0))


def _into_l1_ball(rows: Array, radius: float, eps: float) -> Array:
    sizes = np.abs(rows)
    is_there = sizes.sum(axis=-1, keepdims=True) <= radius * (1 + eps)
    if is_there.all():
        return rows
    return np.where(is_there, rows, np.copysign(_onto_simplex(sizes, radius, 0.0), rows))
