"""One try: a run that may go wrong, which is then its result, from batches that begin where they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..maximization import Result, maximize, minimize

#: What f may raise where a run has gone astray: overflows, logarithms of negative numbers.
_ASTRAY = (ArithmeticError, ValueError)
#: Arguments of minimize that are for one run alone.
_ALONE = ("checkpoint", "resume")


class Tries:
    """Runs of one objective from one start; ``arguments`` are those of :func:`minimize`, by name."""

    def __init__(self, up: bool, f: Any, x0: Any, grad: Any, arguments: Mapping[str, Any]) -> None:
        for name in _ALONE:
            if arguments.get(name) is not None:
                raise TypeError(f"{name}: is for one run alone")
        self.optimize: Callable[..., Result] = maximize if up else minimize
        self.what = (f, x0, grad)
        self.arguments = dict(arguments)
        batches: Any = self.arguments.get("batches")
        self._state = batches.state_dict() if hasattr(batches, "state_dict") else None

    def run(self, **more: Any) -> Result:
        """A run with these arguments, too; of one in which f raised, what it had found."""
        try:
            with np.errstate(all="ignore"):
                return self.optimize(*self.what, **{**self.arguments, **more})
        except _ASTRAY as error:
            found = getattr(error, "result", None)
            if not isinstance(found, Result) or not len(found.history):
                raise  # wrong from the start
            return found
        finally:
            if self._state is not None:
                self.arguments["batches"].load_state_dict(self._state)
