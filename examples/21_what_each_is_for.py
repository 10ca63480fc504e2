"""What is each option of a step for? Six of them, on the smallest problem that needs it.

Momentum, clipping, a warm-up, Nesterov's look-ahead, a falling rate and a corrected second moment are each
switched on and off, and nothing else is changed. Without it the run is stuck, thrown away, swinging or
leaping, and with it it is not.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent, check_gradient, maximize, minimize
from steepest.maximization import Result
from steepest.plots import style

Array = NDArray[np.float64]
PLAIN: dict[str, Any] = {"momentum": 0.0, "beta": None}
KEPT: dict[str, Any] = {"gtol": None, "max_norm": 100.0, "keep_iterates": True}
KEPT["optimizer"] = GradientAscent  # minimize turns it round
#: What is climbed or descended, and its slope.
F: dict[str, Any] = {
    "ripples": lambda x: (-0.05 * x**2 + 0.25 * np.cos(4 * x), -0.1 * x - np.sin(4 * x)),
    "cliff": lambda x: (x**4 / 4 + 1 / x, x**3 - 1 / x**2),
    "wall": lambda x: (x**4 / 4 + x**2 / 2, x**3 + x),
    "bowl": lambda x: (x**2 / 2, x),
}


def layer(p: Any) -> tuple[float, Any]:
    error = 2 * p["w"] + p["b"] - 9
    return error**2, {"w": 4 * error, "b": 2 * error}


def momentum(mu: float) -> Result:
    """Climb ripples on a hill: from 4 the first top is at 3.064, a higher one at 1.532."""
    return maximize(F["ripples"], 4.0, True, lr=0.05, momentum=mu, beta=None, max_iter=400, **KEPT)


def clipping(norm: float | None) -> Result:
    """Descend the cliff, whose foot is at 1, from 0.1, where the slope is −100."""
    return minimize(F["cliff"], 0.1, True, lr=0.1, clip_norm=norm, max_iter=60, **PLAIN, **KEPT)


def warm_up(steps: int) -> Result:
    """Descend the wall from 4: rate 0.2 is right at the bottom, and too much up there."""
    return minimize(F["wall"], 4.0, True, lr=0.2, warmup_steps=steps, max_iter=100, **PLAIN, **KEPT)


def nesterov(ahead: bool) -> Result:
    """Roll down x²/2 with momentum 0.9: it swings through the bottom, and looking ahead it brakes."""
    return minimize(F["bowl"], 1.0, True, lr=0.1, beta=None, nesterov=ahead, max_iter=100, **KEPT)


def decay(factor: float | None, corrected: bool = False) -> Array:
    """How far a layer's output w x + b is from 9, for x = 2, step by step.

    In 200 steps no option settles it sooner: it is last off by 0.05 at step 94, with a falling rate at 92,
    with correction at 102. But as gradients shrink, so does their average, by which steps are divided: at
    errors of 1e-14 they grow until, near step 690, they leap away. Only a falling rate ends that.
    """
    found = minimize(
        layer, {"w": 0.1, "b": 0.0}, True, lr=0.1, lr_decay=factor, beta=0.99,
        bias_correction=corrected, max_iter=1000, **KEPT,
    )  # fmt: skip
    return np.array([2 * p["w"] + p["b"] - 9 for p in found.history.x])


def correction(on: bool) -> Array:
    """The lengths, in lr, of the default's steps along a steady slope."""
    found = maximize(
        lambda x: (x, 1.0), 0.0, True, lr=0.01, bias_correction=on, max_iter=100, **KEPT
    )
    return np.diff(found.history.x) / 0.01


def draw(path: str) -> None:
    figure = style.figure(10, 6)
    panels: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("Momentum leaves a shallow top", "x", momentum, {"none": 0.0, "0.9": 0.9}),
        ("Clipping survives a cliff", "x", clipping, {"none": None, "to a norm of 1": 1.0}),
        ("A warm-up survives a wall", "x", warm_up, {"none": 0, "20 steps": 20}),
        ("Looking ahead damps", "x", nesterov, {"momentum": False, "with look-ahead": True}),
        ("A falling rate: no late leap", "error", decay, {"none": None, "0.99 a step": 0.99}),
        ("Correction tames the first steps", "step in lr", correction, {"none": False, "on": True}),
    ]
    for axes, (title, label, run, cases) in zip(figure.subplots(2, 3).flat, panels, strict=True):
        for i, (name, value) in enumerate(cases.items()):
            values = run(value).history.x[:60] if label == "x" else np.abs(run(value))
            axes.plot(values, label=name, **style.line(i) | {"ls": ("--", "-")[i]})
        style.tidy(axes).set(title=title, xlabel="steps", ylabel=label)
        axes.legend(frameon=False, loc="lower left" if run is decay else "upper right")
    for axes in figure.axes[1:3]:
        axes.set_ylim(-12, 12)  # beyond lies what was thrown away
    figure.axes[4].set_yscale("log")
    style.save(figure, path)


def main() -> None:
    for name, f in F.items():
        print(f"{name:11} {check_gradient(f, True, 0.5).message}")
    print(f"layer       {check_gradient(layer, True, {'w': 0.1, 'b': 0.0}).message}")
    print(f"momentum    without it x = {momentum(0.0).x:.3f}, with it {momentum(0.9).x:.3f}")
    print(f"clip_norm   with it x = {clipping(1.0).x:.4f}, without it {clipping(None).message}")
    print(f"warm-up     with it x = {warm_up(20).x:.4f}, without it {warm_up(0).message}")
    for name, on in (("without", False), ("with", True)):
        print(f"nesterov    {name} it swings to {min(nesterov(on).history.x):.3f}")
    for name, error in (("without", decay(None)), ("with", decay(0.99))):
        far, crossed = np.flatnonzero(np.abs(error) > 0.05), np.diff(np.sign(error[:201])) != 0
        print(f"lr_decay    {name} it the top is {9 + error.max():.2f}, {crossed.sum()} crossings")
        print(
            f"            last off by 0.05 at step {far[far < 201][-1]} of 200, {far[-1]} of 1000"
        )
    for name, step in (("without", correction(False)), ("with", correction(True))):
        print(f"correction  {name} it step 1 is {step[0]:.1f} lr, the longest {step.max():.1f} lr")
    draw("pictures/21_what_each_is_for.png")
    print("Drawn: pictures/21_what_each_is_for.png")


if __name__ == "__main__":
    main()
