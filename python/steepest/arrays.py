"""What the array of a parameter and of a gradient must be, and the sentence when it is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.exceptions import TooHardError
from numpy.lib.array_utils import byte_bounds

from . import devices

#: numpy.typing.NDArray[Any], without what it takes to import that.
Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

#: The dtypes that are stepped; a complex number is stepped as two real ones.
WANTED = "float32, float64, complex64 or complex128"

#: As many as NumPy has.
_MOST_AXES = 64

#: How many candidates an exact overlap test may try: the question is NP-hard, the work is bounded.
_MOST_WORK = 100_000


def described(value: Any) -> str:
    """What was found, in a word or two."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    name = type(value).__qualname__
    module = type(value).__module__.partition(".")[0]
    return name if module == "builtins" else f"{module} {name}"


def reals(array: Array) -> Array:
    """The real numbers of an array, in its memory; a complex one gets a last axis for Re and Im."""
    if array.dtype.kind != "c":
        return array
    if array.ndim == _MOST_AXES:  # there is no room for one more; most of them are of length 1
        array = array.squeeze()
    return array[..., np.newaxis].view(array.real.dtype)


def of_reals(array: Array, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """The array of a dtype and shape whose `reals` these are, in their memory."""
    return array.view(dtype).reshape(shape) if dtype.kind == "c" else array


def parameter_array(label: str, value: Any) -> Array:
    """The plain array that is stepped for ``value``, sharing its memory.

    Raises TypeError for what is not an array, or one that cannot be stepped in place.
    """
    if not isinstance(value, np.ndarray):
        value = _shared(label, value)
    _refuse_masked(label, value)
    return value if type(value) is np.ndarray else np.asarray(value)


def is_parameter(value: Any) -> bool:
    """Whether a value is one parameter, rather than a container of them."""
    return (
        isinstance(value, np.ndarray)
        or _has_gradient(value)
        or hasattr(value, "__dlpack__")
        or hasattr(value, "__cuda_array_interface__")
    )


def _has_gradient(value: Any) -> bool:
    return hasattr(value, "data") and hasattr(value, "grad")


def _shared(label: str, value: Any) -> Array:
    """A foreign array seen through NumPy, without a copy."""
    refuse_sparse(label, value)
    see = (
        (lambda: np.asanyarray(value.data))
        if _has_gradient(value)
        else (lambda: np.from_dlpack(value))
    )
    try:
        view, again = see(), see()
    except Exception as error:
        elsewhere = devices.elsewhere(value)
        raise TypeError(
            f"{label}: {described(value)} {elsewhere}"
            if elsewhere
            else f"{label}: {described(value)} cannot be viewed as a NumPy array ({error}); "
            f"expected {WANTED} data on the CPU"
        ) from error
    if not (view.flags.writeable or _has_gradient(value)):
        raise TypeError(f"{label}: {described(value)} {devices.immutable(value)}")
    if view.size and not np.may_share_memory(view, again):
        raise TypeError(
            f"{label}: {described(value)} hands NumPy a copy, so the update would be lost; "
            "expected an array that shares its memory"
        )
    return view


def gradient_array(label: str, value: Any) -> Array:
    """The plain array of a gradient; foreign arrays and scalars are viewed through NumPy."""
    return readable_array(label, value, "gradient is")


def readable_array(label: str, value: Any, said: str = "got") -> Array:
    """A plain array to read from; messages say what was ``said`` before they describe the value."""
    refuse_sparse(label, value)
    if isinstance(value, np.ndarray):
        _refuse_masked(label, value)
        return np.asarray(value)
    if isinstance(value, (np.generic, float, complex)):
        return _read_only(np.asarray(value))
    try:
        # A tensor in a graph is viewed by its .data only; its .grad must not be touched.
        if hasattr(getattr(value, "data", None), "__array__"):
            return _resolved(value.data)
        if hasattr(value, "__dlpack__"):
            return np.asarray(np.from_dlpack(value))
        if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
            view = np.asarray(value)
            return view if np.may_share_memory(view, np.asarray(value)) else _read_only(view)
    except Exception as error:
        wrong = devices.elsewhere(value) or f"cannot be viewed as a NumPy array ({error})"
        raise TypeError(f"{label}: {said} {described(value)}, which {wrong}") from error
    elsewhere = devices.elsewhere(value)
    wrong = f"which {elsewhere}" if elsewhere else "expected an array"
    raise TypeError(f"{label}: {said} {described(value)}, {wrong}")


def _resolved(data: Any) -> Array:
    """A view of it; a copy of a tensor of torch whose conjugation or sign is still to be computed."""
    if not hasattr(data, "resolve_conj"):
        return np.asarray(data)
    plain = data.resolve_conj().resolve_neg()
    return np.asarray(plain) if plain is data else _read_only(np.asarray(plain))


def _read_only(copy: Array) -> Array:
    """A copy of a gradient, which is of no use to whoever wants to zero it."""
    view = copy.view()
    view.flags.writeable = False
    return view


def _refuse_masked(label: str, value: Any) -> None:
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{label}: got a MaskedArray, whose mask would be ignored; expected a plain array"
        )


