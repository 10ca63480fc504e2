"""The schedules of torch that ours shall equal: which, with what arguments, at what steps.

A row of ``TORCH`` is a schedule of ours, the same arguments of torch's, and the steps compared. ``torchs``
runs torch's; golden/make_schedules.py records that in golden/schedules.npz for those who have not
installed it. A plateau's row also has the metric it is told after every step.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cases import Array

LR = 0.1  # of torch's optimizer; a schedule of ours is told
GOLDEN = Path(__file__).parent / "golden" / "schedules.npz"

# By our name: torch's name, and rows of arguments (but lr) and last step.
TORCH: dict[str, tuple[str, list[tuple[dict[str, Any], int]]]] = {
    "Constant": (
        "ConstantLR",
        [
            ({"factor": 1 / 3, "total_iters": 5}, 12),
            ({"factor": 0.7, "total_iters": 1}, 4),
            ({"factor": 1.0, "total_iters": 3}, 6),
        ],
    ),
    "Linear": (
        "LinearLR",
        [
            ({}, 12),
            ({"start_factor": 0.01, "total_iters": 1}, 5),
            ({"start_factor": 1.0, "end_factor": 0.0, "total_iters": 10}, 15),
            ({"start_factor": 1.0, "end_factor": 0.05, "total_iters": 1000}, 1200),
            ({"start_factor": 0.25, "end_factor": 0.75, "total_iters": 7}, 20),
            ({"start_factor": 0.5, "end_factor": 0.5, "total_iters": 4}, 8),
        ],
    ),
    "Exponential": (
        "ExponentialLR",
        [({"gamma": 0.99}, 2000), ({"gamma": 0.5}, 60), ({"gamma": 1.0}, 5), ({"gamma": 1.1}, 300)],
    ),
    "Step": (
        "StepLR",
        [
            ({"step_size": 3}, 30),
            ({"step_size": 1, "gamma": 0.9}, 60),
            ({"step_size": 100, "gamma": 0.5}, 1000),
        ],
    ),
    "MultiStep": (
        "MultiStepLR",
        [
            ({"milestones": [3, 8, 9]}, 15),
            ({"milestones": [8, 3, 3, 11], "gamma": 0.5}, 15),
            ({"milestones": [0, 1], "gamma": 0.3}, 5),
            ({"milestones": []}, 3),
        ],
    ),
    "Polynomial": (
        "PolynomialLR",
        [
            ({}, 10),
            ({"total_iters": 10, "power": 2.0}, 15),
            ({"total_iters": 7, "power": 0.5}, 12),
            ({"total_iters": 4, "power": 0.0}, 8),
            ({"total_iters": 1000, "power": 3.7}, 1100),
            ({"total_iters": 1}, 4),
        ],
    ),
    # Beyond 1105 torch's recursion is 3e-11 from its closed form.
    "Cosine": (
        "CosineAnnealingLR",
        [
            ({"T_max": 10}, 75),
            ({"T_max": 7, "eta_min": 0.01}, 50),
            ({"T_max": 1}, 9),
            ({"T_max": 2, "eta_min": 0.03}, 12),
            ({"T_max": 5, "eta_min": 0.4}, 23),
            ({"T_max": 100, "eta_min": 0.001}, 500),
            ({"T_max": 1105}, 5600),
        ],
    ),
    "CosineWarmRestarts": (
        "CosineAnnealingWarmRestarts",
        [
            ({"T_0": 10}, 45),
            ({"T_0": 5, "T_mult": 2, "eta_min": 0.001}, 200),
            ({"T_0": 1, "T_mult": 3}, 130),
            ({"T_0": 1}, 5),
            ({"T_0": 7, "T_mult": 10, "eta_min": 0.2}, 1000),
        ],
    ),
    "Cyclic": (
        "CyclicLR",
        [
            ({"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 5}, 45),
            ({"base_lr": 0.0, "max_lr": 0.1, "step_size_up": 3, "step_size_down": 7}, 45),
            ({"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "mode": "triangular2"}, 60),
            (
                {
                    "base_lr": 0.01,
                    "max_lr": 0.3,
                    "step_size_up": 7,
                    "step_size_down": 2,
                    "mode": "exp_range",
                    "gamma": 0.98,
                },
                120,
            ),
            ({"base_lr": 0.1, "max_lr": 0.02, "step_size_up": 1}, 9),
            ({"base_lr": 0.001, "max_lr": 0.01}, 9000),
        ],
    ),
    # Each to one step beyond its end, where torch still answers.
    "OneCycle": (
        "OneCycleLR",
        [
            ({"max_lr": 0.5, "total_steps": 20}, 21),
            ({"max_lr": 0.5, "total_steps": 20, "anneal_strategy": "linear"}, 21),
            ({"max_lr": 0.5, "total_steps": 30, "three_phase": True}, 31),
            (
                {
                    "max_lr": 0.5,
                    "total_steps": 30,
                    "three_phase": True,
                    "anneal_strategy": "linear",
                    "pct_start": 0.4,
                },
                31,
            ),
            ({"max_lr": 0.5, "total_steps": 9, "three_phase": True, "pct_start": 0.6}, 10),
            ({"max_lr": 0.5, "total_steps": 9, "three_phase": True, "pct_start": 0.05}, 10),
            ({"max_lr": 0.5, "total_steps": 15, "pct_start": 0.0}, 16),
            ({"max_lr": 0.5, "total_steps": 15, "pct_start": 1.0}, 15),
            (
                {
                    "max_lr": 2.0,
                    "total_steps": 1000,
                    "pct_start": 0.25,
                    "div_factor": 5.0,
                    "final_div_factor": 100.0,
                },
                1001,
            ),
            ({"max_lr": 0.5, "total_steps": 1}, 2),
        ],
    ),
}

# Rows of Sequential: (name, arguments) each, and milestones; to step 40.
CHAINS: list[tuple[list[tuple[str, dict[str, Any]]], list[int]]] = [
    ([("Linear", {"total_iters": 5}), ("Cosine", {"T_max": 20})], [5]),
    ([("Constant", {"factor": 0.1, "total_iters": 20}), ("Exponential", {"gamma": 0.9})], [20]),
    ([("Exponential", {"gamma": 0.5}), ("Step", {"step_size": 2}), ("Polynomial", {})], [3, 9]),
    ([("Cosine", {"T_max": 4}), ("CosineWarmRestarts", {"T_0": 3, "T_mult": 2})], [9]),
    ([("CosineWarmRestarts", {"T_0": 3, "T_mult": 2}), ("Constant", {"factor": 0.5})], [11]),
    ([("MultiStep", {"milestones": [2]}), ("MultiStep", {"milestones": [0, 2]})], [5]),
    ([("Polynomial", {"total_iters": 4}), ("Linear", {}), ("Linear", {"end_factor": 0.5})], [6, 7]),
    ([("Exponential", {"gamma": 0.9})], []),
]


def metric(kind: str) -> list[float]:
    """The metric of a plateau's run: a decaying one with noise, or one with numbers that are none."""
    rng = np.random.default_rng(7)
    values = np.exp(-np.arange(60) / 8) + 0.05 * rng.normal(size=60)
    if kind == "rising":
        values = 1 - values
    if kind == "negative":
        values = values - 2
    if kind == "broken":
        values[3:6], values[20], values[30:33] = math.inf, -math.inf, math.nan
    return [float(value) for value in values]


