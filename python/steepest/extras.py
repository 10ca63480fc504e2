"""What is said when a library that is not installed is asked for."""

from __future__ import annotations


def missing(asker: str, library: str, extra: str) -> ImportError:
    """The error that names the extra to install; to be raised from the ModuleNotFoundError."""
    return ImportError(f'{asker}: needs {library}: pip install "steepest[{extra}]"')
