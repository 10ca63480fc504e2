"""NAdam: torch's, Adam with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class NAdam(TorchOptimizer):
    """NAdam with the semantics, names and defaults of torch.optim.NAdam: Adam that looks ahead.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 2e-3
        Learning rate, at least 0.
    betas : pair of float, default (0.9, 0.999)
        Decays β₁, β₂ of the first and the second moment, 0 ≤ β < 1.
    eps : float, default 1e-8
        ε, added to the root of the second moment; a normal number of the array's dtype.
    weight_decay : float, default 0
        Decay λ: λθ is added to the gradient (L2), or θ shrinks by lr λ a step if decoupled.
    momentum_decay : float, default 4e-3
        Pace ψ ≥ 0 at which the momentum rises from β₁ / 2 to β₁.
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
        μₜ ← β₁ (1 − ½ · 0.96^(t ψ))
        Π ← Π μₜ                                       Π = 1 before the first step
        d ← ((1 − μₜ) / (1 − Π) g + μₜ₊₁ / (1 − Π μₜ₊₁) m) / (√(v / (1 − β₂ᵗ)) + ε)
        θ ← θ − lr d

    ``state`` has ``"exp_avg"`` (m), ``"exp_avg_sq"`` (v) and ``"mu_product"`` (Π), a float64 array of no
    dimensions; torch keeps Π in its default dtype. The order of arithmetic is that of `rust/laws/nadam.rs`.
    Law: Dozat, "Incorporating Nesterov momentum into Adam", 2016; torch.optim.NAdam.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import NAdam
    >>> x = np.array([1.0, -2.0])
    >>> opt = NAdam(x, lr=0.1)
    >>> opt.step(2 * x)  # whatever the gradient, the first step is a little more than lr
    >>> x.round(4)
    array([ 0.8944, -1.8944])
    """

    _law = "nadam"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "betas": options.pair(options.FRACTION),
            "eps": options.POSITIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "momentum_decay": options.NOT_NEGATIVE_FLOAT64,
            "decoupled_weight_decay": options.switch,
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "exp_avg": lambda chosen: True,
            "exp_avg_sq": lambda chosen: True,
        },
        counted="exp_avg",
        carried="mu_product",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
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
