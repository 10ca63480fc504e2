"""A fence of 200 m around a rectangle: which sides close the largest area?

With one side l the other is 100 − l, so the area is A(l) = 100 l − l², and its slope A′(l) = 100 − 2 l says
which way is up. From 57 m every step goes a tenth of the slope, and they end at the square of 50 m.

With --live every step is shown as it is made.
"""

import argparse
import sys
import time
from typing import Any

import numpy as np
from steepest import SGD, check_gradient, maximize
from steepest.maximization import Result, State
from steepest.plots import style

try:
    from matplotlib.animation import FuncAnimation, PillowWriter
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')


def area(length: Any) -> Any:
    return 100 * length - length**2


def slope(length: Any) -> Any:
    return 100 - 2 * length


def tell(state: State) -> None:
    """One line a step, slowly enough to follow."""
    print(f"step {state.iteration:2}: l {state.x:10.6f}, A {state.fun:11.6f}, A′ {state.jac:10.6f}")
    time.sleep(0.1)


def climb(steps: int = 80, live: bool = False) -> Result:
    """The textbook's rule, l ← l + 0.1 A′(l)."""
    return maximize(
        area, 57.0, slope, optimizer=SGD, lr=0.1, max_iter=steps, gtol=None,
        callback=tell if live else None, keep_iterates=True,
    )  # fmt: skip


def draw(name: str, found: Result) -> None:
    """The area, its slope and the steps: the whole way as a PNG, and step by step as a GIF."""
    lengths, steps = np.linspace(42, 58, 200), np.array(found.history.x)
    figure = style.figure(9, 4)
    hill, derivative = map(style.tidy, figure.subplots(1, 2))
    derivative.axhline(0, color="grey", lw=0.8)
    ways = []
    for axes, f, label in ((hill, area, "area A(l) in m²"), (derivative, slope, "A′(l) in m")):
        axes.plot(lengths, f(lengths), color="0.45")
        axes.set(xlabel="side l in m", ylabel=label)
        (way,) = axes.plot([], [], "o-", color=style.COLOURS[0], ms=4)
        (here,) = axes.plot([], [], "*", color=style.COLOURS[1], ms=13)
        ways.append((f(steps), way, here))

    def show(step: int) -> None:
        for heights, way, here in ways:
            way.set_data(steps[: step + 1], heights[: step + 1])
            here.set_data(steps[[step]], heights[[step]])
        hill.set_title(f"step {step}: l = {steps[step]:.2f} m", loc="left")

    show(found.nit)
    style.save(figure, f"{name}.png")
    figure.set_layout_engine("none")  # the axes stay where they are now
    FuncAnimation(figure, show, frames=31).save(f"{name}.gif", PillowWriter(fps=5), dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description="Close the largest area with a fence.")
    parser.add_argument("--live", action="store_true", help="show every step as it is made")
    live = parser.parse_args().live
    print("A′ is", check_gradient(area, slope, 57.0).message)
    print(f"{'l':>4}{'A':>7}{'A′':>5}")
    for length in (57, 54, 52, 51, 50, 49):
        print(f"{length:4}{area(length):7}{slope(length):5}")
    found = climb(live=live)
    print(f"After {found.nit} steps: l = {found.x:.7f}, A = {found.fun:.7f}; {found.check()}")
    draw("pictures/01_fence", found)
    print("Drawn: pictures/01_fence.png")
    print("Drawn: pictures/01_fence.gif")


if __name__ == "__main__":
    main()
