"""What came out of a comparison: a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..maximization import Result, Status

#: What the columns of the table are called.
_HEADS = ("optimizer", "lr", "value", "steps", "evaluations", "status", "time")


class Row(NamedTuple):
    """One run of a comparison.

    Attributes
    ----------
    optimizer : str
        What it is called.
    lr : float, callable or None
        The rate that was asked for, None for the optimizer's own.
    value : float
        f where it ended; where it was cut short the best on the way.
    steps : int
        Steps done.
    evaluations : int
        Calls of f: ``nfev``.
    status : str
        The name of why it ended: "GTOL", "MAX_ITER", "DIVERGED".
    time : float
        Seconds, with those of f and grad.
    result : Result
        All of it.
    """

    optimizer: str
    lr: Any
    value: float
    steps: int
    evaluations: int
    status: str
    time: float
    result: Result

    @classmethod
    def of(cls, optimizer: str, lr: Any, found: Result) -> Row:
        """The row of a result."""
        time = float(found.history.time[-1])
        counts = (found.nit, found.nfev, found.status.name, time)
        return cls(optimizer, lr, found.fun, *counts, found)

    @property
    def name(self) -> str:
        """The optimizer with its rate."""
        return self.called(self.optimizer, self.lr)

    @staticmethod
    def called(optimizer: str, lr: Any) -> str:
        """An optimizer with a rate in words."""
        return optimizer if lr is None else f"{optimizer}, lr {_shown(lr)}"

    @property
    def is_whole(self) -> bool:
        """Whether it was not cut short."""
        return self.result.status < Status.DIVERGED


class Comparison:
    """The runs of :func:`compare`, the best first.

    Attributes
    ----------
    rows : list of Row
        One for each run.
    maximized : bool
        Whether they climbed.
    """

    def __init__(self, rows: Sequence[Row], *, maximized: bool) -> None:
        self.maximized = maximized
        self.rows = _ranked(rows, 1 if maximized else -1)

    @property
    def best(self) -> Result:
        """The result of the first row."""
        return self.rows[0].result

    @property
    def results(self) -> dict[str, Result]:
        """The results by optimizer and rate, the best first, as the plots take them."""
        return {row.name: row.result for row in self.rows}

    def plot(self, *, by: str = "evaluations", optimum: float | None = None, ax: Any = None) -> Any:
        """Draw how the runs went, and what each rate has come to; see :func:`steepest.plots.plot_comparison`.

        Examples
        --------
        >>> from steepest import SGD, compare
        >>> figure = compare(lambda x: x**2, 3.0, lambda x: 2 * x, [SGD]).plot()
        >>> figure.savefig("comparison.png")
        """
        from ..plots import plot_comparison

        return plot_comparison(self, by=by, optimum=optimum, ax=ax)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        cells = [
            [
                row.optimizer,
                _shown(row.lr),
                f"{row.value:.8g}",
                f"{row.steps:,}",
                f"{row.evaluations:,}",
                row.status,
                f"{row.time * 1e3:,.0f} ms" if row.time < 10 else f"{row.time:,.0f} s",
            ]
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(_HEADS, *cells, strict=True)]
        left = {"optimizer", "status"}
        lines = [
            "  ".join(
                f"{cell:<{width}}" if head in left else f"{cell:>{width}}"
                for head, cell, width in zip(_HEADS, line, widths, strict=True)
            ).rstrip()
            for line in [_HEADS, *cells]
        ]
        return "\n".join(lines)


def _ranked(rows: Sequence[Row], sign: int) -> list[Row]:
    """The best first: whole runs, those at the best value by what they cost, then by value."""
    whole = [sign * row.value for row in rows if row.is_whole and math.isfinite(row.value)]
    best = max(whole, default=math.nan)
    near = 1e-6 * max(1.0, abs(best))

    def rank(row: Row) -> tuple[bool, bool, float]:
        if not row.is_whole:
            return (True, True, -sign * row.value)
        if abs(sign * row.value - best) <= near:
            return (False, False, row.evaluations)
        return (False, True, -sign * row.value)

    return sorted(rows, key=rank)


def _shown(lr: Any) -> str:
    if lr is None:
        return ""
    return f"{lr:g}" if isinstance(lr, (int, float)) else type(lr).__name__
