"""Prints the benches' tables in Markdown, and redraws them in the pages that show them.

A page shows a table between the lines ``<!-- bench: sizes -->`` (or another of `tables.TABLES`) and
``<!-- /bench -->``; what stands between them is replaced. Where a peer is missing nothing is redrawn.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from benches import picture, targets
from benches.peers import PEERS
from benches.results import Results
from benches.tables import TABLES


def origin(results: dict[str, Any]) -> str:
    """What the figures were measured with and on."""
    machine = results["machine_info"]
    versions = machine["versions"]
    peers = ", ".join(f"{name} {number}" for name, number in machine["peers"].items() if number)
    processor = machine["cpu"].get("brand_raw", machine["processor"])
    return (
        f"`make bench`, {results['datetime'][:10]}: steepest {versions['steepest']} "
        f"({versions['instruction set']}), NumPy {versions['NumPy']}, {peers}, "
        f"Python {versions['Python']}, {machine['system']}, {processor}, "
        f"{machine['cpu']['count']} cores. Bare C: {machine['floor']}."
    )


def redraw(page: Path, drawings: dict[str, str]) -> None:
    """Put the tables between the page's markers."""
    text = page.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- bench: ([\w-]+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
    text, count = marked.subn(lambda m: f"{m[1]}\n{drawings[m[2]]}\n\n{m[3]}", text)
    if not count:
        raise SystemExit(f"{page}: found no line <!-- bench: … -->")
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Report the files named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, help="what pytest --benchmark-json wrote")
    parser.add_argument("--pages", nargs="+", default=[], type=Path, help="where to redraw tables")
    parser.add_argument("--picture", type=Path, help="where to redraw the picture")
    arguments = parser.parse_args()
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in arguments.files]
    results = Results(runs)
    drawings = {name: draw(results) for name, (table, draw) in TABLES.items() if results.has(table)}
    drawings["origin"] = origin(runs[0])
    for name, drawing in drawings.items():
        print(f"{name}\n\n{drawing}\n")
    print(targets.drawn(results))
    missing = [peer for peer in PEERS if peer not in results.rows("peers")]
    missing += [name for name in TABLES if name not in drawings]
    if missing:
        print(
            f"Nothing is redrawn, for these are missing: {', '.join(missing)} (make bench-peers)."
        )
        return
    for page in arguments.pages:
        redraw(page, drawings)
    if arguments.picture:
        picture.draw(results, arguments.picture)


if __name__ == "__main__":
    main()
