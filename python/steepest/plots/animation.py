"""The way of a run, step by step."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import options
from ..arrays import described
from .trajectory import draw

_FRAMES = options.count("an integer of at least 1", 1)
_RATE = options.count("an integer of at least 1", 1)


def animate(
    results: Any,
    f: Callable[[Any], Any] | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    frames: int = 100,
    fps: int = 10,
    kind: str | None = None,
    plane: Any = None,
    at: Any = None,
    limits: Any = None,
    points: int | None = None,
    ax: Any = None,
) -> Any:
    """Draw the points of a run over its objective, one step after the other.

    Parameters
    ----------
    results, f, kind, plane, at, limits, points, ax
        As for :func:`plot_trajectory`. Several runs go side by side, a step of each at a time.
    path : path or None, default None
        A GIF to write, by matplotlib's PillowWriter, with 80 dots an inch. None: nothing is written.
    frames : int, default 100
        The most pictures. Of a run with more points as many are shown, evenly, the first and the last among
        them.
    fps : int, default 10
        Pictures a second.

    Returns
    -------
    FuncAnimation
        Keep it as long as it is to be seen. `docs/plots.md` says how to show it in a window.

    Raises
    ------
    TypeError, ValueError, ImportError
        As :func:`plot_trajectory`.

    Examples
    --------
    >>> from steepest import SGD, minimize, plots
    >>> found = minimize(
    ...     lambda x: x**2, 1.8, lambda x: 2 * x, optimizer=SGD, lr=0.1, keep_iterates=True
    ... )
    >>> animation = plots.animate(found, path="way.gif", frames=5)
    """
    frames = _FRAMES("frames", frames)
    fps = _RATE("fps", fps)
    if not (path is None or isinstance(path, (str, os.PathLike))):
        raise TypeError(f"path: got {described(path)}, expected a path or None")
    axes, ways = draw(results, f, kind, plane, at, limits, points, ax)
    from matplotlib.animation import FuncAnimation, PillowWriter

    most = max(map(len, ways)) - 1
    steps = np.unique(np.linspace(0, most, min(frames, most + 1)).round().astype(int)).tolist()
    width = len(str(most))

    def show(step: int) -> list[Any]:
        axes.set_title(f"step {step:{width}}", loc="left", size=10)
        return [artist for way in ways for artist in way.show(step)]

    show(0)
    if ax is None:  # the axes stay where they are now
        axes.figure.draw_without_rendering()
        axes.figure.set_layout_engine("none")
    animation = FuncAnimation(axes.figure, show, frames=steps, interval=1000 / fps)
    if path is not None:
        animation.save(os.fspath(path), PillowWriter(fps=fps), dpi=80)
    return animation
