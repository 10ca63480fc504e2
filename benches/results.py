"""The rounds that pytest-benchmark wrote, by table, row and column."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any


class Results:
    """Microseconds a step, of every round of every turn."""

    def __init__(self, runs: Iterable[dict[str, Any]]) -> None:
        self.rounds: dict[str, dict[str, dict[str, list[float]]]] = {}
        #: Bytes that a step moves for each number, by row.
        self.bytes: dict[str, int] = {}
        for run in runs:
            threads = run["machine_info"]["versions"]["threads"]
            for bench in run["benchmarks"]:
                about = bench["extra_info"]
                table = about.get("table", bench["name"].partition("[")[0].removeprefix("test_"))
                if threads != "1":
                    table += f"-{threads}"
                row = self.rounds.setdefault(table, {}).setdefault(about["row"], {})
                rounds = row.setdefault(about["column"], [])
                rounds += [1e6 * seconds / about["steps"] for seconds in bench["stats"]["data"]]
                if "bytes" in about:
                    self.bytes[about["row"]] = about["bytes"]

    def has(self, table: str) -> bool:
        return table in self.rounds

    def rows(self, table: str) -> list[str]:
        return list(self.rounds.get(table, {}))

    def columns(self, table: str) -> list[str]:
        rows = self.rounds.get(table, {}).values()
        return list(dict.fromkeys(column for row in rows for column in row))

    def fastest(self, table: str, row: str, column: str) -> float:
        """The fastest round: the one that was disturbed least."""
        return min(self.rounds[table][row][column])

    def median(self, table: str, row: str, column: str) -> float:
        return median(self.rounds[table][row][column])

    def floor(self, table: str, row: str, checked: bool = False) -> str:
        """The column of the faster of the two builds of bare C."""
        ends = ", checked" if checked else "bits"
        builds = [c for c in self.rounds[table][row] if c.startswith("bare C") and c.endswith(ends)]
        return min(builds, key=lambda column: self.fastest(table, row, column))
