"""What the curves of a run say about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array


@dataclass(frozen=True, slots=True)
class Verdict:
    """What seems wrong with a run.

    Attributes
    ----------
    name : str
        "oscillating", "exploding", "vanishing", "stalled" or "thrashing".
    seen : str
        What the verdict rests on.
    try_ : str
        What may help.
    """

    name: str
    seen: str
    try_: str

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}; try {self.try_}"


def verdicts(value: Array, norm: Array, rate: Array, sign: int) -> list[Verdict]:
    """All that can be said of a run with these values, norms and rates; ``sign`` is −1 to descend.

    A run has one trouble at most: the first of these that fits.
    """
    if not len(value):
        return []
    rules = (_exploding, _vanishing, _swinging, _leaping, _stalled)
    with np.errstate(all="ignore"):
        found = (rule(sign * value, norm, rate) for rule in rules)
        return [verdict for verdict in found if verdict is not None][:1]


# Each rule takes the heights u = ± f, where up is good, the gradient norms and the rates.


def _exploding(u: Array, norm: Array, rate: Array) -> Verdict | None:
    """Not finite in the end; or a value or a gradient a million times what it was at first."""
    try_ = "lr/10, warmup_steps, or clip_norm; max_norm ends such a run early"
    if not (np.isfinite(u[-1]) and np.isfinite(norm[-1])):
        return Verdict("exploding", "the value or the gradient is not finite any more", try_)
    if abs(u[-1]) <= 1e6 * max(1.0, abs(u[0])) and norm[-1] <= 1e6 * max(1.0, norm[0]):
        return None
    if u[-1] > u[0]:
        seen = f"the value runs away to {u[-1]:.3g}: there may be no optimum"
        return Verdict("exploding", seen, "bounds=, project= or a penalty on the size of x")
    seen = f"the value's size has gone from {abs(u[0]):.3g} to {abs(u[-1]):.3g}, the wrong way"
    return Verdict("exploding", seen, try_)


def _vanishing(u: Array, norm: Array, rate: Array) -> Verdict | None:
    """No gradient from the start; or none in the end, at a value worse than one seen before."""
    best, gained = u.max(), u.max() - u[0]
    if norm.max() <= 1e-6 and gained <= 1e-6 * max(1.0, abs(u[0])):
        seen = f"never above {norm.max():.1e}" if norm.max() else "0 throughout"
        return Verdict(
            "vanishing",
            f"the gradient's norm was {seen}: x0 is stationary or f saturated",
            "another x0, data or parameters of another scale, or the log of f",
        )
    if len(u) > 1 and norm[-1] <= 1e-9 * norm.max() and best - u[-1] > 1e-3 * np.ptp(u):
        return Verdict(
            "vanishing",
            f"the gradient's norm fell to {norm[-1]:.1e} at a value worse than the best",
            "lr/10, clip_norm, or another x0: a step has led to where f is flat",
        )
    return None


def _swinging(u: Array, norm: Array, rate: Array) -> Verdict | None:
    """In the last quarter the value goes back and forth, no less than in the quarter before."""
    if len(u) < 16:
        return None
    _, _, third, last = np.array_split(u, 4)
    worse = np.mean(np.diff(last) < 0)
    swings = np.ptp(last) > 1e-3 * np.ptp(u) and np.ptp(last) > 0.5 * np.ptp(third)
    if worse < 0.2 or not swings:
        return None
    seen = (
        f"{worse:.0%} of the last steps made the value worse, by up to {-np.diff(last).min():.3g}"
    )
    if np.median(last) <= u[0] + 0.1 * np.ptp(u):
        return Verdict("thrashing", f"{seen}, and it is no better than at first", "lr/10")
    return Verdict("oscillating", seen, "lr/3 or lr_decay")


def _leaping(u: Array, norm: Array, rate: Array) -> Verdict | None:
    """The steps are long enough to gain much, and gain nothing: each leaps across the optimum and back.

    A short step gains lr ‖g‖², or lr ‖g‖ at least where its length does not depend on that of g.
    """
    if len(u) < 16:
        return None
    half = len(u) // 2
    if _still(norm) < 0.1:
        return None
    promised = float((rate[half:] * np.minimum(norm, norm**2)[half:]).sum())
    gained = np.ptp(u[half:])
    if not gained <= 1e-4 * promised or promised <= 1e-9 * abs(u[-1]):
        return None
    seen = f"steps that should have gained {promised:.3g} have gained {gained:.3g}"
    return Verdict("oscillating", f"{seen}: they leap across the optimum and back", "lr/3")


def _stalled(u: Array, norm: Array, rate: Array) -> Verdict | None:
    """The gradient is as large as at first, but the value has not moved, or does no longer."""
    if len(u) < 16:
        return None
    still = _still(norm)
    late = np.ptp(u[len(u) // 2 :])
    if still >= 0.9 and np.ptp(u) <= 0.05 * max(abs(u[0]), 1e-300):
        seen = f"after {len(u) - 1} steps the gradient is {still:.0%} of what it was"
        return Verdict("stalled", seen, "10 lr")
    if still >= 0.1 and late <= 1e-3 * np.ptp(u):
        seen = "the second half of the run gained almost nothing, though the gradient is not small"
        return Verdict("stalled", seen, "10 lr, a slower lr_decay, or more momentum")
    return None


def _still(norm: Array) -> float:
    """What part of the first quarter's gradient norms those of the last quarter are."""
    first, _, _, last = np.array_split(norm, 4)
    return float(np.median(last)) / max(float(np.median(first)), 1e-300)
