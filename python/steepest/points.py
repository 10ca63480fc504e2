"""A point in any form: private arrays of its numbers, the form again around them or other values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from .arrays import Array, described, is_parameter, readable_array
from .parameters import Leaf, Nesting, Node


class Point(Nesting):
    """A copy of a point: an array, a number, or any nesting of them in lists, tuples and dicts.

    A list of numbers, or of lists of numbers, is one array. The leaves are contiguous arrays of
    its own: float32 and float64 as they were, integers as float64, and complex ones where
    ``takes_complex``. Messages call the whole ``name``.
    """

    def __init__(self, source: Any, *, takes_complex: bool = False, name: str = "x") -> None:
        self.takes_complex, self.name = takes_complex, name
        self._tuples: dict[int, type] = {}
        super().__init__(source)

    def shown(self) -> Any:
        """What a function sees of the point: read-only views, and numbers where there were numbers."""
        return self.filled(_read_only(leaf.array) for leaf in self.leaves)

    def filled(self, arrays: Iterable[Array]) -> Any:
        """An array for each leaf, in order, in the form of the point."""
        pairs = zip(self.leaves, arrays, strict=True)
        return self._fill(
            self.root, iter([a[()] if _is_number(leaf.owner) else a for leaf, a in pairs])
        )

    def has_numbers(self) -> bool:
        """Whether some leaf is a number, of which nothing is live: it must be shown anew to be seen."""
        return any(_is_number(leaf.owner) for leaf in self.leaves)

    def _label(self, path: tuple[str, ...]) -> str:
        return ".".join((self.name, *path))

    def _walk(self, value: Any, path: tuple[str, ...], inside: tuple[int, ...]) -> Node:
        if isinstance(value, Sequence) and not isinstance(value, (list, tuple, str, bytes)):
            value = list(value)  # a range, say
        is_foreign = hasattr(value, "__array__") and not is_parameter(value)
        if _is_number(value) or _is_table(value) or is_foreign:
            return self._leaf(value, path)
        node = super()._walk(value, path, inside)
        if isinstance(value, tuple):
            self._tuples[id(node)] = type(value)
        return node

    def _leaf(self, value: Any, path: tuple[str, ...]) -> Leaf:
        label = self._label(path)
        try:
            array = readable_array(label, value) if is_parameter(value) else np.asarray(value)
        except ValueError as error:
            raise ValueError(f"{label}: its rows differ in length ({error})") from error
        leaf = Leaf(".".join(path) or self.name, value, self._copied(label, value, array))
        self.leaves.append(leaf)
        return leaf

    def _copied(self, label: str, value: Any, array: Array) -> Array:
        kind, size = array.dtype.kind, array.dtype.itemsize
        if kind in "iu":
            return np.array(array, np.float64, order="C")
        if (kind == "f" and size in (4, 8)) or (
            kind == "c" and size in (8, 16) and self.takes_complex
        ):
            return np.array(array, array.dtype.newbyteorder("="), order="C")
        complex_too = ", complex" if self.takes_complex else ""
        found = described(array if isinstance(value, (list, tuple)) else value)
        raise TypeError(f"{label}: got {found}, expected float32, float64{complex_too} or integers")

    def _fill(self, node: Node, values: Iterator[Any]) -> Any:
        if isinstance(node, Leaf):
            return next(values)
        if isinstance(node, dict):
            return {key: self._fill(child, values) for key, child in node.items()}
        items = [self._fill(child, values) for child in node]
        kind = self._tuples.get(id(node))
        if kind is None:
            return items
        return kind(*items) if hasattr(kind, "_fields") else tuple(items)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.generic))


def _is_table(value: Any, depth: int = 0) -> bool:
    """Whether these are numbers in a list, or in lists of one depth, rather than a container of arrays."""
    is_plain = isinstance(value, (list, tuple)) and not hasattr(value, "_fields")
    if not is_plain or not value or depth > 32:  # a list may contain itself
        return False
    return all(map(_is_number, value)) or all(_is_table(item, depth + 1) for item in value)


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
