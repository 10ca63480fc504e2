"""The same optimizers in plain NumPy: slow, short, and equal to the compiled ones bit for bit.

`ascent.py`, `sgd.py` and `adam.py` hold the laws, `sweep.py` what stands around every law, `norm.py` the
norm, and `step.py` the step; the files of the kernels have the same names and order.
"""

from .. import adam as _adam
from .. import ascent as _ascent
from .. import sgd as _sgd
from .step import Stepper

__all__ = ["SGD", "Adam", "AdamW", "GradientAscent", "GradientDescent"]


class GradientAscent(Stepper, _ascent.GradientAscent):
    """:class:`steepest.GradientAscent` in plain NumPy."""


class GradientDescent(Stepper, _ascent.GradientDescent):
    """:class:`steepest.GradientDescent` in plain NumPy."""


class SGD(Stepper, _sgd.SGD):
    """:class:`steepest.SGD` in plain NumPy."""


class Adam(Stepper, _adam.Adam):
    """:class:`steepest.Adam` in plain NumPy."""


class AdamW(Stepper, _adam.AdamW):
    """:class:`steepest.AdamW` in plain NumPy."""
