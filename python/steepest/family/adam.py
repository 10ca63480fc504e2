"""Adam and AdamW: torch's, with weight decay coupled or decoupled, and AMSGrad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


class _Adam(TorchOptimizer):
    """The law that both classes have."""

    _law = "adam"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "betas": options.pair(options.FRACTION),
            "eps": options.POSITIVE,
            "weight_decay": options.COMMON["weight_decay"],
            "amsgrad": options.switch,
            "maximize": options.COMMON["maximize"],
            "decoupled_weight_decay": options.switch,
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "exp_avg": lambda chosen: True,
            "exp_avg_sq": lambda chosen: True,
            "max_exp_avg_sq": lambda chosen: bool(chosen["amsgrad"]),
        },
        counted="exp_avg",
    )


class Adam(_Adam):
    """Adam with the semantics, names and defaults of torch.optim.Adam.

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
    amsgrad : bool, default False
        Scale by the largest second moment there was.
    maximize : bool, default False
        Go up the gradient.
    decoupled_weight_decay : bool, default False
        Decouple weight decay, as AdamW does.
    clip_value : float or None, default None
        Bound on the magnitude of every gradient element.
    clip_norm : float or None, default None
        Bound on the norm of all gradients together.
    nonfinite : {"raise", "skip", "propagate"}, default "raise"
        What happens if a gradient is not finite; see :class:`GradientAscent`.
    logging_interval : int or None, default 10
        Steps between two INFO records of the logger "steepest"; 0 or None for none.
    callback : callable or None, default None
        Called with a :class:`StepInfo` after every step.

    Raises
    ------
    TypeError
        If a parameter is not an array of such a dtype that can be updated in place, or an option is of
        the wrong kind.
    ValueError
        If an option is out of its range, or if parameters are read-only, share memory or share a name.

    Notes
    -----
    At the tᵢ-th step of an array θ with gradient g (−g if maximize)::

        θ ← θ (1 − lr λ)  if decoupled, else  g ← g + λ θ
        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        v̂ ← max(v̂, v)  if amsgrad, else v
        d ← m / (√(v̂ / (1 − β₂ᵗ)) + ε)
        θ ← θ − lr / (1 − β₁ᵗ) d

    ``state`` has ``"exp_avg"`` (m), ``"exp_avg_sq"`` (v) and with amsgrad ``"max_exp_avg_sq"`` (v̂). The order
    of arithmetic is that of `rust/laws/adam.rs`; torch's differs from it in rounding only. Law: Kingma and
    Ba, "Adam: a method for stochastic optimization", 2015; Reddi, Kale and Kumar, "On the convergence of
    Adam and beyond", 2018; torch.optim.Adam.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Adam
    >>> x = np.array([1.0, -2.0])
    >>> opt = Adam(x, lr=0.1)
    >>> opt.step(2 * x)  # whatever the gradient, the first step is lr an element
    >>> x.round(6)
    array([ 0.9, -1.9])
    """

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())


class AdamW(_Adam):
    """AdamW with the semantics, names and defaults of torch.optim.AdamW: Adam with decoupled decay.

    Parameters
    ----------
    parameters, lr, betas, eps, amsgrad, maximize, clip_value, clip_norm, nonfinite, \
logging_interval, callback
        As for :class:`Adam`.
    weight_decay : float, default 1e-2
        Decoupled decay λ: θ shrinks by lr λ a step.

    Raises
    ------
    TypeError, ValueError
        As for :class:`Adam`.

    Notes
    -----
    The law of :class:`Adam` with ``decoupled_weight_decay=True``. At the tᵢ-th step of an array θ with
    gradient g (−g if maximize)::

        θ ← θ (1 − lr λ)
        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        v̂ ← max(v̂, v)  if amsgrad, else v
        d ← m / (√(v̂ / (1 − β₂ᵗ)) + ε)
        θ ← θ − lr / (1 − β₁ᵗ) d

    ``state`` and the order of arithmetic are Adam's. Law: Loshchilov and Hutter, "Decoupled weight decay
    regularization", 2019; torch.optim.AdamW.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import AdamW
    >>> x = np.array([1.0])
    >>> opt = AdamW(x, lr=0.1, weight_decay=0.5)
    >>> opt.step(np.zeros(1))  # no gradient: only the decay
    >>> x
    array([0.95])
    """

    _table = _Adam._table._replace(fixed={"decoupled_weight_decay": True})

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
