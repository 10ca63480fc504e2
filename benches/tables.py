"""Each table, drawn in Markdown from the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial

from benches import model
from benches.results import Results

OURS = "steepest"


def figures(number: float) -> str:
    """Three significant figures, or all before the point."""
    return f"{number:,.{max(0, 2 - math.floor(math.log10(number)))}f}"


def times(ratio: float) -> str:
    """A ratio: to two decimals while it is small."""
    return f"{ratio:.2f}" if ratio < 10 else figures(ratio)


def markdown(heads: list[str], lines: Iterable[list[str]]) -> str:
    """A table whose first column is left-aligned, all others right-aligned."""
    all_lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in all_lines)


def _time(results: Results, table: str, row: str, column: str) -> str:
    fastest, median = (f(table, row, column) for f in (results.fastest, results.median))
    return f"{figures(fastest)} ({figures(median)})"


def plain(table: str, corner: str, results: Results) -> str:
    """The times as they are."""
    columns = results.columns(table)
    lines = [
        [row, *(_time(results, table, row, c) if c in found else "" for c in columns)]
        for row, found in results.rounds[table].items()
    ]
    return markdown([corner, *columns], lines)


def against_floor(table: str, results: Results) -> str:
    """A law beside bare C, both without and with the look at the gradients."""
    heads = ["arrays × numbers"]
    heads += [OURS, "bare C", "ratio", f'{OURS}, "raise"', "bare C, checked", "ratio"]
    lines = []
    for row in results.rows(table):
        line = [row]
        for ours, checked in ((OURS, False), (f'{OURS}, "raise"', True)):
            c = results.floor(table, row, checked)
            ratio = results.fastest(table, row, ours) / results.fastest(table, row, c)
            line += [_time(results, table, row, ours), _time(results, table, row, c), times(ratio)]
        lines.append(line)
    return markdown(heads, lines)


def against_peers(table: str, results: Results) -> str:
    """Every peer's time, in steepest's."""
    sizes = results.columns(table)
    lines = []
    for row in results.rows(table):
        line = [f"{row}, µs" if row == OURS else row]
        for size in sizes:
            fastest = results.fastest(table, row, size)
            ours = results.fastest(table, OURS, size)
            line.append(figures(fastest) if row == OURS else times(fastest / ours))
        lines.append(line)
    return markdown(["", *sizes], lines)


def options(results: Results) -> str:
    """Every option beside the default, and the ratio of the bytes they move."""
    base, *_ = results.rows("options")
    lengths = results.columns("options")
    heads = ["options", *(head for n in lengths for head in (n, "ratio")), "bytes", "ratio"]
    lines = []
    for row in results.rows("options"):
        line = [row]
        for n in lengths:
            ratio = results.fastest("options", row, n) / results.fastest("options", base, n)
            line += [_time(results, "options", row, n), times(ratio)]
        moved = results.bytes[row]
        lines.append([*line, str(moved), times(moved / results.bytes[base])])
    return markdown(heads, lines)


def ratio(table: str, corner: str, over: str, under: str, results: Results) -> str:
    """The times in two columns, and how often one goes into the other."""
    lines = []
    for row in results.rows(table):
        cells = [_time(results, table, row, column) for column in (under, over)]
        quotient = results.fastest(table, row, over) / results.fastest(table, row, under)
        lines.append([row, *cells, times(quotient)])
    return markdown([corner, under, over, "ratio"], lines)


def layouts(results: Results) -> str:
    """Every layout beside the contiguous one."""
    base, *_ = results.rows("layouts")
    columns = results.columns("layouts")
    heads = ["parameter, gradient", *(head for c in columns for head in (c, "ratio"))]
    lines = []
    for row in results.rows("layouts"):
        line = [row]
        for c in columns:
            quotient = results.fastest("layouts", row, c) / results.fastest("layouts", base, c)
            line += [_time(results, "layouts", row, c), times(quotient)]
        lines.append(line)
    return markdown(heads, lines)


def norm(results: Results) -> str:
    """NumPy's norm beside what `clip_norm` adds to a step."""
    lines = []
    for row in results.rows("norm"):
        numpy, without, within = (
            results.fastest("norm", row, c)
            for c in ("np.linalg.norm", "step", "step with clip_norm")
        )
        added = max(within - without, 1e-3)
        cells = map(figures, (numpy, without, within, added))
        lines.append([row, *cells, times(added / numpy)])
    heads = ["numbers", "np.linalg.norm", "step", "with clip_norm", "difference", "ratio"]
    return markdown(heads, lines)


def loop(results: Results) -> str:
    """An iteration, and how much of it is the loop's own."""
    columns = results.columns("loop")
    lines = []
    for row in results.rows("loop"):
        ours, alone = (results.fastest("loop", row, column) for column in columns[:2])
        times = [_time(results, "loop", row, column) for column in columns]
        lines.append([row, *times[:2], figures(max(ours - alone, 1e-3)), *times[2:]])
    return markdown(["objective, law", *columns[:2], "difference", *columns[2:]], lines)


def memory(results: Results) -> str:
    """GB/s of the machine, and those of a step that finds nothing in the caches."""
    lines = []
    for name, rates in model.bandwidths(results).items():
        lines.append([name, *(f"{rate:.1f}" for rate in rates)])
    return markdown(["10⁷ numbers, GB/s", "1 thread", "2 threads"], lines)


def cost(results: Results) -> str:
    """a + b · arrays + c · numbers."""
    fitted = model.fit(results)
    lines = [
        [row.name, row.level, f"{row.c:.3f}", f"{28 / row.c:.1f}", f"{row.error:+.0%}"]
        for row in fitted.rows
    ]
    return (
        f"a = {fitted.a:.0f} ns, b = {fitted.b:.1f} ns, and c:\n\n"
        + markdown(["arrays × numbers", "found in", "c, ns", "GB/s", "model ÷ measured"], lines)
    )  # fmt: skip


#: The results that a table is made of, and how it is drawn.
TABLES: dict[str, tuple[str, Callable[[Results], str]]] = {
    "floor": ("GradientAscent", partial(against_floor, "GradientAscent")),
    "floor-adam": ("Adam", partial(against_floor, "Adam")),
    "peers": ("peers", partial(against_peers, "peers")),
    "peers-2": ("peers-2", partial(against_peers, "peers-2")),
    "peers-times": ("peers", partial(plain, "peers", "")),
    "peers-2-times": ("peers-2", partial(plain, "peers-2", "")),
    "options": ("options", options),
    "layouts": ("layouts", layouts),
    "forms": ("forms", partial(plain, "forms", "what `step` is given")),
    "norm": ("norm", norm),
    "threads": ("threads", partial(ratio, "threads", "arrays × numbers", "1 thread", "2 threads")),
    "clip": (
        "clip",
        partial(ratio, "clip", "arrays × numbers", "three calls in torch", "one call"),
    ),
    "zeros": ("zeros", partial(ratio, "zeros", "10⁴ numbers, after 1000 steps", "zero", "live")),
    "loop": ("loop", loop),
    "memory": ("memory", memory),
    "cost": ("arrays", cost),
}
