"""Checkpoints: what a state_dict must hold to be taken, and the one file it is kept in."""

from __future__ import annotations

import io
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib import format as npy

from . import options
from .arrays import Array, described
from .groups import ParamGroup
from .parameters import Leaf

VERSION = 1

#: The entry of the file with names and numbers, beside array_0, array_1, …
_NUMBERS = "json"

#: What a law carries from step to step for an array as a whole: a product of factors.
CARRIED = options.number(lambda x: 0 <= x <= 1, "a number from 0 to 1")
_COUNT = options.count("an integer >= 0")
_RATE = options.optional(options.NOT_NEGATIVE)


@dataclass
class Checkpoint:
    """A state_dict that fits, its arrays copied."""

    step_count: int
    skipped_steps: int
    settings: dict[str, Any]
    group_options: list[dict[str, Any]] = field(default_factory=list)
    rates: list[float | None] = field(default_factory=list)
    states: dict[str, dict[str, Array]] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    #: Schedules that stay and have a state, and that state.
    plateaus: list[tuple[Any, Any]] = field(default_factory=list)


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


def _plain_rates(lrs: list[Any]) -> list[Any]:
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


# -- the file ---------------------------------------------------------------------------------


def write(
    path: str | os.PathLike[str], state_dict: Mapping[str, Any], values: Mapping[str, Array]
) -> None:
    """One .npz: the numbers as JSON, the arrays by index; whole under its name or not at all."""
    listed: list[Array] = []

    def indexed(named: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: index(value) if isinstance(value, np.ndarray) else value
            for name, value in named.items()
        }

    def index(array: Array) -> int:
        listed.append(array)
        return len(listed) - 1

    groups = state_dict["param_groups"]
    lrs = _plain_rates([group["lr"] for group in groups])
    numbers = {
        **state_dict,
        "param_groups": [{**group, "lr": lr} for group, lr in zip(groups, lrs, strict=True)],
        "state": {name: indexed(state) for name, state in state_dict["state"].items()},
        "values": indexed(values),
    }
    try:
        text = json.dumps(numbers, allow_nan=False, default=_as_number)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"param_groups: an extra option cannot be saved as JSON ({error})"
        ) from error
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            entries: dict[str, Any] = {f"array_{i}": array for i, array in enumerate(listed)}
            entries[_NUMBERS] = np.frombuffer(text.encode(), np.uint8)
            np.savez(file, **entries)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def read(
    path: str | os.PathLike[str], leaves: Sequence[Leaf], carried: str | None
) -> tuple[dict[str, Any], dict[str, Array]]:
    """The state_dict and the parameters' values of a file; ValueError if it is damaged.

    No entry is read that is larger than the parameter it belongs to, and none is unpickled.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                size = os.fstat(file.fileno()).st_size
                return _unpacked(archive, size, {leaf.name: leaf for leaf in leaves}, carried)
        except _DAMAGES as error:
            raise ValueError(
                f"{os.fspath(path)}: not a checkpoint of this optimizer ({error})"
            ) from error


#: What NumPy, zipfile and json raise when a file is not what it should be.
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, LookupError, TypeError, ValueError),
    *(NotImplementedError, RuntimeError, OverflowError, MemoryError),
)


def _unpacked(
    archive: zipfile.ZipFile, size: int, leaves: Mapping[str, Leaf], carried: str | None
) -> tuple[dict[str, Any], dict[str, Array]]:
    text = _entry(archive, _NUMBERS, most=size)  # it is not compressed
    numbers = json.loads(text.tobytes(), parse_constant=_refuse_constant)
    numbers = mapping("file", numbers, ["values", "state"], extra=True)

    def array(leaf: Leaf, what: str, index: Any) -> Array:
        if isinstance(index, bool) or not isinstance(index, int):
            raise TypeError(
                f"{leaf.label}: {what} is {described(index)}, expected an array's index"
            )
        found = _entry(archive, f"array_{index}", most=leaf.array.nbytes)
        check_like(leaf, what, found, carried)
        return found

    states = mapping("state", numbers["state"], leaves)
    for name, leaf in leaves.items():
        state = mapping(f"state[{name!r}]", states[name], ["steps"], extra=True)
        arrays = {key: array(leaf, key, state[key]) for key in state if key != "steps"}
        states[name] = {**state, **arrays}
    values = mapping("values", numbers.pop("values"), leaves)
    return {**numbers, "state": states}, {
        name: array(leaf, "value", values[name]) for name, leaf in leaves.items()
    }


def _entry(archive: zipfile.ZipFile, name: str, most: int) -> Array:
    """One array of the file, if it is no larger than ``most`` bytes."""
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > most + 4096:
        raise ValueError(f"{name} has {member.file_size} bytes, expected no more than {most}")
    file = io.BytesIO(archive.read(member))
    version = npy.read_magic(file)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = header(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which are not unpickled")
    # The header's shape is only believed if the data has it.
    data = np.frombuffer(file.getbuffer()[file.tell() :], dtype)
    return data.reshape(shape, order="F" if fortran else "C")


def _as_number(value: Any) -> Any:
    """A NumPy scalar for JSON, which has no form for it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{described(value)} is neither a number, a text, a list nor a dict")


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number")
