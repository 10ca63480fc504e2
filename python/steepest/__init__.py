"""Gradient ascent and descent for models that live in NumPy arrays."""

import logging
from typing import TYPE_CHECKING, Any

from . import machine, projections, reference
from .checks import check_gradient, is_ascent_direction, is_descent_direction
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
from .maximization import maximize, minimize
from .minibatches import minibatches
from .optimizer import StepInfo
from .parameters import Parameter
from .trials import compare, lr_finder
from .versions import __version__, show_versions

if TYPE_CHECKING:
    from . import plots, schedules

machine.read_environment()
logging.getLogger("steepest").addHandler(logging.NullHandler())

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


def __getattr__(name: str) -> Any:
    """Schedules and plots, imported when first asked for: they take a tenth of the import's time."""
    if name in ("plots", "schedules"):
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
