"""The step as a transaction: gather → check → norm → decide → sweep → count; see `rust/step.rs`."""

from __future__ import annotations

import operator
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import starmap
from typing import TYPE_CHECKING, Any, NamedTuple

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

#: An item (container, key, value) to assign.
Write = tuple[Any, Any, Any]


class Counters(NamedTuple):
    """What a step counts: steps taken and skipped, each array's, and each group's rate in the last."""

    step_count: int = 0
    skipped_steps: int = 0
    steps: Sequence[int] = ()
    rates: Sequence[float | None] = ()


@dataclass
class Engine:
    """The counters, how often something was installed, and what is under way."""

    counters: Counters = field(default_factory=Counters)
    version: int = 0
    stepping: threading.Lock = field(default_factory=threading.Lock)
    arranging: threading.Lock = field(default_factory=threading.Lock)
    #: Held for a moment only; by a signal's handler, too, within that moment.
    installing: threading.RLock = field(default_factory=threading.RLock)


class Stepper(Optimizer):
    """An optimizer's step in plain NumPy: the base of all, or in the place of the compiled one."""

    @cached_property
    def _engine(self) -> Engine:
        """Made when first needed: a `__new__` would hide the constructors' signatures."""
        return Engine()

    @property
    def step_count(self) -> int:
        """Completed steps."""
        return self._engine.counters.step_count

    @property
    def skipped_steps(self) -> int:
        """Steps that did not happen because a gradient was not finite (``nonfinite="skip"``)."""
        return self._engine.counters.skipped_steps

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
        if engine.stepping.locked():
            raise under_way()
        with engine.stepping:
            with engine.arranging:
                with engine.installing:
                    pass  # what was begun before: nothing is from now on
                # A list is looked at when its schedules have been asked, which may change it.
                placed = grads if type(grads) is list else self._arrange(grads)
                lrs = self._lrs_at(self.step_count + 1)
                gradients = self._check(placed, zero_grads)
                with np.errstate(all="ignore"):
                    writes, report = self._transact(gradients, lrs)
                if zero_grads:
                    writes += [(g, ..., 0) for g in gradients if g is not None]
                at_once(operator.setitem, writes)
            if report is not None:
                self._report(*report)

    def _transact(
        self, gradients: list[Array | None], lrs: list[float]
    ) -> tuple[list[Write], tuple[float | None, bool, bool] | None]:
        """What the step writes, and (norm, clipped, skipped) if they are to be reported."""
        given = [reals(gradient) for gradient in gradients if gradient is not None]
        if not given:
            raise ValueError("every gradient is None: nothing to step")
        always = self.callback is not None
        if self.nonfinite != "propagate" and not self._all_finite(gradients):
            skipped = self._counted(skipped_steps=self.skipped_steps + 1)
            return [skipped], (norm(given) if always else None, False, True)
        t = self.step_count + 1
        interval = self.logging_interval
        reports = (interval > 0 and t % interval == 0 and self._wants_log()) or always
        total = norm(given) if reports or self.clip_norm is not None else None
        factor = 1.0
        if self.clip_norm is not None and total is not None:
            factor = clip_factor(self.clip_norm, total)
        writes = self._sweep(t, factor, gradients, lrs)
        return writes, (total, factor < 1, False) if reports else None

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
    ) -> list[Write]:
        """All that is new, and where it belongs: what fails on the way has changed nothing."""
        law = LAWS[self._law]
        groups = [{**g.options, "lr": lr} for g, lr in zip(self._groups, lrs, strict=True)]
        steps_of_each = [
            n + (g is not None) for n, g in zip(self._engine.counters.steps, gradients, strict=True)
        ]
        writes: list[Write] = []
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
            writes += [(theta, ..., moved), *((state[name], ..., a) for name, a in new.items())]
        rates = [law.alpha(group, t) for group in groups]
        return [*writes, self._counted(step_count=t, steps=steps_of_each, rates=rates)]

    def _counted(self, **counts: Any) -> Write:
        """The write that makes these the counts."""
        return vars(self._engine), "counters", self._engine.counters._replace(**counts)

    def _group_of_each(self, groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        pairs = zip(self._groups, groups, strict=True)
        return [options for group, options in pairs for _ in group.nesting.leaves]

    # -- what the compiled step keeps on its side ---------------------------------------------

    def _version(self) -> int:
        with self._engine.installing:
            return self._engine.version

    def _install(
        self,
        version: int,
        law: str,
        groups: list[dict[str, Any]],
        settings: dict[str, Any],
        arrays: Any,
        counters: Any,
        commit: list[tuple[dict[str, Any], str, Any]],
    ) -> None:
        engine = self._engine
        # What gives way is let go of, which may call Python, when all is done.
        replaced = [place.get(name) for place, name, _ in commit]
        with engine.installing:
            if engine.arranging.locked():
                raise under_way()
            if engine.version != version:
                raise RuntimeError("another thread changed this optimizer")
            if counters is None:
                _, _, steps, rates = engine.counters
                counters = engine.counters._replace(
                    steps=steps if arrays is None else [n for *_, n in arrays[0]],
                    rates=[*rates, *[None] * len(groups)][: len(groups)],
                )
            own = vars(engine)
            own_writes = [(own, "counters", Counters(*counters)), (own, "version", version + 1)]
            at_once(operator.setitem, [*own_writes, *commit])
        del replaced

    def _counters(self) -> tuple[int, int, list[int], list[float | None]]:
        step_count, skipped_steps, steps, rates = self._engine.counters
        return step_count, skipped_steps, list(steps), list(rates)


def under_way() -> RuntimeError:
    """The error for a step within a step."""
    return RuntimeError(
        "a step of this optimizer is under way, in its callback or in another thread"
    )


def at_once(assign: Callable[[Any, Any, Any], None], writes: list[Write]) -> None:
    """Assign all in one call, within which CPython handles no signal: Ctrl-C comes before or after."""
    deque(starmap(assign, writes), maxlen=0)