# Rows of Plateau: arguments and metric.
PLATEAUS: list[tuple[dict[str, Any], str]] = [
    ({}, "falling"),
    ({"patience": 2, "factor": 0.5}, "falling"),
    ({"patience": 0, "factor": 0.5, "cooldown": 3}, "falling"),
    ({"patience": 1, "factor": 0.5, "cooldown": 1, "threshold": 0.1}, "falling"),
    (
        {"patience": 1, "factor": 0.5, "threshold": 0.02, "threshold_mode": "abs"},
        "falling",
    ),
    ({"mode": "max", "patience": 2, "factor": 0.3}, "rising"),
    ({"mode": "max", "patience": 2, "threshold": 0.05, "threshold_mode": "abs"}, "rising"),
    ({"mode": "max", "patience": 0, "threshold": 0.05}, "negative"),
    ({"patience": 1, "factor": 0.5, "threshold": 0.05}, "negative"),
    ({"patience": 1, "factor": 0.5}, "rising"),
    ({"patience": 0, "factor": 0.5, "min_lr": 0.004}, "falling"),
    ({"patience": 0, "factor": 0.5, "min_lr": 0.2}, "falling"),
    ({"patience": 0, "factor": 0.5, "eps": 0.01}, "falling"),
    ({"patience": 0, "factor": 0.0}, "falling"),
    ({"patience": 1, "factor": 0.5}, "broken"),
    ({"mode": "max", "patience": 1, "factor": 0.5, "threshold_mode": "abs"}, "broken"),
]


