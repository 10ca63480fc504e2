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


def run_away(start: float = START) -> Result:
    """The same steps with their sign turned."""
    return maximize(square, start, derivative, optimizer=SGD, lr=0.1, max_norm=1e4)


def gains(n: int = 360) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What steps of one small length in all directions gain on F = −x² − 3 y² from (1, 1), and ∇F · d."""
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    d = np.array([np.cos(angles), np.sin(angles)])
    gradient = np.array([-2.0, -6.0])
    x, y = np.ones((2, 1)) + 1e-4 * d
    return -(x**2) - 3 * y**2 + 4, gradient @ d


def animate(path: str, found: Result) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    found.animate(path=path, fps=5, limits=(-2, 2))


def main() -> None:
    parser = argparse.ArgumentParser(description="Descend a parabola.")
    parser.add_argument("--live", action="store_true", help="show every step as it is made")
    print("dy/dx is", check_gradient(square, derivative, START).message)
    found = descend(live=parser.parse_args().live)
    print(f"From {START}: x = {found.x:.6f} after {found.nit} moves; {found.message}")
    print(f"From {-START}: x = {descend(-START).x:.6f}")
    away = run_away()
    print(f"With the sign turned: {away.message}")
    print(f"So its history says: {away.history.diagnose()[0]}")
    gained, slope = gains()
    print(f"{np.mean(slope > 0):.0%} of all directions go up; the best gains {gained.max():.6f}")
    animate("pictures/02_parabola.gif", found)
    print("Drawn: pictures/02_parabola.gif")


if __name__ == "__main__":
    main()
