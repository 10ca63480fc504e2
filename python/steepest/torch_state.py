"""Going on where torch stopped: the state_dict of a torch optimizer, read into this library's form.

torch is not imported: its tensors are arrays that show themselves to NumPy, as those of others do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from . import checkpoint, options
from .arrays import Array, described, is_parameter, parameter_array, reals
from .groups import ParamGroup
from .optimizer import Optimizer
from .parameters import Leaf

#: Keys of torch's groups that say how it computes, or what it calls the parameters.
_NOT_TAKEN = ("foreach", "fused", "capturable", "differentiable", "param_names")
#: Options that are not in every group: an older torch has not the first two, and no torch the third.
_OPTIONAL = ("maximize", "decoupled_weight_decay", "clip_value")

_WHOLE = options.number(lambda x: 0 <= x < 2**63 and x.is_integer(), "a whole number >= 0")


class TorchOptimizer(Optimizer):
    """What the optimizers with torch's semantics have in common; see :class:`SGD`."""

    #: Whether torch counts an array's steps.
    _torch_counts: ClassVar[bool] = True
    #: What torch keeps, and here follows from tᵢ and the options.
    _torch_follows: ClassVar[tuple[str, ...]] = ()
    #: A state that torch fills before the first step, and the option it fills it with; here all start at 0.
    _torch_fills: ClassVar[tuple[str, str] | None] = None

    def load_torch_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options and state from the ``state_dict()`` of the torch optimizer of the same name.

        The next step is the one that torch's optimizer would have taken. Parameters are matched in
        order, group by group, and arrays are copied: nothing is shared with torch's. ``step_count``
        becomes the largest count torch has of a parameter's steps; its SGD keeps none, and a momentum
        buffer stands for one step.

        What only this library has (``clip_value``, ``clip_norm``, ``nonfinite``, …) stays as it is, and
        torch's ``foreach``, ``fused``, ``capturable`` and ``differentiable`` are not taken. Of what a
        scheduler added to a group, numbers and texts are.

        Parameters
        ----------
        state_dict : dict
            What torch's ``state_dict()`` returned, its tensors on the CPU; arrays will do as well.

        Raises
        ------
        TypeError, ValueError
            If anything in it does not fit this optimizer; nothing has changed then.

        Examples
        --------
        >>> import numpy as np
        >>> from steepest import SGD
        >>> group = {"lr": 0.1, "momentum": 0.5, "dampening": 0, "weight_decay": 0, "nesterov": False}
        >>> buffer = np.array([2.0])  # torch's dict has tensors
        >>> x = np.array([1.0])
        >>> opt = SGD(x)
        >>> opt.load_torch_state_dict(
        ...     {
        ...         "state": {0: {"momentum_buffer": buffer}},
        ...         "param_groups": [{**group, "params": [0]}],
        ...     }
        ... )
        >>> opt.step(np.array([4.0]))  # along 0.5 · 2 + 4
        >>> x
        array([0.5])
        """
        found = checkpoint.mapping("state_dict", state_dict, ["state", "param_groups"], extra=True)
        saved = checkpoint.group_list(found["param_groups"], len(self._groups))
        groups = []
        indexed: dict[Any, tuple[Leaf, dict[str, Any]]] = {}
        for i, (group, given) in enumerate(zip(self._groups, saved, strict=True)):
            label, leaves = f"param_groups[{i}]", group.nesting.leaves
            chosen = self._torch_options(label, group, given)
            for index, leaf in _indexed(label, given["params"], leaves):
                if index in indexed:
                    other = indexed[index][0]
                    raise ValueError(f"{label}: {leaf.label} is {index}, as {other.label} is")
                indexed[index] = leaf, chosen
            groups.append((chosen, [leaf.name for leaf in leaves]))
        entries = checkpoint.mapping("state", found["state"], [], extra=True)
        for key in entries:
            if key not in indexed:
                raise ValueError(
                    f"state: found the key {key!r} ({type(key).__name__}), "
                    "expected only the integers that the groups' params list"
                )
        states = {
            leaf.name: self._torch_state(leaf, entries.get(index, {}), chosen)
            for index, (leaf, chosen) in indexed.items()
        }
        self.load_state_dict(
            {
                "version": checkpoint.VERSION,
                "optimizer": type(self).__name__,
                "step_count": max(state["steps"] for state in states.values()),
                "skipped_steps": 0,
                **{name: value for name, value in self._settings.items() if name != "callback"},
                "param_groups": [
                    {**chosen, "params": names, "effective_lr": None} for chosen, names in groups
                ],
                "state": states,
            }
        )

    def _torch_options(self, label: str, group: ParamGroup, saved: Any) -> dict[str, Any]:
        """The options of a group, with those that torch's group has."""
        known = self._table.checks
        needed = [name for name in known if name not in _OPTIONAL]
        given = checkpoint.mapping(label, saved, ["params", *needed], extra=True)
        family = {name for kind in TorchOptimizer.__subclasses__() for name in kind._table.checks}
        chosen = dict(group.options)
        for name, value in given.items():
            if name == "params" or name in _NOT_TAKEN:
                continue
            if name in family and name not in known:
                raise ValueError(
                    f"{label}: found {name!r}, which {type(self).__name__} has not; "
                    "is it another optimizer's?"
                )
            value = _plain(f"{label}: {name}", value)
            if name in known or (isinstance(name, str) and _is_kept(value)):
                chosen[name] = value
        return self._table.checked(chosen, group.nesting.dtypes())

    def _torch_state(self, leaf: Leaf, saved: Any, chosen: dict[str, Any]) -> dict[str, Any]:
        """The state of a parameter, and its "steps"; zeros if torch has not stepped it.

        Where torch fills a state before the first step, ``chosen`` gets what it was filled with.
        """
        label = f"state of {leaf.label}"
        entry = checkpoint.mapping(label, saved, [], extra=True)
        entry = {name: value for name, value in entry.items() if value is not None}
        wanted, carried = self._table.states_for(chosen), self._table.carried
        counts = self._torch_counts
        steps = 0
        if entry:
            needed = ["step", *wanted] if counts else list(self._table.states)
            # A state that was turned off stays in torch's, and is not missed here.
            known = (*self._table.states, *self._torch_follows)
            off = [name for name in known if name in entry and name not in needed]
            checkpoint.mapping(label, entry, [*needed, *off])
            steps = int(_WHOLE(*_number(leaf, "step", entry["step"]))) if counts else 1
        state: dict[str, Any] = {"steps": steps}
        for name in wanted:
            if name not in entry:
                state[name] = np.ones(()) if name == carried else np.zeros_like(leaf.array)
            elif name == carried:
                state[name] = np.array(checkpoint.CARRIED(*_number(leaf, name, entry[name])))
            else:
                found = parameter_array(f"{leaf.label}: {name}", _detached(entry[name]))
                checkpoint.check_like(leaf, name, found)
                if steps == 0:
                    self._take_start(leaf, name, found, chosen)
                    found = np.zeros_like(found)
                state[name] = found
        return state

    def _take_start(self, leaf: Leaf, name: str, state: Array, chosen: dict[str, Any]) -> None:
        """What a state is before the first step: 0, or what torch's constructor filled all groups' with."""
        filled, option = self._torch_fills or ("", "")
        numbers = reals(state)
        start = float(numbers.flat[0]) if name == filled and state.size else 0.0
        if not np.all(numbers == start):
            raise ValueError(
                f"{leaf.label}: {name} is not {start} throughout though its step is 0, "
                "expected what torch starts with"
            )
        if name == filled and start != numbers.dtype.type(chosen[option]):
            chosen[option] = self._table.checks[option](f"{leaf.label}: {name}", start)


