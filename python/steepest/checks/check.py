"""Is it the gradient? Is it uphill? A gradient is compared with differences, a direction with a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from .. import options
from ..arrays import Array, described, gradient_array
from ..differences import check_args
from ..gradients import arranged
from ..parameters import Leaf
from ..points import Point
from .measured import measurable, measure, share_noise
from .mistakes import Finding
from .report import GradientReport, report_on

_RTOL = options.number(lambda rtol: rtol > 0, "a number > 0")
_SAMPLES = options.count("an integer of at least 0")


def check_gradient(
    f: Callable[..., Any],
    grad: Callable[..., Any] | Literal[True],
    x: Any,
    args: Sequence[Any] = (),
    *,
    strict: bool = False,
    rtol: float | None = None,
    samples: int | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare a gradient with differences of f, and say what is wrong with it.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` gives one real number; the same one each time.
    grad : callable or True
        ``grad(x, *args)`` gives its gradient, nested as x or as a flat list; True if f gives both, as
        ``(value, gradient)``. An entry of None is not checked.
    x : array, number, or nesting of them
        Where, in any nesting of lists, tuples and dicts; float32, float64, complex or integers (taken as
        float64). Better a random point than zeros. Not changed; f and grad see read-only copies.
    args : tuple, default ()
        More arguments for f and grad.
    strict : bool, default False
        Raise if the gradient is wrong.
    rtol : float, optional
        The largest relative error that is right; by default 1e-6, and 1e-3 if x, the gradient or f itself
        is in float32.
    samples : int, optional
        Check so many numbers only, drawn at random from all; by default every one, for 4 evaluations of f
        each (8 for a complex one) and 8 more at most.
    seed : int, default 0
        Of that draw.

    Returns
    -------
    GradientReport
        Whether it is right, the largest error and where it is, and all of it in words.

    Raises
    ------
    TypeError
        If f gives anything but a real number, or x or the gradient is of a wrong kind.
    ValueError
        If the gradient has another structure or shape than x, f is not finite at x or gives two values
        there, an option is out of its range; with ``strict`` if the gradient is wrong: its ``report`` is
        the report.

    Notes
    -----
    The derivative is (4 d(h) − d(2h)) / 3, where d is a central difference and h = ∛ε · max(1, |x|). The
    same samples say how far it can be trusted: third and fourth differences vanish where f is smooth.
    A relative error is ‖a − n‖ / max(‖a‖, ‖n‖, u / rtol), with u what differences do not resolve.
    Where f has a kink, every value between the slopes on either side is right, and the kink is reported.

    A float32 point is measured in float64, where f takes that: differences in float32 itself see three
    digits. What f computes in float32 is noticed, and measured with the longer steps that this needs.

    The gradient of a real f by a complex z is ∂f/∂Re z + i ∂f/∂Im z here, the direction of steepest ascent,
    as in torch; JAX and autograd give its conjugate.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import check_gradient
    >>> f = lambda x: np.sum(np.log(x))
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> report = check_gradient(f, lambda x: 1 / x, x)
    >>> report.ok, report.max_error < 1e-8
    (True, True)
    >>> check_gradient(f, lambda x: -1 / x, x).message.partition(";")[0]
    'wrong sign: grad gives −∇f'
    """
    point = Point(x, takes_complex=True)
    check_args(args)
    rtol = None if rtol is None else _RTOL("rtol", rtol)
    chosen = _chosen(point, samples, seed)
    value_and_gradient = grad is True
    gradient = _gradient(f if value_and_gradient else grad, point, args, value_and_gradient)
    f_value = (lambda *at: f(*at)[0]) if value_and_gradient else f
    measuring, value, eps = measurable(f_value, point, args)
    if rtol is None:
        arrays = [leaf.array for leaf in point.leaves] + [g for g in gradient if g is not None]
        rtol = 1e-6 if max([eps, *map(_eps, arrays)]) < 1e-10 else 1e-3
    taken = [
        (measure(wide, indices, value, eps), given, max(_eps(leaf.array), _eps(given)))
        for wide, leaf, given, indices in zip(
            measuring.leaves, point.leaves, gradient, chosen, strict=True
        )
        if given is not None
    ]
    share_noise([measured for measured, _, _ in taken])
    findings = [Finding(measured, given, rtol, coarser) for measured, given, coarser in taken]
    report = report_on(findings, rtol, total=sum(leaf.array.size for leaf in point.leaves))
    if strict and not report.ok:
        error = ValueError(f"grad: {report.message}")
        error.report = report  # type: ignore[attr-defined]
        raise error
    return report


def _eps(array: Array) -> float:
    return float(np.finfo(array.dtype).eps)


