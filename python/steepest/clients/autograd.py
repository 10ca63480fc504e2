"""autograd's optimizers by the same names and arguments, and its gradients as steepest takes them.

:func:`sgd`, :func:`rmsprop` and :func:`adam` stand in for those of `autograd.misc.optimizers`; every other
optimizer of the family is here under its name in lower case, as ``lion``. :func:`grad` and
:func:`value_and_grad` are autograd's, in the dtypes of the parameters and, of complex ones, uphill.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import extras, family, spelling
from ..arrays import Array, described
from ..optimizer import Optimizer
from ..points import Point

try:
    import autograd
    from autograd.misc import flatten
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.autograd", "autograd", "autograd") from missing

Grad = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], Any]

#: autograd's optimizers log nothing.
_QUIET: dict[str, Any] = {"logging_interval": 0}


def sgd(
    grad: Grad,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Stochastic gradient descent with momentum, as `autograd.misc.optimizers.sgd`.

    Parameters
    ----------
    grad : callable
        ``grad(x, i)`` gives the gradient in x's form, i = 0, 1, … the iteration.
    x0 : array, number, or nesting of them in lists, tuples and dicts
        Where to start; not changed. Steps are in float64, also from float32 and integers, or complex128.
    callback : callable or None, default None
        ``callback(x, i, gradient)`` is called before every step. It may keep what it gets.
    num_iters : int, default 200
        Steps.
    step_size : float, default 0.1
        Learning rate α, at least 0.
    mass : float, default 0.9
        Decay μ of the velocity, 0 ≤ μ < 1.

    Returns
    -------
    in x0's form
        The last x, in arrays of its own.

    Raises
    ------
    TypeError, ValueError
        If an option is out of its range, under the name steepest has for it (lr, momentum), the gradient
        does not fit x0 or is complex where x0 is not, x0 is of longdouble, or either is being differentiated.
    FloatingPointError
        If a gradient is not finite.

    Notes
    -----
    ::

        v ← μ v − (1 − μ) g
        x ← x + α v

    which is :class:`~steepest.SGD` with ``lr=step_size * (1 - mass), momentum=mass``: its b is −v / (1 − μ).

    Examples
    --------
    >>> from autograd import grad
    >>> from steepest.clients.autograd import sgd
    >>> loss = lambda p: (p["a"] - 1) ** 2 + (p["b"][0] + 2) ** 2
    >>> found = sgd(lambda p, i: grad(loss)(p), {"a": 0.0, "b": [0.0]})
    >>> found["a"].round(4), found["b"][0].round(4)
    (np.float64(1.0), np.float64(-2.0))
    """

    def started(x: Array) -> Optimizer:
        return family.SGD(x, lr=step_size * (1.0 - mass), momentum=mass, **_QUIET)

    return _descend(started, grad, x0, callback, num_iters)


