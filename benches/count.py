"""Counts the instructions of a step under valgrind, and compares them with the last count.

Noise cannot touch them. Counted is the extension's own machine code, without what it calls in Python, in a
process that steps and in one that steps more often: the difference, by the number of steps.
The instruction set is AVX2 everywhere, for valgrind knows nothing wider. Another compiler makes other
instructions: counts kept with one are compared with no other's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from steepest import _kernels

KEPT = Path(__file__).with_name("counts.json")
SIZES = {"1 × 10": 10, "1 × 10⁴": 10**4}
POLICIES = ["propagate", "raise"]
STEPS = (20, 120)
TOLERANCE = 0.02

PROGRAM = """
import sys
import numpy as np, steepest
length, steps, policy = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
opt = steepest.GradientAscent(np.ones(length, np.float32), nonfinite=policy, logging_interval=0)
gradients = [np.ones(length, np.float32)]
for _ in range(steps):
    opt.step(gradients)
"""


def instructions(length: int, policy: str, steps: int) -> int:
    """Instructions executed in the extension itself by a process with so many steps."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "callgrind"
        environment = os.environ | {
            "STEEPEST_INSTRUCTION_SET": "AVX2",
            "STEEPEST_NUM_THREADS": "1",
            "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
        }
        tool = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={out}",
            "--compress-strings=no",
        ]
        program = [sys.executable, "-c", PROGRAM, str(length), str(steps), policy]
        ended = subprocess.run(
            [*tool, "--compress-pos=no", *program], env=environment, capture_output=True, text=True
        )
        if ended.returncode:
            raise SystemExit(ended.stderr)
        return within(out.read_text(), str(Path(_kernels.__file__).resolve()))


def within(profile: str, library: str) -> int:
    """The instructions that a profile lays to a library's own code, without what that calls."""
    total, inside, call = 0, False, False
    for line in profile.splitlines():
        if line.startswith("ob="):
            inside = line[3:] == library
        elif line.startswith("calls="):
            call = True
        elif re.match(r"[\d+*-]", line):
            if inside and not call:
                total += int(line.split()[1])
            call = False
    return total


def main() -> None:
    """Count, compare, and keep the counts if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", action="store_true", help="write benches/counts.json anew")
    keep = parser.parse_args().keep
    if shutil.which("valgrind") is None:
        raise SystemExit("there is no valgrind on PATH")
    few, many = STEPS
    counts = {
        f"{size}, {policy}": round(
            (instructions(n, policy, many) - instructions(n, policy, few)) / (many - few)
        )
        for size, n in SIZES.items()
        for policy in POLICIES
    }
    command = ["rustc", "--version"]
    compiler = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if keep:
        kept = {"compiler": compiler, **counts}
        KEPT.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    last = json.loads(KEPT.read_text(encoding="utf-8"))
    if last["compiler"] != compiler:
        print(json.dumps(counts, indent=2, ensure_ascii=False))
        raise SystemExit(f"the kept counts are of {last['compiler']}, these of {compiler}")
    for name, count in counts.items():
        change = count / last[name] - 1
        verdict = "" if abs(change) <= TOLERANCE else "  differs"
        print(f"{name:20} {count:8,} instructions a step  ({change:+.1%}){verdict}")
    if any(abs(count / last[name] - 1) > TOLERANCE for name, count in counts.items()):
        raise SystemExit("if that is meant: make count ARGS=--keep, and say why in the commit")


if __name__ == "__main__":
    main()
