"""Lion: optax's, the sign of a momentum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import Optimizer, StepInfo


class Lion(Optimizer):
    """Lion with the semantics and names of optax.lion: every element moves by lr, whatever its gradient.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-4
        Learning rate, at least 0.
    b1 : float, default 0.9
        Weight β₁ of the momentum against the gradient in a step, 0 ≤ β₁ < 1.
    b2 : float, default 0.99
        Decay β₂ of the momentum, 0 ≤ β₂ < 1.
    weight_decay : float, default 1e-3
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
    At every step, for an array θ with gradient g (−g if maximize)::

        θ ← θ (1 − lr λ)
        d ← sign((1 − β₁) g + β₁ m)
        m ← β₂ m + (1 − β₂) g
        θ ← θ − lr d

    ``state`` has ``"mu"`` (m). optax has no default for lr: 1e-4 is the paper's. The order of arithmetic is
    that of `rust/laws/lion.rs`. Law: Chen et al., "Symbolic discovery of optimization algorithms", 2023;
    optax.lion.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Lion
    >>> x = np.array([1.0, 1.0])
    >>> opt = Lion(x, lr=0.1, weight_decay=0.5)
    >>> opt.step(np.array([1e-6, -100.0]))  # 0.95 is left by the decay; then lr down or up
    >>> x.round(6)
    array([0.85, 1.05])
    """

    _law = "lion"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "b1": options.FRACTION,
            "b2": options.FRACTION,
            "weight_decay": options.COMMON["weight_decay"],
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={"mu": lambda chosen: True},
        counted="mu",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-4,
        b1: float = 0.9,
        b2: float = 0.99,
        weight_decay: float = 1e-3,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
