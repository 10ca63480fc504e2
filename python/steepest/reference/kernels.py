"""What the extension `_kernels` has, in plain NumPy: the step, and settings that have nothing to set."""

from __future__ import annotations

from .step import Stepper

__all__ = [
    "Stepper",
    "get_instruction_set",
    "get_num_threads",
    "instruction_sets",
    "set_instruction_set",
    "set_num_threads",
]


def get_num_threads() -> int:
    """A step is one thread's."""
    return 1


def set_num_threads(n: int) -> None:
    """Any number is a limit that one thread is within."""


def instruction_sets() -> list[str]:
    """NumPy has its own, and chooses among them itself."""
    return ["NumPy"]


def get_instruction_set() -> str:
    """The only one."""
    return instruction_sets()[0]


def set_instruction_set(name: str) -> None:
    """The only one is in use."""
    if name not in instruction_sets():
        raise ValueError(
            f"name: got {name!r}, expected one that this machine has: {instruction_sets()}"
        )
