"""What the tests share: running a case, and equality to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Array, Case

Gradients = dict[str, Array | None]


def build(library: Any, case: Case, parameters: Any, **more: Any) -> Any:
    """The case's optimizer, of the compiled library or of its reference, over the parameters."""
    return getattr(library, case.optimizer)(parameters, **(case.options | more))


def run(opt: Any, gradients: Callable[[int], Any], steps: int) -> Any:
    """Take the steps; ``gradients(i)`` are those of step i, counted from 0."""
    for i in range(steps):
        opt.step(gradients(i))
    return opt


def copies(arrays: dict[str, Array]) -> dict[str, Array]:
    """The same numbers in fresh arrays in C order."""
    return {name: np.array(array, order="C") for name, array in arrays.items()}


def bits(array: Array) -> Array:
    """The numbers as unsigned integers; every NaN as one and the same."""
    numbers = np.array(array, order="C")
    numbers[np.isnan(numbers)] = np.nan
    return numbers.view(f"u{numbers.itemsize}")


def contents(array: Array) -> bytes:
    """As tobytes, which in NumPy before 2.3 takes at most 32 axes."""
    return array.reshape(-1).tobytes()


def assert_same_bits(actual: Array, expected: Array, what: str = "") -> None:
    """Equal shape, dtype and bits, the sign of zero included, NaN payloads excepted."""
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype), what
    if contents(actual) == contents(expected):
        return
    differ = bits(actual) != bits(expected)
    if differ.any():
        first = tuple(int(i) for i in np.argwhere(differ)[0])
        got, wanted = actual[first], expected[first]
        raise AssertionError(
            f"{what}: {differ.sum()} of {differ.size} numbers differ, first at {first}: "
            f"{got!r} ({float(got).hex()}), expected {wanted!r} ({float(wanted).hex()})"
        )


def assert_same_arrays(actual: dict[str, Array], expected: dict[str, Array]) -> None:
    """Dicts of the same names and, under each, the same bits."""
    assert actual.keys() == expected.keys()
    for name, array in actual.items():
        assert_same_bits(array, expected[name], name)


def assert_same_state(opt: Any, other: Any) -> None:
    """Equal counters and, for every parameter, the same state arrays with the same bits."""
    ours, theirs = opt.state_dict(), other.state_dict()
    for count in ("step_count", "skipped_steps"):
        assert ours[count] == theirs[count], count
    assert ours["state"].keys() == theirs["state"].keys()
    for name, entries in ours["state"].items():
        expected = theirs["state"][name]
        assert entries.keys() == expected.keys(), name
        assert entries["steps"] == expected["steps"], name
        for kind in entries.keys() - {"steps"}:
            assert_same_bits(entries[kind], expected[kind], f"{kind} of {name}")
