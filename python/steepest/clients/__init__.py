"""Adapters for the libraries people already use, one module each; imported only when asked for.

Each is named after its library and spelt as that spells its own: ``steepest.clients.scipy.adam`` is a
``method`` of `scipy.optimize.minimize`. If the library is not installed, an ImportError names the extra.
"""

import importlib
import pkgutil
from typing import Any

__all__ = [module.name for module in pkgutil.iter_modules(__path__)]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
