"""Gradient ascent and descent for models that live in NumPy arrays."""

import importlib
from typing import TYPE_CHECKING, Any

from . import machine, reference
from .family import (
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
from .machine import (
    get_instruction_set,
    get_num_threads,
    set_instruction_set,
    set_num_threads,
)
from .minibatches import minibatches
from .optimizer import StepInfo
from .parameters import Parameter

if TYPE_CHECKING:
    from . import clients, plots, projections, schedules
    from .checks import check_gradient, is_ascent_direction, is_descent_direction
    from .maximization import maximize, minimize
    from .trials import compare, lr_finder
    from .versions import __version__, show_versions

machine.read_environment()

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
    "Parameter",
    "RAdam",
    "RMSprop",
    "Rprop",
    "StepInfo",
    "Yogi",
    "__version__",
    "check_gradient",
    "clients",
    "compare",
    "get_instruction_set",
    "get_num_threads",
    "is_ascent_direction",
    "is_descent_direction",
    "lr_finder",
    "maximize",
    "minibatches",
    "minimize",
    "plots",
    "projections",
    "reference",
    "schedules",
    "set_instruction_set",
    "set_num_threads",
    "show_versions",
]


#: What is imported when it is first asked for, and from where: an optimizer alone needs none of it.
_LATER = {
    "__version__": ".versions",
    "check_gradient": ".checks",
    "clients": "",
    "compare": ".trials",
    "is_ascent_direction": ".checks",
    "is_descent_direction": ".checks",
    "lr_finder": ".trials",
    "maximize": ".maximization",
    "minimize": ".maximization",
    "plots": "",
    "projections": "",
    "schedules": "",
    "show_versions": ".versions",
    "versions": "",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_LATER[name] or f".{name}", __name__)
    found = getattr(module, name) if _LATER[name] else module
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
