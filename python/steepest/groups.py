"""Parameter groups: mappings whose every write is checked at once and counts from the next step."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from .parameters import Nesting

#: Changes some options of a group, or raises and changes nothing. It is the optimizer's, which
#: its groups do not keep alive.
Apply = weakref.WeakMethod[Callable[["ParamGroup", Mapping[str, Any]], None]]


class ParamGroup(MutableMapping[str, Any]):
    """The parameters that share their options; ``group["lr"] = 0.1`` as in torch.

    ``"params"`` lists what was handed over and cannot be written. Options that the optimizer does not
    know are kept (a scheduler's ``"initial_lr"``) and saved with it.
    """

    def __init__(self, nesting: Nesting, options: dict[str, Any], apply: Apply) -> None:
        self.nesting = nesting
        self.options = options
        self._known = frozenset(options)
        self._apply = apply

    def __getitem__(self, key: str) -> Any:
        if key == "params":
            return tuple(leaf.owner for leaf in self.nesting.leaves)
        return self.options[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def update(self, other: Any = (), /, **changes: Any) -> None:
        """Set several options at once: all of them, or none if one is refused."""
        changes = {**dict(other), **changes}
        for key in changes:
            if not isinstance(key, str):
                raise TypeError(f"param_groups: the key {key!r} is not a string")
        if "params" in changes:
            raise TypeError("params: cannot be replaced; add_param_group adds parameters")
        apply = self._apply()
        if apply is None:
            raise ReferenceError("param_groups: the optimizer of this group is gone")
        apply(self, changes)

    def __delitem__(self, key: str) -> None:
        if key == "params" or key in self._known:
            raise TypeError(f"{key}: cannot be deleted, every group has it")
        del self.options[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("params", *self.options))

    def __len__(self) -> int:
        return 1 + len(self.options)

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        """A copy of a group is a plain dict: it belongs to no optimizer."""
        return dict, (dict(self),)

    def __repr__(self) -> str:
        options = "".join(f", {key!r}: {value!r}" for key, value in self.options.items())
        return f"{{'params': {[leaf.name for leaf in self.nesting.leaves]}{options}}}"


def as_groups(parameters: Any) -> list[dict[str, Any]] | None:
    """The groups, if every item of the list is a dict with key "params"; None if none is.

    A single dict, even with that key, is a nesting like any other.
    """
    if not isinstance(parameters, (list, tuple)):
        return None
    are_groups = [isinstance(item, Mapping) and "params" in item for item in parameters]
    if not any(are_groups):
        return None
    if not all(are_groups):
        i = are_groups.index(False)
        raise ValueError(
            f"parameters: item {i} is not a parameter group, others are; "
            'expected every item to be a dict with key "params", or none'
        )
    return [dict(item) for item in parameters]


def check_keys(keys: Iterable[str], known: Iterable[str]) -> None:
    """ValueError for an option that no group has."""
    expected = list(known)
    for key in keys:
        if key not in expected:
            raise ValueError(f"param_groups: unknown option {key!r}, expected one of {expected}")
