"""The same optimizers in plain NumPy: slow, short, and equal to the compiled ones bit for bit.

`ascent.py` holds the law, `sweep.py` what stands around every law, `norm.py` the norm, and `step.py` the
step; the files of the kernels have the same names and order.
"""

from .. import ascent as compiled
from .step import Stepper

__all__ = ["GradientAscent", "GradientDescent"]


class GradientAscent(Stepper, compiled.GradientAscent):
    """:class:`steepest.GradientAscent` in plain NumPy."""


class GradientDescent(Stepper, compiled.GradientDescent):
    """:class:`steepest.GradientDescent` in plain NumPy."""
