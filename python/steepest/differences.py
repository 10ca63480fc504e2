"""Derivatives by central differences: gradients of f, and second derivatives from its gradient.

Steps are ∛ε · max(1, |x|) for ε of the dtype, where the errors of rounding, ε / h, and of the formula, h²,
are of one size (Nocedal and Wright, Numerical Optimization, 2nd ed., 2006, section 8.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arrays import Array, described, reals
from .points import Point


def central_differences(f: Callable[..., Any], x: Any, args: Sequence[Any] = ()) -> Any:
    """The gradient of f at x by central differences, for 2n evaluations of f.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` gives one real number. It sees a read-only view of a copy of x, in the form of x:
        the view is live, so keep a copy of what you want to keep.
    x : array, number, or nesting of them
        Where; float32, float64, complex or integers (taken as float64), n real numbers in all, in any
        nesting of lists, tuples and dicts. Not changed.
    args : tuple, default ()
        More arguments for f.

    Returns
    -------
    array, number, or nesting of them
        In the form, the shapes and the dtypes of x. Of a complex z it is ∂f/∂Re z + i ∂f/∂Im z, for which
        4 evaluations are made.

    Raises
    ------
    TypeError
        If f gives anything but a real number, x is of another dtype, or args is not a tuple.
    ValueError
        If x has no array.

    Notes
    -----
    For every number of x, with ε that of its dtype::

        h = ∛ε · max(1, |x|)
        g = (f(x + h) − f(x − h)) / ((x + h) − (x − h))

    The points are rounded to the dtype first, and the divisor is the distance between the points that
    were taken. The error is about ε^(2/3): 4e-11 for float64, 2e-5 for float32, of the size of f and of
    its third derivative. So x should be scaled to be neither much smaller than 1 nor much more sensitive.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.differences import central_differences
    >>> central_differences(lambda x: 100 * x - x**2, 57.0).round(6)
    np.float64(-14.0)
    >>> f = lambda p: p["w"] @ p["w"] + 3 * p["b"]
    >>> g = central_differences(f, {"w": np.array([1.0, -2.0]), "b": 0.5})
    >>> g["w"].round(6), g["b"].round(6)
    (array([ 2., -4.]), np.float64(3.0))
    """
    point = Point(x, takes_complex=True)
    value = value_at(f, point, args)
    gradient = [np.empty_like(leaf.array) for leaf in point.leaves]
    for leaf, slopes in zip(point.leaves, gradient, strict=True):
        numbers = reals(leaf.array).reshape(-1)
        found = np.empty(numbers.size)
        for i, number in enumerate(numbers.tolist()):
            h = step_for(number, numbers.dtype)
            above, f_above = moved(numbers, i, number + h, value)
            below, f_below = moved(numbers, i, number - h, value)
            numbers[i] = number
            found[i] = (f_above - f_below) / (above - below)
        with np.errstate(
            over="ignore"
        ):  # a slope that only float64 can hold is infinite in float32
            reals(slopes).reshape(-1)[:] = found
    return point.filled(gradient)


def step_for(number: float, dtype: np.dtype[Any]) -> float:
    """The h for central differences at a number."""
    return float(np.cbrt(np.finfo(dtype).eps)) * max(1.0, abs(number))


def value_at(f: Callable[..., Any], point: Point, args: Sequence[Any] = ()) -> Callable[[], float]:
    """A function that gives f at the point as it is when called."""
    check_args(args)
    if point.has_numbers():
        return lambda: as_value(f(point.shown(), *args))
    shown = point.shown()
    return lambda: as_value(f(shown, *args))


def check_args(args: Any) -> None:
    """TypeError unless these are several arguments: one alone would be taken apart."""
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"args: got {described(args)}, expected a tuple, as in args=(data,)")


def moved(numbers: Array, i: int, to: float, value: Callable[[], float]) -> tuple[float, float]:
    """Number i as it is after rounding to its dtype, and the value there; it stays there."""
    numbers[i] = to
    return numbers.item(i), value()


def as_value(found: Any) -> float:
    """What f gave, as a float; TypeError unless it is one real number."""
    if isinstance(found, (int, float)) and not isinstance(found, bool):  # NumPy's float64 too
        return float(found)
    shape = getattr(found, "shape", None)
    is_real = getattr(getattr(found, "dtype", None), "kind", "f") in "fiu"
    if shape == () and is_real and hasattr(found, "__float__"):
        return float(found)
    what = f"{described(found)} of shape {tuple(shape)}" if shape else described(found)
    raise TypeError(f"f: returned {what}, expected one real number")


def hessian(grad: Callable[..., Any], x: Array, args: Sequence[Any] = ()) -> Array:
    """The matrix of second derivatives from central differences of the gradient, for 2n evaluations.

    Parameters
    ----------
    grad : callable
        ``grad(x, *args)`` gives the gradient, an array of n numbers. It sees a read-only view.
    x : ndarray of shape (n,)
        Where; float32, float64 or integers. Not changed.
    args : tuple, default ()
        More arguments for grad.

    Returns
    -------
    ndarray of float64, shape (n, n)
        (H + Hᵀ) / 2, where column j of H is (∇f(x + h eⱼ) − ∇f(x − h eⱼ)) / 2h.

    Raises
    ------
    TypeError
        If x or the gradient is not an array of real numbers.
    ValueError
        If x is not a vector, or the gradient has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.differences import hessian
    >>> hessian(lambda x: np.array([2 * x[0] * x[1], x[0] ** 2]), np.array([1.0, 3.0])).round(6)
    array([[6., 2.],
           [2., 0.]])
    """
    numbers, gradient = _vector(grad, x, args)
    columns = np.empty((numbers.size, numbers.size))
    for j, number in enumerate(numbers.tolist()):
        h = step_for(number, numbers.dtype)
        numbers[j] = number + h
        above, g_above = numbers.item(j), gradient()
        numbers[j] = number - h
        below, g_below = numbers.item(j), gradient()
        numbers[j] = number
        columns[j] = (g_above - g_below) / (above - below)
    return (columns + columns.T) / 2


def hessian_vector_product(
    grad: Callable[..., Any], x: Array, v: Array, args: Sequence[Any] = ()
) -> Array:
    """The Hessian times v, for two evaluations of the gradient.

    Parameters
    ----------
    grad, x, args
        As for :func:`hessian`.
    v : array_like of shape (n,)
        The direction; its length does not matter for accuracy.

    Returns
    -------
    ndarray of float64, shape (n,)
        (∇f(x + h v) − ∇f(x − h v)) / 2h, with ‖h v‖ = ∛ε · max(1, ‖x‖).

    Raises
    ------
    TypeError
        If x or the gradient is not an array of real numbers.
    ValueError
        If x is not a vector, or the gradient or v has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.differences import hessian_vector_product
    >>> grad = lambda x: np.array([2 * x[0] * x[1], x[0] ** 2])
    >>> hessian_vector_product(grad, np.array([1.0, 3.0]), [0, 10]).round(6)
    array([20.,  0.])
    """
    numbers, gradient = _vector(grad, x, args)
    return _along(numbers, gradient, _direction(v, numbers.shape))


def extreme_curvatures(
    grad: Callable[..., Any],
    x: Array,
    args: Sequence[Any] = (),
    *,
    probes: int = 20,
    seed: int = 0,
) -> tuple[float, float]:
    """The least and the largest curvature found by probing the Hessian, without ever forming it.

    Parameters
    ----------
    grad, x, args
        As for :func:`hessian`.
    probes : int, default 20
        Products with the Hessian; two evaluations of the gradient each.
    seed : int, default 0
        Of the random direction that the first probe takes.

    Returns
    -------
    tuple of two floats
        The extreme eigenvalues of the Hessian on the space that Lanczos' method reaches. Each is the
        curvature vᵀHv along some unit vector v, so they lie between the extreme eigenvalues of all of H,
        but for the error of the differences: a negative one proves a direction that bends down. With n
        probes, they are the extreme eigenvalues.

    Raises
    ------
    TypeError
        If x or the gradient is not an array of real numbers, or probes is not an integer.
    ValueError
        If x is not a vector, the gradient has another shape, or probes < 1.

    Notes
    -----
    Lanczos, 1950, with full orthogonalisation (Golub and Van Loan, Matrix Computations, section 10.1).

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.differences import extreme_curvatures
    >>> curvature = np.linspace(-1, 5, 300)
    >>> least, largest = extreme_curvatures(lambda x: curvature * x, np.zeros(300))
    >>> bool(-1 <= least < -0.8), bool(4.8 < largest <= 5)
    (True, True)
    """
    if isinstance(probes, bool) or not isinstance(probes, (int, np.integer)):
        raise TypeError(f"probes: got {described(probes)}, expected an integer of at least 1")
    if probes < 1:
        raise ValueError(f"probes: got {probes}, expected an integer of at least 1")
    numbers, gradient = _vector(grad, x, args)
    size = numbers.size
    basis, products = np.empty((0, size)), np.empty((0, size))
    v = np.random.default_rng(seed).standard_normal(size)
    v /= np.linalg.norm(v)
    for _ in range(min(int(probes), size)):
        product = _along(numbers, gradient, v)
        if not np.isfinite(product).all():
            return math.nan, math.nan
        basis, products = np.vstack([basis, v]), np.vstack([products, product])
        rest = product
        for _ in range(2):  # once leaves what rounding makes of it
            rest = rest - basis.T @ (basis @ rest)
        length = float(np.linalg.norm(rest))
        if length <= 1e-8 * float(np.linalg.norm(product)):
            break
        v = rest / length
    small = basis @ products.T
    eigenvalues = np.linalg.eigvalsh((small + small.T) / 2)
    return float(eigenvalues[0]), float(eigenvalues[-1])


def _vector(
    grad: Callable[..., Any], x: Any, args: Sequence[Any]
) -> tuple[Array, Callable[[], Array]]:
    """A copy of x, and a function that gives the gradient there as it is when called."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"x: got {described(x)}, expected an array of n numbers")
    check_args(args)
    point = Point(x)
    (leaf,) = point.leaves
    if leaf.array.ndim != 1 or not leaf.array.size:
        raise ValueError(f"x: got shape {x.shape}, expected (n,) with n of at least 1")
    shown = point.shown()

    def gradient() -> Array:
        given = grad(shown, *args)
        found = np.asarray(given)
        if found.dtype.kind not in "fiu":
            raise TypeError(f"grad: returned {described(given)}, expected real numbers")
        if found.shape != shown.shape:
            raise ValueError(f"grad: returned shape {found.shape}, expected {shown.shape}")
        return found.astype(np.float64)  # a copy: grad may fill the same array every time

    return leaf.array, gradient


def _direction(v: Any, shape: tuple[int, ...]) -> Array:
    direction = np.asarray(v, np.float64)
    if direction.shape != shape:
        raise ValueError(f"v: got shape {direction.shape}, expected {shape}")
    return direction


def _along(numbers: Array, gradient: Callable[[], Array], v: Array) -> Array:
    length = float(np.linalg.norm(v))
    if length == 0:
        return np.zeros(numbers.size)
    at = numbers.copy()
    h = step_for(float(np.linalg.norm(at)), at.dtype) / length
    numbers[:] = at + h * v
    above = gradient()
    numbers[:] = at - h * v
    below = gradient()
    numbers[:] = at
    return (above - below) / (2 * h)
