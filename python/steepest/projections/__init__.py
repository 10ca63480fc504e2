"""Euclidean projections onto sets: called with a point, each gives the nearest point of its set.

They are callables ``project(x, out=None)`` for x of float32 or float64, or integers, taken as float64: one
array or number, or any nesting of them. `l2_ball`, `sphere` and `orthonormal_columns` take complex numbers,
too. The result has the form, shapes and dtypes of x, which is not changed; with ``out``,
nested like x or x itself, it is written there and nothing is allocated for it.

A set of vectors (balls, simplex, sphere) takes all numbers of a nesting as one vector; with ``axis`` every
vector along that axis of every array is projected by itself. Use :func:`each` to take every array by itself,
and :func:`parts` for different sets for different arrays. NaN gives NaN, at least where it is.

Examples
--------
>>> import numpy as np
>>> from steepest import projections
>>> into = projections.l2_ball(1.0)
>>> x = np.array([3.0, 4.0])
>>> into(x)
array([0.6, 0.8])
>>> into(x, out=x) is x
True
>>> x
array([0.6, 0.8])
>>> into({"w": np.array([3.0]), "b": 4.0})
{'w': array([0.6]), 'b': np.float64(0.8)}
"""

from .boxes import box, linf_ball, nonnegative
from .matrices import orthonormal_columns
from .nestings import each, parts
from .projection import Projection
from .vectors import l1_ball, l2_ball, simplex, sphere

__all__ = [
    "Projection",
    "box",
    "each",
    "l1_ball",
    "l2_ball",
    "linf_ball",
    "nonnegative",
    "orthonormal_columns",
    "parts",
    "simplex",
    "sphere",
]
