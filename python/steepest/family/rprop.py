"""Rprop: torch's, which takes only the signs of gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import options
from ..optimizer import StepInfo
from ..torch_state import TorchOptimizer


def _check_order(chosen: Mapping[str, Any]) -> None:
    fewer, more = chosen["etas"]
    if not fewer < 1 < more:
        raise ValueError(f"etas: got {chosen['etas']}, expected 0 < etas[0] < 1 < etas[1]")
    least, most = chosen["step_sizes"]
    if least > most:
        raise ValueError(
            f"step_sizes: got {chosen['step_sizes']}, expected 0 < step_sizes[0] <= step_sizes[1]"
        )


class Rprop(TorchOptimizer):
    """Rprop with the semantics, names and defaults of torch.optim.Rprop: resilient backpropagation.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: arrays of real or complex floats; see :class:`GradientAscent`.
    lr : float or callable t -> float, default 1e-2
        Step size of every element at first, at least 0; of no effect after that.
    etas : pair of float, default (0.5, 1.2)
        Factors η⁻, η⁺ on a step size when the gradient turns and when it does not, 0 < η⁻ < 1 < η⁺.
    step_sizes : pair of float, default (1e-6, 50.0)
        The smallest and the largest step size, 0 < min ≤ max; normal numbers of the array's dtype.
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
    At every step, for every element of an array θ with gradient g (−g if maximize)::

        s ← s η⁺ if g and prev have one sign, s η⁻ and g ← 0 if they have opposite ones, else s
        s ← min(max(s, step_sizes[0]), step_sizes[1])
        θ ← θ − sign(g) s
        prev ← g

    It is for gradients of all data at once: in the noise of batches signs turn for no reason. torch takes
    the sign of the product g · prev, which is 0 where that underflows; here the signs themselves are
    compared. ``state`` has ``"prev"`` and ``"step_size"`` (s), zeros until the first step starts s at lr.
    The order of arithmetic is that of `rust/laws/rprop.rs`. Law: Riedmiller and Braun, "A direct adaptive
    method for faster backpropagation learning: the RPROP algorithm", 1993, in the form iRprop⁻ of Igel and
    Hüsken, "Improving the Rprop learning algorithm", 2000; torch.optim.Rprop.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import Rprop
    >>> x = np.array([4.0, -100.0])
    >>> opt = Rprop(x, lr=0.1)
    >>> for _ in range(3):
    ...     opt.step(2 * x)  # whatever the gradient: 0.1, 0.12 and 0.144
    >>> x.round(6)
    array([  3.636, -99.636])
    """

    _law = "rprop"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "etas": options.pair(options.POSITIVE),
            "step_sizes": options.pair(options.POSITIVE),
            "maximize": options.COMMON["maximize"],
            "clip_value": options.COMMON["clip_value"],
        },
        states={
            "prev": lambda chosen: True,
            "step_size": lambda chosen: True,
        },
        counted="prev",
        exclusive=_check_order,
    )

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        nonfinite: str = "raise",
        logging_interval: int | None = 10,
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())
