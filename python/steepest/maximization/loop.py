"""The loop: evaluate, write down, stop or step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from ..arrays import Array
from ..differences import as_value
from ..family import ASGD
from ..optimizer import Optimizer
from .history import History
from .iterate import Iterate
from .objective import Objective, check_fits
from .stops import Rule, Settled, Stop, all_epochs, all_iterations, diverged, gradient_small


@dataclass
class Run:
    """One way from x0 to where it ends, and what has been found on it so far."""

    objective: Objective
    x: Iterate
    optimizer: Optimizer
    #: 1 to maximize, −1 to minimize.
    sign: int
    #: A gradient's norm.
    length: Callable[[Any], float]
    history: History
    #: A gradient's norm that ends the run, −1 for none; if ``relative``, a part of a first one below 1.
    gtol: float
    relative: bool
    #: Looks every so many iterations whether the best value still gains; None for no such look.
    settled: Settled | None = None
    #: What else is asked at every iteration whether to stop.
    rules: list[Rule] = field(default_factory=list)
    #: What is told f's value before every step: each Plateau in the rate.
    before_step: list[Callable[[float], None]] = field(default_factory=list)
    #: What is called after every step with the steps done: bounds, projection, average, checkpoint.
    after_step: list[Callable[[int], Any]] = field(default_factory=list)
    #: The best value so far, and where it was.
    best_value: float = math.nan
    best: list[Array] = field(default_factory=list)
    #: The gradient where the run ended.
    gradient: Any = None

    def climb(self, batches: Iterable[Any], end: int | None) -> Stop:
        """Evaluate and step until a rule stops it, ``end`` iterations are done or the batches are."""
        evaluate, length, shown = self.objective.evaluate, self.length, self.x.shown
        note_value, note_norm, note_rate, note_time = self.history.writers()
        gtol, rules, after_step, settled = self.gtol, self.rules, self.after_step, self.settled
        before_step = self.before_step
        sign, step, isfinite, float64 = self.sign, self.optimizer.step, math.isfinite, np.float64
        due = -1 if settled is None else settled.due
        rate, rate_now = rates(self.optimizer)
        self.best = self.best or self.x.copies()
        best = -math.inf if math.isnan(self.best_value) else sign * self.best_value
        kept = list(zip(self.best, self.x.arrays, strict=True))
        start = self.optimizer.step_count
        # The point after the last step is evaluated, too; over batches there is none left for it.
        last = -1 if end is None or self.objective.with_batches else end
        count = itertools.count(start) if end is None else range(start, max(end, last + 1))
        view = None if self.x.has_numbers else shown()
        t, gradient = start - 1, None
        try:
            for t, batch in zip(count, batches, strict=False):
                found = evaluate(shown() if view is None else view, batch)
                if t == start:
                    self.objective.check(found, self.x)
                    if best == -math.inf:  # x0 is the best until there is another
                        self.best_value = as_value(found[0])
                    gtol = self.first_gtol(length(found[1]))
                value, gradient = found
                if type(value) is not float:
                    value = float(value) if type(value) is float64 else as_value(value)
                norm = length(gradient)
                note_value(value)
                note_norm(norm)
                note_rate(rate)
                note_time(perf_counter())
                if not isfinite(value + norm) and not (isfinite(value) and isfinite(norm)):
                    return diverged(f"f is {value:g} and the gradient's norm {norm:g}", t)
                if sign * value > best:
                    best, self.best_value = sign * value, value
                    for array, now in kept:
                        array[...] = now
                for rule in rules:
                    if (stop := rule(t, value, norm, gradient)) is not None:
                        return stop
                if norm <= gtol:
                    check_fits(gradient, self.x)  # no step will
                    return gradient_small(norm, gtol)
                if t == due and settled is not None:
                    if (stop := settled.look(best, sign * value)) is not None:
                        return stop
                    due = settled.due
                if t == last:
                    return all_iterations(last)
                for tell in before_step:
                    tell(value)
                step(gradient)
                if rate_now is not None:
                    rate = rate_now()
                for act in after_step:
                    act(t + 1)
            return all_epochs() if end is None or t + 1 < end else all_iterations(end)
        except Exception:
            if t > start:
                check_fits(gradient, self.x)  # says what is wrong, if it is the gradient
            raise
        finally:
            self.gradient = gradient

    def first_gtol(self, norm: float) -> float:
        """The norm that ends the run, by the gradient's norm where it began."""
        if len(self.history):  # it goes on from a file
            norm = float(self.history.grad_norm[0])
        return self.gtol * min(1.0, norm) if self.relative else self.gtol


def rates(optimizer: Optimizer) -> tuple[Any, Callable[[], Any] | None]:
    """The rate to begin with, and what gives that of the last step if it changes."""
    (group,) = optimizer.param_groups
    now = optimizer.effective_lr
    decays = group.get("lr_decay") not in (None, 0.0, 1.0) or group.get("warmup_steps")
    if not decays and not callable(group["lr"]) and not isinstance(optimizer, ASGD):
        return now, None
    counters = optimizer._counters
    return now, lambda: counters()[3][0]


def observers(lr: Any, sign: int) -> list[Callable[[float], None]]:
    """What each Plateau in the rate is told f's value by."""
    if not callable(lr):
        return []
    from ..schedules.saving import plateaus

    mode = "max" if sign > 0 else "min"
    found = plateaus(lr)
    for plateau in found:
        if plateau.mode != mode:
            raise ValueError(
                f"lr: {plateau!r} has mode {plateau.mode!r}, expected {mode!r}: f is what it observes"
            )
    return [plateau.observe for plateau in found]
