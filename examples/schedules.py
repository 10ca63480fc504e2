"""Draw all schedules side by side: `python examples/schedules.py`."""

import argparse
import copy
import sys
from pathlib import Path
from typing import NamedTuple

from steepest.schedules import (
    Constant,
    Cosine,
    CosineWarmRestarts,
    Cyclic,
    Exponential,
    InverseSqrt,
    Linear,
    MultiStep,
    OneCycle,
    Piecewise,
    Plateau,
    Polynomial,
    Schedule,
    Sequential,
    Step,
    WarmUp,
)

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[plot]"')

STEPS = 100


class Panel(NamedTuple):
    """A schedule, what is said of it, and another one to compare with."""

    schedule: Schedule
    words: str
    other: Schedule | None = None
    other_words: str = ""


PANELS = [
    Panel(Constant(0.6), "lr", Constant(0.9, 0.3, 40), "factor 0.3 for 40 steps"),
    Panel(Linear(1, 1, 0.1, 80), "end_factor 0.1", Linear(1, 0.2, 1, 30), "start_factor 0.2"),
    Panel(Polynomial(1, 80, power=2), "power 2", Polynomial(1, 80, power=0.5), "power 0.5"),
    Panel(Exponential(1, 0.96), "gamma 0.96", Exponential(0.02, 1.04), "gamma 1.04"),
    Panel(Step(1, 20, gamma=0.5), "step_size 20"),
    Panel(MultiStep(1, [30, 70], gamma=0.3), "milestones 30, 70"),
    Panel(Piecewise([0.3, 1, 0.6, 0.1], [15, 40, 75]), "values, milestones"),
    Panel(InverseSqrt(1, 20), "warmup_steps 20", InverseSqrt(1), "or 1"),
    Panel(Cosine(1, 60, eta_min=0.1), "T_max 60, eta_min 0.1"),
    Panel(CosineWarmRestarts(1, 14, T_mult=2), "T_0 14, T_mult 2"),
    Panel(Cyclic(0.1, 1, 15, mode="triangular2"), "triangular2", Cyclic(0.1, 1, 15), "triangular"),
    Panel(Cyclic(0.1, 1, 10, 20, mode="exp_range", gamma=0.98), "exp_range, up in 10, down in 20"),
    Panel(
        OneCycle(1, STEPS), "total_steps 100", OneCycle(1, STEPS, three_phase=True), "three_phase"
    ),
    Panel(WarmUp(Cosine(1, STEPS), 25), "of a cosine, 25 steps", Cosine(1, STEPS), "without"),
    Panel(
        Sequential([Linear(1, 0.1, 1, 15), Constant(1), Cosine(1, 40)], [15, 60]),
        "rise, stay, cosine",
    ),
    Panel(Plateau(1, factor=0.5, patience=8), "while the metric stalls"),
]


def metric(t: int) -> float:
    """A loss that stalls for a while, and then for good."""
    return 1 - min(t, 20) / 40 - min(max(t - 40, 0), 20) / 60


def rates(schedule: Schedule) -> list[float]:
    """The rate of every step; a plateau is told the metric after each."""
    schedule, found = copy.deepcopy(schedule), []
    for t in range(1, STEPS + 1):
        found.append(schedule(t))
        if isinstance(schedule, Plateau):
            schedule.observe(metric(t))
    return found


@rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
def draw(file: Path) -> None:
    figure = Figure(figsize=(9, 7.2), dpi=140, layout="constrained")
    grid = figure.subplots(4, 4, sharex=True, sharey=True)
    steps = range(1, STEPS + 1)
    for axes, panel in zip(grid.flat, PANELS, strict=True):
        # Okabe and Ito's blue and vermilion, one broad and one broken.
        axes.plot(steps, rates(panel.schedule), color="#0072b2", lw=2.2)
        axes.set_title(type(panel.schedule).__name__, loc="left", size=10, weight="bold", pad=17)
        axes.text(0, 1.03, panel.words, color="#0072b2", size=8.5, transform=axes.transAxes)
        if panel.other is not None:
            axes.plot(steps, rates(panel.other), color="#d55e00", lw=1.4, ls="--")
            words = {"color": "#d55e00", "size": 8.5, "ha": "right"}
            axes.text(1, 1.03, panel.other_words, transform=axes.transAxes, **words)
        axes.set(ylim=(0, 1.05), yticks=[0, 0.5, 1], xticks=[1, 50, 100])
        axes.grid(color="0.9", lw=0.7)
    figure.supxlabel("step t", size=10)
    figure.supylabel("learning rate", size=10)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw all schedules side by side.")
    default = Path("pictures/schedules.png")
    parser.add_argument("--picture", type=Path, default=default, help="the file to draw into")
    picture = parser.parse_args().picture
    draw(picture)
    print(f"Drawn: {picture}")


if __name__ == "__main__":
    main()
