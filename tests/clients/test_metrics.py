"""What callbacks write with tqdm, rich, csv, json, tensorboardX and MLflow is read back, number by number."""

import csv
import io
import json
import math
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn
from steepest import SGD, StepInfo, maximize
from steepest.maximization import State
from tensorboardX import SummaryWriter
from tensorboardX.proto.event_pb2 import Event
from tqdm import tqdm

from examples.clients import metrics

RUNS = {"loop": metrics.climb, "steps": metrics.climb_by_hand}

#: Runs the example, notes every address that is asked for, and reads what MLflow has, in the one import.
WATCHED = """if True:
    import json, runpy, sys
    del sys.argv[0]
    asked = []
    events = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
    sys.addaudithook(lambda event, args: asked.append(str(args)) if event in events else None)
    runpy.run_path(sys.argv[0], run_name="__main__")
    from mlflow import MlflowClient
    client, found = MlflowClient(), {}
    for run in client.search_runs([client.get_experiment_by_name("fence").experiment_id]):
        found[run.info.run_name] = {
            key: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, key)]
            for key in run.data.metrics
        }
        assert run.info.status == "FINISHED"
    print(json.dumps({"addresses": asked, "mlflow": found}))
"""


def told(run: Any) -> list[dict[str, float]]:
    """What a run tells, by name, from its own attributes."""
    rows = []

    def callback(info: StepInfo | State) -> None:
        if isinstance(info, State):
            row = {"step": info.iteration, "value": info.fun}
        else:
            row = {"step": info.step, "clipped": info.clipped, "skipped": info.skipped}
        rows.append({**row, "grad_norm": info.grad_norm, "lr": info.lr})

    run(callback)
    return rows


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """The scalars in a folder of TensorBoard's, from its records: length, checksum, event, checksum."""
    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.iterdir()):
        data = io.BytesIO(path.read_bytes())
        while header := data.read(12):
            event = Event.FromString(data.read(struct.unpack("<Q", header[:8])[0]))
            assert len(data.read(4)) == 4
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def assert_curves(found: dict[str, Any], rows: list[dict[str, float]], rel: float = 0.0) -> None:
    assert found.keys() == rows[0].keys() - {"step"}
    for name, points in found.items():
        assert [step for step, _ in points] == [row["step"] for row in rows]
        assert [n for _, n in points] == pytest.approx(
            [float(row[name]) for row in rows], rel=rel, abs=0
        )


@pytest.fixture(scope="module")
def written(tmp_path_factory: Any) -> Path:
    """The example, run as a user would, at home in an empty folder, with its back to the network."""
    folder, home = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("home")
    path = [str(Path(__file__).parents[2] / "python"), *sys.path]
    command = [sys.executable, "-c", WATCHED, metrics.__file__, str(folder)]
    environment = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": ":".join(path)}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []
    assert "60 steps" in done.stderr
    (folder / "read.json").write_text(done.stdout.splitlines()[-1])
    return folder


