"""Methods for `scipy.optimize.minimize`: one for each optimizer of the family, named after it in lower case.

>>> from scipy.optimize import minimize, rosen, rosen_der
>>> from steepest.clients.scipy import adam
>>> found = minimize(rosen, [1.3, 0.7], jac=rosen_der, method=adam, options={"lr": 0.05})
>>> found.success, found.x.round(3)
(True, array([1., 1.]))

``GradientAscent`` has none: SciPy minimizes. ``gradientdescent`` has its law, the other way.
"""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import extras, spelling
from ..arrays import Array, described
from ..log import logger
from ..maximization import Result, Status, minimize
from ..maximization.bounds import Bounds
from ..maximization.hooks import State
from ..maximization.iterate import Iterate
from ..optimizer import Optimizer
from ..options import count, optional

try:
    from scipy.optimize import OptimizeResult, OptimizeWarning, approx_fprime
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.scipy", "SciPy", "scipy") from missing

#: The first two are as BFGS has them, the last as every method of SciPy.
_STATUS = {Status.MAX_ITER: 1, Status.MAX_TIME: 1, Status.DIVERGED: 3, Status.RAISED: 3}
_STATUS[Status.CALLBACK] = 99
#: The options that are the loop's, under its own names.
_OF_LOOP = {"ftol", "xtol", "patience", "target", "max_time", "max_norm", "progress"}
#: The arguments of an optimizer that are no options here.
_NOT_HERE = {"parameters", "maximize", "callback"}
_COUNT = optional(count("an integer >= 0"))

_DOC = """Minimize by {optimizer}, as ``method`` of `scipy.optimize.minimize`.

Parameters
----------
fun : callable
    ``fun(x, *args)`` gives one real number; x is a copy.
x0 : array_like, shape (n,)
    Where to start; float32 stays float32. Within ``bounds`` after clipping. Complex only with ``jac``.
args : tuple, default ()
    More arguments for fun and jac.
jac : callable or None, default None
    ``jac(x, *args)`` gives the gradient, shape (n,); of a complex x ∂f/∂Re x + i ∂f/∂Im x. None: SciPy's
    forward differences, n more calls of fun, which stay within the bounds and get x as float64, whatever x0
    is. (SciPy makes a callable of True, and None of "2-point" and its like.)
hess, hessp : optional
    Not used, with a RuntimeWarning.
bounds : Bounds or sequence of (min, max), optional
    Every step is followed by the projection onto them.
constraints : optional
    Refused, but for none: (), [] and None.
callback : callable or None, default None
    ``callback(xk)``, or ``callback(intermediate_result)`` by that name, after every step; StopIteration ends
    the run.
tol : float or None, default None
    The same as ``gtol``, which wins.
gtol : float, default 1e-5
    End where the gradient's Euclidean norm, with bounds the projected gradient's, is no larger.
maxiter : int or None, default None
    The most steps; None: 50 000.
disp : bool, default False
    Log how a success ended to "steepest", level INFO, and give an OptimizeWarning of anything else.
return_all : bool, default False
    Return all points in ``allvecs``.
**options
    ``ftol``, ``xtol``, ``patience``, ``target``, ``max_time``, ``max_norm`` and ``progress`` of
    :func:`steepest.minimize`; and of :class:`steepest.{optimizer}`:
    {own}.
    Of any other an OptimizeWarning says that it is unknown.

Returns
-------
OptimizeResult
    x, fun, jac, nit, nfev, njev, success, message, and the ``history`` of :func:`steepest.minimize`;
    ``status`` 0: ended by a tolerance, 1: by maxiter or max_time, 3: diverged, or not finite at x0,
    99: by StopIteration.

Raises
------
TypeError
    If an option is of the wrong kind, or fun or jac gives anything but real numbers; without ``jac`` if fun
    gives float32, whose differences say nothing, or x0 is complex.
ValueError
    If an option is out of its range, fun gives several numbers, jac's shape is not (n,), or there are
    constraints.

Examples
--------
>>> from scipy.optimize import minimize
>>> from steepest.clients.scipy import {name}
>>> minimize(lambda x: x @ x, [1.0, 2.0], jac=lambda x: 2 * x, method={name}).fun < 5
True
"""


