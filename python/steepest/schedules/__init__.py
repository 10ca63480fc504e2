"""Learning rates that change: callables that make a rate of the step count t = 1, 2, and so on.

From simple to complex: `decays`, `cycles`, `chains`, and `plateau`, which looks at a metric. Values are those
of ``torch.optim.lr_scheduler``: step t has torch's rate after t − 1 of its scheduler's steps.
"""

from .chains import Sequential, WarmUp
from .cycles import Cosine, CosineWarmRestarts, Cyclic, OneCycle
from .decays import (
    Constant,
    Exponential,
    InverseSqrt,
    Linear,
    MultiStep,
    Piecewise,
    Polynomial,
    Step,
)
from .plateau import Plateau, PlateauState
from .saving import from_dict
from .schedule import Schedule

__all__ = [
    "Constant",
    "Cosine",
    "CosineWarmRestarts",
    "Cyclic",
    "Exponential",
    "InverseSqrt",
    "Linear",
    "MultiStep",
    "OneCycle",
    "Piecewise",
    "Plateau",
    "PlateauState",
    "Polynomial",
    "Schedule",
    "Sequential",
    "Step",
    "WarmUp",
    "from_dict",
]
