"""steepest's optimizers for PennyLane: ``params = Adam(stepsize=0.1).step(cost, params)``.

There is a class for each of steepest's optimizers, by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .. import extras, spelling
from ..arrays import Array, check_parameter, described

try:
    from pennylane import GradientDescentOptimizer
    from pennylane.numpy import tensor
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.pennylane", "PennyLane", "pennylane") from missing

#: PennyLane's options that steepest spells otherwise.
_INSTEAD = {
    "beta1": "betas=(beta1, beta2)",
    "beta2": "betas=(beta1, beta2)",
    "decay": "alpha, of RMSprop",
    "lr": "stepsize",
}


class Optimizer(GradientDescentOptimizer):  # type: ignore[misc]  # no types where it is absent
    """What the classes of this module have in common: PennyLane's ``step`` and ``step_and_cost``.

    Parameters
    ----------
    stepsize : float or callable t -> float, optional
        The learning rate; by default that of steepest's class. It can be written at any time.
    **options
        The other options of steepest's class, by steepest's names: ``betas=(0.9, 0.99)``, ``maximize=True``.
        ``logging_interval`` is 0 unless given.

    Attributes
    ----------
    stepsize : float or callable
        The learning rate from the next step on.

    Raises
    ------
    TypeError
        If an option is unknown or of the wrong kind; or, at a step, if an argument that requires a
        gradient is not a tensor of float32 or float64.
    ValueError
        If an option is out of its range; or, at a step, if there is not one gradient of an argument's shape
        for each that requires one, or an argument has another shape or dtype than at the step before.
    FloatingPointError
        If a gradient is not finite; see ``nonfinite`` of steepest's class.

    Notes
    -----
    ``step(f, *args, grad_fn=None, **kwargs)`` returns new arguments, one bare, several as a list, and
    ``step_and_cost`` those and the cost before the step, as PennyLane's optimizers do. The arguments handed
    over are never written. State goes by an argument's place; a place that requires no gradient keeps its
    state. ``clip_norm`` is the norm of all arguments' gradients together.

    Examples
    --------
    >>> from pennylane import numpy as np
    >>> from steepest.clients.pennylane import Adam
    >>> opt = Adam(stepsize=0.1)
    >>> x = np.array([1.0, -1.0], requires_grad=True)
    >>> opt.step(lambda x: np.sum(x**2), x)
    tensor([ 0.9, -0.9], requires_grad=True)
    >>> opt.step_and_cost(lambda x, a: a * np.sum(x**2), x, np.array(2.0, requires_grad=False))[1]
    tensor(4., requires_grad=True)
    """

    #: steepest's class.
    _family: ClassVar[Any] = None

    def __init__(self, stepsize: Any = None, **options: Any) -> None:
        spelling.refuse(options, _INSTEAD)
        self._options = {"logging_interval": 0, **options}
        rate = {} if stepsize is None else {"lr": stepsize}
        with _of_stepsize():
            spelling.check(self._family, **rate, **self._options)
        super().__init__(spelling.default_rate(self._family) if stepsize is None else stepsize)
        self.reset()

    def reset(self) -> None:
        """Forget the steps taken: the next one is the first."""
        self._values: dict[str, Array] = {}  # of the arguments that are optimized, by their place
        self._optimizer: Any = None

    def apply_grad(self, grad: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """The arguments after a step.

        Parameters
        ----------
        grad : sequence of array
            A gradient for each argument that requires one, in order, of its shape.
        args : sequence
            The arguments; they are not written.

        Returns
        -------
        list
            New tensors for those that require a gradient, the others themselves.
        """
        trained = {
            f"argument {i}": arg
            for i, arg in enumerate(args)
            if getattr(arg, "requires_grad", False)
        }
        if len(grad) != len(trained):
            raise ValueError(
                f"grad: got {len(grad)} gradients, expected {len(trained)}, "
                "one for each argument that requires one"
            )
        if not trained:
            return list(args)
        self._take(trained)
        gradients: dict[str, Any] = dict.fromkeys(self._values)
        for place, gradient in zip(trained, map(np.asarray, grad), strict=True):
            dtype = self._values[place].dtype
            # A circuit's are float64, whatever the argument is; what cannot be cast, a step refuses.
            is_number = np.can_cast(gradient.dtype, dtype, "same_kind")
            gradients[place] = gradient.astype(dtype) if is_number else gradient
        with _of_stepsize():
            self._optimizer.step(gradients)
        new = {place: tensor(self._values[place].copy(), requires_grad=True) for place in trained}
        return [new.get(f"argument {i}", arg) for i, arg in enumerate(args)]

    def _take(self, trained: dict[str, Any]) -> None:
        """Have these arguments' values in the arrays that are stepped."""
        values = {place: _value(place, arg) for place, arg in trained.items()}
        for place, value in values.items():
            old = self._values.get(place, value)
            if (value.shape, value.dtype) != (old.shape, old.dtype):
                raise ValueError(
                    f"{place}: is {value.dtype}{list(value.shape)} now, "
                    f"expected {old.dtype}{list(old.shape)}, as its state is; call reset()"
                )
        is_known = self._values.keys() >= values.keys()
        for place, value in values.items():
            self._values.setdefault(place, value)[...] = value
        if self._optimizer is None:
            self._optimizer = self._family(self._values, **self._options)
        elif not is_known:
            self._optimizer.rebind()
        if self._optimizer.lr != self.stepsize:
            with _of_stepsize():
                self._optimizer.lr = self.stepsize


@contextmanager
def _of_stepsize() -> Iterator[None]:
    """What is wrong with lr is said of stepsize."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if not str(error).startswith("lr:"):
            raise
        raise type(error)(re.sub(r"\blr\b", "stepsize", str(error))) from None


def _value(place: str, arg: Any) -> Array:
    """A copy of an argument's values, checked."""
    if not isinstance(arg, np.ndarray):
        raise TypeError(f"{place}: got {described(arg)}, expected a tensor of pennylane.numpy")
    value: Array = np.array(arg)
    spelling.check_real(place, value)
    check_parameter(place, value)
    return value


_CLASSES = spelling.classes(Optimizer, "stepsize", given={"logging_interval": 0}, instead=_INSTEAD)
__all__ = ["Optimizer", *_CLASSES]
globals().update(_CLASSES)

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[Optimizer]: ...
