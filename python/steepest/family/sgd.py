"""SGD: torch's, with momentum, dampening and coupled weight decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


def _check_nesterov(chosen: Mapping[str, Any]) -> None:
    if chosen["nesterov"] and not (chosen["momentum"] and chosen["dampening"] == 0):
        raise ValueError(
            "nesterov: True needs momentum > 0 and dampening 0, "
            f"got momentum {chosen['momentum']} and dampening {chosen['dampening']}"
        )


class SGD(TorchOptimizer):
    """Stochastic gradient descent with the semantics, names and defaults of torch.optim.SGD.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-3
        Learning rate, at least 0.
    momentum : float, default 0
        Decay μ of the momentum buffer, 0 ≤ μ < 1; 0 for none.
    dampening : float, default 0
        The part τ of a gradient that does not enter the buffer, 0 ≤ τ ≤ 1; the first enters whole.
    weight_decay : float, default 0
        Coupled decay λ (L2): λθ is added to the gradient.
    nesterov : bool, default False
        Look ahead along the buffer; needs momentum and no dampening.
    maximize : bool, default False
        Go up the gradient.
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

        g ← g + λ θ
        b ← μ b + (1 − τ) g         momentum; b ← μ b + g at the first step
        d ← g  without momentum, g + μ b  if nesterov, else b
        θ ← θ − lr d

    ``state`` has with momentum the ``"momentum_buffer"`` (b) of every parameter, which starts at 0. The
    order of arithmetic is that of `rust/laws/sgd.rs`. Law: Polyak, 1964; Sutskever, Martens, Dahl and Hinton,
    "On the importance of initialization and momentum in deep learning", 2013; torch.optim.SGD.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import SGD
    >>> x = np.array([4.0])
    >>> opt = SGD(x, lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     opt.step(2 * x)  # the gradient of x²
    >>> x
    array([1.84])
    """

    _law = "sgd"
    _torch_counts = False
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "momentum": options.FRACTION,
            "dampening": options.number(lambda x: 0 <= x <= 1, "a number 0 <= dampening <= 1"),
            "weight_decay": options.COMMON["weight_decay"],
            "nesterov": options.switch,
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={"momentum_buffer": lambda chosen: chosen["momentum"] != 0},
        counted="momentum_buffer",
        exclusive=_check_nesterov,
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
