"""One run: what it is made of, and how it ended."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import checkpoint
from ..arrays import Array
from ..differences import as_value
from ..log import logger
from . import defaults, resume, stops
from .bounds import Bounds, bounded_length_of, projection
from .curvature import Problem
from .history import History
from .hooks import Average, bar, points, reporting, told
from .iterate import Iterate
from .loop import Run, observers
from .objective import Objective, length_of, projected_length_of, stream
from .result import Result
from .stops import Rule, Settled, Status, Stop


class Attempt:
    """A run from x0 with what was asked for: the arguments of :func:`maximize`, checked, by name."""

    def __init__(self, sign: int, asked: Mapping[str, Any], x0: Any) -> None:
        self.asked, self.sign = asked, sign
        self.batches = batches = asked["batches"]
        self.x = x = Iterate(x0)
        self.objective = Objective(
            asked["f"], asked["grad"], asked["args"], x.size, batches is not None
        )
        self.bounds = None if asked["bounds"] is None else Bounds(asked["bounds"], x)
        self.project = None if asked["project"] is None else projection(asked["project"], x)
        self.notes = self._keep_inside()
        # A run has a Plateau of its own, as it has an x.
        (lr,) = checkpoint.copied_rates([asked["lr"]])
        chosen = asked["options"] if lr is None else {**asked["options"], "lr": lr}
        optimizer = defaults.build(
            asked["optimizer"],
            chosen,
            x,
            maximize=sign > 0,
            with_batches=batches is not None,
            projected=self.project is not None,
        )
        length = length_of(x)
        if self.bounds is not None:
            length = bounded_length_of(x, self.bounds, sign)
        elif self.project is not None:
            length = projected_length_of(x, self.project, sign)
        self.history = History(sign)
        gtol = -1.0 if asked["gtol"] is None else asked["gtol"]
        self.loop = Run(
            self.objective,
            x,
            optimizer,
            sign,
            length,
            self.history,
            gtol,
            asked["gtol_is_relative"],
        )
        self.average = Average(x, asked["average"]) if asked["average"] else None
        self.first_epoch = int(getattr(batches, "epoch", 0))
        if asked["resume"] is not None:
            saved = resume.read(asked["resume"], self.loop, batches, ["average", "first_epoch"])
            self.first_epoch = int(saved["first_epoch"])
            if asked["max_iter"] is not None and asked["max_iter"] < optimizer.step_count:
                raise ValueError(
                    f"max_iter: got {asked['max_iter']}, expected at least the "
                    f"{optimizer.step_count} steps that the file to resume has done"
                )
            averaged = self.average is not None and optimizer.step_count >= asked["average"]
            if bool(saved["average"]) != averaged:
                raise ValueError(
                    f"average: got {asked['average']}, expected what the file was saved with"
                )
            if self.average is not None:
                self.average.restore(saved["average"])
            self.notes = ""  # it is not x0 that it begins at
        self.loop.before_step = observers(optimizer.lr, sign)

    def _allowed(self, arrays: list[Array]) -> list[Array]:
        """The arrays within the bounds, or projected."""
        if self.bounds is not None:
            return self.bounds.project(arrays)
        return arrays if self.project is None else self.project(arrays)

    def _keep_inside(self) -> str:
        """Start from an allowed point; what to say if x0 was none."""
        given, x = self.x.copies(), self.x
        x.write(self._allowed(x.copies()))
        if not all(np.isfinite(array).all() for array in x.arrays):
            raise ValueError("project: of x0 it is not finite, expected an allowed point")
        if self.bounds is None or self.bounds.hold(given):
            return ""
        logger.warning("x0 is outside the bounds and was projected onto them")
        return "; x0 was outside the bounds and was projected onto them"

    # -- what the loop asks and does beside stepping ------------------------------------------

    def _rules(self) -> list[Rule]:
        asked, x, history, sign = self.asked, self.x, self.history, self.sign
        rules: list[Rule] = []
        if asked["keep_iterates"]:
            rules.append(points(x, history))
        if asked["callback"] is not None:
            rules.append(reporting(asked["callback"], x, history))
        if asked["target"] is not None:
            rules.append(stops.target_reached(asked["target"], sign))
        if asked["xtol"] is not None:
            rules.append(stops.step_at_most(asked["xtol"], x))
        if asked["max_norm"] is not None:
            rules.append(stops.out_of_bounds(asked["max_norm"], x))
        if asked["max_time"] is not None:
            rules.append(stops.time_over(asked["max_time"], history))
        return rules

    def _after_step(self) -> list[Callable[[int], Any]]:
        asked, x = self.asked, self.x
        after: list[Callable[[int], Any]] = []

        def save(steps: int) -> None:
            if steps % asked["checkpoint_interval"] == 0:
                self._save()

        if self.project is not None:
            after.append(lambda steps: x.write(self._allowed(x.copies())))
        elif self.bounds is not None:
            project = self.bounds.project
            after.append(lambda steps: project(x.arrays))
        if self.average is not None:
            after.append(self.average)
        if asked["checkpoint"] is not None:
            after.append(save)
        return after

    def _save(self) -> None:
        average = [] if self.average is None else self.average.saved()
        extra = {"average": average, "first_epoch": self.first_epoch}
        resume.write(self.asked["checkpoint"], self.loop, self.batches, extra)

    # -- running ------------------------------------------------------------------------------

    def result(self) -> Result:
        """Run, and say how it ended; an exception has that said in its ``result``."""
        asked, loop = self.asked, self.loop
        max_iter, epochs = asked["max_iter"], asked["epochs"]
        if max_iter is None and epochs is None:
            max_iter = defaults.MAX_ITER
        if asked["ftol"] is not None:
            loop.settled = Settled(
                asked["ftol"],
                asked["patience"],
                self.sign,
                self.history,
                # f may sum many rounded terms
                rounding=100 * max(float(np.finfo(array.dtype).eps) for array in self.x.arrays),
                with_batches=self.batches is not None,
            )
        loop.rules = self._rules()
        loop.after_step = self._after_step()
        if asked["progress"]:
            rule, close = bar(max_iter)
            loop.rules.insert(0, rule)
        try:
            if self.batches is None:
                stop = loop.climb(itertools.repeat(None), max_iter)
            else:
                stop = loop.climb(stream(self.batches, epochs, self.first_epoch), max_iter)
            if asked["checkpoint"] is not None and self._is_between_steps(stop):
                self._save()
            return self._ended(stop)
        except BaseException as error:
            found = self._ended(stops.cut_short(error, seen=not math.isnan(loop.best_value)))
            if found.status == Status.INTERRUPTED and asked["on_interrupt"] == "return":
                return found
            found.attach_to(error)
            raise
        finally:
            if asked["progress"]:
                close()

    def _is_between_steps(self, stop: Stop) -> bool:
        """Whether a run that goes on from here has the bits of one that never stopped."""
        if self.batches is None:
            return stop.status < Status.DIVERGED
        return stop.status in (
            Status.EPOCHS,
            Status.MAX_ITER,
        )  # else a batch was taken, but no step

    def _ended(self, stop: Stop) -> Result:
        """The result of a run that stopped so."""
        loop, x, history, objective = self.loop, self.x, self.history, self.objective
        cut_short = stop.status >= Status.DIVERGED
        evaluations = len(history)
        if cut_short:
            arrays, fun, jac = loop.best or x.arrays, loop.best_value, None
        else:
            arrays, fun = x.arrays, self._value()
            jac = None if loop.gradient is None else told(x, loop.gradient)
        if self.average is not None and self.average.arrays and not cut_short:
            arrays = self.average.arrays
            if self.batches is None:
                value, gradient = objective.evaluate(x.formed(arrays), None)
                fun, jac = as_value(value), told(x, gradient)
                evaluations += 1
        problem, notes = None, self.notes
        if self.batches is None:
            if stop.status in (Status.MAX_ITER, Status.MAX_TIME):
                notes = stops.worse_than_at_first(history, self.sign) + notes
            gtol = self.asked["gtol"] or 0.0
            problem = Problem(objective, self.sign > 0, self.bounds, self.project, gtol)
        calls_f, calls_grad = objective.calls
        return Result(
            x=x.formed(arrays),
            fun=fun,
            jac=jac,
            nit=loop.optimizer.step_count,
            nfev=evaluations * calls_f,
            njev=evaluations * calls_grad,
            success=stop.status <= Status.CALLBACK,
            status=stop.status,
            message=stop.message + notes,
            history=history,
            _problem=problem,
        )

    def _value(self) -> float:
        """f at the last point, or over batches the mean of their last epoch."""
        if self.batches is None:
            return float(self.history.last()[0])
        epoch = len(self.batches) if hasattr(self.batches, "__len__") else None
        return float(self.history.value[-epoch if epoch else 0 :].mean())
