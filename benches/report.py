"""Prints the benches' tables in Markdown, and redraws them in the pages that show them.

A page shows a table between the lines ``<!-- bench: sizes -->`` (or forms, options) and
``<!-- /bench -->``; what stands between them is replaced.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from pathlib import Path
from statistics import median
from typing import Any

# Microseconds of a step in every round, by row and column.
Table = dict[str, dict[str, list[float]]]

CORNER = {
    "sizes": "arrays × numbers",
    "forms": "what `step` is given",
    "options": "options (as in `tests/cases.py`)",
}


def tables(results: dict[str, Any]) -> dict[str, Table]:
    """The rounds of every turn, gathered from pytest-benchmark's JSON."""
    found: dict[str, Table] = {}
    for bench in results["benchmarks"]:
        name = bench["name"].partition("[")[0].removeprefix("test_")
        about = bench["extra_info"]
        row = found.setdefault(name, {}).setdefault(about["row"], {})
        rounds = row.setdefault(about["column"], [])
        rounds += [1e6 * seconds / about["steps"] for seconds in bench["stats"]["data"]]
    return found


def drawn(name: str, table: Table, origin: str) -> str:
    """A table in Markdown, with where it comes from."""
    columns = list(dict.fromkeys(column for row in table.values() for column in row))
    first = columns[0]
    compared = columns[1:] if name == "sizes" else []
    heads = [
        CORNER[name],
        *columns,
        *(f"{other.removeprefix('NumPy ')} ÷ {first}" for other in compared),
    ]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for label, row in table.items():
        times = [_time(row[column]) if column in row else "" for column in columns]
        ratios = [
            _figures(min(row[other]) / min(row[first])) if {first, other} <= row.keys() else ""
            for other in compared
        ]
        lines.append([label, *times, *ratios])
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{text}\n\n{origin}"


def _time(rounds: list[float]) -> str:
    return f"{_figures(min(rounds))} ({_figures(median(rounds))})"


def _figures(number: float) -> str:
    """Three significant figures, or all before the point."""
    return f"{number:,.{max(0, 2 - math.floor(math.log10(number)))}f}"


def origin(results: dict[str, Any]) -> str:
    """What the figures are, and what they were measured with and on."""
    machine = results["machine_info"]
    versions = machine["versions"]
    processor = machine["cpu"].get("brand_raw", machine["processor"])
    return (
        "Microseconds a step, float32: the fastest round, in brackets the median; ratios are of the fastest. "
        f"`make bench`, {results['datetime'][:10]}: steepest {versions['steepest']} "
        f"({versions['instruction set']}, threads: {versions['threads']}), "
        f"NumPy {versions['NumPy']}, Python {versions['Python']}, {machine['system']}, "
        f"{processor}, {machine['cpu']['count']} cores."
    )


def redraw(page: Path, drawings: dict[str, str]) -> None:
    """Put the tables between the page's markers."""
    text = page.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
    text, count = marked.subn(lambda m: f"{m[1]}\n{drawings[m[2]]}\n\n{m[3]}", text)
    if not count:
        raise SystemExit(f"{page}: found no line <!-- bench: … -->")
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Report the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="what pytest --benchmark-json wrote")
    parser.add_argument(
        "--readme", nargs="+", default=[], type=Path, help="pages whose tables to redraw"
    )
    arguments = parser.parse_args()
    results = json.loads(arguments.file.read_text(encoding="utf-8"))
    drawings = {
        name: drawn(name, table, origin(results)) for name, table in tables(results).items()
    }
    print("\n\n".join(drawings.values()))
    for page in arguments.readme:
        redraw(page, drawings)


if __name__ == "__main__":
    main()
