"""The same optimizers in plain NumPy: slow, short, and equal to the compiled ones bit for bit.

`laws/` holds the laws, `sweep.py` what stands around every law, `norm.py` the norm, and `step.py` the step;
the files of the kernels have the same names and order. `kernels.py` makes them a backend, `twins.py`
the classes that have them whatever the backend is, made when asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .twins import (
        ASGD,
        SGD,
        AdaBelief,
        Adadelta,
        Adagrad,
        Adam,
        Adamax,
        AdamW,
        GradientAscent,
        GradientDescent,
        Lion,
        NAdam,
        RAdam,
        RMSprop,
        Rprop,
        Yogi,
    )

__all__ = [
    "ASGD",
    "SGD",
    "AdaBelief",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "GradientAscent",
    "GradientDescent",
    "Lion",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "Yogi",
]


def __getattr__(name: str) -> Any:
    """Classes when they are asked for: they need an Optimizer, and that may need the step in here."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(".twins", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
