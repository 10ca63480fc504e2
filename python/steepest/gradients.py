"""A step's gradients: brought into the parameters' order, checked, and what is wrong with them said.

The kernels only notice that something is not as it should be; here it is looked at again and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from .arrays import (
    Array,
    check_gradient,
    described,
    gradient_array,
    overlapping,
    overlaps_any,
    overlaps_itself,
)
from .parameters import Leaf, Nesting, is_flat


def arranged(nestings: Sequence[Nesting], grouped: bool, gradients: Any) -> list[Any]:
    """Gradients in any form as a flat list in the order of the parameters."""
    leaves = sum(len(nesting.leaves) for nesting in nestings)
    is_list = isinstance(gradients, (list, tuple))
    if is_list:
        gradients = list(gradients)  # whatever another thread does to it
    if is_list and is_flat(gradients, leaves):
        return list(gradients)
    if not grouped:
        if is_list and not isinstance(nestings[0].root, list):
            if len(gradients) != leaves:
                raise ValueError(
                    f"gradients: got a list of {len(gradients)}, "
                    f"expected {leaves}, one for each parameter"
                )
            return list(gradients)
        return nestings[0].place(gradients)
    if isinstance(gradients, Mapping) or not isinstance(gradients, Sequence):
        raise TypeError(
            f"gradients: got {described(gradients)}, expected a list with one entry a group"
        )
    if len(gradients) != len(nestings):
        raise ValueError(
            f"gradients: got {len(gradients)} entries, "
            f"expected one for each of the {len(nestings)} groups"
        )
    placed = zip(nestings, gradients, strict=True)
    return [gradient for nesting, nested in placed for gradient in nesting.place(nested)]


def own(leaves: Iterable[Leaf]) -> list[Any]:
    """The ``.grad`` of every parameter."""
    gradients = []
    for leaf in leaves:
        if isinstance(leaf.owner, np.ndarray) or not hasattr(leaf.owner, "grad"):
            raise TypeError(
                f"{leaf.label} has no .grad: call step(gradients), "
                "or hand over steepest.Parameter objects"
            )
        gradients.append(leaf.owner.grad)
    return gradients


def checked(leaves: Sequence[Leaf], gradients: Sequence[Any]) -> list[Array | None]:
    """Plain arrays that fit their parameters, or the error that says which does not and why."""
    plain: list[Array | None] = []
    for leaf, gradient in zip(leaves, gradients, strict=True):
        if gradient is None:
            plain.append(None)
            continue
        leaf.check_unchanged()
        array = gradient_array(leaf.label, gradient)
        check_gradient(leaf.label, array, leaf.array)
        plain.append(array)
    return plain


def check_zeroable(
    leaves: Sequence[Leaf], gradients: Sequence[Array | None], bound: Sequence[Array]
) -> None:
    """ValueError unless every gradient can be set to zero without touching anything else.

    ``bound`` are the arrays of all parameters and states.
    """
    pairs = zip(leaves, gradients, strict=True)
    given = [(leaf, array) for leaf, array in pairs if array is not None]
    for leaf, array in given:
        wrong = None
        if not array.flags.writeable:
            wrong = "is read-only"
        elif overlaps_itself(array):
            wrong = "has elements that share memory"
        elif overlaps_any(array, bound):
            wrong = "shares memory with a parameter or a state"
        if wrong:
            raise ValueError(
                f"{leaf.label}: gradient {wrong}; zero_grads needs a writable array of its own"
            )
    pair = overlapping([array for _, array in given])
    if pair is not None:
        first, second = (given[i][0].name for i in pair)
        raise ValueError(
            f"parameters {first!r} and {second!r}: their gradients share memory; "
            "zero_grads needs separate arrays"
        )


def raise_nonfinite(leaf: Leaf, gradient: Array) -> NoReturn:
    """Say where a gradient is not finite, or where its square is not."""
    with np.errstate(all="ignore"):
        wrong = ~np.isfinite(gradient)
        what = "not finite"
        if not wrong.any():
            wrong = ~(np.isfinite(gradient.real**2) & np.isfinite(gradient.imag**2))
            what = f"too large: their squares overflow {leaf.dtype}"
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise FloatingPointError(
        f"{leaf.label}: {np.count_nonzero(wrong)} of {gradient.size} gradient values are {what}, "
        f"the first, {gradient[first]}, at index {first}; nothing was written"
    )
