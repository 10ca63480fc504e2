"""RAdam: torch's, Adam that waits until its second moment can be relied on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class RAdam(TorchOptimizer):
    """RAdam with the semantics, names and defaults of torch.optim.RAdam: rectified Adam.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decays β₁, β₂ of the first and the second moment, 0 ≤ β < 1.
    eps : float, default 1e-8
        ε, added to the root of the second moment; a normal number of the array's dtype.
    weight_decay : float, default 0
        Decay λ: λθ is added to the gradient (L2), or θ shrinks by lr λ a step if decoupled.
    decoupled_weight_decay : bool, default False
        Decouple weight decay, as AdamW does.
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

        θ ← θ (1 − lr λ)  if decoupled, else  g ← g + λ θ
        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        ρ∞ ← 2 / (1 − β₂) − 1
        ρ ← ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
        r ← √((ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ))
        d ← r √(1 − β₂ᵗ) m / (√v + ε)  if ρ > 5, else m
        θ ← θ − lr / (1 − β₁ᵗ) d

    With β₂ = 0.999 the first five steps are momentum alone, so their length is that of the gradient; with
    β₂ ≤ ⅔ all are. ``state`` has ``"exp_avg"`` (m) and ``"exp_avg_sq"`` (v). The order of arithmetic is that
    of `rust/laws/radam.rs`. Law: Liu, Jiang, He, Chen, Liu, Gao and Han, "On the variance of the adaptive
    learning rate and beyond", 2020; torch.optim.RAdam.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import RAdam
    >>> x = np.array([3.0])
    >>> opt = RAdam(x, lr=0.1)
    >>> for _ in range(5):
    ...     opt.step(np.array([2.0]))  # no second moment yet: lr times the gradient
    >>> x.round(6)
    array([2.])
    """

    _law = "radam"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "betas": options.pair(options.FRACTION),
            "eps": options.POSITIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "decoupled_weight_decay": options.switch,
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "exp_avg": lambda chosen: True,
            "exp_avg_sq": lambda chosen: True,
        },
        counted="exp_avg",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
