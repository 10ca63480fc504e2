"""Which rate to begin with: a sweep of rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from .. import options as checks
from ..arrays import Array, described
from ..family import SGD
from ..maximization import Result, State, Status
from ..optimizer import Optimizer
from .sweep import Sweep
from .trial import Tries

#: What stays of the running mean at every step, by which a ramp is ended.
_SMOOTHING = 0.9
#: The first steps, hardly any, whose values say what the start is, and how much the batches differ.
_FEW = 10
#: How many steps wide the means are that a ramp is judged by, as a normal distribution's standard deviation.
_WIDTH = 3.0
_RATE = checks.number(lambda x: x > 0, "a finite number > 0", cast=False)
_MANY = checks.count("an integer of at least 4", 4)
_STEPS = checks.count("an integer of at least 1", 1)
_RUNS, _RAMP = "runs", "ramp"


def lr_finder(
    f: Callable[..., Any],
    x0: Any,
    grad: Callable[..., Any] | Literal[True] | None = None,
    *,
    optimizer: type[Optimizer] = SGD,
    maximize: bool = False,
    method: Literal["runs", "ramp"] | None = None,
    lr_min: float = 1e-7,
    lr_max: float = 10.0,
    rates: int | None = None,
    steps: int = 20,
    **options: Any,
) -> Sweep:
    """Try rates from low to high until f gets worse, and suggest one.

    Parameters
    ----------
    f, x0, grad
        As for :func:`minimize`.
    optimizer : class, default SGD
        One of the family, whose rate is looked for.
    maximize : bool, default False
        Climb f instead of descending it.
    method : {"runs", "ramp"} or None, default None
        "runs": a short run at each rate, all from x0; not with batches. "ramp": one run, in which the rate
        grows by the same factor at every step. None: "ramp" with batches, else "runs".
    lr_min, lr_max : float, default 1e-7 and 10.0
        The lowest and the highest rate, 0 < lr_min < lr_max.
    rates : int or None, default None
        How many rates, at equal factors, at least 4. None: ten for each factor of ten by "runs"; by "ramp"
        100, or one for every batch of an epoch if these are more.
    steps : int, default 20
        The steps of a short run, at least 1; not for "ramp".
    **options
        Options of the optimizer, and other arguments of :func:`minimize`: ``batches=…``, ``args=…``.

    Returns
    -------
    Sweep
        With ``lr``, ``value``, ``suggestion``, which may be None, the ``message`` that justifies it, and
        ``plot()``.

    Raises
    ------
    TypeError, ValueError
        As :func:`minimize`; or if rates are no numbers, are not positive or do not rise, if there are too
        few, or if ``method`` is "runs" with batches.

    Notes
    -----
    "runs" ends at the first rate whose run is not finite or leaves f worse than at x0. It suggests the rate
    whose run ended best, but at most half of that first rate that was worse: of a quadratic with largest
    curvature L gradient descent diverges from 2/L on, and half of that, 1/L, is the rate that never makes it
    worse (Nesterov, "Introductory lectures on convex optimization", 2004, section 1.2.3). f may be steeper
    elsewhere: then it is a first guess.

    "ramp" is the range test of Smith, "Cyclical learning rates for training neural networks", 2017
    (arXiv:1506.01186), section 3.3, with rates in geometric steps. It ends where values are not finite, or
    their running mean s ← 0.9 s + 0.1 f is worse than its best by more than twice the gain so far, four
    standard deviations of the first ten values, and a tenth of their mean. Then all are smoothed by their
    neighbours, with the weights of a normal distribution whose deviation is three steps, and the rate
    suggested is the one where they improve fastest for a factor on it, on the way to the best. It is the
    lower the more steps there are.

    Examples
    --------
    Curvatures 1 and 10, so 1/L = 0.1:

    >>> import numpy as np
    >>> from steepest import lr_finder
    >>> c = np.array([1.0, 10.0])
    >>> found = lr_finder(lambda x: c @ x**2 / 2, np.ones(2), lambda x: c * x)
    >>> 0.08 < found.suggestion < 0.15
    True
    """
    up = checks.switch("maximize", maximize)
    if not (isinstance(optimizer, type) and issubclass(optimizer, Optimizer)):
        raise TypeError(f"optimizer: got {described(optimizer)}, expected a class such as SGD")
    for name in ("lr", "callback", "restarts", "max_iter", "epochs"):
        if name in options:
            raise TypeError(f"{name}: not for lr_finder, which sets it")
    low, high = _RATE("lr_min", lr_min), _RATE("lr_max", lr_max)
    if low >= high:
        raise ValueError(f"lr_min, lr_max: got {low:g} and {high:g}, expected them to rise")
    batches: Any = options.get("batches")
    if method is None:
        method = "runs" if batches is None else "ramp"
    if method not in (_RUNS, _RAMP):
        raise ValueError(f'method: got {method!r}, expected "runs" or "ramp"')
    if method == _RUNS and batches is not None:
        raise ValueError('method: "runs" compare values of one objective; batches need "ramp"')
    steps = _STEPS("steps", steps)
    if rates is None:
        an_epoch = len(batches) if hasattr(batches, "__len__") else 0
        decades = math.log10(high / low)
        rates = max(4, round(10 * decades) + 1) if method == _RUNS else max(100, an_epoch)
    tried = np.geomspace(low, high, _MANY("rates", rates))
    tries = Tries(up, f, x0, grad, {"gtol": None, "ftol": None, **options, "optimizer": optimizer})
    sign = 1 if up else -1
    find = _by_runs(tries, tried, sign, steps) if method == _RUNS else _by_ramp(tries, tried, sign)
    return Sweep(*find, method, optimizer.__name__, up)


#: Rates, values, smoothed values, the value at x0, a suggestion, and why.
_Found = tuple[Array, Array, Array, float, float | None, str]


def _by_runs(tries: Tries, tried: Array, sign: int, steps: int) -> _Found:
    """A short run at each rate, until one is worse than none."""
    values: list[float] = []
    start = math.nan
    worse = None
    for lr in tried.tolist():
        found = tries.run(lr=lr, max_iter=steps)
        start = float(found.history.value[0])
        values.append(_last_value(found))
        if not sign * (values[-1] - start) >= 0:
            worse = lr
            break
    value = np.array(values)
    rates = tried[: len(value)]
    gain = sign * (value if worse is None else value[:-1]) - sign * start
    if not len(gain) or gain.max() <= 0:
        return rates, value, value, start, None, _no_rate(worse)
    best = float(rates[gain.argmax()])
    after = f"f is best after {steps} steps at lr {best:.3g}"
    if worse is None:
        over = " the highest that was tried: try a higher lr_max" if best == rates[-1] else ""
        return rates, value, value, start, best, f"{after}{',' * bool(over)}{over}"
    why = f"{after}; from {worse:.3g} on it gets worse, "
    if best <= worse / 2:
        return rates, value, value, start, best, f"{why}which is more than twice that"
    return rates, value, value, start, worse / 2, f"{why}and half of that is safe"


def _by_ramp(tries: Tries, tried: Array, sign: int) -> _Found:
    """One run through all rates, smoothed."""
    on_batches = tries.arguments.get("batches") is not None
    found = tries.run(
        optimizer=_ramped(tries.arguments["optimizer"], tried.tolist()),
        lr=float(tried[0]),
        max_iter=len(tried)
        + on_batches,  # the last step leads to a point that is to be evaluated, too
        callback=_Watch(sign),
    )
    history = found.history
    value, smoothed = history.value, _smooth(history.value)
    start = float(value[0])
    value, smoothed = value[1:], smoothed[1:]  # of the points that a step has led to
    rates = tried[: len(value)]
    diverged = found.status in (Status.CALLBACK, Status.DIVERGED, Status.RAISED)
    heights = sign * smoothed[np.isfinite(smoothed)]
    if len(heights) < 4:
        return rates, value, smoothed, start, None, _no_rate(float(rates[0]) if len(rates) else 0.0)
    top = int(heights.argmax())
    slopes = np.gradient(heights, np.log(rates[: len(heights)]))[: top + 1]
    if sign * start >= heights[top] or slopes.max() <= 0:
        return rates, value, smoothed, start, None, _no_rate(None)
    steepest = float(rates[slopes.argmax()])
    why = f"the smoothed value improves fastest at lr {steepest:.3g}, and until {rates[top]:.3g}"
    if not diverged:
        why += "; no rate was too high: try a higher lr_max"
    return rates, value, smoothed, start, steepest, why


def _ramped(kind: Any, rates: list[float]) -> Any:
    """The optimizer's class, but that step t has the t-th of the rates."""

    class Ramped(kind):  # type: ignore[misc]
        def step(self, *arguments: Any, **more: Any) -> None:
            self.lr = rates[min(self.step_count, len(rates) - 1)]
            super().step(*arguments, **more)

    Ramped.__name__ = kind.__name__  # as messages call it
    return Ramped


