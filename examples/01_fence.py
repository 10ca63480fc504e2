"""A fence of 200 m around a rectangle: which sides close the largest area?

With one side l the other is 100 − l, so the area is A(l) = 100 l − l², and its slope A′(l) = 100 − 2 l says
which way is up. From 57 m every step goes a tenth of the slope, and they end at the square of 50 m.
"""

from typing import Any

import numpy as np
from steepest import SGD, maximize
from steepest.maximization import Result
from steepest.plots import style


def area(length: Any) -> Any:
    return 100 * length - length**2


def slope(length: Any) -> Any:
    return 100 - 2 * length


def climb(steps: int = 80) -> Result:
    """The textbook's rule, l ← l + 0.1 A′(l)."""
    return maximize(
        area, 57.0, slope, optimizer=SGD, lr=0.1, max_iter=steps, gtol=None, keep_iterates=True
    )


def draw(path: str, found: Result) -> None:
    lengths, steps = np.linspace(42, 58, 200), np.array(found.history.x)
    figure = style.figure(9, 4)
    hill, derivative = figure.subplots(1, 2)
    found.plot_trajectory(limits=(42, 58), ax=hill)
    hill.set(xlabel="side l in m", ylabel="area A(l) in m²")
    derivative.axhline(0, color="grey", lw=0.8)
    derivative.plot(lengths, slope(lengths), color="0.45")
    derivative.plot(steps, slope(steps), "o", color=style.COLOURS[0], ms=3.5)
    style.tidy(derivative).set(xlabel="side l in m", ylabel="A′(l) in m")
    style.save(figure, path)


def main() -> None:
    print(f"{'l':>4}{'A':>7}{'A′':>5}")
    for length in (57, 54, 52, 51, 50, 49):
        print(f"{length:4}{area(length):7}{slope(length):5}")
    found = climb()
    print(f"After {found.nit} steps: l = {found.x:.7f}, A = {found.fun:.7f}; {found.check()}")
    draw("pictures/01_fence.png", found)
    print("Drawn: pictures/01_fence.png")


if __name__ == "__main__":
    main()
