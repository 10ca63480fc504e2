"""Watch every optimizer walk down Rosenbrock's valley, and off a saddle: `python examples/family.py`.

Each keeps its rate, and has arrived when it is within 0.01 of the minimum. The rates were found by trying,
and do not compare: a rate is a factor on the gradient, whose length is 233 where the walk down the valley
begins and 3 where the other does, or nearly a length itself, if the law divides the gradient by its size.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import steepest
from numpy.typing import NDArray

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[plot]"')

Array = NDArray[np.float64]


class Landscape(NamedTuple):
    title: str
    height: Callable[[Any, Any], Any]
    gradient: Callable[[float, float], list[float]]
    start: tuple[float, float]
    minimum: tuple[float, float]


VALLEY = Landscape(
    "Rosenbrock's valley\n$(1 - x)^2 + 100 (y - x^2)^2$",
    lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    lambda x, y: [2 * (x - 1) - 400 * x * (y - x**2), 200 * (y - x**2)],
    start=(-1.2, 1.0),
    minimum=(1.0, 1.0),
)
SADDLE = Landscape(
    "A saddle at (0, 0)\n$x^2 - y^2 + y^4 / 4$",
    lambda x, y: x**2 - y**2 + y**4 / 4,
    lambda x, y: [2 * x, y**3 - 2 * y],
    start=(-1.5, 0.001),
    minimum=(0.0, 2**0.5),
)
# By kin: the optimizer and its rates in the valley and on the saddle.
FAMILY: dict[str, dict[str, tuple[Any, float, float]]] = {
    "The gradient and its momentum": {
        "SGD": (steepest.SGD, 0.001, 0.1),
        "SGD, momentum 0.9": (partial(steepest.SGD, momentum=0.9), 0.001, 0.02),
        "ASGD": (steepest.ASGD, 0.001, 0.1),
        "GradientDescent": (steepest.GradientDescent, 0.05, 0.02),
        "GradientAscent on −f": (steepest.GradientAscent, 0.05, 0.02),
    },
    "Adam, refined": {
        "Adam": (steepest.Adam, 0.3, 0.1),
        "AdamW, no decay": (partial(steepest.AdamW, weight_decay=0.0), 0.3, 0.1),
        "NAdam": (steepest.NAdam, 0.01, 0.1),
        "RAdam": (steepest.RAdam, 0.005, 0.1),
    },
    "Adam, scaled otherwise": {
        "Adamax": (steepest.Adamax, 0.3, 0.1),
        "AdaBelief": (steepest.AdaBelief, 0.3, 0.05),
        "Yogi": (steepest.Yogi, 0.3, 0.1),
        "Lion": (steepest.Lion, 0.01, 0.02),
    },
    "A rate for every element": {
        "RMSprop": (steepest.RMSprop, 0.003, 0.02),
        "Adagrad": (steepest.Adagrad, 0.5, 0.3),
        "Adadelta": (steepest.Adadelta, 0.05, 1.0),
        "Rprop": (steepest.Rprop, 0.03, 0.02),
    },
}
# Okabe and Ito's colours, from a broad line to a dotted one, so that none hides another.
COLOURS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#000000"]
WIDTHS, DASHES = [4, 2.8, 1.8, 1.5, 1.5], ["-", "-", "-", "-", (0, (1, 2.5))]


def walk(make: Any, rate: float, land: Landscape, most: int = 20_000) -> Array:
    """The points from the start to where it has arrived, a row (x, y) each."""
    point = np.array(land.start)
    optimizer = make(point, lr=rate)
    sign = -1 if make is steepest.GradientAscent else 1
    path = [point.copy()]
    while np.hypot(*(point - land.minimum)) > 0.01 and len(path) <= most:
        optimizer.step(sign * np.array(land.gradient(*point)))
        path.append(point.copy())
    return np.array(path)


@rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
def draw(file: Path, paths: dict[str, list[Array]]) -> None:
    figure = Figure(figsize=(9, 8.2), dpi=140, layout="constrained")
    rows = figure.subplots(len(FAMILY), 3, width_ratios=[1.15, 1, 1], sharex="col", sharey="col")
    x, y = np.meshgrid(np.linspace(-1.7, 1.4, 150), np.linspace(-0.45, 1.85, 150))
    for (legend, *maps), (kin, members) in zip(rows, FAMILY.items(), strict=True):
        for axes, land in zip(maps, (VALLEY, SADDLE), strict=True):
            height = np.cbrt(land.height(x, y) - land.height(*land.minimum))
            axes.contourf(x, y, height, 8, cmap="Greys", vmax=3 * height.max())
            axes.contour(x, y, height, 8, colors="white", linewidths=0.8)
            axes.plot(*land.start, "ko", mfc="white", zorder=9)
            axes.plot(*land.minimum, "k*", mfc="white", ms=12, zorder=9)
            axes.set(ylabel="y", yticks=[0, 1])
        legend.set(xlim=(0, 1), ylim=(5.6, -0.4))
        legend.axis("off")
        legend.text(0, 0, kin, weight="bold", va="center")
        for line, name in enumerate(members):
            style: dict[str, Any] = {"color": COLOURS[line], "lw": WIDTHS[line], "ls": DASHES[line]}
            legend.plot([0, 0.1], [line + 1, line + 1], **style)
            legend.text(0.14, line + 1, name, va="center")
            for axes, path, right in zip(maps, paths[name], (0.84, 1), strict=True):
                axes.plot(*path.T, **style)
                legend.text(right, line + 1, f"{len(path) - 1:,}", va="center", ha="right")
    rows[0, 0].set_title("steps: valley, saddle", loc="right", size=10)
    for land, top, bottom in zip((VALLEY, SADDLE), rows[0, 1:], rows[-1, 1:], strict=True):
        top.set_title(land.title, loc="left", size=10)
        bottom.set(xlabel="x", xticks=[-1, 0, 1])
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw how every optimizer walks.")
    default = Path("pictures/family.png")
    parser.add_argument("--picture", type=Path, default=default, help="the file to draw into")
    picture = parser.parse_args().picture

    paths: dict[str, list[Array]] = {}
    print(f"{'':22}{'valley: rate':>12}{'steps':>8}{'saddle: rate':>15}{'steps':>7}")
    for kin in FAMILY.values():
        for name, (make, valley, saddle) in kin.items():
            paths[name] = [walk(make, valley, VALLEY), walk(make, saddle, SADDLE)]
            down, off = (len(path) - 1 for path in paths[name])
            print(f"{name:22}{valley:12g}{down:8,}{saddle:15g}{off:7,}")
    draw(picture, paths)
    print(f"Drawn: {picture}")


if __name__ == "__main__":
    main()