class Row(NamedTuple):
    """A schedule, and until which step it is compared."""

    name: str
    arguments: Any
    last: int

    def __str__(self) -> str:
        return f"{self.name} {json.dumps(self.arguments)}"

    @property
    def steps(self) -> list[int]:
        """All of the first, then every 37th and those about the hundreds."""
        near = {-1, 0, 1, 2, 3}
        every = range(1, self.last + 1)
        return [
            t
            for t in every
            if t <= 130 or t % 37 == 0 or (t + 1) % 100 - 1 in near or t > self.last - 3
        ]


ROWS = [Row(name, arguments, last) for name, (_, rows) in TORCH.items() for arguments, last in rows]
ROWS += [Row("Sequential", chain, 40) for chain in CHAINS]
ROWS += [Row("Plateau", plateau, 60) for plateau in PLATEAUS]


def _has_own_lr(arguments: dict[str, Any]) -> bool:
    return "base_lr" in arguments or "max_lr" in arguments


def schedule(schedules: Any, row: Row) -> Any:
    """The row's schedule, of ours."""
    if row.name == "Sequential":
        members, milestones = row.arguments
        parts = [schedule(schedules, Row(name, arguments, 0)) for name, arguments in members]
        return schedules.Sequential(parts, milestones)
    arguments = row.arguments[0] if row.name == "Plateau" else row.arguments
    own = {} if _has_own_lr(arguments) else {"lr": LR}
    return getattr(schedules, row.name)(**own, **arguments)


def ours(schedules: Any, row: Row) -> Array:
    """The rates of the row's steps; a plateau is told the metric after each."""
    rate = schedule(schedules, row)
    if row.name != "Plateau":
        return np.array([rate(t) for t in row.steps])
    found = []
    for t, value in enumerate(metric(row.arguments[1]), 1):
        found.append(rate(t))
        rate.observe(value)
    return np.array(found)


def torchs(row: Row) -> Array:
    """The rates of torch's scheduler before each of the row's steps, as its optimizer has them."""
    import torch
    from torch.optim import lr_scheduler

    opt = torch.optim.SGD([torch.zeros(1)], lr=LR)
    more: Iterator[float] | None = None

    def make(name: str, arguments: dict[str, Any]) -> Any:
        own = {"cycle_momentum": False} if _has_own_lr(arguments) else {}
        return getattr(lr_scheduler, TORCH[name][0])(opt, **arguments, **own)

    if row.name == "Sequential":
        members, milestones = row.arguments
        scheduler = lr_scheduler.SequentialLR(opt, [make(*m) for m in members], milestones)
    elif row.name == "Plateau":
        scheduler = lr_scheduler.ReduceLROnPlateau(opt, **row.arguments[0])
        more = iter(metric(row.arguments[1]))
    else:
        scheduler = make(row.name, row.arguments)
    found = []
    for t in range(1, row.last + 1):
        found.append(opt.param_groups[0]["lr"])
        opt.step()
        if t < row.last:
            scheduler.step(*([] if more is None else [next(more)]))
    return np.array([found[t - 1] for t in row.steps])


def signatures() -> dict[str, list[Any]]:
    """Every scheduler's arguments and their defaults in order; that of one that has none is None."""
    import inspect

    from torch.optim import lr_scheduler

    def listed(name: str) -> list[Any]:
        parameters = inspect.signature(getattr(lr_scheduler, name)).parameters.values()
        return [[p.name, None if p.default is p.empty else p.default] for p in parameters]

    names = {name: theirs for name, (theirs, _) in TORCH.items()} | {"Plateau": "ReduceLROnPlateau"}
    return {name: listed(theirs) for name, theirs in names.items()}


def record(versions: dict[str, str]) -> Path:
    """Write the golden file: a JSON of the rows, and the rates of all of them in a row."""
    about = {"versions": versions, "signatures": signatures(), "rows": [str(row) for row in ROWS]}
    np.savez_compressed(
        GOLDEN,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        rates=np.concatenate([torchs(row) for row in ROWS]),
    )
    return GOLDEN


class Golden:
    """What the golden file says."""

    def __init__(self) -> None:
        with np.load(GOLDEN, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            rates = file["rates"]
        self.signatures: dict[str, list[Any]] = about["signatures"]
        self.rows: list[str] = about["rows"]
        ends = np.cumsum([len(row.steps) for row in ROWS])
        self.rates = dict(zip(self.rows, np.split(rates, ends[:-1]), strict=True))
