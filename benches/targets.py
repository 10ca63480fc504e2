"""What was promised, and whether it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from benches import model
from benches.results import Results
from benches.tables import OURS, markdown, times

# Of a law beside bare C, and of torch's fused Adam beside ours, by size.
FLOOR = {"1 × 10": 2.5, "10 × 100": 1.25, "100 × 100": 1.25}
TORCH = {
    "1 × 10": 250.0,
    "10 × 100": 100.0,
    "100 × 100": 60.0,
    "1 × 10⁴": 8.0,
    "1 × 10⁵": 2.5,
    "1 × 10⁶": 1.2,
    "1 × 10⁷": 1.0,
}
THREE_CALLS = {"1 × 10⁶": 1.5, "1 × 10⁷": 1.3}
NORM, ARRAY, LOUDER = 1.1, 6.0, {"10⁴": 1.15, "10⁶": 1.25, "10⁷": 1.25}

Found = tuple[str, float, str, float]


def drawn(results: Results) -> str:
    """How many targets are met, and those that are not."""
    found = list(_all(results))
    missed = [
        [name, times(number), f"{relation} {target:g}"]
        for name, number, relation, target in found
        if not kept(number, relation, target)
    ]
    met = f"{len(found) - len(missed)} of {len(found)} targets are met."
    return f"{met}\n\n{markdown(['missed', 'found', 'wanted'], missed)}\n"


def kept(found: float, relation: str, target: float) -> bool:
    """Whether a target is met."""
    return found <= target if relation == "≤" else found >= target


def _all(results: Results) -> Iterator[Found]:
    for each in (_floor, _peers, _calls, _options, _layouts, _parts):
        try:
            yield from each(results)
        except KeyError as missing:
            print(f"(no targets of {each.__name__[1:]}: {missing} was not measured)")


def _floor(results: Results) -> Iterator[Found]:
    for law in ("GradientAscent", "Adam"):
        for row in results.rows(law):
            for ours, checked in ((OURS, False), (f'{OURS}, "raise"', True)):
                c = results.floor(law, row, checked)
                found = results.fastest(law, row, ours) / results.fastest(law, row, c)
                yield f"{law}, {row}: {ours} ÷ {c}", found, "≤", FLOOR.get(row, 1.05)


def _peers(results: Results) -> Iterator[Found]:
    for table, threads in (("peers", "1 thread"), ("peers-2", "2 threads")):
        if not results.has(table):
            continue
        for size in results.columns(table):
            ours = results.fastest(table, OURS, size)
            others = {
                row: results.fastest(where, row, size)
                for where in dict.fromkeys((table, "peers"))
                for row in results.rows(where)
                if not row.startswith(OURS)
            }
            torch = "torch, fused"
            if torch in others and size in TORCH:
                target = 1.4 if (table, size) == ("peers-2", "1 × 10⁶") else TORCH[size]
                yield (
                    f"Adam, {threads}, {size}: {torch} ÷ {OURS}",
                    others[torch] / ours,
                    "≥",
                    target,
                )
            best = min(others, key=lambda row: others[row])
            yield f"Adam, {threads}, {size}: {best} ÷ {OURS}", others[best] / ours, "≥", 0.97


def _calls(results: Results) -> Iterator[Found]:
    for row in results.rows("clip"):
        three, one = (results.fastest("clip", row, c) for c in ("three calls in torch", "one call"))
        target = THREE_CALLS.get(row, 20.0 if row != "1 × 10⁵" else 1.5)
        yield f"clip_norm, step and zero_grads, {row}: torch ÷ {OURS}", three / one, "≥", target


def _options(results: Results) -> Iterator[Found]:
    base, *_ = results.rows("options") or [""]
    for row in results.rows("options")[1:]:
        share = results.bytes[row] / results.bytes[base]
        for n in results.columns("options"):
            found = results.fastest("options", row, n) / results.fastest("options", base, n)
            if "raise" in row:
                target = LOUDER[n]
            elif "bias_correction" in row:
                found, target = 1 / found, 1.03 if n == "10⁴" else 1.10
            else:
                target = 1.10 * share if n != "10⁴" else 1.25 * max(1.0, share)
            yield f"options, {n}: {row}", found, "≤", round(target, 3)


def _layouts(results: Results) -> Iterator[Found]:
    base, *_ = results.rows("layouts") or [""]
    for row in results.rows("layouts")[1:]:
        for c in results.columns("layouts"):
            found = results.fastest("layouts", row, c) / results.fastest("layouts", base, c)
            target = 8.0 if row in ("C, F", "F, C") or "clip_norm" in c else 3.0
            yield f"layouts, {c}: {row}", found, "≤", target


def _parts(results: Results) -> Iterator[Found]:
    yield "ns an array beyond the first", model.fit(results).b, "≤", ARRAY
    for row in results.rows("norm"):
        numpy, without, within = (
            results.fastest("norm", row, c)
            for c in ("np.linalg.norm", "step", "step with clip_norm")
        )
        yield f"the norm, {row}: {OURS} ÷ np.linalg.norm", (within - without) / numpy, "≤", NORM
    for row in results.rows("threads"):
        one, two = (results.fastest("threads", row, f"{n}") for n in ("1 thread", "2 threads"))
        yield f"threads, {row}: two ÷ one", two / one, "≤", 1.05
        if row in ("1 × 10⁶", "1 × 10⁷"):
            yield f"threads, {row}: one ÷ two", one / two, "≥", 1.8
    rates = model.bandwidths(results)
    for k, threads in enumerate(("1 thread", "2 threads")):
        most = max(rate[k] for name, rate in rates.items() if name != "a step")
        yield f"share of the memory's GB/s, {threads}", rates["a step"][k] / most, "≥", 0.95
    for row in results.rows("loop"):
        ours, alone, hand, bare = (results.fastest("loop", row, c) for c in results.columns("loop"))
        yield f"the loop, {row}: µs beyond f, grad and step", ours - alone, "≤", 2.0
        yield f"the loop, {row}: {OURS} ÷ NumPy by hand", ours / hand, "≤", 1.0
        yield f"the loop, {row}: {OURS} ÷ NumPy by hand, no record", ours / bare, "≤", 1.0
    zero, live = (results.fastest("zeros", OURS, c) for c in ("zero", "live"))
    yield "zero gradients ÷ live ones", zero / live, "≤", 1.05
    zero, live = (results.fastest("zeros", "bare C, no flush", c) for c in ("zero", "live"))
    yield "the same without the flush: collapses", zero / live, "≥", 1.5
