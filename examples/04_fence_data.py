"""A hundred fences: which parabola a x² + b x has the least mean absolute error?

The data are y = 100 x − x², and the guess begins far off, at a = −2 and b = 30, and descends its mean
absolute error. It swings from side to side less and less as the rate falls, and closes in on a = −1 and
b = 100.

How near it comes is luck: the last steps still cross a kink. From this very start a ends 2e-7 off; from
starts a billionth beside it, often more than 1e-4.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from steepest import GradientDescent, check_gradient, minimize
from steepest.maximization import Result
from steepest.plots import style

try:
    from matplotlib.animation import FuncAnimation, PillowWriter
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Array = NDArray[np.float64]
SIDES = np.arange(100.0)  # x in m
AREAS = 100 * SIDES - SIDES**2  # y in m²
START, TRUTH = np.array([-2.0, 30.0]), np.array([-1.0, 100.0])


def errors(ab: Array) -> Array:
    wrong: Array = ab[0] * SIDES**2 + ab[1] * SIDES - AREAS
    return wrong


def mean_absolute_error(ab: Array) -> float:
    return float(np.abs(errors(ab)).mean())


def gradient(ab: Array) -> Array:
    """mean(sign(F − y) x²) and mean(sign(F − y) x); NumPy's sign of 0 is 0, a subgradient there."""
    sign = np.sign(errors(ab))
    return np.array([(sign * SIDES**2).mean(), (sign * SIDES).mean()])


def descend(start: Array = START, steps: int = 20_000) -> Result:
    """β divides each gradient by its own size, so that 3283 for a and 50 for b are steps of one length."""
    return minimize(
        mean_absolute_error, start, gradient,
        optimizer=GradientDescent, lr=0.05, lr_decay=0.9997, momentum=0.9, beta=0.999,
        bias_correction=False, gtol=None, max_iter=steps, keep_iterates=True,
    )  # fmt: skip


def cancelling() -> Array:
    """A wrong guess whose errors cancel: with a = −2 there is a b that makes their plain mean 0."""
    a = -2.0
    return np.array([a, (AREAS - a * SIDES**2).sum() / SIDES.sum()])


def draw(name: str, found: Result) -> None:
    """The data and some guesses as a PNG, and the guess closing in as a GIF."""
    guesses, mae = np.array(found.history.x), found.history.value
    figure = style.figure(8, 4.4)
    axes = style.tidy(figure.subplots())
    axes.plot(SIDES[::3], AREAS[::3], "o", color="0.55", mfc="none", ms=6, label="data")
    axes.set(xlabel="side x in m", ylabel="area y in m²", xlim=(-2, 102), ylim=(-7000, 5500))
    between = []
    for i, step in enumerate((0, 10, 20, 50, 100)):
        look = {"color": style.COLOURS[i], "ls": style.DASHES[i % 3], "label": f"step {step}"}
        between += axes.plot(SIDES, AREAS + errors(guesses[step]), **look)
    (last,) = axes.plot(SIDES, AREAS, color="black", lw=2, label="last step")

    def show(step: int) -> None:
        last.set_ydata(AREAS + errors(guesses[step]))
        axes.set_title(f"step {step}: mean absolute error {mae[step]:.4g} m²", loc="left")

    show(found.nit)
    axes.legend(frameon=False, loc="lower left", ncols=2)
    style.save(figure, f"{name}.png")
    figure.set_layout_engine("none")  # the axes stay where they are now
    for guess in between:
        guess.remove()
    last.set_label("guess")
    axes.legend(frameon=False, loc="lower left")
    steps = np.unique(np.geomspace(1, found.nit + 1, 60).astype(int) - 1).tolist()
    FuncAnimation(figure, show, frames=steps).save(f"{name}.gif", PillowWriter(fps=6), dpi=90)


def main() -> None:
    print("Gradient at the start:", gradient(START))
    print(check_gradient(mean_absolute_error, gradient, START))
    for ab in (START, np.array([-0.5, 33.0]), cancelling()):
        mean, mae = errors(ab).mean(), mean_absolute_error(ab)
        print(f"a {ab[0]:4}, b {ab[1]:7.3f}: mean error {mean:8.2f}, mean absolute error {mae:.2f}")
    two = np.array([1000.0, -1000.0])
    print(f"Errors of ±1000: mean {two.mean():.0f}, mean absolute {np.abs(two).mean():.0f}")
    found = descend()
    off = np.abs(found.x - TRUTH)
    print(f"After {found.nit} steps a is off by {off[0]:.0e}, b by {off[1]:.0e}")
    draw("pictures/04_fence_data", found)
    print("Drawn: pictures/04_fence_data.png")
    print("Drawn: pictures/04_fence_data.gif")


if __name__ == "__main__":
    main()
