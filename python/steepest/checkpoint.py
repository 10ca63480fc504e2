"""Checkpoints: what a state_dict must hold to be taken, and the one file it is kept in."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

from . import options
from .arrays import Array, described

if TYPE_CHECKING:
    from .optimizer import Optimizer
    from .parameters import Leaf

VERSION = 1

#: The entry of the file with names and numbers, beside array_0, array_1, …
_NUMBERS = "json"

_COUNT = options.count("an integer >= 0")
_RATE = options.optional(options.COMMON["lr"])


@dataclass
class Checkpoint:
    """A state_dict that fits, its arrays copied."""

    step_count: int
    skipped_steps: int
    settings: dict[str, Any]
    group_options: list[dict[str, Any]]
    rates: list[float | None]
    states: dict[str, dict[str, Array]]
    steps: dict[str, int]


def checked(state_dict: Mapping[str, Any], optimizer: Optimizer) -> Checkpoint:
    """Everything in a state_dict, after checking that it fits the optimizer; nothing is changed."""
    settings = [name for name in options.GLOBAL if name != "callback"]
    top = [
        "version",
        "optimizer",
        "step_count",
        "skipped_steps",
        *settings,
        "param_groups",
        "state",
    ]
    found = _mapping("state_dict", state_dict, top)
    if found["version"] != VERSION:
        raise ValueError(f"version: got {found['version']!r}, expected {VERSION}")
    if found["optimizer"] != type(optimizer).__name__:
        raise ValueError(
            f"optimizer: saved by {found['optimizer']!r}, this is {type(optimizer).__name__!r}"
        )
    groups = optimizer.param_groups
    saved_groups = found["param_groups"]
    if not isinstance(saved_groups, Sequence) or len(saved_groups) != len(groups):
        raise ValueError(
            f"param_groups: expected a list of {len(groups)}, one for each parameter group"
        )

    group_options: list[dict[str, Any]] = []
    rates: list[float | None] = []
    states: dict[str, dict[str, Array]] = {}
    steps: dict[str, int] = {}
    saved_states = _mapping(
        "state", found["state"], [leaf.name for g in groups for leaf in g.nesting.leaves]
    )
    for i, (group, saved) in enumerate(zip(groups, saved_groups, strict=True)):
        leaves = group.nesting.leaves
        known = ["params", "effective_lr", *optimizer._checks]
        given = _mapping(f"param_groups[{i}]", saved, known, extra=True)
        if not isinstance(given["params"], list) or set(given["params"]) != {
            leaf.name for leaf in leaves
        }:
            raise ValueError(
                f"param_groups[{i}]: has parameters {given['params']!r}, "
                f"expected {[leaf.name for leaf in leaves]}"
            )
        rates.append(_RATE("effective_lr", given["effective_lr"]))
        chosen = {
            key: value for key, value in given.items() if key not in ("params", "effective_lr")
        }
        chosen = options.checked(chosen, optimizer._checks)
        optimizer._check_together(chosen)
        options.check_dtypes(chosen, (leaf.dtype for leaf in leaves))
        group_options.append(chosen)
        names = optimizer._state_names(chosen)
        for leaf in leaves:
            state = _mapping(f"state[{leaf.name!r}]", saved_states[leaf.name], [*names, "steps"])
            states[leaf.name] = {name: _state_array(leaf, name, state[name]) for name in names}
            steps[leaf.name] = _COUNT("steps", state["steps"])
    return Checkpoint(
        _COUNT("step_count", found["step_count"]),
        _COUNT("skipped_steps", found["skipped_steps"]),
        options.checked({name: found[name] for name in settings}, options.GLOBAL),
        group_options,
        rates,
        states,
        steps,
    )


def _mapping(label: str, value: Any, keys: Iterable[str], extra: bool = False) -> dict[str, Any]:
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


def _state_array(leaf: Leaf, name: str, value: Any) -> Array:
    """A state array like the parameter's, with the values of another."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{leaf.label}: {name} is {described(value)}, expected an array")
    if (value.shape, value.dtype) != (leaf.shape, leaf.dtype):
        raise ValueError(
            f"{leaf.label}: {name} is {value.dtype} of shape {value.shape}, "
            f"expected {leaf.dtype} of shape {leaf.shape}"
        )
    state = np.zeros_like(leaf.array)
    state[...] = value
    return state


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

    numbers = {
        **state_dict,
        "state": {name: indexed(state) for name, state in state_dict["state"].items()},
        "values": indexed(values),
    }
    try:
        text = json.dumps(numbers, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"param_groups: an extra option cannot be saved as JSON ({error})"
        ) from error
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
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
    path: str | os.PathLike[str], leaves: Sequence[Leaf]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """The state_dict and the parameters' values of a file; ValueError if it is damaged.

    No entry is read that is larger than the parameter it belongs to, and none is unpickled.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpacked(archive, {leaf.name: leaf for leaf in leaves})
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, IndexError, TypeError, ValueError,
        NotImplementedError, RuntimeError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        raise ValueError(
            f"{os.fspath(path)}: not a checkpoint of this optimizer ({error})"
        ) from error


def _unpacked(
    archive: zipfile.ZipFile, leaves: Mapping[str, Leaf]
) -> tuple[dict[str, Any], dict[str, Array]]:
    most = 2**16 * (1 + len(leaves))
    text = _entry(
        archive, _NUMBERS, lambda shape, dtype: dtype == np.uint8 and len(shape) == 1, most
    )
    numbers = json.loads(text.tobytes(), parse_constant=_refuse_constant)
    numbers = _mapping("file", numbers, ["values", "state"], extra=True)

    def array(name: str, index: Any) -> Array:
        leaf = leaves[name]
        expected = (leaf.shape, leaf.dtype)
        if isinstance(index, bool) or not isinstance(index, int):
            raise TypeError(f"{leaf.label}: {index!r} is not the index of an array")
        return _entry(
            archive,
            f"array_{index}",
            lambda shape, dtype: (shape, dtype) == expected,
            leaf.array.nbytes,
        )

    values = _mapping("values", numbers.pop("values"), leaves)
    states = _mapping("state", numbers["state"], leaves)
    numbers["state"] = {
        name: {
            key: value if key == "steps" else array(name, value)
            for key, value in _mapping(f"state[{name!r}]", state, ["steps"], extra=True).items()
        }
        for name, state in states.items()
    }
    return numbers, {name: array(name, index) for name, index in values.items()}


def _entry(archive: zipfile.ZipFile, name: str, fits: Any, most: int) -> Array:
    """One array of the file, its size and header looked at before its data is."""
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > most + 4096:
        raise ValueError(f"{name} has {member.file_size} bytes, expected no more than {most}")
    file = io.BytesIO(archive.read(member))
    version = npy.read_magic(file)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = header(file)
    if dtype.hasobject or not fits(shape, dtype):
        raise ValueError(f"{name} is {dtype} of shape {shape}, which does not fit")
    data = np.frombuffer(file.getbuffer()[file.tell() :], dtype)
    return data.reshape(shape, order="F" if fortran else "C")


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number")
