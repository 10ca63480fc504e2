"""The optimizers: each names its law, its options and its states; the rest is :class:`Optimizer`'s."""

from .adabelief import AdaBelief
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .ascent import GradientAscent, GradientDescent
from .asgd import ASGD
from .lion import Lion
from .nadam import NAdam
from .radam import RAdam
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD
from .yogi import Yogi

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
    "RAdam",
    "RMSprop",
    "Rprop",
    "Yogi",
]
