"""Many starts: the best run of several, and how many agree with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from .result import Result
from .stops import Status


def best_of(starts: Iterable[Any], run: Callable[[Any], Result], sign: int) -> Result:
    """The best result of a run from each start, with all of them in ``runs``.

    One that diverged comes last, whatever its value.
    """
    runs = [run(start) for start in starts]
    best = max(runs, key=lambda found: (found.status < Status.DIVERGED, sign * found.fun))
    near = 1e-6 * max(1.0, abs(best.fun))
    agreeing = sum(abs(found.fun - best.fun) <= near for found in runs)
    message = f"{best.message}; the best of {len(runs)} runs, of which {agreeing} agree"
    return replace(best, message=message, runs=runs, agreeing=agreeing)
