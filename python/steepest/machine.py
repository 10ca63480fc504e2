"""What a step uses of the machine: threads, and instruction sets. Neither changes a bit of the result."""

from __future__ import annotations

import os

from . import options
from .backend import kernels
from .environment import ConfigurationError

#: What the environment may say, and who is told.
_THREADS, _INSTRUCTIONS = "STEEPEST_NUM_THREADS", "STEEPEST_INSTRUCTION_SET"


def get_num_threads() -> int:
    """The most threads that a step uses.

    By default as many as the process may run on (affinity and the container's quota), but no more than 8.
    A step uses one for every 32,768 numbers it updates, so small ones use one.
    Where NumPy is the backend, that is one.

    Examples
    --------
    >>> import steepest
    >>> steepest.get_num_threads() >= 1
    True
    """
    return kernels.get_num_threads()


def set_num_threads(n: int) -> None:
    """Use up to ``n`` threads in a step, in all optimizers, from now on.

    The environment variable ``STEEPEST_NUM_THREADS`` does the same when the library is imported. Where NumPy
    is the backend, a step uses one all the same.

    Parameters
    ----------
    n : int
        From 1 to 64.

    Raises
    ------
    TypeError
        If it is not an integer.
    ValueError
        If it is out of its range.

    Examples
    --------
    >>> import steepest
    >>> before = steepest.get_num_threads()
    >>> steepest.set_num_threads(1)
    >>> steepest.get_num_threads()
    1
    >>> steepest.set_num_threads(before)
    """
    kernels.set_num_threads(_threads("n", n))


def _threads(name: str, value: object) -> int:
    wanted = "an integer from 1 to 64"
    found: int = options.count(wanted)(name, value)
    if not 1 <= found <= 64:
        raise ValueError(f"{name}: got {value!r}, expected {wanted}")
    return found


def get_instruction_set() -> str:
    """The instruction set that steps are computed with: the widest this machine has, if none was chosen.

    Returns
    -------
    str
        ``"AVX-512"``, ``"AVX2"`` or ``"SSE2"`` on x86-64, ``"NEON"`` on 64-bit ARM, else ``"scalar"``;
        ``"NumPy"`` where NumPy is the backend, which chooses for itself.

    Examples
    --------
    >>> import steepest
    >>> steepest.get_instruction_set() in ("AVX-512", "AVX2", "SSE2", "NEON", "scalar", "NumPy")
    True
    """
    return kernels.get_instruction_set()


def set_instruction_set(name: str) -> None:
    """Compute steps with another instruction set from now on, in all optimizers; for tests and comparisons.

    The environment variable ``STEEPEST_INSTRUCTION_SET`` does the same when the library is imported.

    Parameters
    ----------
    name : str
        As :func:`get_instruction_set` returns it.

    Raises
    ------
    TypeError
        If it is not a string.
    ValueError
        If this machine has no such instruction set.

    Examples
    --------
    >>> import steepest
    >>> steepest.set_instruction_set(steepest.get_instruction_set())
    """
    kernels.set_instruction_set(options.choice(*kernels.instruction_sets())("name", name))


def read_environment() -> None:
    """Take what the environment says; ConfigurationError, naming the variable, if it cannot be taken."""
    try:
        if threads := os.environ.get(_THREADS):
            number = int(threads) if threads.isdecimal() and len(threads) < 9 else threads
            kernels.set_num_threads(_threads(_THREADS, number))
        if name := os.environ.get(_INSTRUCTIONS):
            found = options.choice(*kernels.instruction_sets())(_INSTRUCTIONS, name)
            kernels.set_instruction_set(found)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(str(error)) from None