def rmsprop(
    grad: Grad,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """RMSprop whose mean square begins at 1, as `autograd.misc.optimizers.rmsprop`.

    Parameters
    ----------
    grad, x0, callback
        As for :func:`sgd`.
    num_iters : int, default 100
        Steps.
    step_size : float, default 0.1
        Learning rate α, at least 0.
    gamma : float, default 0.9
        Decay γ of the mean square, 0 ≤ γ < 1.
    eps : float, default 1e-8
        ε, added to its root, > 0.

    Returns
    -------
    in x0's form
        As from :func:`sgd`.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As :func:`sgd`.

    Notes
    -----
    ::

        s ← γ s + (1 − γ) g²        s = 1 at first
        x ← x − α g / (√s + ε)

    which is :class:`~steepest.RMSprop` with its ``square_avg`` set to 1.

    Examples
    --------
    >>> from steepest.clients.autograd import rmsprop
    >>> rmsprop(lambda x, i: 2 * x, 1.0, num_iters=1).round(4)
    np.float64(0.8246)
    """

    def started(x: Array) -> Optimizer:
        opt = family.RMSprop(x, lr=step_size, alpha=gamma, eps=eps, **_QUIET)
        opt.state["0"]["square_avg"][...] = 1.0
        return opt

    return _descend(started, grad, x0, callback, num_iters)


def adam(
    grad: Grad,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Adam, as `autograd.misc.optimizers.adam`; the law is that of :class:`~steepest.Adam`.

    Parameters
    ----------
    grad, x0, callback
        As for :func:`sgd`.
    num_iters : int, default 100
        Steps.
    step_size : float, default 0.001
        Learning rate, at least 0.
    b1, b2 : float, default 0.9 and 0.999
        Decays of the first and the second moment, from 0 up to but not including 1.
    eps : float, default 1e-8
        Added to the root of the second moment, > 0.

    Returns
    -------
    in x0's form
        As from :func:`sgd`.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As :func:`sgd`.

    Examples
    --------
    >>> from steepest.clients.autograd import adam
    >>> adam(lambda x, i: 2 * x, 1.0, num_iters=1).round(4)  # the first step is step_size
    np.float64(0.999)
    """

    def started(x: Array) -> Optimizer:
        return family.Adam(x, lr=step_size, betas=(b1, b2), eps=eps, **_QUIET)

    return _descend(started, grad, x0, callback, num_iters)


def _spelt(cls: Any) -> Callable[..., Any]:
    """An optimizer of the family with the arguments of autograd's."""

    def optimize(
        grad: Grad,
        x0: Any,
        callback: Callback | None = None,
        num_iters: int = 100,
        step_size: Any = None,
        **options: Any,
    ) -> Any:
        rate = {} if step_size is None else {"lr": step_size}
        chosen = {**_QUIET, **rate, **options}
        return _descend(lambda x: cls(x, **chosen), grad, x0, callback, num_iters)

    optimize.__name__ = optimize.__qualname__ = cls.__name__.lower()
    optimize.__doc__ = (
        f":class:`~steepest.{cls.__name__}` with the arguments of :func:`sgd`: step_size is its lr, "
        "by default its own; options are its other ones."
    )
    return optimize


def _descend(
    started: Callable[[Array], Optimizer],
    grad: Grad,
    x0: Any,
    callback: Callback | None,
    num_iters: int,
) -> Any:
    """Steps on one flat copy of x0, as autograd's optimizers go."""
    flat, unflatten = _flat("x0", x0)
    x = np.array(flat, np.result_type(flat, np.float64))
    opt = started(x)
    for i in range(num_iters):
        at = x.copy()  # what others get, and may keep
        g, _ = _flat("grad", grad(unflatten(at), i))
        if not np.can_cast(g.dtype, x.dtype, "same_kind"):
            raise TypeError(
                f"grad: gave {g.dtype}, expected real numbers, as x0 is; "
                "steepest.clients.autograd.grad keeps the real part"
            )
        g = g.astype(x.dtype)
        if callback:
            callback(unflatten(at), i, unflatten(g))
        opt.step(g)
    return unflatten(x)


def _flat(name: str, nested: Any) -> tuple[Array, Callable[[Array], Any]]:
    """The numbers of a nesting in one array, and the way back."""
    flat, unflatten = flatten(nested)
    if not isinstance(flat, np.ndarray):
        raise TypeError(
            f"{name}: got {described(flat)}, expected numbers: no step is differentiated"
        )
    return flat, unflatten


def value_and_grad(
    fun: Callable[..., Any], argnum: int | tuple[int, ...] = 0
) -> Callable[..., Any]:
    """`autograd.value_and_grad`, with the gradient as optimizers here take it.

    Parameters
    ----------
    fun : callable
        Gives one real number.
    argnum : int or tuple of int, default 0
        The positional argument, or those, to differentiate by: float32, float64 or complex arrays or
        numbers, in any nesting of lists, tuples and dicts.

    Returns
    -------
    callable
        With fun's arguments, gives (value, gradient): a float, and what :func:`grad` gives. It is what
        ``maximize(…, x0, True)`` takes.

    Raises
    ------
    TypeError
        As autograd does when called: fun's value is not one real number, or an argument of another kind.

    Examples
    --------
    >>> from steepest import minimize
    >>> from steepest.clients.autograd import value_and_grad
    >>> found = minimize(value_and_grad(lambda p: (p["a"] - 1) ** 2 + (p["b"] - 2) ** 2),
    ...                  {"a": 0.0, "b": 0.0}, True)
    >>> {name: x.round(5) for name, x in found.x.items()}
    {'a': np.float64(1.0), 'b': np.float64(2.0)}
    """
    theirs = autograd.value_and_grad(fun, argnum)

    @functools.wraps(fun)
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[float, Any]:
        value, found = theirs(*args, **kwargs)
        if isinstance(argnum, int):
            gradient = _uphill(args[argnum], found)
        else:
            gradient = tuple(_uphill(args[i], g) for i, g in zip(argnum, found, strict=True))
        return float(np.asarray(value).item()), gradient

    return value_and_gradient


def grad(fun: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """`autograd.grad`, with the gradient as optimizers here take it.

    Parameters
    ----------
    fun, argnum
        As for :func:`value_and_grad`.

    Returns
    -------
    callable
        With fun's arguments, gives the gradient in the form of the argument, where a list of numbers is one
        array, and in the dtypes of its arrays, where autograd's is float64, or complex of some real ones.
        Of a complex z it is ∂f/∂Re z + i ∂f/∂Im z, the direction of steepest ascent, where autograd's is
        the conjugate. It cannot be differentiated again.

    Raises
    ------
    TypeError
        As :func:`value_and_grad`.

    Examples
    --------
    >>> import autograd
    >>> import autograd.numpy as np
    >>> from steepest.clients.autograd import grad
    >>> size = lambda z: np.real(z * np.conj(z))  # |z|² is steepest along z itself
    >>> grad(size)(1 + 2j), autograd.grad(size)(1 + 2j)
    (np.complex128(2+4j), np.complex128(2-4j))
    """
    both = value_and_grad(fun, argnum)

    @functools.wraps(fun)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def _uphill(x: Any, gradient: Any) -> Any:
    """autograd's gradient in x's form and dtypes, and conjugated."""
    point = Point(x, takes_complex=True)
    placed = zip(point.leaves, point.place(gradient), strict=True)
    return point.filled(_like(leaf.array, np.asarray(g)) for leaf, g in placed)


def _like(x: Array, gradient: Array) -> Array:
    """A gradient by x, conjugated; by a real x its real part, as some rules of autograd leave it complex."""
    return np.asarray(np.conj(gradient) if x.dtype.kind == "c" else gradient.real, x.dtype)


_OTHERS = {
    name: _spelt(optimizer) for name, optimizer in spelling.BY_NAME.items() if name not in globals()
}
globals().update(_OTHERS)

__all__ = ["adam", "grad", "rmsprop", "sgd", "value_and_grad", *_OTHERS]