class _NotFiniteError(ValueError):
    """There is no value or no gradient at x0: a failure, as a search from many starts goes on."""

    result: Result


class _Objective:
    """The value and the gradient as the loop asks for them, from SciPy's arguments, counted as SciPy does."""

    def __init__(self, fun: Any, jac: Any, args: tuple[Any, ...], bounds: Bounds | None) -> None:
        self.fun, self.jac, self.args = fun, jac, args
        self.low: Any = -np.inf if bounds is None else bounds.low[0]
        self.high: Any = np.inf if bounds is None else bounds.high[0]
        self.nfev = self.njev = 0

    def __call__(self, x: Array) -> tuple[float, Array]:
        if self.jac is None:
            value, gradient = self._differences(x)
        else:
            value, gradient = self._value(x.copy()).item(), self._gradient(x.copy())
        self.njev += 1
        if self.njev == 1 and not (np.isfinite(value) and np.isfinite(gradient).all()):
            raise _NotFiniteError(f"not finite at x0: fun is {value}, jac {gradient}")
        return value, gradient

    def _value(self, x: Array) -> Array:
        """f of a copy, which it may write or keep; an array of one number counts as a number."""
        self.nfev += 1
        found = self.fun(x, *self.args)
        value = np.asarray(found)
        if value.dtype.kind not in "iuf":
            raise TypeError(f"fun: returned {described(found)}, expected one real number")
        if value.size != 1:
            raise ValueError(f"fun: returned shape {value.shape}, expected one real number")
        return value

    def _gradient(self, x: Array) -> Array:
        dtype, shape = x.dtype, x.shape
        found = self.jac(x, *self.args)
        gradient = np.atleast_1d(found)
        if gradient.dtype.kind not in "iuf" + dtype.kind:
            raise TypeError(f"jac: returned {described(found)}, expected real numbers")
        if gradient.shape != shape:
            raise ValueError(f"jac: returned shape {gradient.shape}, expected {shape}")
        return gradient.astype(dtype, copy=False)

    def _differences(self, at: Array) -> tuple[float, Array]:
        """f and SciPy's forward differences; backward ones where the bounds leave no room."""
        low, high, x = self.low, self.high, at.astype(float)  # those of float32 have three digits
        values: list[float] = []
        h = np.sqrt(np.finfo(float).eps) * np.maximum(1, abs(x))
        forward = (x + h <= high) | (high - x >= x - low)
        beside = np.where(forward, np.minimum(x + h, high), np.maximum(x - h, low))

        def f(numbers: Array) -> float:
            # rounding may lead out by a hair, and where there is no room at all SciPy takes a step
            value = self._value(np.clip(numbers, low, high))
            if value.dtype.kind == "f" and value.dtype.itemsize < x.itemsize:
                raise TypeError(
                    f"fun: returned {value.dtype}, too coarse for differences; expected float64, or give jac"
                )
            values.append(value.item())
            return values[-1]

        gradient = approx_fprime(x, f, beside - x)
        return values[0], gradient.astype(at.dtype, copy=False)


