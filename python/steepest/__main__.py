"""The command line: ``python -m steepest info``."""

from __future__ import annotations

import argparse

from .versions import show_versions


def main() -> None:
    """Run the command named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m steepest")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, instruction set and threads")
    parser.parse_args()
    show_versions()


if __name__ == "__main__":
    main()
