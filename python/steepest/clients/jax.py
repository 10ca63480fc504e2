"""Gradients by JAX for parameters in NumPy arrays that are stepped in place.

JAX may read an array while the program already goes on, and may keep its memory without a copy, so what is
written into it in the meantime is what it computes with. The functions here hand JAX a copy, wait for what it
computes, and give it back in NumPy.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import extras
from ..arrays import Array, described

try:
    import jax
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.jax", "JAX", "jax") from missing

__all__ = ["grad", "value_and_grad"]


def value_and_grad(
    fun: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """`jax.jit(jax.value_and_grad(fun))` of NumPy arrays, giving NumPy arrays.

    Parameters
    ----------
    fun : callable
        Gives one real number, by operations that `jax.jit` can compile. It is compiled once for arguments of
        the same nesting, shapes and dtypes.
    argnums : int or tuple of int, default 0
        The positional argument, or those, to differentiate by: arrays, numbers, or any nesting of them. They
        are copied before JAX sees them.
    has_aux : bool, default False
        Whether fun gives (value, more).

    Returns
    -------
    callable
        With fun's arguments, gives (value, gradient): a float, and what :func:`grad` gives; with ``has_aux``
        ((value, more), gradient), where more is as JAX has it. It is what ``maximize(…, x0, True)`` takes.

    Raises
    ------
    TypeError
        When called: an argument to differentiate by is of float64 or complex128 (or a Python float, which is
        float64) while JAX computes in 32 bits, a MaskedArray, or no array of numbers; or as JAX does.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import minimize
    >>> from steepest.clients.jax import value_and_grad
    >>> loss = lambda p: ((p["a"] - 1) ** 2).sum() + (p["b"] - 2) ** 2
    >>> x0 = {"a": np.zeros(2, np.float32), "b": np.float32(0)}
    >>> found = minimize(value_and_grad(loss), x0, True)
    >>> found.x["a"].round(4), found.x["b"].round(4)
    (array([1., 1.], dtype=float32), np.float32(2.0))
    """
    compiled = jax.jit(jax.value_and_grad(fun, argnums, has_aux))

    @functools.wraps(fun)
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        found, gradient = compiled(*_copied(args, argnums), **kwargs)
        gradient = jax.tree.map(_uphill, gradient)
        if has_aux:
            return (float(found[0]), found[1]), gradient
        return float(found), gradient

    return value_and_gradient


def grad(
    fun: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """`jax.jit(jax.grad(fun))` of NumPy arrays, giving NumPy arrays.

    Parameters
    ----------
    fun, argnums, has_aux
        As for :func:`value_and_grad`.

    Returns
    -------
    callable
        With fun's arguments, gives the gradient, nested as the argument is: arrays of its shapes and dtypes,
        read-only where the memory is JAX's; with ``has_aux`` (gradient, more). Of a complex z it is
        ∂f/∂Re z + i ∂f/∂Im z, the direction of steepest ascent, where JAX's is the conjugate. It can be
        neither differentiated again nor called within `jax.jit` or `jax.vmap`.

    Raises
    ------
    TypeError
        As :func:`value_and_grad`.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import GradientDescent
    >>> from steepest.clients.jax import grad
    >>> gradient = grad(lambda p: ((p["a"] - 1) ** 2).sum())
    >>> p = {"a": np.zeros(2, np.float32)}
    >>> opt = GradientDescent(p, lr=0.1, momentum=0, beta=None)
    >>> for _ in range(50):
    ...     opt.step(gradient(p))
    >>> p["a"].round(3)
    array([1., 1.], dtype=float32)
    """
    both = value_and_grad(fun, argnums, has_aux)

    @functools.wraps(fun)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, slope = both(*args, **kwargs)
        return (slope, found[1]) if has_aux else slope

    return gradient


def _copied(args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> list[Any]:
    """The arguments, those to differentiate by as copies."""
    numbers = map(operator.index, argnums if isinstance(argnums, Sequence) else (argnums,))
    chosen = {n + len(args) if n < 0 else n for n in numbers}

    def copied(number: int, arg: Any) -> Any:
        label = f"argument {number}"
        return jax.tree_util.tree_map_with_path(
            lambda path, leaf: _copy(label + jax.tree_util.keystr(path), leaf), arg
        )

    return [copied(n, arg) if n in chosen else arg for n, arg in enumerate(args)]


def _copy(label: str, leaf: Any) -> Array:
    """A copy made by NumPy, here and now: that of jax.numpy.array waits its turn on the device."""
    copy = np.array(leaf)
    if isinstance(leaf, np.ma.MaskedArray):
        raise TypeError(
            f"{label}: got a MaskedArray, whose mask would be ignored; expected a plain array"
        )
    if copy.dtype.kind in "OSU":
        raise TypeError(f"{label}: got {described(leaf)}, expected an array or a number")
    taken = jax.dtypes.canonicalize_dtype(copy.dtype)
    if copy.dtype.kind in "fc" and taken != copy.dtype:
        raise TypeError(
            f"{label}: is {copy.dtype}, and JAX would compute in {taken}; call "
            "jax.config.update('jax_enable_x64', True) at the start of the program, "
            f"or convert it with .astype({str(taken)!r})"
        )
    return copy


def _uphill(gradient: Any) -> Array:
    """JAX's gradient in NumPy, once it is computed; of a complex argument conjugated."""
    return np.asarray(np.asarray(gradient).conj())
