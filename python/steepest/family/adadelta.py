"""Adadelta: torch's, whose steps find their own length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class Adadelta(TorchOptimizer):
    """Adadelta with the semantics, names and defaults of torch.optim.Adadelta.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1.0
        Factor on the step, at least 0.
    rho : float, default 0.9
        Decay ρ of both mean squares, 0 ≤ ρ ≤ 1.
    eps : float, default 1e-6
        ε, added to both mean squares; a normal number of the array's dtype.
    weight_decay : float, default 0
        Coupled decay λ (L2): λθ is added to the gradient.
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
        s ← ρ s + (1 − ρ) g²
        d ← √(u + ε) / √(s + ε) · g
        u ← ρ u + (1 − ρ) d²
        θ ← θ − lr d

    ε decides how long the first steps are: the first is √(ε / (1 − ρ)) an element, some 0.003 by default.
    ``state`` has ``"square_avg"`` (s) and ``"acc_delta"`` (u). The order of arithmetic is that of
    `rust/laws/adadelta.rs`. Law: Zeiler, "ADADELTA: an adaptive learning rate method", 2012;
    torch.optim.Adadelta.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Adadelta
    >>> x = np.array([1.0, -2.0])
    >>> opt = Adadelta(x)
    >>> opt.step(2 * x)
    >>> x.round(4)
    array([ 0.9968, -1.9968])
    """

    _law = "adadelta"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "rho": options.number(lambda x: 0 <= x <= 1, "a number 0 <= rho <= 1"),
            "eps": options.POSITIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "square_avg": lambda chosen: True,
            "acc_delta": lambda chosen: True,
        },
        counted="square_avg",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
