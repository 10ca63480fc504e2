"""The command line: ``python -m steepest info``, ``examples`` and ``demo``."""

from __future__ import annotations

import argparse
import sys

from . import examples
from .versions import show_versions


def main() -> None:
    """Run the command named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m steepest")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, backend, instruction set and threads")
    worked = commands.add_parser("examples", help="list the worked examples, or run one")
    worked.add_argument("name", nargs="?", help="which to run: its name or its number")
    commands.add_parser("demo", help="learn to read handwritten digits, on real data")
    asked, more = parser.parse_known_args()
    if more and not (asked.command == "demo" or getattr(asked, "name", None)):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    try:
        if asked.command == "info":
            show_versions()
        elif asked.command == "demo":
            examples.run(examples.DEMO, more)
        elif asked.name:
            examples.run(asked.name, more)
        else:
            listed = examples.paths()
            width = max(map(len, listed))
            for name, path in listed.items():
                print(f"{name:{width}}  {examples.summary(path)}")
    except (ValueError, ImportError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
