"""Adagrad: torch's, whose steps shorten with the sum of all squared gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class Adagrad(TorchOptimizer):
    """Adagrad with the semantics, names and defaults of torch.optim.Adagrad.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-2
        Learning rate, at least 0.
    lr_decay : float, default 0
        Decay γ ≥ 0 of the rate, which is lr / (1 + (t − 1) γ); not the factor of :class:`GradientAscent`.
    weight_decay : float, default 0
        Coupled decay λ (L2): λθ is added to the gradient.
    initial_accumulator_value : float, default 0
        What the sum of squares starts at, at least 0.
    eps : float, default 1e-10
        ε, added to the root of the sum; a normal number of the array's dtype.
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
    At the tᵢ-th step of an array θ with gradient g (−g if maximize)::

        g ← g + λ θ
        s ← s + g²                             s = initial_accumulator_value before the first step
        d ← g / (√s + ε)
        θ ← θ − lr / (1 + (t − 1) γ) d

    ``state`` has ``"sum"`` (s), zeros until the first step adds the initial value. The order of arithmetic
    is that of `rust/laws/adagrad.rs`. Law: Duchi, Hazan and Singer, "Adaptive subgradient methods for online
    learning and stochastic optimization", 2011; torch.optim.Adagrad.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Adagrad
    >>> x = np.array([1.0, -2.0])
    >>> opt = Adagrad(x, lr=0.1)
    >>> opt.step(2 * x)  # whatever the gradient, the first step is lr an element
    >>> x.round(6)
    array([ 0.9, -1.9])
    >>> opt.state["0"]["sum"]
    array([ 4., 16.])
    """

    _law = "adagrad"
    _torch_fills = ("sum", "initial_accumulator_value")
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "lr_decay": options.NOT_NEGATIVE_FLOAT64,
            "weight_decay": options.COMMON["weight_decay"],
            "initial_accumulator_value": options.NOT_NEGATIVE,
            "eps": options.POSITIVE,
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={"sum": lambda chosen: True},
        counted="sum",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
