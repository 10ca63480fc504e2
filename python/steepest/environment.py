"""What is raised when the environment says what cannot be taken, which ends the import."""

from __future__ import annotations


class ConfigurationError(ImportError, ValueError):
    """A variable of the environment has a value that it cannot have.

    An ImportError in the name of the package is one line of ``python -m steepest``, not a traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, name=__package__)
