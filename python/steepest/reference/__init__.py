"""The same optimizers in plain NumPy: slow, short, and equal to the compiled ones bit for bit.

`laws/` holds the laws, `sweep.py` what stands around every law, `norm.py` the norm, and `step.py` the step;
the files of the kernels have the same names and order.
"""

from .. import family as _family
from .step import Stepper

__all__ = ["SGD", "Adam", "AdamW", "GradientAscent", "GradientDescent"]


class GradientAscent(Stepper, _family.GradientAscent):
    """:class:`steepest.GradientAscent` in plain NumPy."""


class GradientDescent(Stepper, _family.GradientDescent):
    """:class:`steepest.GradientDescent` in plain NumPy."""


class SGD(Stepper, _family.SGD):
    """:class:`steepest.SGD` in plain NumPy."""


class Adam(Stepper, _family.Adam):
    """:class:`steepest.Adam` in plain NumPy."""


class AdamW(Stepper, _family.AdamW):
    """:class:`steepest.AdamW` in plain NumPy."""
