"""GradientAscent and GradientDescent: the textbook rule, with momentum and a second moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import options
from ..optimizer import Optimizer, StepInfo


def _refuse_nesterov_without_momentum(options: Mapping[str, Any]) -> None:
    if options["nesterov"] and not options["momentum"]:
        raise ValueError("nesterov: True needs momentum > 0, got momentum 0")


class _Ascent(Optimizer):
    """The law that both classes have."""

    _law = "ascent"
    _table = options.Table(
        checks={
            "lr": options.COMMON["lr"],
            "momentum": options.FRACTION,
            "beta": options.optional(options.FRACTION),
            "eps": options.POSITIVE,
            "nesterov": options.switch,
            "clip_value": options.COMMON["clip_value"],
            "lr_decay": options.COMMON["lr_decay"],
            "warmup_steps": options.COMMON["warmup_steps"],
            "weight_decay": options.COMMON["weight_decay"],
            "bias_correction": options.switch,
            "maximize": options.COMMON["maximize"],
        },
        states={
            "velocity": lambda options: options["momentum"] != 0,
            "second_moment": lambda options: options["beta"] is not None,
        },
        counted="second_moment",
        exclusive=_refuse_nesterov_without_momentum,
    )


class GradientAscent(_Ascent):
    """Gradient ascent on NumPy arrays, with momentum, a second moment, clipping and decay.

    Parameters
    ----------
    parameters : array, nesting of arrays, or list of parameter groups
        What is optimized, updated in place: one writable array of float32, float64, complex64 or
        complex128, of any shape and strides; a list, tuple, iterator or dict of arrays, or any nesting of
        those; objects with ``.data`` and ``.grad`` (:class:`Parameter`, CPU tensors); or groups: a list of
        dicts, each with key ``"params"`` and options of its own. A complex array is stepped as its real
        and imaginary parts would be; its gradient is ∂f/∂Re + i ∂f/∂Im.
    lr : float or callable t -> float, default 0.01
        Learning rate, at least 0, or a schedule of the step count t = 1, 2, and so on;
        ``lr_decay`` and ``warmup_steps`` multiply what it gives.
    momentum : float, default 0.9
        Decay μ of the velocity, 0 ≤ μ < 1; 0 for none.
    beta : float or None, default 0.999
        Decay β of the second moment, 0 ≤ β < 1; None for none.
    eps : float, default 1e-8
        Added to the root of the second moment; a normal number of the array's dtype.
    nesterov : bool, default False
        Look ahead along the velocity; needs momentum.
    clip_value : float or None, default None
        Bound c on the magnitude of every gradient element.
    lr_decay : float or None, default None
        Factor γ on the rate at every step, 0 < γ ≤ 1.
    warmup_steps : int, default 0
        Steps W over which the rate rises linearly to its full value.
    logging_interval : int or None, default 10
        Steps between two INFO records of the logger "steepest"; 0 or None for none.
    clip_norm : float or None, default None
        Bound C on the norm of all gradients together.
    weight_decay : float, default 0.0
        Decoupled decay λ: parameters shrink by αλ a step, whichever way the gradient goes.
    bias_correction : bool, default True
        Divide the second moment by 1 − βᵗ, so that the first steps are not ≈ 31 times too long.
        Without effect if beta is None.
    maximize : bool, default True
        Go up the gradient; False goes down.
    nonfinite : {"raise", "skip", "propagate"}, default "raise"
        What happens if a gradient is not finite, or (beta on, no clipping) its square overflows its
        dtype: FloatingPointError and nothing written; nothing written and ``skipped_steps`` counted; or
        no check.
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
    At step t, for every array θ with gradient g::

        g ← g · min(1, C / (‖g‖ + 1e-6))             clip_norm; ‖·‖ over all arrays
        g ← min(max(g, −c), c)                       clip_value
        v ← μ v + g                                  momentum
        d ← g + μ v  if nesterov, else v
        m ← β m + (1 − β) g²                         beta
        d ← d / (√(m / (1 − βᵗ)) + ε)                1 − βᵗ only with bias_correction
        α ← lr · γᵗ⁻¹ · min(1, t / W)
        θ ← θ (1 − α λ) + α d                        − α d if not maximize

    With ``momentum=0, beta=None`` it is the textbook rule θ ← θ + α ∇f(θ). In the long run a step is
    lr / (1 − μ) an element, ten times lr by default. Arithmetic is in the array's dtype, and the same
    bits on every machine.

    The law is that of the package ``gradient-ascent``, with its second moment corrected; velocity:
    Polyak, 1964; look-ahead: Nesterov, 1983, in the form of Sutskever et al., 2013; second moment and its
    correction: Tieleman and Hinton, 2012, and Kingma and Ba, 2015; decoupled decay: Loshchilov and
    Hutter, 2019.

    Examples
    --------
    Maximize −(x − 3)²:

    >>> import numpy as np
    >>> from steepest import GradientAscent
    >>> x = np.zeros(2)
    >>> opt = GradientAscent(x, lr=0.1, lr_decay=0.99)
    >>> for _ in range(500):
    ...     opt.step(-2 * (x - 3))
    >>> x.round(6)
    array([3., 3.])

    Several arrays at once, as many as there are in a dict:

    >>> model = {"W": np.ones((2, 2), np.float32), "b": np.zeros(2)}
    >>> opt = GradientAscent(model, lr=0.01)
    >>> opt.step({"W": np.ones((2, 2), np.float32), "b": np.ones(2)})
    >>> model["b"]
    array([0.01, 0.01])
    """

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 0.01,
        momentum: float = 0.9,
        beta: float | None = 0.999,
        eps: float = 1e-8,
        nesterov: bool = False,
        clip_value: float | None = None,
        lr_decay: float | None = None,
        warmup_steps: int = 0,
        logging_interval: int | None = 10,
        *,
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        bias_correction: bool = True,
        maximize: bool = True,
        nonfinite: str = "raise",
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, locals())


class GradientDescent(_Ascent):
    """Gradient descent: :class:`GradientAscent` with ``maximize=False``, and all else the same.

    Parameters
    ----------
    parameters, lr, momentum, beta, eps, nesterov, clip_value, lr_decay, warmup_steps, logging_interval, \
clip_norm, weight_decay, bias_correction, nonfinite, callback
        As for :class:`GradientAscent`.

    Notes
    -----
    The law of :class:`GradientAscent`, whose last line is θ ← θ (1 − α λ) − α d.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import GradientDescent
    >>> x = np.array([4.0])
    >>> opt = GradientDescent(x, lr=0.1, momentum=0, beta=None)
    >>> opt.step(2 * x)  # the gradient of x²
    >>> x
    array([3.2])
    """

    def __init__(
        self,
        parameters: Any,
        lr: float | Callable[[int], float] = 0.01,
        momentum: float = 0.9,
        beta: float | None = 0.999,
        eps: float = 1e-8,
        nesterov: bool = False,
        clip_value: float | None = None,
        lr_decay: float | None = None,
        warmup_steps: int = 0,
        logging_interval: int | None = 10,
        *,
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        bias_correction: bool = True,
        nonfinite: str = "raise",
        callback: Callable[[StepInfo], Any] | None = None,
    ) -> None:
        super().__init__(parameters, {**locals(), "maximize": False})
