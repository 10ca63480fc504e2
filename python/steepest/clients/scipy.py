"""Methods for `scipy.optimize.minimize`: one for each optimizer of the family, named after it in lower case.

>>> from scipy.optimize import minimize, rosen, rosen_der
>>> from steepest.clients.scipy import adam
>>> found = minimize(rosen, [1.3, 0.7], jac=rosen_der, method=adam, options={"lr": 0.05})
>>> found.success, found.x.round(3)
(True, array([1., 1.]))

``GradientAscent`` has none: SciPy minimizes. ``gradientdescent`` has its law, the other way.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import extras, family
from ..arrays import Array, described
from ..maximization import Result, Status, minimize
from ..maximization.bounds import Bounds
from ..maximization.hooks import State
from ..maximization.iterate import Iterate
from ..optimizer import Optimizer

try:
    from scipy.optimize import OptimizeResult, OptimizeWarning, approx_fprime
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.scipy", "SciPy", "scipy") from missing

logger = logging.getLogger("steepest")

#: The first two are as BFGS has them, the last as every method of SciPy.
_STATUS = {Status.MAX_ITER: 1, Status.MAX_TIME: 1, Status.DIVERGED: 3, Status.RAISED: 3}
_STATUS[Status.CALLBACK] = 99
#: The options that are the loop's, under its own names.
_OF_LOOP = {"ftol", "xtol", "patience", "target", "max_time", "max_norm", "average", "progress"}
#: The arguments of an optimizer that are no options here.
_NOT_HERE = {"parameters", "maximize", "callback"}

_DOC = """Minimize by {optimizer}, as ``method`` of `scipy.optimize.minimize`.

Parameters
----------
fun : callable
    ``fun(x, *args)`` gives one real number; x is a copy.
x0 : array_like, shape (n,)
    Where to start; float32 stays float32. Within ``bounds`` after clipping.
args : tuple, default ()
    More arguments for fun and jac.
jac : callable or None, default None
    ``jac(x, *args)`` gives the gradient. None: SciPy's forward differences, n more calls of fun, which stay
    within the bounds. (SciPy makes a callable of True, and None of "2-point" and its like.)
hess, hessp : optional
    Not used, with a RuntimeWarning.
bounds : Bounds or sequence of (min, max), optional
    Every step is followed by the projection onto them.
constraints : optional
    Refused.
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
    ``ftol``, ``xtol``, ``patience``, ``target``, ``max_time``, ``max_norm``, ``average`` and ``progress`` of
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
TypeError, ValueError
    If an option is of the wrong kind or out of its range; ValueError if there are constraints.

Examples
--------
>>> from scipy.optimize import minimize
>>> from steepest.clients.scipy import {name}
>>> minimize(lambda x: x @ x, [1.0, 2.0], jac=lambda x: 2 * x, method={name}).fun < 5
True
"""


class _Objective:
    """The value and the gradient as the loop asks for them, from SciPy's arguments, counted as SciPy does."""

    def __init__(self, fun: Any, jac: Any, args: tuple[Any, ...], bounds: Bounds | None) -> None:
        self.fun, self.jac, self.args = fun, jac, args
        self.low: Any = -np.inf if bounds is None else bounds.low[0]
        self.high: Any = np.inf if bounds is None else bounds.high[0]
        self.nfev = self.njev = 0
        self.is_finite = False

    def __call__(self, x: Array) -> tuple[Any, Array]:
        if self.jac is None:
            value, gradient = self._differences(x)
        else:
            value, gradient = self._value(x.copy()), self.jac(x.copy(), *self.args)
        gradient = np.atleast_1d(np.asarray(gradient, x.dtype))
        self.njev += 1
        if self.njev == 1:
            self.is_finite = bool(np.isfinite(value) and np.isfinite(gradient).all())
        return value, gradient

    def _value(self, x: Array) -> Any:
        """f of a copy, which it may write or keep; an array of one number counts as a number."""
        self.nfev += 1
        found = self.fun(x, *self.args)
        return np.asarray(found).item() if np.size(found) == 1 else found

    def _differences(self, x: Array) -> tuple[Any, Array]:
        """f and SciPy's forward differences; backward ones where the bounds leave no room."""
        low, high = self.low, self.high
        values: list[Any] = []
        h = np.sqrt(np.finfo(x.dtype).eps) * np.maximum(1, abs(x))
        forward = (x + h <= high) | (high - x >= x - low)
        beside = np.where(forward, np.minimum(x + h, high), np.maximum(x - h, low))

        def f(numbers: Array) -> Any:
            # rounding may lead out by a hair, and where there is no room at all SciPy takes a step
            values.append(self._value(np.clip(numbers.astype(x.dtype), low, high)))
            return values[-1]

        gradient = approx_fprime(x, f, beside.astype(float) - x)
        return values[0], gradient


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
        if not hasattr(constraints, "__len__") or len(constraints):
            raise ValueError(
                f"constraints: got {described(constraints)}, expected none: {name} takes bounds alone; "
                "SLSQP, COBYQA and trust-constr take constraints"
            )
        _warn_of_unused(name, hess, hessp, [key for key in options if key not in known])
        x0 = np.atleast_1d(x0).ravel()
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
                max_iter=maxiter,
                keep_iterates=return_all,
                **{key: options[key] for key in options if key in known},
            )
        except ValueError as error:
            if objective.njev != 1 or objective.is_finite:
                raise
            found = error.result  # type: ignore[attr-defined] # a search from many starts goes on
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
    fun, jac, message = found.fun, found.jac, found.message
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


def _climbs(optimizer: type[Optimizer]) -> bool:
    """Whether it goes up unless asked not to."""
    up = inspect.signature(optimizer).parameters.get("maximize")
    return up is not None and bool(up.default)


_METHODS = {
    name.lower(): _method(name.lower(), getattr(family, name))
    for name in family.__all__
    if not _climbs(getattr(family, name))
}
__all__ = list(_METHODS)
globals().update(_METHODS)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., OptimizeResult]: ...
