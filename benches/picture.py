"""One picture of all peers: µs a step against the numbers it updates."""

from __future__ import annotations

from pathlib import Path

from benches.results import Results
from benches.sizes import SIZES

#: Okabe and Ito's colours, which the colour-blind can tell apart, and dashes beside them.
COLOURS = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#999999"]
DASHES = ["-", "--", ":"]
LABELLED_APART = 1.42  # the least ratio of two labels' heights


def draw(results: Results, path: Path) -> None:
    """Draw Adam with one thread, over the sizes of a single array."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    sizes = [size for size, (arrays, _) in SIZES.items() if arrays == 1]
    numbers = [SIZES[size][1] for size in sizes]
    lines = {
        peer: [results.fastest("peers", peer, size) for size in sizes]
        for peer in results.rows("peers")
        if '"raise"' not in peer
    }
    lines["bare C"] = [results.fastest("Adam", size, results.floor("Adam", size)) for size in sizes]
    figure, axes = plt.subplots(figsize=(9, 6.5), layout="constrained")
    # Labels stand at the small end, where the lines are apart, as high as their lines or just above.
    lowest = 0.0
    for i, (peer, y) in enumerate(sorted(lines.items(), key=lambda item: item[1][0])):
        ours = peer == "steepest"
        colour = "#D00000" if ours else COLOURS[i % len(COLOURS)]
        style = DASHES[i // len(COLOURS) if not ours else 0]
        axes.plot(numbers, y, style, color=colour, linewidth=2.8 if ours else 1.5, marker=".")
        lowest = max(y[0], lowest * LABELLED_APART)
        axes.annotate(
            peer,
            (numbers[0], y[0]),
            (0.45 * numbers[0], lowest),
            color=colour,
            ha="right",
            va="center",
            fontweight="bold" if ours else "normal",
            arrowprops={"arrowstyle": "-", "color": colour, "relpos": (1, 0.5), "shrinkA": 1},
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="float32 numbers in one array",
        ylabel="µs a step",
        title="A step of Adam, one thread, nothing checked",
        xlim=(0.3, 1.5 * numbers[-1]),
        xticks=numbers,
    )
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
