"""Gradient ascent and descent for models that live in NumPy arrays."""

import logging

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
from .maximize import maximize, minimize
from .optimizer import StepInfo
from .parameters import Parameter
from .versions import __version__, show_versions

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
    "get_instruction_set",
    "get_num_threads",
    "maximize",
    "minimize",
    "reference",
    "set_instruction_set",
    "set_num_threads",
    "show_versions",
]
