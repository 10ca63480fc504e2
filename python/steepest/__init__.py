"""Gradient ascent and descent for models that live in NumPy arrays."""

import logging

from . import reference
from .family import SGD, Adam, AdamW, GradientAscent, GradientDescent
from .optimizer import StepInfo
from .parameters import Parameter
from .versions import __version__, show_versions

logging.getLogger("steepest").addHandler(logging.NullHandler())

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "GradientAscent",
    "GradientDescent",
    "Parameter",
    "StepInfo",
    "__version__",
    "reference",
    "show_versions",
]
