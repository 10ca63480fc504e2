"""The optimizers with the NumPy step, whatever the backend."""

from .. import family as _family
from .step import Stepper


class Twin(Stepper):
    """The NumPy step before another; a class between, as it may also be the base of that other."""


class GradientAscent(Twin, _family.GradientAscent):
    """:class:`steepest.GradientAscent` in plain NumPy."""


class GradientDescent(Twin, _family.GradientDescent):
    """:class:`steepest.GradientDescent` in plain NumPy."""


class SGD(Twin, _family.SGD):
    """:class:`steepest.SGD` in plain NumPy."""


class Adam(Twin, _family.Adam):
    """:class:`steepest.Adam` in plain NumPy."""


class AdamW(Twin, _family.AdamW):
    """:class:`steepest.AdamW` in plain NumPy."""


class NAdam(Twin, _family.NAdam):
    """:class:`steepest.NAdam` in plain NumPy."""


class RAdam(Twin, _family.RAdam):
    """:class:`steepest.RAdam` in plain NumPy."""


class RMSprop(Twin, _family.RMSprop):
    """:class:`steepest.RMSprop` in plain NumPy."""


class Adagrad(Twin, _family.Adagrad):
    """:class:`steepest.Adagrad` in plain NumPy."""


class Adadelta(Twin, _family.Adadelta):
    """:class:`steepest.Adadelta` in plain NumPy."""


class Rprop(Twin, _family.Rprop):
    """:class:`steepest.Rprop` in plain NumPy."""


class ASGD(Twin, _family.ASGD):
    """:class:`steepest.ASGD` in plain NumPy."""


class Lion(Twin, _family.Lion):
    """:class:`steepest.Lion` in plain NumPy."""


class AdaBelief(Twin, _family.AdaBelief):
    """:class:`steepest.AdaBelief` in plain NumPy."""


class Yogi(Twin, _family.Yogi):
    """:class:`steepest.Yogi` in plain NumPy."""


class Adamax(Twin, _family.Adamax):
    """:class:`steepest.Adamax` in plain NumPy."""
