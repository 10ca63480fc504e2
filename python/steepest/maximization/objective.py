"""The objective as the loop calls it: one call gives the value and the gradient."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..arrays import Array, check_gradient, described, gradient_array
from ..differences import as_value, central_differences
from .iterate import Iterate

#: Gives f's value and the gradient at a point, on a batch if there are any.
Evaluate = Callable[[Any, Any], tuple[Any, Any]]


class Objective:
    """f and its gradient, with the arguments they are called with."""

    def __init__(
        self, f: Any, grad: Any, args: tuple[Any, ...], size: int, with_batches: bool
    ) -> None:
        if not callable(f):
            raise TypeError(f"f: got {described(f)}, expected a function")
        if not (grad is None or grad is True or callable(grad)):
            raise TypeError(f"grad: got {described(grad)}, expected a function, True or None")
        if not isinstance(args, tuple):
            raise TypeError(f"args: got {described(args)}, expected a tuple, as in args=(data,)")
        self.f, self.grad, self.args = f, grad, args
        self.with_batches = with_batches
        #: Calls of f and of grad in one evaluation.
        self.calls = (1 + 2 * size, 0) if grad is None else (1, 1)
        self.evaluate = self._evaluation()

    def _evaluation(self) -> Evaluate:
        f, grad, args = self.f, self.grad, self.args
        if grad is None:

            def grad(x: Any, *more: Any) -> Any:
                return central_differences(f, x, more)

        if grad is True:
            if self.with_batches:
                return lambda x, batch: f(x, batch, *args)
            return lambda x, batch: f(x, *args)
        if self.with_batches:
            return lambda x, batch: (f(x, batch, *args), grad(x, batch, *args))
        if args:
            return lambda x, batch: (f(x, *args), grad(x, *args))
        return lambda x, batch: (f(x), grad(x))  # the same, sooner

    def f_at(self, x: Any) -> Any:
        """f's value alone; there are no batches."""
        found = self.f(x, *self.args)
        return found[0] if self.grad is True else found

    def check(self, found: Any, x: Iterate) -> None:
        """TypeError or ValueError unless an evaluation gave a finite number and a fitting gradient."""
        if not (isinstance(found, tuple) and len(found) == 2):
            raise TypeError(
                f"f: returned {described(found)}, expected (value, gradient) as grad is True"
            )
        value, gradient = found
        value = as_value(value)
        if not math.isfinite(value):
            raise ValueError(f"f: is {value} at x0, expected a start where it is finite")
        check_fits(gradient, x)
        for leaf, part in zip(x.point.leaves, x.placed(gradient), strict=True):
            if part is not None and not np.isfinite(gradient_array(leaf.label, part)).all():
                raise ValueError(f"{leaf.label}: the gradient at x0 is not finite")


def check_fits(gradient: Any, x: Iterate) -> None:
    """TypeError or ValueError unless this is a gradient by x."""
    parts = x.placed(gradient)
    if all(part is None for part in parts):
        raise TypeError("grad: returned None, expected the gradient, nested as x0 is")
    for leaf, part in zip(x.point.leaves, parts, strict=True):
        if part is not None:
            check_gradient(leaf.label, gradient_array(leaf.label, part), leaf.array)


def length_of(x: Iterate) -> Callable[[Any], float]:
    """The function that gives a gradient's norm over all arrays."""
    sqrt, vdot, tiny, inf = math.sqrt, np.vdot, _TINY, math.inf
    if x.x is x.arrays[0]:  # one array of real numbers
        if x.x.ndim == 0:
            return lambda gradient: float(abs(gradient))

        def of_array(gradient: Any) -> float:
            # dot would be quicker, but warns of an overflow; a list has no ``real``, and is refused
            norm = sqrt(vdot(gradient, gradient.real))
            return norm if tiny < norm < inf else scaled_norm([gradient])

        return of_array
    parts = x.parts
    return lambda gradient: norm_of([g for g in parts(gradient) if g is not None])


def projected_length_of(
    x: Iterate, project: Callable[[list[Array]], list[Array]], sign: int
) -> Callable[[Any], float]:
    """The function that gives ‖P(x ± g) − x‖, 0 where only the constraint keeps x from moving."""

    def length(gradient: Any) -> float:
        parts = x.parts(gradient)
        if not all_finite([*x.arrays, *parts]):
            return math.nan
        pairs = zip(x.arrays, parts, strict=True)
        with np.errstate(over="ignore"):
            asked = [at.copy() if g is None else np.asarray(at + sign * g) for at, g in pairs]
        for array in asked:  # as far as the numbers go
            most = np.finfo(array.dtype).max
            np.clip(array, -most, most, out=array)
        moved = zip(project(asked), x.arrays, strict=True)
        return norm_of([np.subtract(new, at, dtype=np.float64) for new, at in moved])

    return length


def all_finite(arrays: list[Any]) -> bool:
    """Whether all numbers are, of arrays that may be None."""
    return all(array is None or bool(np.isfinite(array).all()) for array in arrays)


#: Below it squares in float32 lose digits, or are 0.
_TINY = 1e-15


def norm_of(arrays: list[Any]) -> float:
    """The Euclidean norm over all arrays."""
    norm = math.sqrt(sum(float(np.vdot(array, array)) for array in arrays))
    return norm if _TINY < norm < math.inf else scaled_norm(arrays)


def scaled_norm(arrays: list[Any]) -> float:
    """The same where squares are too large or too small: of finite arrays a finite number, and 0 of zeros."""
    wide = [np.asarray(array, np.float64) for array in arrays]
    largest = float(np.max([np.abs(array).max(initial=0) for array in wide], initial=0))
    if not 0 < largest < math.inf:
        return largest
    parts = [array / largest for array in wide]
    norm = largest * math.sqrt(sum(float(np.vdot(part, part)) for part in parts))
    return min(norm, sys.float_info.max)


def stream(batches: Iterable[Any], epochs: int | None, first: int) -> Iterator[Any]:
    """Batch after batch, epoch after epoch: every pass through the iterable is one.

    An iterable that counts its ``epoch`` began with this run at ``first``; it may be in the middle of one.
    """
    passes = int(getattr(batches, "epoch", first)) - first
    idle = 0
    while epochs is None or passes < epochs:
        idle += 1
        for batch in batches:
            idle = 0
            yield batch
        if idle > 1:  # one pass may give nothing: after the last batch of an epoch
            raise ValueError("batches: an epoch gave no batch, expected at least one")
        passes += 1
