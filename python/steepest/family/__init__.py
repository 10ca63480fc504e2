"""The optimizers: each names its law, its options and its states; the rest is :class:`Optimizer`'s."""

from .adam import Adam, AdamW
from .ascent import GradientAscent, GradientDescent
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "GradientAscent", "GradientDescent"]
