"""What `import steepest` costs beside `import numpy`: both timed by -X importtime, in turns.

It fails where that is more than 1.3 times as much. No test and no workflow calls it: they assert no time.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys

TURNS = 15
MOST = 1.3
#: Compiled by the first run and kept, as pip does with what it installs.
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|( *)(\S+)")


def times(module: str) -> dict[str, tuple[int, int]]:
    """Every module's own microseconds, and those with what it imports, in a new interpreter."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    run = subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    return {line[4]: (int(line[1]), int(line[2])) for line in LINE.finditer(run.stderr)}


def main() -> None:
    """Both medians, their ratio, and what takes longest of what is not NumPy's."""
    times("steepest"), times("numpy")  # both lie in the machine's memory from here on
    turns = [(times("numpy"), times("steepest")) for _ in range(TURNS)]
    numpy = statistics.median(theirs["numpy"][1] for theirs, _ in turns) / 1000
    steepest = statistics.median(ours["steepest"][1] for _, ours in turns) / 1000
    ratio = steepest / numpy
    print(f"numpy {numpy:.1f} ms, steepest {steepest:.1f} ms: {ratio:.2f} times")
    own: dict[str, list[int]] = {}
    for theirs, ours in turns:
        for name in ours.keys() - theirs.keys():
            own.setdefault(name, []).append(ours[name][0])
    medians = {name: statistics.median(found) / 1000 for name, found in own.items()}
    for name in sorted(medians, key=medians.__getitem__, reverse=True)[:12]:
        print(f"{medians[name]:7.2f} ms  {name}")
    if ratio > MOST:
        sys.exit(
            f"import steepest: takes {ratio:.2f} times as long as import numpy, expected {MOST}"
        )


if __name__ == "__main__":
    main()
