"""Arrays that NumPy cannot see because they lie on a GPU or another device: which, and what to do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

#: DLPack's device types (`DLDeviceType` in dlpack.h) whose memory the host cannot read; those of 1, 3, 11
#: and 13 it can.
_DEVICES = {2: "cuda", 4: "opencl", 7: "vulkan", 8: "metal", 9: "vpi", 10: "rocm", 14: "oneapi"}
_HOST = (1, 3, 11, 13)

#: How a library spells the copy to the host, by the first part of its arrays' module.
_COPIES = {
    "cupy": "cupy.asnumpy(array)",
    "jax": "numpy.array(array)",
    "jaxlib": "numpy.array(array)",
    "numba": "array.copy_to_host()",
    "torch": "tensor.cpu()",
}


def device(array: Any) -> str | None:
    """The device an array lies on, such as "cuda:0"; None if that is the host or nothing says so.

    An array that another object holds as its ``.data`` is asked, too.
    """
    held: Any = getattr(array, "data", None)
    for asked in (array, held):
        # Where there is no answer asking raises, in each library its own error.
        with suppress(Exception):
            kind, index = asked.__dlpack_device__()
            kind = int(kind)
            return None if kind in _HOST else f"{_DEVICES.get(kind, f'DLPack {kind}')}:{index}"
        with suppress(Exception):
            return "cuda" if asked.__cuda_array_interface__ else None
        with suppress(Exception):  # torch's "meta" has no number in DLPack
            return None if asked.device.type == "cpu" else str(asked.device)
    return None


def elsewhere(array: Any) -> str | None:
    """The end of a sentence about an array on a device; None if it lies on none."""
    place = device(array)
    if place is None:
        return None
    if place == "meta":
        return "has no memory (meta), expected NumPy memory: materialise it on the CPU first"
    copy = _COPIES.get(_library(array))
    advice = "copy it to the host" + (f" with {copy}" if copy else "")
    return f"lies on a device ({place}), expected NumPy memory: {advice}"


def immutable(array: Any) -> str:
    """The end of a sentence about a foreign array that NumPy can only read."""
    copy = _COPIES.get(_library(array), "numpy.array(array)")
    return (
        "is read-only, expected memory that can be updated in place: "
        f"step a copy of it, {copy}, and hand that to its library"
    )


def _library(array: Any) -> str:
    return type(array).__module__.partition(".")[0]