def _chosen(point: Point, samples: int | None, seed: int) -> list[Array]:
    """The flat indices to look at, for each array: all, or a draw from all of them together."""
    sizes = [leaf.array.size for leaf in point.leaves]
    if samples is None:
        return [np.arange(size) for size in sizes]
    wanted = _SAMPLES("samples", samples)
    if wanted == 0:
        raise ValueError("samples: got 0, expected an integer > 0, or None")
    rng = np.random.default_rng(_SAMPLES("seed", seed))
    drawn = np.sort(rng.choice(sum(sizes), min(wanted, sum(sizes)), replace=False))
    ends = np.cumsum(sizes)
    parts = np.split(drawn, np.searchsorted(drawn, ends[:-1]))
    return [part - (end - size) for part, end, size in zip(parts, ends, sizes, strict=True)]


def _gradient(grad: Any, point: Point, args: Sequence[Any], second: bool) -> list[Array | None]:
    """What grad gives, or second what f gives, as an array for each of the point's."""
    if not callable(grad):
        raise TypeError(
            f"grad: got {described(grad)}, expected a function, or True if f gives (value, gradient)"
        )
    given = grad(point.shown(), *args)
    if second:
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise TypeError(
                f"f: returned {described(given)}, expected (value, gradient), as grad=True says"
            )
        given = given[1]
    flat = arranged([point], False, given)
    return [
        None if g is None else _plain(leaf, g) for leaf, g in zip(point.leaves, flat, strict=True)
    ]


def _plain(leaf: Leaf, gradient: Any) -> Array:
    if isinstance(gradient, (int, complex)):
        gradient = np.asarray(gradient)
    array = gradient_array(leaf.label, gradient)
    if array.dtype.kind not in ("fiuc" if leaf.dtype.kind == "c" else "fiu"):
        raise TypeError(f"{leaf.label}: gradient is {array.dtype}, parameter is {leaf.dtype}")
    if array.shape != leaf.shape:
        hint = "; it is transposed" if array.shape == leaf.shape[::-1] else ""
        raise ValueError(
            f"{leaf.label}: gradient has shape {array.shape}, expected {leaf.shape}{hint}"
        )
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def is_ascent_direction(grad: Any, d: Any) -> bool:
    """Whether a small step along d goes up: ∇f · d > 0.

    Parameters
    ----------
    grad : array, number, or nesting of them
        The gradient of f; float32, float64, complex or integers, in any nesting.
    d : array, number, or nesting of them
        The direction, nested as grad and of the same shapes.

    Returns
    -------
    bool
        ∇f · d > 0, summed in float64 over all arrays. Of complex ones it is the real part of Σ conj(g) d.

    Raises
    ------
    TypeError
        If either is not numbers.
    ValueError
        If they are not nested alike, differ in shape, or are not finite.

    Notes
    -----
    If it is true there is an α₀ > 0 so that f(x + α d) > f(x) for all 0 < α < α₀. ∇f itself is an ascent
    direction wherever it is not 0 (Nocedal and Wright, Numerical Optimization, 2nd ed., 2006, section 2.2).

    Examples
    --------
    >>> from steepest import is_ascent_direction
    >>> is_ascent_direction([2.0, 0.0], [1.0, 5.0])
    True
    >>> is_ascent_direction([2.0, 0.0], [0.0, 5.0])  # along the level
    False
    """
    return _slope_along(grad, d) > 0


def is_descent_direction(grad: Any, d: Any) -> bool:
    """Whether a small step along d goes down: ∇f · d < 0.

    Parameters
    ----------
    grad, d
        As for :func:`is_ascent_direction`.

    Returns
    -------
    bool
        ∇f · d < 0.

    Raises
    ------
    TypeError, ValueError
        As :func:`is_ascent_direction` does.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import is_descent_direction
    >>> grad = {"w": np.array([2.0, -1.0]), "b": 0.5}
    >>> is_descent_direction(grad, {"w": -grad["w"], "b": -grad["b"]})
    True
    """
    return _slope_along(grad, d) < 0


def _slope_along(grad: Any, d: Any) -> float:
    """∇f · d, of arrays that are scaled first: only the sign matters, and that must not underflow."""
    slopes, steps = (
        _named(Point(value, takes_complex=True, name=name), name)
        for name, value in (("grad", grad), ("d", d))
    )
    found, wanted = ({path: a.shape for path, a in arrays.items()} for arrays in (steps, slopes))
    if found != wanted:
        raise ValueError(f"d: got the shapes {found}, expected those of grad, {wanted}")
    return float(sum(np.vdot(slopes[path], steps[path]).real for path in slopes))


def _named(point: Point, name: str) -> dict[str, Array]:
    """The arrays in float64 by their paths, scaled so that the largest number is 1."""
    arrays = {"" if leaf is point.root else leaf.name: leaf.array for leaf in point.leaves}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError(f"{name}: found NaN or infinity, expected finite numbers")
    wide = {path: a.astype(np.result_type(a.dtype, np.float64)) for path, a in arrays.items()}
    largest = max(float(np.abs(array).max(initial=0.0)) for array in wide.values())
    return {path: array / (largest or 1.0) for path, array in wide.items()}
