"""The schedule that looks at how the run goes: smaller steps when it no longer improves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from .. import options
from ..options import Check
from .schedule import COUNT, RATE, Schedule


def _number(name: str, value: Any) -> float:
    """A float from any real number, infinite and NaN included."""
    is_scalar = hasattr(type(value), "__float__") and getattr(value, "ndim", 0) == 0
    if not is_scalar or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: got {value!r} ({type(value).__name__}), expected a number")
    return float(value)


def _best(name: str, value: Any) -> float:
    """A float from a number other than NaN, or from the text of an infinite one."""
    is_text = isinstance(value, str) and value in ("inf", "-inf")
    found = float(value) if is_text else _number(name, value)
    if math.isnan(found):
        raise ValueError(f"{name}: got {value!r}, expected a number")
    return found


@dataclass(frozen=True)
class PlateauState:
    """What a :class:`Plateau` remembers.

    Attributes
    ----------
    lr : float
        The rate as it is now.
    best : float
        The best value so far; infinite, with the sign of the worst, before the first.
    num_bad_epochs : int
        Values since then that were no better.
    cooldown_counter : int
        Values that will still not count.
    """

    lr: float
    best: float
    num_bad_epochs: int = 0
    cooldown_counter: int = 0


_STATE_CHECKS: Mapping[str, Check] = {
    "lr": RATE,
    "best": Check(_best),
    "num_bad_epochs": COUNT,
    "cooldown_counter": COUNT,
}


@dataclass(frozen=True, repr=False)
class Plateau(Schedule):
    """Reduce the rate when a metric no longer improves; torch's ReduceLROnPlateau.

    It knows nothing of steps: tell it the metric, as often as you like to measure it, by :meth:`observe`.

    Parameters
    ----------
    lr : float
        The rate at first, at least 0.
    mode : {"min", "max"}, default "min"
        Whether a better value is a smaller or a larger one.
    factor : float, default 0.1
        What the rate is multiplied by, from 0 up to but not including 1.
    patience : int, default 10
        How many values in a row may be no better; one more reduces the rate.
    threshold : float, default 1e-4
        By how much a value must be better than the best so far, at least 0.
    threshold_mode : {"rel", "abs"}, default "rel"
        Whether that is a part of the best, or is added to it.
    cooldown : int, default 0
        How many values after a reduction do not count.
    min_lr : float, default 0.0
        The rate is not reduced below it, at least 0.
    eps : float, default 1e-8
        A reduction by no more than this is not made, at least 0.
    state : PlateauState or dict, optional
        Where it stands; None before the first value.

    Notes
    -----
    A value v is better than the best b so far if::

        v < b · (1 − threshold)   mode "min", "rel"      v < b − threshold   "abs"
        v > b · (1 + threshold)   mode "max", "rel"      v > b + threshold   "abs"

    NaN is never better. With "rel" and a negative b a value may count as better that is a little worse, as in
    torch: take "abs" for a metric such as a log-likelihood.

    The one schedule with a state, so it has no hash. Saved with an optimizer, it goes on where it stood; so
    does the one you hold, if you gave it to the optimizer that loads.

    Examples
    --------
    >>> from steepest.schedules import Plateau
    >>> rate = Plateau(0.1, factor=0.5, patience=1)
    >>> for loss in [1.0, 0.9, 0.9, 0.9]:
    ...     rate.observe(loss)
    >>> rate(5)
    0.05
    """

    lr: float
    mode: str = "min"
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    threshold_mode: str = "rel"
    cooldown: int = 0
    min_lr: float = 0.0
    eps: float = 1e-8
    state: PlateauState | None = None

    _checks: ClassVar = {
        "lr": RATE,
        "mode": options.choice("min", "max"),
        "factor": options.FRACTION,
        "patience": COUNT,
        "threshold": RATE,
        "threshold_mode": options.choice("rel", "abs"),
        "cooldown": COUNT,
        "min_lr": RATE,
        "eps": RATE,
    }
    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Check the arguments, and the state if one is given."""
        super().__post_init__()
        state: Any = asdict(self.state) if isinstance(self.state, PlateauState) else self.state
        if state is None:
            return
        if not isinstance(state, Mapping):
            raise TypeError(
                f"state: got {state!r} ({type(state).__name__}), expected a dict or None"
            )
        names = [field.name for field in fields(PlateauState)]
        if sorted(map(str, state)) != sorted(names):
            raise ValueError(f"state: found {list(state)}, expected {names}")
        checked = {name: _STATE_CHECKS[name](f"state: {name}", state[name]) for name in names}
        object.__setattr__(self, "state", PlateauState(**checked))

    def observe(self, value: float) -> None:
        """Take a value of the metric, and reduce the rate if it is one too many that is no better.

        Parameters
        ----------
        value : float
            The metric, as a number or what ``float`` makes one of. NaN counts as no better.

        Raises
        ------
        TypeError
            If it is not a number.
        """
        value = _number("value", value)
        worst = math.inf if self.mode == "min" else -math.inf
        state = self.state or PlateauState(self.lr, worst)
        better = self._is_better(value, state.best)
        bad = 0 if better or state.cooldown_counter else state.num_bad_epochs + 1
        cooldown = max(state.cooldown_counter - 1, 0)
        lr = state.lr
        if bad > self.patience:
            reduced = max(lr * self.factor, self.min_lr)
            if lr - reduced > self.eps:
                lr = reduced
            bad, cooldown = 0, self.cooldown
        best = value if better else state.best
        self._go_on(PlateauState(lr, best, bad, cooldown))

    def _is_better(self, value: float, best: float) -> bool:
        threshold = self.threshold
        if self.mode == "min":
            return value < (
                best * (1.0 - threshold) if self.threshold_mode == "rel" else best - threshold
            )
        return value > (
            best * (1.0 + threshold) if self.threshold_mode == "rel" else best + threshold
        )

    def _rate(self, n: int) -> float:
        return self.lr if self.state is None else self.state.lr

    def _go_on(self, state: PlateauState | None) -> None:
        """Stand where another one stood."""
        object.__setattr__(self, "state", state)

    def to_dict(self) -> dict[str, Any]:
        """As every schedule's, with the state; an infinite best value as a text, for JSON has no infinity."""
        state = None if self.state is None else asdict(self.state)
        if state is not None and math.isinf(state["best"]):
            state["best"] = str(state["best"])
        return {**super().to_dict(), "state": state}
