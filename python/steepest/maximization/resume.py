"""A run in one file: the optimizer's checkpoint, and in it what loop and batches go on from."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import checkpoint, checkpoint_file
from ..arrays import reals
from .history import SERIES
from .loop import Run

_KEY = "run"


def write(path: str | os.PathLike[str], run: Run, batches: Any, extra: dict[str, Any]) -> None:
    """Write the run as it is between two steps, and anything extra that JSON has a form for."""
    optimizer, leaves = run.optimizer, run.optimizer._leaves
    state = {
        **optimizer.state_dict(),
        _KEY: {
            "history": run.history.saved(optimizer.step_count),
            "best_value": run.best_value,
            "best": [array.tolist() for array in run.best],
            "batches": None if batches is None else batches.state_dict(),
            **extra,
        },
    }
    checkpoint_file.write(path, state, {leaf.name: leaf.array for leaf in leaves})


def read(path: str | os.PathLike[str], run: Run, batches: Any, names: list[str]) -> dict[str, Any]:
    """Let a run that has not begun go on from a file; the entries called ``names`` are returned."""
    optimizer = run.optimizer
    state, values = checkpoint_file.read(path, optimizer._leaves, optimizer._table.carried)
    try:
        if _KEY not in state:
            raise ValueError("it holds an optimizer, not a run")
        wanted = ["history", "best_value", "best", "batches", *names]
        saved = checkpoint.mapping(_KEY, state.pop(_KEY), wanted)
        found = optimizer._checked(state)
        series = checkpoint.mapping("history", saved["history"], SERIES)
        if {len(numbers) for numbers in series.values()} != {found.step_count}:
            raise ValueError(f"history: expected {found.step_count} iterations, one for each step")
        if (saved["batches"] is None) != (batches is None):
            raise ValueError("batches: saved with and resumed without them, or the other way round")
        series = {name: [float(number) for number in series[name]] for name in SERIES}
        pairs = zip(run.x.arrays, saved["best"], strict=True)
        best = [np.array(numbers, at.dtype).reshape(at.shape) for at, numbers in pairs]
        best_value = float(saved["best_value"])
        if batches is not None:
            batches.load_state_dict(saved["batches"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{os.fspath(path)}: does not fit this run: {error}") from error
    optimizer._load(found)
    run.x.write([reals(values[leaf.name]) for leaf in optimizer._leaves])
    run.history.restore(series)
    run.best_value, run.best = best_value, best
    return {name: saved[name] for name in names}
