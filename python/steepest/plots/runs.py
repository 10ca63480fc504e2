"""What is handed over to be drawn: one run or several, with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..arrays import described
from ..maximization.history import History
from ..maximization.result import Result


def named(given: Any, kind: type, name: str) -> dict[str, Any]:
    """Things of a kind by what they are called: one alone "", several by their keys or their numbers."""
    wanted = f"a {kind.__name__}, or several in a list or a dict"
    if isinstance(given, kind):
        return {"": given}
    if isinstance(given, Mapping):
        found = {str(key): value for key, value in given.items()}
    elif isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        found = {str(i): value for i, value in enumerate(given)}
    else:
        raise TypeError(f"{name}: got {described(given)}, expected {wanted}")
    for value in found.values():
        if not isinstance(value, kind):
            raise TypeError(f"{name}: got {described(value)} among them, expected {wanted}")
    if not found:
        raise ValueError(f"{name}: there are none, expected at least one")
    return found


def histories(given: Any) -> dict[str, History]:
    """Histories by name, of results, too."""
    if isinstance(given, Mapping):
        given = {key: getattr(value, "history", value) for key, value in given.items()}
    elif isinstance(given, (list, tuple)):
        given = [getattr(value, "history", value) for value in given]
    found = named(getattr(given, "history", given), History, "history")
    for history in found.values():
        if not len(history):
            raise ValueError("history: there are no iterations to draw")
    return found


def results(given: Any) -> dict[str, Result]:
    """Results with their points, by name."""
    found = named(given, Result, "results")
    for result in found.values():
        for run in result.runs or [result]:
            if not run.history.x:
                raise ValueError(
                    "results: have no points to draw, expected those of a run with keep_iterates=True"
                )
    return found
