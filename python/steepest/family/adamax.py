"""Adamax: torch's, Adam scaled by the largest gradient there was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class Adamax(TorchOptimizer):
    """Adamax with the semantics, names and defaults of torch.optim.Adamax: Adam in the infinity norm.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 2e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decays β₁, β₂ of the first moment and the largest magnitude, 0 ≤ β < 1.
    eps : float, default 1e-8
        ε, added to every magnitude; a normal number of the array's dtype.
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
    At the tᵢ-th step of an array θ with gradient g (−g if maximize)::

        g ← g + λ θ
        m ← β₁ m + (1 − β₁) g
        u ← max(β₂ u, |g| + ε)
        d ← m / u
        θ ← θ − lr / (1 − β₁ᵗ) d

    ``state`` has ``"exp_avg"`` (m) and ``"exp_inf"`` (u). The order of arithmetic is that of
    `rust/laws/adamax.rs`. Law: Kingma and Ba, "Adam: a method for stochastic optimization", 2015;
    torch.optim.Adamax.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Adamax
    >>> x = np.array([1.0, -2.0])
    >>> opt = Adamax(x, lr=0.1)
    >>> opt.step(2 * x)  # whatever the gradient, the first step is lr an element
    >>> x.round(6)
    array([ 0.9, -1.9])
    """

    _law = "adamax"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "betas": options.pair(options.FRACTION),
            "eps": options.POSITIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "exp_avg": lambda chosen: True,
            "exp_inf": lambda chosen: True,
        },
        counted="exp_avg",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
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
