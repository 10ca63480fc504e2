"""steepest's optimizers for thinc's models: ``model.finish_update(Adam(0.001))``.

There is a class for each of steepest's optimizers, by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .. import extras, spelling
from ..options import NOT_NEGATIVE

try:
    import thinc.optimizers
    from thinc.backends import get_array_ops
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.thinc", "thinc", "thinc") from missing

#: thinc's options that steepest spells otherwise.
_INSTEAD = {
    "L2": "weight_decay (decoupled in AdamW, before the step; L2 in Adam, after grad_clip)",
    "L2_is_weight_decay": "AdamW with weight_decay, or Adam for False",
    "beta1": "betas=(beta1, beta2)",
    "beta2": "betas=(beta1, beta2)",
    "clip_norm": "grad_clip, each array's",
    "lr": "learn_rate",
    "use_radam": "RAdam (of the paper: thinc's counts one step more)",
}


class Optimizer(thinc.optimizers.Optimizer):  # type: ignore[misc]  # no types where it is absent
    """What the classes of this module have in common; they are called as thinc's own optimizers are.

    Parameters
    ----------
    learn_rate : float, list, generator or thinc Schedule, optional
        The rate, or what gives it by ``step``, which :meth:`step_schedules` counts; by default that of
        steepest's class.
    grad_clip : float, list, generator or thinc Schedule, default 1.0
        Bound on the norm of each array's gradient, as thinc's; 0 for none.
    use_averages : bool, default True
        Keep moving averages of the weights in ``averages``, in float32, as thinc's do.
    **options
        The other options of steepest's class, by steepest's names: ``betas=(0.9, 0.99)``.

    Raises
    ------
    TypeError
        If an option is unknown or of the wrong kind, or, at a call, weights or gradient are not float32 or
        float64 arrays in host memory, or not of one dtype.
    ValueError
        If an option is out of its range, or a gradient does not have the weights' shape, or the weights
        have another shape or dtype than at the first call with their key.
    FloatingPointError
        If a gradient is not finite; see ``nonfinite`` of steepest's class. That array is not written; those
        that the model handed over before it are.

    Notes
    -----
    Each key has a steepest optimizer of its own with one array, so ``grad_clip`` is an array's and
    ``callback`` is called once an array. ``logging_interval`` is 0 unless given.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.clients.thinc import Adam
    >>> optimizer = Adam(0.1)
    >>> W, dW = np.ones(2, np.float32), np.array([1, -3], np.float32)
    >>> _ = optimizer((1, "W"), W, dW)  # as Model.finish_update does
    >>> W.round(4), dW
    (array([0.9, 1.1], dtype=float32), array([0., 0.], dtype=float32))
    """

    #: steepest's class.
    _family: ClassVar[Any] = None

    def __init__(
        self,
        learn_rate: Any = None,
        *,
        grad_clip: Any = 1.0,
        use_averages: bool = True,
        **options: Any,
    ) -> None:
        spelling.refuse(options, _INSTEAD)
        self._options = {"logging_interval": 0, **options}
        spelling.check(self._family, **self._options)
        # A schedule may need to know a key: its first value is checked at the first call.
        for name, value in (("learn_rate", learn_rate), ("grad_clip", grad_clip)):
            if isinstance(value, (int, float)):
                NOT_NEGATIVE(name, value)
        if learn_rate is None:
            learn_rate = spelling.default_rate(self._family)
        super().__init__(learn_rate, grad_clip=grad_clip, use_averages=use_averages)
        self._optimizers: dict[Any, Any] = {}
        self._weights: dict[Any, dict[str, Any]] = {}  # what each of them was handed

    def __call__(
        self, key: Any, weights: Any, gradient: Any, *, lr_scale: float = 1.0
    ) -> tuple[Any, Any]:
        """Step the weights in place, and set the gradient to zero.

        Parameters
        ----------
        key : hashable
            What the weights are called, (node id, name) in thinc; their state goes by it.
        weights : ndarray of float32 or float64
            Updated in place.
        gradient : ndarray of the same shape and dtype
            Zero afterwards, so it must be writable and share memory with nothing.
        lr_scale : float, default 1.0
            A factor on the rate, in this call.

        Returns
        -------
        tuple of ndarray
            ``weights`` and ``gradient`` themselves.
        """
        if len(gradient) < 1:
            return weights, gradient
        optimizer = self._optimizer(key, weights)
        now = self._schedule_args(key)
        clip = NOT_NEGATIVE("grad_clip", self.grad_clip(self.step, **now)) or None
        if optimizer.clip_norm != clip:
            optimizer.clip_norm = clip
        lr = lr_scale * NOT_NEGATIVE("learn_rate", self.learn_rate(self.step, **now))
        if optimizer.lr != lr:
            optimizer.lr = lr
        optimizer.step({str(key): gradient}, zero_grads=True)
        self.nr_update[key] += 1
        if self.averages is not None:
            average = self.averages.setdefault(key, np.zeros(weights.shape, np.float32))
            get_array_ops(weights).update_averages(average, weights, self.nr_update[key])
        return weights, gradient

    def _optimizer(self, key: Any, weights: Any) -> Any:
        """The optimizer of a key, bound to these weights."""
        name = str(key)
        if key not in self._optimizers:
            spelling.check_real(f"parameter {name!r}", weights)
            held = {name: weights}
            self._optimizers[key] = self._family(held, **self._options)
            self._weights[key] = held
        optimizer, held = self._optimizers[key], self._weights[key]
        old = held[name]
        if weights is not old:  # the model was given others; a shim makes them anew for every call
            if (weights.shape, weights.dtype) != (old.shape, old.dtype):
                raise ValueError(
                    f"parameter {name!r}: the weights are {weights.dtype}{list(weights.shape)} now, "
                    f"expected {old.dtype}{list(old.shape)}, as their state is; make a new optimizer"
                )
            held[name] = weights
            optimizer.rebind()
        return optimizer


_CLASSES = spelling.classes(
    Optimizer,
    "learn_rate",
    given={"grad_clip": 1.0, "use_averages": True, "logging_interval": 0},
    instead=_INSTEAD,
)
__all__ = ["Optimizer", *_CLASSES]
globals().update(_CLASSES)

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[Optimizer]: ...