class _Watch:
    """A callback that ends a ramp when the running mean has lost all that was gained, and more than noise."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._sum = self._weight = 0.0
        self._first: list[float] = []
        self._best = -math.inf

    def __call__(self, state: State) -> bool:
        self._sum = _SMOOTHING * self._sum + (1 - _SMOOTHING) * state.fun
        self._weight = _SMOOTHING * self._weight + (1 - _SMOOTHING)
        now = self._sign * self._sum / self._weight
        if len(self._first) < _FEW:
            self._first.append(self._sign * state.fun)
            return False
        self._best = max(self._best, now)
        start = float(np.mean(self._first))
        return now < self._best - max(
            2 * (self._best - start), 4 * float(np.std(self._first)), 0.1 * abs(start)
        )


def _smooth(values: Array) -> Array:
    """Means of the values around each, weighted by nearness; NaN from the first that is not finite."""
    finite = np.isfinite(values)
    count = len(values) if finite.all() else int(finite.argmin())
    places = np.arange(count)
    weights = np.exp(-0.5 * ((places[:, None] - places) / _WIDTH) ** 2)
    smoothed = np.full(len(values), np.nan)
    smoothed[:count] = weights @ values[:count] / weights.sum(axis=1)
    return smoothed


def _last_value(found: Result) -> float:
    """f where a short run ended; not finite if it diverged, NaN if f raised."""
    if found.status == Status.RAISED:
        return math.nan
    return float(found.history.value[-1])


def _no_rate(worse: float | None) -> str:
    where = "no rate made f better" if worse is None else f"lr {worse:.3g} already made f worse"
    return f"{where}: try a lower lr_min, or look at the gradient with check_gradient"