def _method(name: str, optimizer: type[Optimizer]) -> Callable[..., OptimizeResult]:
    """The optimizer as a function that SciPy can call."""
    parameters = inspect.signature(optimizer).parameters.values()
    own = {one.name: one.default for one in parameters if one.name not in _NOT_HERE}
    known = {*own, *_OF_LOOP}

    def method(
        fun: Callable[..., Any],
        x0: Any,
        args: tuple[Any, ...] = (),
        *,
        jac: Callable[..., Any] | None = None,
        hess: Any = None,
        hessp: Any = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Callable[..., Any] | None = None,
        tol: float | None = None,
        gtol: float | None = None,
        maxiter: int | None = None,
        disp: bool = False,
        return_all: bool = False,
        **options: Any,
    ) -> OptimizeResult:
        has_none = constraints is None or (hasattr(constraints, "__len__") and not len(constraints))
        if not has_none:
            raise ValueError(
                f"constraints: got {described(constraints)}, expected none: {name} takes bounds alone; "
                "SLSQP, COBYQA and trust-constr take constraints"
            )
        _warn_of_unused(name, hess, hessp, [key for key in options if key not in known])
        if isinstance(maxiter, float) and maxiter.is_integer():
            maxiter = int(maxiter)
        x0 = np.atleast_1d(x0).ravel()
        if jac is None and x0.dtype.kind == "c":
            raise TypeError(
                f"jac: got None, expected a function, as x0 is {x0.dtype}: differences are of real numbers"
            )
        bounds = _as_rows(bounds, x0.size)
        within = None if bounds is None else Bounds(bounds, Iterate(x0))
        objective = _Objective(fun, jac, args, within)
        try:
            found = minimize(
                objective,
                x0,
                True,
                optimizer=optimizer,
                bounds=bounds,
                callback=None if callback is None else _told(callback),
                gtol=next(end for end in (gtol, tol, 1e-5) if end is not None),
                max_iter=_COUNT("maxiter", maxiter),
                keep_iterates=bool(return_all),
                **{key: options[key] for key in options if key in known},
            )
        except _NotFiniteError as error:
            found = dataclasses.replace(error.result, message=str(error))
        result = _as_scipy(found, objective)
        if return_all:
            result.allvecs = found.history.x
        if disp and result.success:
            logger.info("%s: %s; f = %g", name, result.message, result.fun)
        elif disp:
            warnings.warn(result.message, OptimizeWarning, stacklevel=3)
        return result

    method.__name__ = method.__qualname__ = name
    described_own = ", ".join(f"``{key}={default!r}``" for key, default in own.items())
    method.__doc__ = _DOC.format(name=name, optimizer=optimizer.__name__, own=described_own)
    return method


def _warn_of_unused(name: str, hess: Any, hessp: Any, unknown: list[str]) -> None:
    """The warnings that SciPy gives of its own methods that use gradients alone."""
    # statsmodels hands its Hessian to all methods that it has not heard of: nobody asked for it
    if hess is not None and not str(getattr(hess, "__module__", "")).startswith("statsmodels."):
        message = f"Method {name} does not use Hessian information (hess)."
        warnings.warn(message, RuntimeWarning, stacklevel=4)
    if hessp is not None:
        message = f"Method {name} does not use Hessian-vector product information (hessp)."
        warnings.warn(message, RuntimeWarning, stacklevel=4)
    if unknown:
        message = f"Unknown solver options: {', '.join(unknown)}"
        warnings.warn(message, OptimizeWarning, stacklevel=4)


def _as_rows(bounds: Any, size: int) -> Any:
    """SciPy's bounds as they may be: an object with lb and ub, or pairs, where one is for all."""
    if bounds is None or hasattr(bounds, "lb"):
        return bounds
    rows = list(bounds)
    return rows * size if len(rows) == 1 else rows


def _told(callback: Callable[..., Any]) -> Callable[[State], None]:
    """SciPy's callback as the loop's; as in SciPy its signature says what it takes."""
    if not callable(callback):
        raise TypeError(f"callback: got {described(callback)}, expected a function or None")
    takes_result = set(inspect.signature(callback).parameters) == {"intermediate_result"}

    def tell(state: State) -> None:  # what it returns means nothing to SciPy
        if state.iteration and takes_result:
            now = OptimizeResult(x=state.x, fun=state.fun, jac=state.jac, nit=state.iteration)
            callback(intermediate_result=now)
        elif state.iteration:
            callback(state.x)

    return tell


def _as_scipy(found: Result, objective: _Objective) -> OptimizeResult:
    fun, jac = found.fun, found.jac
    message = found.message.replace("max_iter", "maxiter")  # SciPy's name of it
    if jac is None:  # cut short: x is the best point
        fun, jac = objective(found.x)
    if found.status == Status.CALLBACK:
        message = "`callback` raised `StopIteration`."
    status = _STATUS.get(found.status, 0)
    return OptimizeResult(
        x=found.x,
        fun=fun,
        jac=jac,
        nit=found.nit,
        nfev=objective.nfev,
        njev=objective.njev,
        status=status,
        success=status == 0,
        message=message,
        history=found.history,
    )


_METHODS = {
    name: _method(name, optimizer)
    for name, optimizer in spelling.BY_NAME.items()
    if not spelling.climbs(optimizer)
}
__all__ = list(_METHODS)
globals().update(_METHODS)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., OptimizeResult]: ...