def refuse_sparse(label: str, value: Any) -> None:
    """TypeError for a sparse matrix of SciPy or torch."""
    layout = str(getattr(value, "layout", ""))
    if type(value).__module__.startswith("scipy.sparse") or "sparse" in layout:
        raise TypeError(f"{label}: got {described(value)}, which is sparse; expected a dense array")


def check_parameter(label: str, array: Array) -> None:
    """TypeError or ValueError unless the array can be stepped in place."""
    dtype = array.dtype
    if dtype.kind not in "fc" or dtype.itemsize not in ((4, 8) if dtype.kind == "f" else (8, 16)):
        kind = "float" if dtype.kind != "c" else "complex"
        raise TypeError(
            f"{label}: got an array of {dtype}, expected {WANTED}; convert it with array.astype({kind})"
        )
    if not dtype.isnative:
        raise TypeError(
            f"{label}: got non-native byte order ({dtype.str}), expected native; "
            "convert it with array.astype(array.dtype.newbyteorder('='))"
        )
    if not array.flags.writeable:
        raise ValueError(
            f"{label}: the array is read-only, expected a writable one: it is updated in place"
        )
    _check_reach(label, array)
    if overlaps_itself(array):
        raise ValueError(
            f"{label}: elements of the array share memory (shape {array.shape}, strides {array.strides}), "
            "expected one place for each; pass array.copy()"
        )


def check_gradient(label: str, gradient: Array, parameter: Array) -> None:
    """TypeError or ValueError unless the gradient is one for the parameter."""
    if gradient.dtype != parameter.dtype:
        if gradient.dtype.newbyteorder("=") == parameter.dtype:
            raise TypeError(
                f"{label}: gradient has non-native byte order ({gradient.dtype.str}), "
                f"expected {parameter.dtype}; convert it with gradient.astype({str(parameter.dtype)!r})"
            )
        drops = ".real" if gradient.dtype.kind == "c" and parameter.dtype.kind == "f" else ""
        raise TypeError(
            f"{label}: gradient is {gradient.dtype}, parameter is {parameter.dtype}; "
            f"convert it with gradient{drops}.astype({str(parameter.dtype)!r})"
        )
    if gradient.shape != parameter.shape:
        raise ValueError(
            f"{label}: gradient has shape {gradient.shape}, expected {parameter.shape}"
        )
    _check_reach(label, gradient)


def _check_reach(label: str, array: Array) -> None:
    reach = sum((n - 1) * abs(s) for n, s in zip(array.shape, array.strides, strict=True) if n > 1)
    if reach + array.itemsize >= 2**63:
        raise ValueError(
            f"{label}: shape {array.shape} with strides {array.strides} reaches beyond the address space"
        )


def overlaps_itself(array: Array) -> bool:
    """Whether two elements share memory; True if that could not be decided with bounded work.

    Two different indices first differ in some axis. Shifted along it, they are an element at 0 of the
    axis and one at 1 or later; so it is enough to ask, axis by axis, whether these two parts meet.
    """
    if array.size == 0 or array.flags.c_contiguous or array.flags.f_contiguous:
        return False
    parts = (array[(0,) * axis] for axis in range(array.ndim))
    return any(len(part) > 1 and shares_memory(part[:1], part[1:]) for part in parts)


def shares_memory(a: Array, b: Array) -> bool:
    """Whether two arrays have a byte in common; True if that could not be decided with bounded work."""
    try:
        return np.shares_memory(a, b, _MOST_WORK)  # type: ignore[arg-type]  # any int will do
    except TooHardError:
        return True


def overlapping(arrays: Sequence[Array]) -> tuple[int, int] | None:
    """The first pair found of arrays that share memory."""
    active: list[tuple[int, int]] = []
    bounds = [byte_bounds(array) for array in arrays]
    for i in sorted(range(len(arrays)), key=lambda i: bounds[i]):
        if not arrays[i].size:
            continue
        low, high = bounds[i]
        active = [(end, j) for end, j in active if end > low]
        for _, j in active:
            if shares_memory(arrays[i], arrays[j]):
                return min(i, j), max(i, j)
        active.append((high, i))
    return None


def overlaps_any(array: Array, others: Iterable[Array]) -> bool:
    """Whether an array shares memory with any of the others."""
    return any(
        np.may_share_memory(array, other) and shares_memory(array, other) for other in others
    )
