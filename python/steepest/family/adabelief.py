"""AdaBelief: optax's, Adam scaled by how far gradients are from what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import Optimizer, StepInfo


class AdaBelief(Optimizer):
    """AdaBelief with the semantics, names and defaults of optax.adabelief, and decoupled weight decay.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-3
        Learning rate, at least 0.
    b1 : float, default 0.9
        Decay β₁ of the first moment, 0 ≤ β₁ < 1.
    b2 : float, default 0.999
        Decay β₂ of the squared surprise, 0 ≤ β₂ < 1.
    eps : float, default 1e-16
        ε, added to the root of the squared surprise; a normal number of the array's dtype.
    eps_root : float, default 1e-16
        ε̄ ≥ 0, added to the squared surprise at every step.
    weight_decay : float, default 0
        Decoupled decay λ: θ shrinks by lr λ a step.
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

        θ ← θ (1 − lr λ)
        m ← β₁ m + (1 − β₁) g
        s ← β₂ s + (1 − β₂) (g − m)² + ε̄
        d ← m / (1 − β₁ᵗ) / (√(s / (1 − β₂ᵗ)) + ε)
        θ ← θ − lr d

    Steps are long where gradients are as expected, and short where they surprise. ``state`` has ``"mu"`` (m)
    and ``"nu"`` (s). optax has no default for lr, and leaves weight decay to its add_decayed_weights. The
    order of arithmetic is that of `rust/laws/adabelief.rs`. Law: Zhuang, Tang, Ding, Tatikonda, Dvornek,
    Papademetris and Duncan, "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients",
    2020; optax.adabelief.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import AdaBelief
    >>> x = np.array([1.0, -2.0])
    >>> opt = AdaBelief(x, lr=0.1)
    >>> opt.step(2 * x)  # the first surprise is β₁ g, so the step lr / β₁ an element
    >>> x.round(4)
    array([ 0.8889, -1.8889])
    """

    _law = "adabelief"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "b1": options.FRACTION,
            "b2": options.FRACTION,
            "eps": options.POSITIVE,
            "eps_root": options.NOT_NEGATIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "mu": lambda chosen: True,
            "nu": lambda chosen: True,
        },
        counted="mu",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-3,
        b1: float = 0.9,
        b2: float = 0.999,
        eps: float = 1e-16,
        eps_root: float = 1e-16,
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