def _indexed(label: str, params: Any, leaves: list[Leaf]) -> Iterator[tuple[int, Leaf]]:
    """The parameters of a group, and torch's integers for them."""
    if not isinstance(params, (list, tuple)):
        raise TypeError(f"{label}: params is {described(params)}, expected a list")
    if len(params) != len(leaves):
        raise ValueError(
            f"{label}: has {len(params)} parameters, "
            f"expected {len(leaves)}: {[leaf.name for leaf in leaves]}"
        )
    for index, leaf in zip(params, leaves, strict=True):
        if type(index) is not int:
            raise TypeError(
                f"{label}: {leaf.label} is {index!r} ({type(index).__name__}), "
                "expected one of torch's integers"
            )
        yield index, leaf


def _number(leaf: Leaf, name: str, value: Any) -> tuple[str, Any]:
    """What a check of a number needs: what to call it, and the value."""
    label = f"{leaf.label}: {name}"
    return label, _plain(label, value)


def _plain(label: str, value: Any) -> Any:
    """The number in a tensor or an array of one element, in pairs of them too; all else as it is."""
    if isinstance(value, (tuple, list)):
        return tuple(_plain(label, item) for item in value)
    value = _detached(value)
    if not is_parameter(value):
        return value
    array = parameter_array(label, value)
    return array.item() if array.size == 1 else array


def _detached(value: Any) -> Any:
    """A tensor without its graph, which NumPy may look at."""
    return value.detach() if hasattr(value, "detach") else value


def _is_kept(value: Any) -> bool:
    """Whether a scheduler's entry in a group can be saved with it."""
    return isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value))
