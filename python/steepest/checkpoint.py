"""Checkpoints: what a state_dict must hold to be taken; `checkpoint_file.py` keeps it in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from . import options
from .arrays import Array, described
from .groups import ParamGroup
from .parameters import Leaf

VERSION = 1

#: What a law carries from step to step for an array as a whole: a product of factors.
CARRIED = options.number(lambda x: 0 <= x <= 1, "a number from 0 to 1")
_COUNT = options.count("an integer >= 0")
_RATE = options.optional(options.NOT_NEGATIVE)


class Checkpoint:
    """A state_dict that fits, its arrays copied."""

    def __init__(self, step_count: int, skipped_steps: int, settings: dict[str, Any]) -> None:
        self.step_count, self.skipped_steps = step_count, skipped_steps
        self.settings = settings
        self.group_options: list[dict[str, Any]] = []
        self.rates: list[float | None] = []
        self.states: dict[str, dict[str, Array]] = {}
        self.steps: dict[str, int] = {}
        #: Schedules that stay and have a state, and that state.
        self.plateaus: list[tuple[Any, Any]] = []


def checked(
    state_dict: Mapping[str, Any], kind: str, groups: Sequence[ParamGroup], table: options.Table
) -> Checkpoint:
    """Everything in a state_dict, after checking that it fits an optimizer; nothing is changed."""
    settings = [name for name in options.GLOBAL if name != "callback"]
    counters = ["step_count", "skipped_steps"]
    keys = ["version", "optimizer", *counters, *settings, "param_groups", "state"]
    found = mapping("state_dict", state_dict, keys)
    if type(found["version"]) is not int or found["version"] != VERSION:
        raise ValueError(f"version: got {found['version']!r}, expected {VERSION}")
    if found["optimizer"] != kind:
        raise ValueError(f"optimizer: saved by {found['optimizer']!r}, this is {kind!r}")
    saved = group_list(found["param_groups"], len(groups))
    checkpoint = Checkpoint(
        _COUNT("step_count", found["step_count"]),
        _COUNT("skipped_steps", found["skipped_steps"]),
        options.checked({name: found[name] for name in settings}, options.GLOBAL),
    )
    names = [leaf.name for group in groups for leaf in group.nesting.leaves]
    states = mapping("state", found["state"], names)
    all_given = [
        _checked_group(f"param_groups[{i}]", saved[i], group.nesting.leaves, table)
        for i, group in enumerate(groups)
    ]
    lrs, checkpoint.plateaus = _resumed_rates(
        [group.options["lr"] for group in groups], [given["lr"] for given in all_given]
    )
    for group, lr, unchecked in zip(groups, lrs, all_given, strict=True):
        leaves = group.nesting.leaves
        checkpoint.rates.append(unchecked.pop("effective_lr"))
        given = table.checked({**unchecked, "lr": lr}, group.nesting.dtypes())
        checkpoint.group_options.append(given)
        state_names = table.states_for(given)
        for leaf in leaves:
            state = mapping(f"state[{leaf.name!r}]", states[leaf.name], [*state_names, "steps"])
            steps = _COUNT(f"steps of {leaf.label}", state["steps"])
            if steps > checkpoint.step_count:
                raise ValueError(
                    f"steps of {leaf.label}: got {steps}, "
                    f"expected no more than the optimizer's {checkpoint.step_count}"
                )
            checkpoint.steps[leaf.name] = steps
            checkpoint.states[leaf.name] = {
                name: _state_array(leaf, name, state[name], table.carried) for name in state_names
            }
    return checkpoint


def group_list(value: Any, length: int) -> Sequence[Any]:
    """The saved groups, if there are so many."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"param_groups: got {described(value)}, expected a list")
    if len(value) != length:
        raise ValueError(f"param_groups: got {len(value)}, expected {length}")
    return value


def _checked_group(
    label: str, saved: Any, leaves: Sequence[Leaf], table: options.Table
) -> dict[str, Any]:
    """A saved group's options, and its "effective_lr", coerced."""
    keys = ["params", "effective_lr", *table.checks]
    given = mapping(label, saved, keys, extra=True)
    params, names = given.pop("params"), [leaf.name for leaf in leaves]
    if not isinstance(params, (list, tuple)) or sorted(map(str, params)) != sorted(names):
        raise ValueError(f"{label}: has parameters {params!r}, expected {names}")
    given["effective_lr"] = _RATE("effective_lr", given["effective_lr"])
    return given


# Schedules are imported only where there are some.


def copied_rates(lrs: list[Any]) -> list[Any]:
    """The groups' rates, their schedules copied."""
    if not any(map(callable, lrs)):
        return lrs
    from .schedules import saving

    return saving.copies(lrs)


def _resumed_rates(live: list[Any], saved: list[Any]) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """The groups' rates from those saved, live or in a file, and the state of those that have one."""
    if not any(callable(lr) or isinstance(lr, Mapping) for lr in saved):
        return saved, []
    from .schedules import saving

    return saving.resumed(live, saving.all_from_json(saved, live))


def plain_rates(lrs: list[Any]) -> list[Any]:
    """The groups' rates as JSON has them."""
    if not any(map(callable, lrs)):
        return lrs
    from .schedules import saving

    return saving.all_to_json(lrs)


def mapping(label: str, value: Any, keys: Iterable[str], extra: bool = False) -> dict[str, Any]:
    """A dict with exactly these keys, or at least these if ``extra``."""
    expected = list(keys)
    if not isinstance(value, Mapping):
        raise TypeError(f"{label}: got {described(value)}, expected a dict")
    missing = [key for key in expected if key not in value]
    unknown = [] if extra else [key for key in value if key not in expected]
    if missing or unknown:
        wrong = [f"no {key!r}" for key in missing] + [f"an unexpected {key!r}" for key in unknown]
        raise ValueError(f"{label}: found {', '.join(wrong)}; expected {expected}")
    return dict(value)


def _state_array(leaf: Leaf, name: str, value: Any, carried: str | None) -> Array:
    """A state array like the parameter's, or the number it carries, with the values of another."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{leaf.label}: {name} is {described(value)}, expected an array")
    check_like(leaf, name, value, carried)
    if name == carried:
        return np.array(CARRIED(f"{leaf.label}: {name}", value))
    state = np.zeros_like(leaf.array)
    state[...] = value
    return state


def check_like(leaf: Leaf, name: str, value: Array, carried: str | None = None) -> None:
    """ValueError unless an array has the parameter's shape and dtype, or is the number it carries."""
    expected = ((), np.dtype(np.float64)) if name == carried else (leaf.shape, leaf.dtype)
    if (value.shape, value.dtype) != expected:
        raise ValueError(
            f"{leaf.label}: {name} is {value.dtype} of shape {value.shape}, "
            f"expected {expected[1]} of shape {expected[0]}"
        )
