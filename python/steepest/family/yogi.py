"""Yogi: optax's, Adam whose second moment moves by little at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import Optimizer, StepInfo


class Yogi(Optimizer):
    """Yogi with the semantics, names and defaults of optax.yogi, and decoupled weight decay.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-2
        Learning rate, at least 0.
    b1 : float, default 0.9
        Decay β₁ of the first moment, 0 ≤ β₁ < 1.
    b2 : float, default 0.999
        1 − β₂ is the pace of the second moment, 0 ≤ β₂ < 1.
    eps : float, default 1e-3
        ε, added to the root of the second moment; a normal number of the array's dtype.
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
        m ← β₁ m + (1 − β₁) g                  m = v = 1e-6 before the first step
        v ← v − (1 − β₂) sign(v − g²) g²
        d ← m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
        θ ← θ − lr d

    Small gradients shrink v by what they are, not by what v is: steps do not lengthen all at once, as
    Adam's can. ``state`` has ``"mu"`` (m) and ``"nu"`` (v), zeros until the first step. optax has no default
    for lr, 1e-2 is the paper's, and leaves weight decay to its add_decayed_weights. The order of arithmetic
    is that of `rust/laws/yogi.rs`. Law: Zaheer, Reddi, Sachan, Kale and Kumar, "Adaptive methods for
    nonconvex optimization", 2018; optax.yogi.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Yogi
    >>> x = np.array([1.0, -2.0])
    >>> opt = Yogi(x, lr=0.1)
    >>> opt.step(2 * x)  # about lr an element
    >>> x.round(3)
    array([ 0.9, -1.9])
    """

    _law = "yogi"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "b1": options.FRACTION,
            "b2": options.FRACTION,
            "eps": options.POSITIVE,
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
        lr: float | Callable[[int], float] = 1e-2,
        b1: float = 0.9,
        b2: float = 0.999,
        eps: float = 1e-3,
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
