"""The step as a transaction: gather → check → norm → decide → sweep → count; see `rust/step.rs`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import options
from ..arrays import Array, reals
from .laws import LAWS
from .norm import all_finite, clip_factor, norm
from .sweep import after, before

if TYPE_CHECKING:
    from ..optimizer import Optimizer
else:
    Optimizer = object  # the step is its base, or comes before it in a twin


@dataclass
class Engine:
    """What a step counts, and where one stands that is under way."""

    step_count: int = 0
    skipped_steps: int = 0
    steps: Sequence[int] = ()
    rates: Sequence[float | None] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_arranging: bool = False


class Stepper(Optimizer):
    """An optimizer's step in plain NumPy: the base of all, or in the place of the compiled one."""

    @cached_property
    def _engine(self) -> Engine:
        """Made when first needed: a `__new__` would hide the constructors' signatures."""
        return Engine()

    @property
    def step_count(self) -> int:
        """Completed steps."""
        return self._engine.step_count

    @property
    def skipped_steps(self) -> int:
        """Steps that did not happen because a gradient was not finite (``nonfinite="skip"``)."""
        return self._engine.skipped_steps

    def step(self, grads: Any = None, *, zero_grads: bool = False) -> None:
        """Step every parameter along its gradient, in place, by one call: all of them or none.

        Parameters
        ----------
        grads : array, or nesting of arrays like the parameters', or flat list of arrays; optional
            One gradient a parameter, of the parameter's shape and dtype, with any strides, read-only or
            not. ``None`` in the place of an array leaves that parameter and its state untouched. For
            parameter groups: a list with one entry a group. If not given, the ``.grad`` of every parameter.
        zero_grads : bool, default False
            Set the gradient arrays to zero in the same pass; also if the step is skipped.

        Raises
        ------
        TypeError
            If a gradient is not an array of the parameter's dtype, or if ``grads`` is not given for bare
            arrays.
        ValueError
            If shapes or structure differ from the parameters', if an entry of a container handed over is
            another array now, if every gradient is None, or if a gradient cannot be zeroed.
        FloatingPointError
            If a gradient is not finite and ``nonfinite="raise"``.
        RuntimeError
            If a step is under way, in the callback or in another thread.
        Exception
            What a schedule of the learning rate raises; TypeError or ValueError if what it gives is no rate.

        Notes
        -----
        Nothing is written before everything has been checked. The equation is that of the class.
        """
        zero_grads = options.switch("zero_grads", zero_grads)
        engine = self._engine
        if not engine.lock.acquire(blocking=False):
            raise under_way()
        try:
            engine.is_arranging = True
            placed = self._arrange(grads)
            lrs = self._lrs_at(engine.step_count + 1)
            gradients = self._check(placed, zero_grads)
            with np.errstate(all="ignore"):
                report = self._transact(gradients, lrs)
            if zero_grads:
                for gradient in gradients:
                    if gradient is not None:
                        gradient[...] = 0
            engine.is_arranging = False
            if report is not None:
                self._report(*report)
        finally:
            engine.is_arranging = False
            engine.lock.release()

    def _transact(
        self, gradients: list[Array | None], lrs: list[float]
    ) -> tuple[float | None, bool, bool] | None:
        """All of the step or nothing; returns (norm, clipped, skipped) if they are to be reported."""
        given = [reals(gradient) for gradient in gradients if gradient is not None]
        if not given:
            raise ValueError("every gradient is None: nothing to step")
        always = self.callback is not None
        if self.nonfinite != "propagate" and not self._all_finite(gradients):
            self._engine.skipped_steps += 1
            return norm(given) if always else None, False, True
        t = self._engine.step_count + 1
        interval = self.logging_interval
        reports = (interval > 0 and t % interval == 0 and self._wants_log()) or always
        total = norm(given) if reports or self.clip_norm is not None else None
        factor = 1.0
        if self.clip_norm is not None and total is not None:
            factor = clip_factor(self.clip_norm, total)
        self._sweep(t, factor, gradients, lrs)
        return (total, factor < 1, False) if reports else None

    def _all_finite(self, gradients: list[Array | None]) -> bool:
        groups = self._group_of_each([group.options for group in self._groups])
        for index, (group, gradient) in enumerate(zip(groups, gradients, strict=True)):
            if gradient is None:
                continue
            unclipped = self.clip_norm is None and group["clip_value"] is None
            if not all_finite(reals(gradient), LAWS[self._law].squares(group) and unclipped):
                if self.nonfinite == "raise":
                    self._nonfinite(index, gradient)
                return False
        return True

    def _sweep(
        self, t: int, factor: float, gradients: list[Array | None], lrs: list[float]
    ) -> None:
        """Compute all that is new, then write it: what fails on the way has changed nothing."""
        law = LAWS[self._law]
        groups = [{**g.options, "lr": lr} for g, lr in zip(self._groups, lrs, strict=True)]
        steps_of_each = [
            n + (g is not None) for n, g in zip(self._engine.steps, gradients, strict=True)
        ]
        writes: list[tuple[Array, Array]] = []
        stepped = zip(
            self._group_of_each(groups), self._leaves, steps_of_each, gradients, strict=True
        )
        for group, leaf, steps, gradient in stepped:
            if gradient is None:
                continue
            theta = reals(leaf.array)
            state = {name: reals(array) for name, array in self._states[leaf.name].items()}
            alpha = law.alpha(group, t)
            g = before(group, factor, reals(gradient), law.TURNS_GRADIENT)
            d, new = law.direction(group, steps, theta, g, state)
            rate = law.rate(group, steps, alpha)
            up = group["maximize"] and not law.TURNS_GRADIENT
            shrink = law.shrink(group, steps, alpha)
            moved = after(theta, d, shrink, rate if up else -rate)
            new |= law.after(group, steps, moved, new)
            writes += [(theta, moved), *((state[name], value) for name, value in new.items())]
        for array, value in writes:
            array[...] = value
        self._engine.step_count = t
        self._engine.steps = steps_of_each
        self._engine.rates = [law.alpha(group, t) for group in groups]

    def _group_of_each(self, groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        pairs = zip(self._groups, groups, strict=True)
        return [options for group, options in pairs for _ in group.nesting.leaves]

    # -- what the compiled step keeps on its side ---------------------------------------------

    def _install(
        self,
        law: str,
        groups: list[dict[str, Any]],
        settings: dict[str, Any],
        arrays: Any,
        counters: Any,
        commit: list[tuple[Any, str, Any]],
    ) -> None:
        engine = self._engine
        if engine.is_arranging:
            raise under_way()
        engine.rates = [*engine.rates, *[None] * len(groups)][: len(groups)]
        if arrays is not None:
            engine.steps = [steps for *_, steps in arrays[0]]
        if counters is not None:
            engine.step_count, engine.skipped_steps, engine.steps, engine.rates = counters
        for target, name, value in commit:
            setattr(target, name, value)

    def _counters(self) -> tuple[int, int, list[int], list[float | None]]:
        engine = self._engine
        return engine.step_count, engine.skipped_steps, list(engine.steps), list(engine.rates)


def under_way() -> RuntimeError:
    """The error for a step within a step."""
    return RuntimeError(
        "a step of this optimizer is under way, in its callback or in another thread"
    )
