"""The one file that a checkpoint is kept in: whole under its name or not there, and never unpickled."""

from __future__ import annotations

import io
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib import format as npy

from . import checkpoint
from .arrays import Array, described
from .parameters import Leaf

#: The entry with names and numbers, beside array_0, array_1, …
_NUMBERS = "json"


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
    lrs = checkpoint.plain_rates([group["lr"] for group in groups])
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
    numbers = checkpoint.mapping("file", numbers, ["values", "state"], extra=True)

    def array(leaf: Leaf, what: str, index: Any) -> Array:
        if isinstance(index, bool) or not isinstance(index, int):
            raise TypeError(
                f"{leaf.label}: {what} is {described(index)}, expected an array's index"
            )
        found = _entry(archive, f"array_{index}", most=leaf.array.nbytes)
        checkpoint.check_like(leaf, what, found, carried)
        return found

    states = checkpoint.mapping("state", numbers["state"], leaves)
    for name, leaf in leaves.items():
        state = checkpoint.mapping(f"state[{name!r}]", states[name], ["steps"], extra=True)
        arrays = {key: array(leaf, key, state[key]) for key in state if key != "steps"}
        states[name] = {**state, **arrays}
    values = checkpoint.mapping("values", numbers.pop("values"), leaves)
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
