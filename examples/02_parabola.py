"""The sign of a step, on y = x²: down with it, away against it; --live shows every step.

x ← x − 0.1 · 2 x goes down from either side, and ends when the derivative changes by no more than 0.01. With
the sign turned it runs away, and says so.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize, minimize
from steepest.maximization import Result, State
from steepest.plots import style

GRADIENT = np.array([-2.0, -6.0])  # of F = −x² − 3 y² at (1, 1)
START = 1.76778623  # drawn from a normal distribution with standard deviation 2, seed 20


def square(x: float) -> float:
    return x**2


def derivative(x: float) -> float:
    return 2 * x


def descend(start: float = START, live: bool = False) -> Result:
    """Until the derivative changes by no more than 0.01."""
    last = np.inf

    def settled(state: State) -> bool:
        nonlocal last
        if live:
            print(f"step {state.iteration:2}: x {state.x:9.6f}, dy/dx {state.jac:9.6f}")
            time.sleep(0.1)
        change, last = abs(state.jac - last), state.jac
        return bool(change <= 1e-2)

    return minimize(
        square, start, derivative, optimizer=SGD, lr=0.1, gtol=None, callback=settled,
        keep_iterates=True,
    )  # fmt: skip


def climb(start: float = START, steps: int = 21) -> Result:
    """Up −x², by x ← x + 0.1 · (−2 x): −lr · g is lr · (−g), so these are the descent's steps."""
    return maximize(
        lambda x: -square(x), start, lambda x: -derivative(x), optimizer=SGD, lr=0.1, gtol=None,
        max_iter=steps, keep_iterates=True,
    )  # fmt: skip


def run_away(start: float = START) -> Result:
    """The same steps with their sign turned."""
    return maximize(square, start, derivative, optimizer=SGD, lr=0.1, max_norm=1e4)


def gains(n: int = 360) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What short steps d of one length gain on F = −x² − 3 y² from (1, 1), by their angle, and ∇F · d."""
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    d = np.array([np.cos(angles), np.sin(angles)])
    x, y = np.ones((2, 1)) + 1e-4 * d
    return -(x**2) - 3 * y**2 + 4, GRADIENT @ d


def animate(path: str, found: Result) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    axes = style.figure(8, 4).subplots()
    animation = found.animate(limits=(-2, 2), ax=axes)
    axes.set(xlabel="x", ylabel="y = x²")
    animation.save(path, "pillow", fps=5, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description="Descend a parabola.")
    parser.add_argument("--live", action="store_true", help="show every step as it is made")
    print("dy/dx is", check_gradient(square, derivative, START).message)
    found = descend(live=parser.parse_args().live)
    print(f"From {START}: x = {found.x:.6f} after {found.nit} moves; {found.message}")
    print(f"From {-START}: x = {descend(-START).x:.6f}")
    print(f"Up −y by as many steps: x = {climb().x:.6f}")
    away = run_away()
    print(f"With the sign turned: {away.message}")
    print(f"So its history says: {away.history.diagnose()[0]}")
    gained, slope = gains()
    uphill = np.degrees(np.arctan2(GRADIENT[1], GRADIENT[0])) % 360
    print(f"Of 360 directions that of {gained.argmax()}° gains most; ∇F points to {uphill:.1f}°")
    clear = np.abs(slope) > 0.01  # not along the level
    print("∇F · d < 0 just where F falls:", np.array_equal(slope[clear] < 0, gained[clear] < 0))
    animate("pictures/02_parabola.gif", found)
    print("Drawn: pictures/02_parabola.gif")


if __name__ == "__main__":
    main()
