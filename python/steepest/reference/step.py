"""The step as a transaction: gather → check → norm → decide → sweep → count; see `rust/step.rs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import optimizer, options
from ..arrays import Array, reals
from .laws import LAWS
from .norm import all_finite, clip_factor, norm
from .sweep import after, before


class Stepper(optimizer.Optimizer):
    """An optimizer's step in plain NumPy, where its class has the compiled one."""

    _step_count = 0
    _skipped_steps = 0
    _steps: Sequence[int] = ()
    _rates: Sequence[float | None] = ()
    _stage = "idle"

    @property
    def step_count(self) -> int:
        """Completed steps."""
        return self._step_count

    @property
    def skipped_steps(self) -> int:
        """Steps that did not happen because a gradient was not finite."""
        return self._skipped_steps

    def step(self, grads: Any = None, *, zero_grads: bool = False) -> None:
        """Step every parameter along its gradient; as the compiled step, argument by argument."""
        zero_grads = options.switch("zero_grads", zero_grads)
        self._refuse_while("arranging", "reporting")
        try:
            self._stage = "arranging"
            placed = self._arrange(grads)
            lrs = self._lrs_at(self._step_count + 1)
            gradients = self._check(placed, zero_grads)
            with np.errstate(all="ignore"):
                report = self._transact(gradients, lrs)
            if zero_grads:
                for gradient in gradients:
                    if gradient is not None:
                        gradient[...] = 0
            self._stage = "reporting"
            if report is not None:
                self._report(*report)
        finally:
            self._stage = "idle"

    def _refuse_while(self, *stages: str) -> None:
        if self._stage in stages:
            raise RuntimeError(
                "a step of this optimizer is under way, in its callback or in another thread"
            )

    def _transact(
        self, gradients: list[Array | None], lrs: list[float]
    ) -> tuple[float | None, bool, bool] | None:
        """All of the step or nothing; returns (norm, clipped, skipped) if they are to be reported."""
        given = [reals(gradient) for gradient in gradients if gradient is not None]
        if not given:
            raise ValueError("every gradient is None: nothing to step")
        always = self.callback is not None
        if self.nonfinite != "propagate" and not self._all_finite(gradients):
            self._skipped_steps += 1
            return norm(given) if always else None, False, True
        t = self._step_count + 1
        interval = self.logging_interval
        reports = (interval > 0 and t % interval == 0 and self._wants_log()) or always
        total = norm(given) if reports or self.clip_norm is not None else None
        factor = 1.0
        if self.clip_norm is not None and total is not None:
            factor = clip_factor(self.clip_norm, total)
        self._sweep(t, factor, gradients, lrs)
        self._step_count = t
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
        law = LAWS[self._law]
        groups = [{**g.options, "lr": lr} for g, lr in zip(self._groups, lrs, strict=True)]
        self._rates = [law.alpha(group, t) for group in groups]
        # All gradients are read before anything is written: one may share memory with a parameter.
        read = [None if gradient is None else reals(gradient).copy() for gradient in gradients]
        self._steps = [n + (g is not None) for n, g in zip(self._steps, read, strict=True)]
        stepped = zip(self._group_of_each(groups), self._leaves, self._steps, read, strict=True)
        for group, leaf, steps, g in stepped:
            if g is None:
                continue
            theta = reals(leaf.array)
            state = {name: reals(array) for name, array in self._states[leaf.name].items()}
            alpha = law.alpha(group, t)
            g = before(group, factor, g, law.TURNS_GRADIENT)
            d, new = law.direction(group, steps, theta, g, state)
            rate = law.rate(group, steps, alpha)
            up = group["maximize"] and not law.TURNS_GRADIENT
            shrink = law.shrink(group, steps, alpha)
            theta[...] = after(theta, d, shrink, rate if up else -rate)
            new |= law.after(group, steps, theta, new)
            for name, value in new.items():
                state[name][...] = value

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
        self._refuse_while("arranging")
        self._rates = [*self._rates, *[None] * len(groups)][: len(groups)]
        if arrays is not None:
            self._steps = [steps for *_, steps in arrays[0]]
        if counters is not None:
            self._step_count, self._skipped_steps, self._steps, self._rates = counters
        for target, name, value in commit:
            setattr(target, name, value)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is this class's own; the state_dict has it."""
        state = super().__getstate__()
        for name in ("_stage", "_steps", "_rates", "_step_count", "_skipped_steps"):
            state["attributes"].pop(name, None)
        return state

    def _counters(self) -> tuple[int, int, list[int], list[float | None]]:
        return self._step_count, self._skipped_steps, list(self._steps), list(self._rates)
