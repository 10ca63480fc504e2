"""Many starts: the best run of several, and how many agree with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from .result import Result
from .stops import Status, Stop, cut_short


def best_of(starts: Iterable[Any], run: Callable[[Any], Result], sign: int) -> Result:
    """The best result of a run from each start, with all of them in ``runs``.

    One that diverged comes last, whatever its value. An interruption ends them all; what is raised has the
    best of those so far in its ``result``.
    """
    runs: list[Result] = []
    try:
        for start in starts:
            runs.append(run(start))
            if runs[-1].status == Status.INTERRUPTED:
                return _best(runs, sign, Stop(runs[-1].status, "interrupted"))
    except BaseException as error:
        own = getattr(error, "result", None)
        if isinstance(own, Result):
            runs.append(own)
        if runs:
            _best(runs, sign, cut_short(error)).attach_to(error)
        raise
    return _best(runs, sign)


def _best(runs: list[Result], sign: int, stop: Stop | None = None) -> Result:
    """The best of these, with the status of what has stopped them all, if anything has."""

    def rank(found: Result) -> tuple[bool, float]:
        height = -math.inf if math.isnan(found.fun) else sign * found.fun
        return found.status != Status.DIVERGED, height

    best = max(runs, key=rank)
    near = 1e-6 * max(1.0, abs(best.fun))
    agreeing = sum(abs(found.fun - best.fun) <= near for found in runs)
    if stop is not None:
        best = replace(best, status=stop.status, success=False, message=stop.message)
    message = f"{best.message}; the best of {len(runs)} runs, of which {agreeing} agree"
    return replace(best, message=message, runs=runs, agreeing=agreeing)
