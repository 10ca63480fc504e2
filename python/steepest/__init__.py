"""Gradient ascent and descent for models that live in NumPy arrays."""

import logging

from . import reference
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
from .optimizer import StepInfo
from .parameters import Parameter
from .versions import __version__, show_versions

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
    "reference",
    "show_versions",
]