@pytest.mark.parametrize("name", RUNS)
class TestWritten:
    def test_csv(self, name: str, written: Path) -> None:
        with (written / f"{name}.csv").open(newline="") as file:
            rows = [{key: float(n) for key, n in row.items()} for row in csv.DictReader(file)]
        assert rows == told(RUNS[name])

    def test_json_lines(self, name: str, written: Path) -> None:
        lines = (written / f"{name}.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == told(RUNS[name])

    def test_tensorboard(self, name: str, written: Path) -> None:
        assert_curves(curves(written / name), told(RUNS[name]), rel=1e-7)  # float32

    def test_mlflow(self, name: str, written: Path) -> None:
        rows = [row for row in told(RUNS[name]) if row["step"] % 5 == 0]
        assert len(rows) == 12
        assert_curves(json.loads((written / "read.json").read_text())["mlflow"][name], rows)


def test_nothing_asks_for_the_network(written: Path) -> None:
    assert json.loads((written / "read.json").read_text())["addresses"] == []


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_tqdm(run: Any) -> None:
    out = io.StringIO()
    with tqdm(file=out, unit=" steps", total=60, mininterval=0, ncols=120) as bar:
        run(metrics.tqdm_bar(bar))
        last = told(run)[-1]
        assert bar.n == last["step"]
    shown = out.getvalue().split("\r")[-1]
    assert f"{last['step']}/60" in shown
    assert f"grad_norm={tqdm.format_num(last['grad_norm'])}" in shown


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_rich(run: Any) -> None:
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    columns = TextColumn("{task.completed:.0f} of {task.total}: {task.fields[grad_norm]:.2e}")
    with Progress(columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("climb", total=60, grad_norm=math.nan)
        run(metrics.rich_task(progress, task))
    last = told(run)[-1]
    assert f"{last['step']} of 60: {last['grad_norm']:.2e}" in console.export_text()


def test_appending_goes_on_under_the_same_names(tmp_path: Path) -> None:
    for _ in range(2):
        with (tmp_path / "run.csv").open("a", newline="") as file:
            metrics.climb_by_hand(metrics.csv_rows(file), steps=3)
        with (tmp_path / "run.jsonl").open("a") as file:
            metrics.climb_by_hand(metrics.json_lines(file), steps=3)
    with (tmp_path / "run.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["1", "2", "3"] * 2
    lines = (tmp_path / "run.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3] * 2


def test_rows_go_into_a_pipe_and_after_what_is_in_a_file(tmp_path: Path) -> None:
    read, write = os.pipe()
    with os.fdopen(read, newline="") as out, os.fdopen(write, "w", newline="") as file:
        metrics.climb_by_hand(metrics.csv_rows(file), steps=3)
        file.close()
        piped = out.read()
    with (tmp_path / "run.csv").open("w", newline="") as file:
        metrics.climb_by_hand(metrics.csv_rows(file), steps=3)
    assert piped == (tmp_path / "run.csv").read_bytes().decode()
    assert [row["step"] for row in csv.DictReader(io.StringIO(piped))] == ["1", "2", "3"]


def test_what_was_told_is_there_when_a_run_breaks(tmp_path: Path) -> None:
    def broken(x: Any) -> Any:
        if x < 52:
            raise ArithmeticError("no more")
        return 100 - 2 * x

    def run() -> None:
        with (
            (tmp_path / "run.jsonl").open("a") as file,
            SummaryWriter(str(tmp_path / "board")) as writer,
        ):
            to = metrics.all_of(metrics.json_lines(file), metrics.tensorboard(writer, "fence/"))
            maximize(lambda x: 100 * x - x**2, 57.0, broken, optimizer=SGD, lr=0.1, callback=to)

    with pytest.raises(ArithmeticError, match="no more"):
        run()
    steps = [json.loads(line)["step"] for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert steps == [0, 1, 2, 3, 4, 5]  # 57, 55.6, …, 52.3
    assert [step for step, _ in curves(tmp_path / "board")["fence/value"]] == steps


def test_not_finite_is_null_in_json_and_several_rates_are_the_largest(tmp_path: Path) -> None:
    info = StepInfo(3, (0.1, 0.4, 0.2), math.inf, True, False)
    assert metrics.numbers(info) == {
        "step": 3, "grad_norm": math.inf, "lr": 0.4, "clipped": 1, "skipped": 0
    }  # fmt: skip
    out = io.StringIO()
    metrics.json_lines(out)(info)
    assert json.loads(out.getvalue(), parse_constant=pytest.fail)["grad_norm"] is None


def test_none_of_them_stops_a_run() -> None:
    with tqdm(file=io.StringIO(), mininterval=0) as bar:
        found = metrics.climb(metrics.every(1, metrics.tqdm_bar(bar)))
        assert found.status.name == "GTOL"
        bar.reset()
        bare = metrics.climb(lambda state: bar.update())  # gives True whenever it has drawn
    assert bare.status.name == "CALLBACK"
    assert np.abs(found.x - 50) < 1e-6
