"""RMSprop: torch's, with momentum and centering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class RMSprop(TorchOptimizer):
    """RMSprop with the semantics, names and defaults of torch.optim.RMSprop.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-2
        Learning rate, at least 0.
    alpha : float, default 0.99
        Decay α of the mean square, 0 ≤ α < 1.
    eps : float, default 1e-8
        ε, added to the root of the mean square; a normal number of the array's dtype.
    weight_decay : float, default 0
        Coupled decay λ (L2): λθ is added to the gradient.
    momentum : float, default 0
        Decay μ of the momentum buffer, 0 ≤ μ < 1; 0 for none.
    centered : bool, default False
        Divide by the standard deviation of the gradient, not by its root mean square.
    maximize : bool, default False
        Go up the gradient.
    clip_value, clip_norm, nonfinite, logging_interval, callback
        As for :class:`SGD`.

    Raises
    ------
    TypeError, ValueError
        As for :class:`SGD`.

    Notes
    -----
    At every step, for an array θ with gradient g (−g if maximize)::

        g ← g + λ θ
        s ← α s + (1 − α) g²
        a ← α a + (1 − α) g           centered
        s' ← max(s − a², 0)  if centered, else s
        d ← g / (√s' + ε)
        b ← μ b + d;  d ← b           momentum
        θ ← θ − lr d

    Nothing corrects s for its start at 0: the first step is lr / √(1 − α) an element, ten times lr by
    default. Centered, and under a gradient that hardly changes, s − a² tends to 0 and the steps grow, in
    torch too, up to lr g / ε. Where rounding makes s − a² negative torch's gives NaN, this one takes 0.
    ``state`` has ``"square_avg"`` (s), with momentum ``"momentum_buffer"`` (b), and centered ``"grad_avg"``
    (a). The order of arithmetic is that of `rust/laws/rmsprop.rs`. Law: Tieleman and Hinton, "Lecture 6.5:
    RMSProp", 2012; centered: Graves, "Generating sequences with recurrent neural networks", 2013;
    torch.optim.RMSprop.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import RMSprop
    >>> x = np.array([1.0, -2.0])
    >>> opt = RMSprop(x)
    >>> opt.step(2 * x)  # whatever the gradient, the first step is 10 lr an element
    >>> x.round(6)
    array([ 0.9, -1.9])
    """

    _law = "rmsprop"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "alpha": options.FRACTION,
            "eps": options.POSITIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "momentum": options.FRACTION,
            "centered": options.switch,
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "square_avg": lambda chosen: True,
            "momentum_buffer": lambda chosen: chosen["momentum"] != 0,
            "grad_avg": lambda chosen: bool(chosen["centered"]),
        },
        counted="square_avg",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
