"""What is installed and what it runs on."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from typing import TextIO

import numpy as np

from .backend import NAME, kernels

__version__ = version("steepest")


def versions() -> dict[str, str]:
    """Versions, machine, backend, instruction set and threads, by name."""
    return {
        "steepest": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "platform": platform.platform(),
        "backend": NAME,
        "instruction set": kernels.get_instruction_set(),
        "threads": str(kernels.get_num_threads()),
    }


def show_versions(file: TextIO | None = None) -> None:
    """Write versions, machine, backend, instruction set and threads, for a bug report.

    Parameters
    ----------
    file : text file, optional
        Where to; by default standard output.

    Examples
    --------
    >>> import steepest
    >>> steepest.show_versions()  # doctest: +ELLIPSIS
    steepest         ...
    """
    out = sys.stdout if file is None else file
    for name, found in versions().items():
        out.write(f"{name:<16} {found}\n")
