"""What a check of a gradient found, in fields and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .mistakes import Finding, Mistake, explained

#: Where one is, and the slopes on either side.
_Kink = tuple[str, tuple[int, ...], float, float]


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What :func:`check_gradient` found; true in a condition if the gradient is right.

    Attributes
    ----------
    ok : bool
        Whether every number that could be measured is right, and at least one could.
    max_error : float
        The largest relative error.
    path : str
        Where it is: the array's name, as ``layers.0.W``; ``x`` if there is only one.
    index : tuple of int
        And its index in that array.
    analytic, numeric : float or complex
        There, what ``grad`` gave and what the differences gave; at a kink half-way between the slopes.
    uncertainty : float
        How far the differences may be off there.
    rtol : float
        The largest relative error that is right.
    verdict : str
        ``"right"``; ``"sign"``, ``"factor"``, ``"conjugate"``, ``"transposed"``, ``"zero"`` or ``"flat"``
        if that explains all errors; ``"wrong"``; or ``"unmeasured"`` if nothing could be measured.
    factor : float or None
        How many times the gradient ``grad`` is, if one factor explains the errors.
    message : str
        All of it in words.
    kinks : tuple of (str, tuple of int, float, float)
        Where f has a kink so near that there is no one derivative: path, index, slopes below and above.
        Any value between them is right.
    checked, total : int
        How many numbers were measured, and how many there are.
    """

    ok: bool
    max_error: float
    path: str
    index: tuple[int, ...]
    analytic: complex
    numeric: complex
    uncertainty: float
    rtol: float
    verdict: str
    factor: float | None
    message: str
    kinks: tuple[_Kink, ...]
    checked: int
    total: int

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<GradientReport: {self.message}>"


def report_on(findings: list[Finding], rtol: float, total: int) -> GradientReport:
    """The report on a gradient of so many numbers in all, from what was found of some."""
    seen = sum(int(np.count_nonzero(finding.measured.seen)) for finding in findings)
    kinks = tuple(kink for finding in findings for kink in _kinks(finding))
    mistakes = explained(findings)
    words = {mistake.word for _, mistake in mistakes} or {"right"}
    factors = {mistake.factor for _, mistake in mistakes}
    said = [_said(finding, mistake) for finding, mistake in mistakes] or ["right"]
    path, index, error, analytic, numeric, uncertainty = _worst(findings)
    if seen:
        said.append(
            f"the largest relative error is {error:.2g}, at {_spelt(path, index)}: "
            f"grad {analytic:.6g}, differences {numeric:.6g} ± {uncertainty:.1g}"
        )
    else:
        said, words = ["nothing could be measured"], {"unmeasured"}
    said += _remarks(findings, kinks, seen, total)
    return GradientReport(
        ok=words == {"right"},
        max_error=error,
        path=path,
        index=index,
        analytic=analytic,
        numeric=numeric,
        uncertainty=uncertainty,
        rtol=rtol,
        verdict=words.pop() if len(words) == 1 else "wrong",
        factor=factors.pop() if len(factors) == 1 else None,
        message="; ".join(said),
        kinks=kinks,
        checked=seen,
        total=total,
    )


def _remarks(
    findings: list[Finding], kinks: tuple[_Kink, ...], seen: int, total: int
) -> Iterator[str]:
    checked = sum(finding.errors.size for finding in findings)
    if kinks:
        path, index, low, high = kinks[0]
        yield (
            f"f has a kink near x, or bends as sharply, in {_numbers(len(kinks))}, "
            f"the first {_spelt(path, index)}, where its slopes are {low:.6g} and {high:.6g}"
        )
    elif seen and not any(_is_clear(finding) for finding in findings):
        yield "differences resolve little here: try an x where f is steeper, or less noisy"
    if seen < checked:
        yield f"f is not finite near x in {_numbers(checked - seen)}, not measured"
    if checked < total:
        yield f"only {checked} of {total} numbers were looked at"


def _is_clear(finding: Finding) -> bool:
    """Whether differences see some number better than to a tenth."""
    measured = finding.measured
    sharp = measured.uncertainty < 0.1 * np.abs(measured.middle)
    return bool((sharp & measured.seen).any())


def _worst(findings: list[Finding]) -> tuple[str, tuple[int, ...], float, Any, Any, float]:
    """Path, index, error, both sides and uncertainty of the largest error that was measured."""
    nan = float("nan")
    worst: tuple[str, tuple[int, ...], float, Any, Any, float] = "", (), nan, nan, nan, nan
    for finding in findings:
        measured = finding.measured
        errors = np.where(measured.seen, finding.errors, -1.0)
        row = int(errors.argmax()) if errors.size else 0
        if errors.size and errors[row] > (worst[2] if worst[0] else -1.0):
            sides = measured.picked(finding.gradient)[row].item(), measured.middle[row].item()
            place = measured.leaf.name, _index(finding, row), float(errors[row])
            worst = (*place, *sides, float(measured.uncertainty[row]))
    return worst


def _kinks(finding: Finding) -> Iterator[_Kink]:
    measured = finding.measured
    for row, part in np.argwhere(measured.kinks).tolist():
        slopes = float(measured.low[row, part]), float(measured.high[row, part])
        yield measured.leaf.name, _index(finding, row), *slopes


def _index(finding: Finding, row: int) -> tuple[int, ...]:
    measured = finding.measured
    return tuple(int(i) for i in np.unravel_index(measured.chosen[row], measured.leaf.shape))


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _spelt(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _said(finding: Finding | None, mistake: Mistake) -> str:
    return (
        mistake.sentence if finding is None else f"{finding.measured.leaf.name}: {mistake.sentence}"
    )
