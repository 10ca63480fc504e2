"""The optimizers on top of the NumPy step, where the public ones are on top of the compiled one."""

from .. import family as _family
from .step import Stepper


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


class NAdam(Stepper, _family.NAdam):
    """:class:`steepest.NAdam` in plain NumPy."""


class RAdam(Stepper, _family.RAdam):
    """:class:`steepest.RAdam` in plain NumPy."""


class RMSprop(Stepper, _family.RMSprop):
    """:class:`steepest.RMSprop` in plain NumPy."""


class Adagrad(Stepper, _family.Adagrad):
    """:class:`steepest.Adagrad` in plain NumPy."""


class Adadelta(Stepper, _family.Adadelta):
    """:class:`steepest.Adadelta` in plain NumPy."""


class Rprop(Stepper, _family.Rprop):
    """:class:`steepest.Rprop` in plain NumPy."""


class ASGD(Stepper, _family.ASGD):
    """:class:`steepest.ASGD` in plain NumPy."""


class Lion(Stepper, _family.Lion):
    """:class:`steepest.Lion` in plain NumPy."""


class AdaBelief(Stepper, _family.AdaBelief):
    """:class:`steepest.AdaBelief` in plain NumPy."""


class Yogi(Stepper, _family.Yogi):
    """:class:`steepest.Yogi` in plain NumPy."""


class Adamax(Stepper, _family.Adamax):
    """:class:`steepest.Adamax` in plain NumPy."""
