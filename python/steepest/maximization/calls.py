"""maximize and minimize: from f, x0 and the gradient to an answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import numpy as np

from ..optimizer import Optimizer
from .hooks import State
from .restarts import best_of
from .result import Result
from .task import Task


def maximize(
    f: Callable[..., Any],
    x0: Any,
    grad: Callable[..., Any] | Literal[True] | None = None,
    *,
    args: tuple[Any, ...] = (),
    optimizer: type[Optimizer] | None = None,
    lr: float | Callable[[int], float] | None = None,
    max_iter: int | None = None,
    gtol: float | Literal["auto"] | None = "auto",
    ftol: float | Literal["auto"] | None = "auto",
    xtol: float | None = None,
    patience: int = 100,
    target: float | None = None,
    max_time: float | None = None,
    max_norm: float | None = None,
    callback: Callable[[State], Any] | None = None,
    progress: bool = False,
    restarts: int = 0,
    seed: Any = None,
    sampler: Callable[[np.random.Generator], Any] | None = None,
    bounds: Any = None,
    project: Callable[[Any], Any] | None = None,
    average: bool | int = False,
    keep_iterates: bool = False,
    batches: Iterable[Any] | None = None,
    epochs: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_interval: int = 100,
    resume: str | os.PathLike[str] | None = None,
    on_interrupt: Literal["raise", "return"] = "raise",
    **options: Any,
) -> Result:
    """Climb from x0 to where f is highest: θ ← θ + α ∇f(θ), or the law of another optimizer.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` gives one real number, with batches ``f(x, batch, *args)``. It sees a live read-only
        view of the point, so keep a copy of what you want to keep.
    x0 : array, number, or nesting of them
        Where to start: float32, float64, complex64, complex128, or integers, which become float64; any
        nesting of lists, tuples and dicts. A list of numbers, or of lists of numbers, is taken as an array.
        Not changed. A complex number counts as two real ones.
    grad : callable, True or None, default None
        ``grad(x, *args)`` gives the gradient, nested as x0 is, of its dtype, by a complex z
        ∂f/∂Re z + i ∂f/∂Im z; True: f returns (value, gradient); None: central differences, for 2n more calls
        of f an iteration.
    args : tuple, default ()
        More arguments for f and grad.
    optimizer : class, default None
        One of the family, as ``SGD``. None: :class:`Rprop`, whose steps need no rate; over batches
        :class:`Adam`; with ``project`` :class:`SGD` with lr 0.01 and momentum 0.9.
    lr : float, callable t -> float or None, default None
        The optimizer's learning rate, a number or a schedule; a :class:`~steepest.schedules.Plateau` is
        copied, and observes f's value before every step. None: its own default; for the default Rprop, whose
        first step it is, a hundredth of the largest number in x0, or 0.01 if x0 is 0.
    max_iter : int or None, default None
        The most steps. None: 50 000, or with ``epochs`` no bound.
    gtol : float, "auto" or None, default "auto"
        Stop if ‖∇f(x)‖ ≤ gtol, the norm over all arrays; with bounds or a projection P that of P(x ± ∇f) − x.
        "auto": 1e-6 · min(1, its value at x0), over batches None, which is off.
    ftol : float, "auto" or None, default "auto"
        Stop if in the last ``patience`` iterations the best value has gained no more than ftol · max(1, |f|);
        looked at once every ``patience`` iterations. "auto": 1e-9 if ``optimizer`` is None and there are
        neither batches nor a projection, else None, which is off: a small rate alone would look like an end.
    xtol : float or None, default None
        Stop if ‖x_t − x_{t−1}‖ ≤ xtol · max(1, ‖x_t‖).
    patience : int, default 100
        The iterations that ftol compares, at least 1.
    target : float or None, default None
        Stop if f is at least (:func:`minimize`: at most) this.
    max_time : float or None, default None
        Stop after so many seconds.
    max_norm : float or None, default None
        ‖x‖ beyond which the run has diverged. It has, too, if f or the gradient is not finite.
    callback : callable or None, default None
        Called with a :class:`State` at every iteration, before any rule; returning True, or raising
        StopIteration, stops the run.
    progress : bool, default False
        Show a bar (needs tqdm: ``pip install "steepest[progress]"``).
    restarts : int, default 0
        Runs from other starts beside the one from x0. The result is the best of all.
    seed : int, SeedSequence, Generator or None, default None
        Of the starts, which are all drawn before the first run.
    sampler : callable or None, default None
        ``sampler(rng)`` gives a start in x0's form. None: evenly within the bounds.
    bounds : nesting or None, default None
        A pair (lo, hi) for each number of one array, None for no bound or no pair, or an object with ``lb``
        and ``ub``; for a nested x0 the same nesting with a pair or such an object for each array, or None,
        which is all that complex arrays may have: their numbers have no order.
        Every step is followed by the projection onto them; x0 is projected, too, which the message then says.
    project : callable or None, default None
        ``project(x)`` gives the nearest allowed point in x0's form; applied to x0 and after every step.
        It gets a copy. Not together with ``bounds``.
    average : bool or int, default False
        Return the mean of the points from this step on; True: from the first.
    keep_iterates : bool, default False
        Keep a copy of every point in ``history.x``.
    batches : iterable or None, default None
        What f and grad get after x, one batch a step; every pass through it is an epoch.
    epochs : int or None, default None
        Passes through ``batches``, at least 1.
    checkpoint : path or None, default None
        A file to write the run to, whole, every ``checkpoint_interval`` steps, and where it ends by itself;
        over batches after all steps or epochs.
    checkpoint_interval : int, default 100
        Steps between two writes, at least 1.
    resume : path or None, default None
        A file of ``checkpoint`` to go on from, with the bits of a run that never stopped. f, x0's form, the
        optimizer and the batches must be those of that run.
    on_interrupt : {"raise", "return"}, default "raise"
        What Ctrl-C does: pass through with the result so far in the exception's ``result``, or return it.
    **options
        The optimizer's other options: ``momentum=0.9``.

    Returns
    -------
    Result
        x, fun, jac, nit, nfev, njev, success, status, message, history; see :class:`Result`.

    Raises
    ------
    TypeError
        If an argument, f's value or the gradient is of the wrong kind.
    ValueError
        If one has a wrong value or shape, or f or the gradient is not finite at a start.
    ImportError
        If ``progress`` is asked for and tqdm is not installed.
    Exception
        What f, grad, a callback or a projection raises, with the result so far in its ``result``, with
        restarts the best of all.

    Notes
    -----
    For t = 0, 1, 2, … until a rule says stop::

        value, gradient = f(x), ∇f(x)
        x ← P(step(x, gradient))

    so x after ``max_iter`` steps is evaluated, too. The default was chosen by the measurement in
    docs/defaults.md. Projected gradient: Bertsekas, "Nonlinear programming", 1999, section 2.3. For a
    projection that is not onto bounds use an optimizer that keeps the gradient's direction: SGD, or
    GradientAscent with ``beta=None``.

    Examples
    --------
    >>> from steepest import SGD, maximize
    >>> area = lambda l: 100 * l - l**2  # of a fence of 200 around a rectangle
    >>> found = maximize(area, 57.0, lambda l: 100 - 2 * l)
    >>> found.x.round(5), round(found.fun, 5), found.success
    (np.float64(50.0), 2500.0, True)
    >>> found = maximize(area, 57.0, lambda l: 100 - 2 * l, optimizer=SGD, lr=0.1, max_iter=60)
    >>> found.x.round(5)  # the textbook's rule
    np.float64(50.00001)

    Of complex numbers: the state in which a Hermitian matrix has its largest expectation.

    >>> import numpy as np
    >>> from steepest.projections import sphere
    >>> H = np.array([[1.0, 2j], [-2j, 1.0]])
    >>> found = maximize(
    ...     lambda z: np.vdot(z, H @ z).real, [1.0, 0.5j], lambda z: 2 * H @ z, project=sphere()
    ... )
    >>> round(found.fun, 6), np.linalg.norm(found.x).round(6)
    (3.0, np.float64(1.0))
    """
    return _optimize(1, locals())


def minimize(
    f: Callable[..., Any],
    x0: Any,
    grad: Callable[..., Any] | Literal[True] | None = None,
    *,
    args: tuple[Any, ...] = (),
    optimizer: type[Optimizer] | None = None,
    lr: float | Callable[[int], float] | None = None,
    max_iter: int | None = None,
    gtol: float | Literal["auto"] | None = "auto",
    ftol: float | Literal["auto"] | None = "auto",
    xtol: float | None = None,
    patience: int = 100,
    target: float | None = None,
    max_time: float | None = None,
    max_norm: float | None = None,
    callback: Callable[[State], Any] | None = None,
    progress: bool = False,
    restarts: int = 0,
    seed: Any = None,
    sampler: Callable[[np.random.Generator], Any] | None = None,
    bounds: Any = None,
    project: Callable[[Any], Any] | None = None,
    average: bool | int = False,
    keep_iterates: bool = False,
    batches: Iterable[Any] | None = None,
    epochs: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_interval: int = 100,
    resume: str | os.PathLike[str] | None = None,
    on_interrupt: Literal["raise", "return"] = "raise",
    **options: Any,
) -> Result:
    """Descend from x0 to where f is lowest: :func:`maximize` with all signs turned.

    Parameters
    ----------
    f, x0, grad, args, optimizer, lr, max_iter, gtol, ftol, xtol, patience, target, max_time, max_norm, \
callback, progress, restarts, seed, sampler, bounds, project, average, keep_iterates, batches, epochs, \
checkpoint, checkpoint_interval, resume, on_interrupt, **options
        As for :func:`maximize`. ``grad`` is f's own gradient; the optimizer steps against it.

    Returns
    -------
    Result
        As from :func:`maximize`.

    Raises
    ------
    TypeError, ValueError, ImportError, Exception
        As :func:`maximize`.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import minimize
    >>> found = minimize(lambda p: (p["a"] - 1) ** 2 + p["b"] @ p["b"], {"a": 0.0, "b": np.ones(2)})
    >>> found.x["a"].round(5), np.abs(found.x["b"]).max() < 1e-5
    (np.float64(1.0), np.True_)
    """
    return _optimize(-1, locals())


def _optimize(sign: int, given: Mapping[str, Any]) -> Result:
    """One run, or the best of several."""
    task = Task(sign, given)
    if not task.restarts:
        return task.run(task.asked["x0"])
    return best_of(task.starts(), task.run, sign)
