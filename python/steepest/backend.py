"""What steps are computed by: the compiled kernels or, where they are missing or unwanted, NumPy."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType
from typing import TYPE_CHECKING

from . import options
from .environment import ConfigurationError

__all__ = ["NAME", "kernels"]

_VARIABLE = "STEEPEST_BACKEND"


def _chosen() -> tuple[str, ModuleType]:
    """The backend that the environment asks for, by its name, or the best one there is."""
    asked = os.environ.get(_VARIABLE) or "auto"
    try:
        options.choice("auto", "rust", "numpy")(_VARIABLE, asked)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    if asked != "numpy":
        try:
            return "rust", importlib.import_module("._kernels", __package__)
        except ImportError as error:
            if asked == "rust":
                raise ConfigurationError(
                    f"{_VARIABLE}: got 'rust', but the compiled extension cannot be imported "
                    f"({error}): install a wheel of steepest that is built for this platform, or "
                    "its source distribution where there is Rust (https://rustup.rs)"
                ) from error
            warnings.warn(
                f"steepest: the compiled extension cannot be imported ({error}), so steps are "
                "computed by NumPy: to the same bits, but a step of Adam takes 20 to 1000 times "
                f"as long, most in many small arrays ({_VARIABLE}=numpy says that this is meant)",
                RuntimeWarning,
                stacklevel=1,
            )
    return "numpy", importlib.import_module(".reference.kernels", __package__)


if TYPE_CHECKING:  # both have the same names
    from . import _kernels as kernels

    NAME: str
else:
    NAME, kernels = _chosen()
