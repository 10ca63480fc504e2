"""What a wrong gradient is instead: common mistakes, recognized by what undoes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..arrays import Array
from .measured import Measured

#: Factors that are believed of a single number, where any would fit.
_COMMON = (-2.0, -1.0, -0.5, 0.5, 2.0)
#: The slopes of a flat f, as a part of the gradient it is said to have: what noise leaves of them.
_FLAT = 1e-6


@dataclass
class Finding:
    """A gradient's array beside what was measured; ``eps`` is the coarser of its and the point's dtype."""

    measured: Measured
    gradient: Array
    rtol: float
    eps: float
    errors: Array = field(init=False)

    def __post_init__(self) -> None:
        self.errors = self.errors_of(self.gradient)

    def errors_of(self, gradient: Array) -> Array:
        """The relative errors of an array that should be the gradient."""
        picked = self.measured.picked(gradient)
        return self.measured.errors(picked, self.rtol, self.eps)

    @property
    def is_right(self) -> bool:
        """Whether no error is larger than rtol."""
        return not (self.errors > self.rtol).any()


@dataclass(frozen=True)
class Mistake:
    """What explains a gradient's errors: one word, a sentence, and the factor if there is one."""

    word: str
    sentence: str
    factor: float | None = None


def explained(findings: Sequence[Finding]) -> list[tuple[Finding | None, Mistake]]:
    """What explains the errors: of all arrays together (with None) if one mistake does, else of each."""
    wrong = [finding for finding in findings if not finding.is_right]
    if not wrong:
        return []
    together = _explanation(findings)
    if together is not None:
        return [(None, together)]
    return [(finding, _explanation([finding]) or _unexplained(finding)) for finding in wrong]


def _unexplained(finding: Finding) -> Mistake:
    wrong = np.count_nonzero(finding.errors > finding.rtol)
    numbers = "1 number is" if wrong == 1 else f"{wrong} numbers are"
    return Mistake("wrong", f"{numbers} wrong, of {finding.errors.size}")


def _explanation(findings: Sequence[Finding]) -> Mistake | None:
    pairs = [_compared(finding, finding.gradient) for finding in findings]
    given, right = (np.concatenate(sides) for sides in zip(*pairs, strict=True))
    if right.any() and not given.any():
        return Mistake("zero", "grad gives 0, where f does change")
    if given.any() and np.abs(right).max() < _FLAT * np.abs(given).max():
        return Mistake("flat", "f does not change, where grad says it does")
    for word, what, turn in _TURNS:
        turned = [turn(finding.gradient) for finding in findings]
        if any(array is None for array in turned):
            continue
        factor = _factor(findings, [array for array in turned if array is not None])
        if factor is not None:
            return _turned(word, what, factor)
    return None


def _factor(findings: Sequence[Finding], turned: Sequence[Array]) -> float | None:
    """The one factor by which these arrays are the gradient, if there is one."""
    pairs = [_compared(finding, array) for finding, array in zip(findings, turned, strict=True)]
    given, right = (np.concatenate(sides) for sides in zip(*pairs, strict=True))
    if not (np.isfinite(given).all() and right.any()):
        return None
    unit = np.abs(right).max()
    factor = float(
        np.vdot(right / unit, given / unit).real / np.vdot(right / unit, right / unit).real
    )
    nearest = min((1.0, *_COMMON), key=lambda common: abs(factor - common))
    if abs(factor - nearest) <= findings[0].rtol * abs(nearest):
        factor = nearest
    elif np.count_nonzero(right) < 2:
        return None
    if factor == 0:
        return None
    undone = zip(findings, turned, strict=True)
    fits = all((f.errors_of(array / factor) <= f.rtol).all() for f, array in undone)
    return factor if fits else None


def _compared(finding: Finding, gradient: Array) -> tuple[Array, Array]:
    """Numbers of a gradient and what they should be, where that is one number."""
    rows = _comparable(finding)
    return finding.measured.picked(gradient)[rows], finding.measured.middle[rows]


def _comparable(finding: Finding) -> Array:
    measured = finding.measured
    return measured.seen & ~measured.kinks.any(axis=1)


def _turned(word: str, what: str, factor: float) -> Mistake:
    if word == "conjugate":
        by = "" if factor == 1 else f", divided by {factor:.6g},"
        what += f"; np.conj of it{by} is what is wanted"
    if factor == 1:
        return Mistake(word, f"grad gives {what}", factor)
    if factor == -1:
        sentence = f"wrong sign: grad gives −{what}" if not word else f"grad gives −1 times {what}"
        return Mistake(word or "sign", sentence, factor)
    return Mistake(word or "factor", f"grad gives {factor:.6g} times {what}", factor)


def _transposed(gradient: Array) -> Array | None:
    is_square = gradient.ndim == 2 and gradient.shape[0] == gradient.shape[1] > 1
    return gradient.T if is_square else None


def _conjugated(gradient: Array) -> Array | None:
    return gradient.conj() if gradient.dtype.kind == "c" else None


_TURNS: tuple[tuple[str, str, Callable[[Array], Array | None]], ...] = (
    ("", "∇f", lambda gradient: gradient),
    ("transposed", "∇f transposed", _transposed),
    ("conjugate", "the conjugate of ∇f, ∂f/∂Re − i ∂f/∂Im, as JAX and autograd do", _conjugated),
)
