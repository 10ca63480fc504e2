"""Parameters: any nesting of arrays becomes a flat list of named ones, and gradients follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from .arrays import (
    Array,
    check_parameter,
    described,
    is_parameter,
    parameter_array,
    reals,
    refuse_sparse,
)


class Parameter:
    """An array together with its gradient and a name, for code that hands both over as one object.

    Parameters
    ----------
    data : ndarray of float32, float64, complex64 or complex128
        The values. They are updated in place; the array itself stays the same object.
    name : str, optional
        What error messages, ``state`` and checkpoints call it; by default its place among the parameters.

    Attributes
    ----------
    data : ndarray
        The values.
    grad : ndarray of the same shape and dtype, or None
        The gradient that :meth:`GradientAscent.step` reads when it is called without one.
    name : str or None
        The name.

    Raises
    ------
    TypeError
        If ``data`` is not an array of one of those dtypes, or ``name`` not a string.
    ValueError
        If ``data`` is read-only, or its elements share memory.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import GradientAscent, Parameter
    >>> length = Parameter(np.array(57.0), name="length")
    >>> opt = GradientAscent([length], lr=0.1, momentum=0, beta=None)
    >>> for _ in range(80):
    ...     length.grad = np.array(100 - 2 * length.data)  # the area 100 l - l² of a fence
    ...     opt.step()
    >>> length.data.round(4)
    np.float64(50.0)
    """

    __slots__ = ("__weakref__", "_data", "grad", "name")

    def __init__(self, data: Array, name: str | None = None) -> None:
        if not isinstance(data, np.ndarray):
            raise TypeError(f"data: got {described(data)}, expected a NumPy array")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name: got {described(name)}, expected a string or None")
        check_parameter(f"parameter {name!r}" if name else "data", parameter_array("data", data))
        self._data = data
        self.grad: Any = None
        self.name = name

    @property
    def data(self) -> Array:
        """The values; to replace them all, write ``parameter.data[...] = values``."""
        return self._data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """The values, for NumPy's functions."""
        return np.array(self._data, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"Parameter({self._data!r}{name})"


class Leaf:
    """One parameter: its name, what was handed over for it, and the array that is stepped."""

    def __init__(self, name: str, owner: Any, array: Array, can_lose_data: bool = False) -> None:
        self.name, self.owner, self.array = name, owner, array
        #: Whether the owner's ``.data`` could be assigned another array.
        self.can_lose_data = can_lose_data
        self.path = name  # before any prefix: what it is called in its group
        # As they are now: an array's own can be assigned to later.
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype
        self.place = _place(array)

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"parameter {self.name!r}"

    def check_unchanged(self) -> None:
        """ValueError if the array is no longer the writable one that was handed over."""
        array = self.array
        if array.shape != self.shape:
            raise ValueError(
                f"{self.label}: the array has shape {array.shape} now, expected {self.shape}; "
                "call opt.rebind(), which starts its state anew"
            )
        if array.dtype != self.dtype:
            raise ValueError(
                f"{self.label}: the array is {array.dtype} now, expected {self.dtype}; call opt.rebind()"
            )
        if _place(array) != self.place:
            raise ValueError(
                f"{self.label}: the array's memory or strides are not what they were; call opt.rebind()"
            )
        if not array.flags.writeable:
            raise ValueError(f"{self.label}: the array is read-only now, expected a writable one")

    def check_data(self) -> None:
        """ValueError if the owner's ``.data`` is another array now."""
        if self.can_lose_data and self._place_now() != self.place:
            raise ValueError(
                f"{self.label}: its .data is another array now, so steps would be lost; "
                "write parameter.data[...] = new to assign in place, or call opt.rebind()"
            )

    def _place_now(self) -> tuple[int, tuple[int, ...]]:
        return _place(np.asanyarray(self.owner.data))

    def __getitem__(self, key: str) -> Array | None:
        """The array under "data", as a container has it under a key; None if it is another now."""
        return self.array if self._place_now() == self.place else None

    def fits(self, state: Array | None) -> bool:
        """Whether an array can be a state of this parameter."""
        return state is not None and (state.shape, state.dtype) == (self.shape, self.dtype)

    def state_like(self, old: Array | None) -> Array:
        """A state array in this parameter's layout: the old one or its values if it fits, else zeros."""
        if old is None or not self.fits(old):
            return np.zeros_like(self.array)
        new = np.empty_like(self.array)
        if old.strides == new.strides:
            return old
        new[...] = old
        return new


def _place(array: Array) -> tuple[int, tuple[int, ...]]:
    """Where in memory an array's elements lie."""
    return array.__array_interface__["data"][0], array.strides


#: A leaf, or a container's keys with what stands there.
Node = Leaf | list["Node"] | dict[Any, "Node"]


class Nesting:
    """The parameters of one group as they were handed over, and the leaves found in them in order.

    ``bonds`` lists (container, key, value) for every entry of every container that could be given
    another value, ``bond_paths`` what the entry is called; ``sizes`` how many entries each has.
    """

    def __init__(self, source: Any, given: dict[int, tuple[Any, list[Any]]] | None = None) -> None:
        # An iterator can be walked once, and a dict's values cannot be copied: what they give is kept.
        self.source = list(source) if isinstance(source, (Iterator, ValuesView)) else source
        #: What iterators within the containers gave, by their ids: they can be walked once.
        self.given = {} if given is None else given
        self.leaves: list[Leaf] = []
        self.bonds: list[tuple[Any, Any, Any]] = []
        self.bond_paths: list[str] = []
        self.sizes: list[tuple[Any, int]] = []
        #: The keys of a dict of nothing but arrays, [] for one array: the kernels find these gradients alone.
        self.keys: list[Any] | None = None
        self.root: Node = self._walk(self.source, (), ())
        if not self.leaves:
            raise ValueError(f"{self._label(())}: found no array, expected at least one")
        check_names([leaf.name for leaf in self.leaves])
        root = self.root
        if isinstance(root, Leaf):
            self.keys = []
        elif isinstance(root, dict) and all(isinstance(child, Leaf) for child in root.values()):
            self.keys = list(root)

    def again(self) -> Nesting:
        """The same containers, read once more."""
        return Nesting(self.source, self.given)

    def dtypes(self) -> Iterator[np.dtype[Any]]:
        """The dtype of every leaf's real numbers, in which its steps are computed."""
        return (reals(leaf.array).dtype for leaf in self.leaves)

    def _label(self, path: tuple[str, ...]) -> str:
        """What messages call what stands at a path."""
        return f"parameter {'.'.join(path)!r}" if path else "parameters"

    def _walk(self, value: Any, path: tuple[str, ...], inside: tuple[int, ...]) -> Node:
        if is_parameter(value):
            return self._leaf(value, path)
        label = self._label(path)
        refuse_sparse(label, value)
        if id(value) in inside:
            raise ValueError(f"{label}: the container contains itself")
        if len(inside) > 100:
            raise ValueError(f"{label}: nested more than 100 deep")
        inside = (*inside, id(value))
        if isinstance(value, Mapping):
            entries = list(value.items())
            names = [str(key) for key, _ in entries]
            if len(set(names)) < len(names):
                raise ValueError(f"{label}: different keys read the same as strings ({names})")
            self._bind(value, entries, path)
            return {key: self._walk(item, (*path, str(key)), inside) for key, item in entries}
        if _is_sequence(value):
            if isinstance(value, Iterator):
                items = self.given.setdefault(id(value), (value, list(value)))[1]
            else:
                items = list(value)
            if hasattr(value, "__setitem__"):
                self._bind(value, list(enumerate(items)), path)
            return [
                self._walk(item, (*path, _name(i, item)), inside) for i, item in enumerate(items)
            ]
        raise TypeError(f"{label}: {_not_a_parameter(value)}")

    def _bind(self, container: Any, entries: list[tuple[Any, Any]], path: tuple[str, ...]) -> None:
        for key, value in entries:
            # A container that makes its entries anew at every look has none that could be replaced.
            if container[key] is value:
                self.bonds.append((container, key, value))
                self.bond_paths.append(".".join((*path, str(key))))
        self.sizes.append((container, len(entries)))

    def _leaf(self, value: Any, path: tuple[str, ...]) -> Leaf:
        name = ".".join(path) if path else _name(0, value)
        array = parameter_array(f"parameter {name!r}", value)
        foreign = not isinstance(value, (np.ndarray, Parameter)) and hasattr(value, "grad")
        leaf = Leaf(name, value, array, can_lose_data=foreign)
        check_parameter(leaf.label, array)
        self.leaves.append(leaf)
        if leaf.can_lose_data:
            self.bonds.append((leaf, "data", array))
            self.bond_paths.append(name)
        return leaf

    def check_bonds(self) -> None:
        """ValueError if a container has other entries now than when it was handed over."""
        for leaf in self.leaves:
            leaf.check_data()
        for (container, key, value), path in zip(self.bonds, self.bond_paths, strict=True):
            try:
                found = container[key]
            except (LookupError, TypeError):
                raise ValueError(
                    f"parameter {path!r}: its entry is gone; call opt.rebind()"
                ) from None
            if found is not value:
                raise ValueError(
                    f"parameter {path!r}: its entry is another object now, so steps would be lost; "
                    f"write params[{key!r}][...] = new to assign in place, or call opt.rebind()"
                )
        for container, size in self.sizes:
            found = len(container)  # looked at once, as another thread may change it
            if found != size:
                raise ValueError(
                    f"parameters: a {type(container).__name__} has {found} entries now, "
                    f"expected {size}; call opt.rebind()"
                )

    def place(self, gradients: Any) -> list[Any]:
        """Gradients nested like the parameters, as a flat list in the order of the leaves."""
        return list(_placed(self.root, gradients, ""))


def _placed(node: Node, gradients: Any, path: str) -> Iterator[Any]:
    if isinstance(node, Leaf):
        yield gradients
        return
    label = f"gradients of {path!r}" if path else "gradients"
    children: Iterable[tuple[Any, Node]]
    if gradients is None:
        children = node.items() if isinstance(node, dict) else enumerate(node)
        gradients = dict.fromkeys(node) if isinstance(node, dict) else [None] * len(node)
    elif isinstance(node, dict):
        if not isinstance(gradients, Mapping):
            raise TypeError(
                f"{label}: got {described(gradients)}, expected a dict like the parameters"
            )
        missing = [key for key in node if key not in gradients]
        extra = [key for key in gradients if key not in node]
        if missing or extra:
            found = [f"no {key!r}" for key in missing] + [f"an unexpected {key!r}" for key in extra]
            raise ValueError(f"{label}: found {', '.join(found)}; expected the keys {list(node)}")
        children = node.items()
    else:
        if isinstance(gradients, Mapping) or not _is_sequence(gradients):
            raise TypeError(
                f"{label}: got {described(gradients)}, expected a list like the parameters"
            )
        gradients = list(gradients)
        if len(gradients) != len(node):
            raise ValueError(f"{label}: got {len(gradients)} entries, expected {len(node)}")
        children = enumerate(node)
    for key, child in children:
        yield from _placed(child, gradients[key], f"{path}.{key}" if path else str(key))


def name_apart(nestings: Sequence[Nesting]) -> list[Leaf]:
    """All leaves; one whose name an earlier group has is called "group1." + name, by its group."""
    taken: set[str] = set()
    for i, nesting in enumerate(nestings):
        for leaf in nesting.leaves:
            if leaf.name in taken:
                leaf.name = f"group{i}.{leaf.name}"
        taken.update(leaf.name for leaf in nesting.leaves)
    leaves = [leaf for nesting in nestings for leaf in nesting.leaves]
    check_names([leaf.name for leaf in leaves])
    return leaves


def check_names(names: list[str]) -> None:
    """ValueError if two parameters have one name."""
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"parameters: two of them are called {name!r}, expected different names")


def is_flat(gradients: Any, length: int) -> bool:
    """Whether these are gradients one after another, rather than nested."""
    return len(gradients) == length and not any(
        isinstance(gradient, (Mapping, list, tuple)) for gradient in gradients
    )


def _is_sequence(value: Any) -> bool:
    refused = isinstance(value, (str, bytes, bytearray, AbstractSet)) or hasattr(value, "__array__")
    return isinstance(value, Iterable) and not refused


def _name(place: int, value: Any) -> str:
    name = getattr(value, "name", None) if isinstance(value, Parameter) else None
    return name if name else str(place)


def _not_a_parameter(value: Any) -> str:
    if isinstance(value, (int, float, complex, np.generic)) or hasattr(value, "__array__"):
        return (
            f"got {described(value)}, whose update would be lost; expected a NumPy array, "
            "which is updated in place: np.array(...)"
        )
    return f"got {described(value)}, expected an array, or a list or dict of arrays"
