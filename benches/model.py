"""The cost of a step: t = a + b · arrays + c · numbers, c by where the numbers are found."""

from __future__ import annotations

from pathlib import Path
from statistics import geometric_mean
from typing import NamedTuple

from benches.results import Results
from benches.sizes import SIZES

LAW = "GradientAscent"
#: Bytes a number of the default step: those it moves, and those it keeps in parameter, gradient, state.
MOVED, KEPT = 28, 16


class Row(NamedTuple):
    """A size, where its numbers are found, ns for each, and how far the model is off."""

    name: str
    level: str
    c: float
    error: float


class Model(NamedTuple):
    """ns of a call, ns of an array, and each size."""

    a: float
    b: float
    rows: list[Row]


def caches() -> list[tuple[str, int]]:
    """The caches of data of the first core, smallest first, with their bytes."""
    found = []
    for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        kind, level, size = (
            (index / name).read_text().strip() for name in ("type", "level", "size")
        )
        if kind != "Instruction":
            found.append((f"L{level}", int(size.removesuffix("K")) * 1024))
    return sorted(found, key=lambda cache: cache[1])


def level(numbers: int) -> str:
    """The first cache that holds all arrays of so many numbers, or the memory."""
    fitting = (name for name, size in caches() if KEPT * numbers <= size)
    return next(fitting, "memory")


def fit(results: Results) -> Model:
    """b from many arrays of one number, a from one; c of a level from the single arrays that it holds."""
    counts = [int(column) for column in results.columns("arrays")]
    row, *_ = results.rows("arrays")
    few, many = (1e3 * results.fastest("arrays", row, str(n)) for n in (counts[0], 100))
    b = (many - few) / (100 - counts[0])
    a = few - b * counts[0]

    def measured(size: str) -> float:
        return 1e3 * results.fastest(LAW, size, "steepest")

    by_level: dict[str, list[float]] = {}
    for size, (arrays, length) in SIZES.items():
        if arrays == 1 and length >= 1000:
            by_level.setdefault(level(length), []).append((measured(size) - a - b) / length)
    rows = []
    for size, (arrays, length) in SIZES.items():
        found = level(arrays * length)
        c = geometric_mean(by_level.get(found) or next(iter(by_level.values())))
        predicted = a + b * arrays + c * arrays * length
        rows.append(Row(size, found, c, predicted / measured(size) - 1))
    return Model(a, b, rows)


def bandwidths(results: Results) -> dict[str, tuple[float, float]]:
    """GB/s with one thread and with two."""

    def rate(
        bytes_moved: int, table: str, row: str, columns: tuple[str, str]
    ) -> tuple[float, float]:
        one, two = (bytes_moved * 1e7 / results.fastest(table, row, c) / 1e3 for c in columns)
        return one, two

    found = {
        f"{name}, bare C": rate(results.bytes[row], "memory", row, ("1", "2"))
        for row, name in (("triad", "STREAM's triad"), ("streams", "a step's streams, added"))
        if row in results.rows("memory")
    }
    found["a step"] = rate(MOVED, "threads", "1 × 10⁷", ("1 thread", "2 threads"))
    return found
