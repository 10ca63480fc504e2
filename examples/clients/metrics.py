"""Runs written down as they go, by whatever you use for it: `python examples/clients/metrics.py FOLDER`.

Each function here makes a callback of something that you have opened. It serves an optimizer, which tells a
StepInfo after every step, and `maximize` and `minimize`, which tell a State at every iteration:

    with open("run.csv", "a", newline="") as file:
        maximize(f, x0, callback=csv_rows(file))
        GradientAscent(parameters, callback=csv_rows(file))

What is opened by `with` is flushed and closed whatever happens.
"""

import csv
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from steepest import GradientAscent, StepInfo, maximize
from steepest.maximization import Result, State

Callback = Callable[[StepInfo | State], None]


def numbers(told: StepInfo | State) -> dict[str, float]:
    """The step first, then what there is to be written down about it."""
    lr = float(np.max(told.lr))  # where groups differ, the largest
    if isinstance(told, State):
        return {"step": told.iteration, "value": told.fun, "grad_norm": told.grad_norm, "lr": lr}
    flags = {"clipped": int(told.clipped), "skipped": int(told.skipped)}
    return {"step": told.step, "grad_norm": told.grad_norm, "lr": lr, **flags}


def csv_rows(file: TextIO) -> Callback:
    """Rows under a line of names; a file opened with "a" goes on where it ended."""
    is_begun = False

    def callback(told: StepInfo | State) -> None:
        nonlocal is_begun
        row = numbers(told)
        rows = csv.DictWriter(file, row)
        if not (is_begun or (file.seekable() and file.tell())):  # a pipe has no place to tell
            rows.writeheader()
        is_begun = True
        rows.writerow(row)

    return callback


def json_lines(file: TextIO) -> Callback:
    """An object a line; null for what is not finite, which JSON cannot say."""

    def callback(told: StepInfo | State) -> None:
        row = {name: n if math.isfinite(n) else None for name, n in numbers(told).items()}
        file.write(json.dumps(row) + "\n")

    return callback


def tqdm_bar(bar: Any) -> Callback:
    """A bar of tqdm that stands at the step and shows the numbers."""

    def callback(told: StepInfo | State) -> None:
        row = numbers(told)
        step = row.pop("step")
        bar.set_postfix(row, refresh=False)
        bar.update(step - bar.n)

    return callback


def rich_task(progress: Any, task: Any) -> Callback:
    """A task of a rich.progress.Progress; a column may show {task.fields[grad_norm]}."""

    def callback(told: StepInfo | State) -> None:
        row: dict[str, Any] = numbers(told)
        progress.update(task, completed=row.pop("step"), **row)

    return callback


def tensorboard(writer: Any, prefix: str = "") -> Callback:
    """A curve for each number, by a SummaryWriter of tensorboardX, or of torch."""

    def callback(told: StepInfo | State) -> None:
        row = numbers(told)
        step = row.pop("step")
        for name, n in row.items():
            writer.add_scalar(prefix + name, n, step)

    return callback


def mlflow_metrics(log_metrics: Callable[..., Any], prefix: str = "") -> Callback:
    """Metrics of the active run, by mlflow.log_metrics."""

    def callback(told: StepInfo | State) -> None:
        row = numbers(told)
        step = row.pop("step")
        log_metrics({prefix + name: n for name, n in row.items()}, step=step)

    return callback


def every(n: int, callback: Callback) -> Callback:
    """The same, at every n-th step only."""

    def thinned(told: StepInfo | State) -> None:
        if numbers(told)["step"] % n == 0:
            callback(told)

    return thinned


def all_of(*callbacks: Callback) -> Callback:
    """All of them, one after another."""

    def callback(told: StepInfo | State) -> None:
        for each in callbacks:
            each(told)

    return callback


def climb(callback: Callback) -> Result:
    """The fence of examples/01_fence.py, by the loop, in 55 steps."""
    return maximize(lambda x: 100 * x - x**2, 57.0, lambda x: 100 - 2 * x, callback=callback)


def climb_by_hand(callback: Callback, steps: int = 60) -> float:
    """The same, by steps of one's own."""
    length = np.array(57.0)
    optimizer = GradientAscent(length, lr=0.1, momentum=0.0, beta=None, callback=callback)
    for _ in range(steps):
        optimizer.step(100 - 2 * length)
    return float(length)


def main() -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow reports its use at import, if it may
    import mlflow  # takes seconds, as does a new database
    from rich.progress import Progress
    from tensorboardX import SummaryWriter
    from tqdm import tqdm

    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).resolve()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_experiment("fence")
    for name, run in (("loop", climb), ("steps", climb_by_hand)):
        with (
            (folder / f"{name}.csv").open("a", newline="") as rows,
            (folder / f"{name}.jsonl").open("a") as lines,
            SummaryWriter(str(folder / name)) as writer,
            mlflow.start_run(run_name=name),
            tqdm(desc=name, unit=" steps") as bar,
        ):
            slow = every(5, mlflow_metrics(mlflow.log_metrics))
            run(all_of(csv_rows(rows), json_lines(lines), tensorboard(writer), slow, tqdm_bar(bar)))
    with Progress() as progress:
        climb_by_hand(rich_task(progress, progress.add_task("steps", total=60)))
    print(f"Written: {folder}")


if __name__ == "__main__":
    main()
