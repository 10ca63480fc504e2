"""ASGD: torch's, descent and the average of where it has been."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class ASGD(TorchOptimizer):
    """Averaged stochastic gradient descent with the semantics, names and defaults of torch.optim.ASGD.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-2
        Learning rate at first, at least 0.
    lambd : float, default 1e-4
        Decay λ ≥ 0: of θ, by λη a step, and of the rate η.
    alpha : float, default 0.75
        Power α ≥ 0 with which η falls.
    t0 : float, default 1e6
        Steps, at least 0, before averaging starts.
    weight_decay : float, default 0
        Coupled decay κ (L2): κθ is added to the gradient.
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

        g ← g + κ θ
        η ← lr / (1 + λ lr (t − 1))^α
        θ ← θ (1 − λ η) − η g
        μ ← 1 / max(1, t − 1 − t0)
        ax ← ax + (θ − ax) μ  if μ ≠ 1, else θ

    The average is the result: ``state`` has it as ``"ax"``. η and μ follow from t and lr alone, so a changed
    lr counts at once; torch keeps them as state, where it counts one step later. The order of arithmetic is
    that of `rust/laws/asgd.rs`. Law: Polyak and Juditsky, "Acceleration of stochastic approximation by
    averaging", 1992; torch.optim.ASGD.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import ASGD
    >>> x = np.array([1.0])
    >>> opt = ASGD(x, lr=0.25, lambd=0.0, t0=20)
    >>> for noise in [1, -1] * 100:
    ...     opt.step(2 * (x - 3) + noise)
    >>> x.round(2)
    array([3.17])
    >>> opt.state["0"]["ax"].round(2)
    array([3.])
    """

    _law = "asgd"
    _torch_follows = ("eta", "mu")
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "lambd": options.NOT_NEGATIVE,
            "alpha": options.NOT_NEGATIVE_FLOAT64,
            "t0": options.NOT_NEGATIVE_FLOAT64,
            "weight_decay": options.COMMON["weight_decay"],
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={"ax": lambda chosen: True},
        counted="ax",
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
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
