"""What all projections have in common: they are called with points in any form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import options
from ..parameters import Leaf, Nesting
from ..points import Point

#: A radius, or the sum of a simplex.
SIZE = options.number(lambda size: size > 0, "a number > 0")


class Projection:
    """The projection onto a set; made by the functions of this module.

    ``text`` is its repr; ``project`` works in place, on arrays for which ``check`` has raised nothing.
    """

    def __init__(
        self,
        text: str,
        project: Callable[[Sequence[Leaf]], None],
        check: Callable[[Sequence[Leaf]], None],
    ) -> None:
        self._text, self._project, self._check = text, project, check

    def __call__(self, x: Any, out: Any = None) -> Any:
        """The nearest point of the set; in ``out``, if given, which may be x itself.

        Raises
        ------
        TypeError
            If x is not numbers, or complex ones where the set is of real ones; or out not arrays of the
            dtypes of x.
        ValueError
            If out is nested otherwise or has other shapes, or if there is no such set of arrays of these
            shapes.
        """
        if out is None:
            point = Point(x, takes_complex=True)
            self._check(point.leaves)
            self._project(point.leaves)
            return point.filled(leaf.array for leaf in point.leaves)
        leaves = _writable(out)
        self._check(leaves)
        if out is not x:
            _copy(Point(x, takes_complex=True), leaves)
        self._project(leaves)
        return out

    def __repr__(self) -> str:
        return self._text


def refuse_complex(name: str, leaves: Sequence[Leaf]) -> None:
    """TypeError if there are complex numbers."""
    for leaf in leaves:
        if leaf.dtype.kind == "c":
            raise TypeError(
                f"{leaf.label}: is {leaf.dtype}, expected real numbers for {name}; "
                "project their parts, z.real and z.imag, or use l2_ball or sphere"
            )


def _writable(out: Any) -> list[Leaf]:
    try:
        return Nesting(out).leaves
    except (TypeError, ValueError) as error:
        raise type(error)(f"out: {error}") from error


def _copy(point: Point, leaves: Sequence[Leaf]) -> None:
    if len(leaves) != len(point.leaves):
        raise ValueError(f"out: has {len(leaves)} arrays, expected {len(point.leaves)} as x has")
    pairs = list(zip(point.leaves, leaves, strict=True))
    for source, target in pairs:
        if target.shape != source.shape or (target.name != source.name and len(pairs) > 1):
            raise ValueError(
                f"out: {target.label} has shape {target.shape}, "
                f"expected {source.label} of shape {source.shape}"
            )
        if target.dtype != source.dtype:
            raise TypeError(f"out: {target.label} is {target.dtype}, expected {source.dtype}")
    for source, target in pairs:
        target.array[...] = source.array
