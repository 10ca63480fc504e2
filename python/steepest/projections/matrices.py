"""Sets of matrices: those with orthonormal columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..parameters import Leaf
from .projection import Projection


def orthonormal_columns() -> Projection:
    """The matrices with orthonormal columns, Qᴴ Q = I: the Stiefel manifold, of complex numbers too.

    Returns
    -------
    Projection
        Of every matrix X of m rows and n ≤ m columns (of the last two axes, if there are more) the polar
        factor U Vᴴ, where X = U S Vᴴ is its singular value decomposition: the nearest one in the Frobenius
        norm (Higham, Functions of Matrices, 2008, theorem 8.4). It is one of several if X lacks full rank.

    Raises
    ------
    ValueError
        On a call, if an array has less than two axes, or less rows than columns.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import orthonormal_columns
    >>> orthonormal_columns()(np.array([[0.0, 2.0], [-3.0, 0.0]])).round(6)
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    return Projection("orthonormal_columns()", _orthonormalize, _check)


def _check(leaves: Sequence[Leaf]) -> None:
    for leaf in leaves:
        if len(leaf.shape) < 2 or leaf.shape[-2] < leaf.shape[-1]:
            raise ValueError(
                f"{leaf.label}: has shape {leaf.shape}, "
                "expected matrices of at least as many rows as columns"
            )


def _orthonormalize(leaves: Sequence[Leaf]) -> None:
    for leaf in leaves:
        matrices = leaf.array.astype(np.result_type(leaf.dtype, np.float64))
        if np.isfinite(matrices).all():
            left, _, right = np.linalg.svd(matrices, full_matrices=False)
            leaf.array[...] = left @ right
        else:
            leaf.array[...] = np.nan
