"""What kind of point x is, by the gradient and its differences there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array
from ..differences import as_value, extreme_curvatures, hessian
from .bounds import Bounds, Project
from .iterate import Iterate
from .objective import Objective, projected_length_of

#: More numbers than that have their Hessian probed, not formed.
LARGE = 200
#: Curvatures below that part of the largest count as 0: what differences of gradients, if those are given and
#: in float64 (True), or of rougher ones cannot tell from it.
_NOISE = {True: 1e-6, False: 1e-2}


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """An objective without batches, with the constraints on x."""

    objective: Objective
    maximized: bool
    bounds: Bounds | None
    project: Project | None
    gtol: float

    def value(self, x: Iterate, vector: Array) -> float:
        """f at a vector in x's form."""
        return as_value(self.objective.f_at(x.unflat(vector)))

    def gradient(self, x: Iterate, vector: Array) -> Array:
        """f's gradient at a vector in x's form, as a vector."""
        return x.flat(self.objective.evaluate(x.unflat(vector), None)[1])


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What kind of point a result is.

    Attributes
    ----------
    kind : str
        "maximum" or "minimum": curved to one side in all directions; "saddle": to both; "shoulder": flat in
        some direction, in which f rises to one side and falls to the other; "flat": flat in some direction,
        in which it does neither; "not stationary": the gradient is not small; "constrained": it is, but for
        what a projection holds, and curvatures were not looked at; "unmeasured": the gradient is not finite
        beside x.
    ok : bool
        Whether it is what was looked for.
    grad_norm : float
        The gradient's norm at x.
    curvatures : ndarray
        The Hessian's eigenvalues, from the lowest; the extreme ones alone for n > 200.
    message : str
        All of it in words, which is what the check is as a string.
    """

    kind: str
    ok: bool
    grad_norm: float
    curvatures: Array
    message: str

    def __str__(self) -> str:
        return self.message


def check(problem: Problem, at: Any) -> Check:
    """What kind of point this is."""
    x = Iterate(at)
    vector = _vector(x, at)
    gradient = problem.gradient(x, vector)
    wanted = "maximum" if problem.maximized else "minimum"
    if problem.project is not None:
        sign = 1 if problem.maximized else -1
        norm = projected_length_of(x, problem.project, sign)(x.unflat(gradient))
        small = norm <= max(100 * problem.gtol, 1e-5 * max(1.0, _norm(vector)))
        kind = "constrained" if small else "not stationary"
        return Check(kind, small, norm, np.empty(0), f"{kind}: projected gradient norm {norm:.3g}")
    free = _free(problem, x, vector, gradient)
    held = f"; {(~free).sum()} numbers are held by their bounds" if not free.all() else ""
    if not free.any():
        return Check(wanted, True, 0.0, np.empty(0), f"{wanted}{held}")
    norm = _norm(gradient[free])
    values, directions = _spectrum(problem, x, vector, free)
    largest = float(np.abs(values).max())
    noise = _NOISE[problem.objective.grad is not None and vector.dtype == np.float64] * largest
    if not np.isfinite(values).all():
        message = "unmeasured: the gradient is not finite beside x"
        return Check("unmeasured", False, norm, values, message)
    up, down = values > noise, values < -noise
    flat = ~(up | down)
    if norm > max(100 * problem.gtol, 1e-5 * largest * max(1.0, _norm(vector))):
        kind = "not stationary"
    elif up.any() and down.any():
        kind = "saddle"
    elif flat.any():
        kind = (
            _along(problem, x, vector, directions[:, flat], wanted) if directions.size else "flat"
        )
    else:
        kind = "minimum" if up.any() else "maximum"
    kinds = f"{up.sum()} curve up, {down.sum()} down, {flat.sum()} neither"
    extreme = "extreme " if x.size > LARGE else ""
    message = (
        f"{kind}: gradient norm {norm:.3g}; of {len(values)} {extreme}curvatures {kinds}{held}"
    )
    return Check(kind, kind == wanted, norm, values, message)


def covariance(problem: Problem, at: Any) -> Array:
    """The inverse of the observed information."""
    x = Iterate(at)
    vector = _vector(x, at)
    gradient = problem.gradient(x, vector)
    if not _free(problem, x, vector, gradient).all():
        raise ValueError("covariance: numbers of x are held by their bounds")
    found = check(problem, at)
    if found.kind in ("not stationary", "constrained"):
        raise ValueError(f"covariance: x is no optimum: {found.message}")
    information = hessian(lambda vector: problem.gradient(x, vector), vector)
    if problem.maximized:
        information = -information
    if not np.isfinite(information).all():
        raise ValueError("covariance: the gradient is not finite beside x")
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        raise ValueError(
            "covariance: the observed information is not positive definite, "
            "so x is no strict optimum; see check()"
        ) from None
    inverse: Array = np.linalg.inv(information)
    return (inverse + inverse.T) / 2


def _vector(x: Iterate, at: Any) -> Array:
    """x as one vector, of float32 if any of it is, as then differences need larger steps."""
    single = any(array.dtype == np.float32 for array in x.arrays)
    return x.flat(at).astype(np.float32 if single else np.float64)


def _free(problem: Problem, x: Iterate, vector: Array, gradient: Array) -> Array:
    """Which numbers are not held by a bound that the gradient points beyond."""
    if problem.bounds is None:
        return np.ones(vector.size, bool)
    low, high = (
        np.concatenate([side.reshape(-1) for side in sides])
        for sides in (problem.bounds.low, problem.bounds.high)
    )
    uphill = gradient if problem.maximized else -gradient
    free: Array = ~(((vector <= low) & (uphill < 0)) | ((vector >= high) & (uphill > 0)))
    return free


def _spectrum(problem: Problem, x: Iterate, vector: Array, free: Array) -> tuple[Array, Array]:
    """The Hessian's eigenvalues and eigenvectors in the free numbers; of a large one the extreme values."""

    def gradient(numbers: Array) -> Array:
        moved = vector.copy()
        moved[free] = numbers
        return problem.gradient(x, moved)[free]

    if x.size > LARGE:
        return np.array(extreme_curvatures(gradient, vector[free])), np.empty((0, 0))
    curved = hessian(gradient, vector[free])
    if not np.isfinite(curved).all():
        return np.full(len(curved), np.nan), np.empty((0, 0))
    values, vectors = np.linalg.eigh(curved)
    directions = np.zeros((vector.size, len(values)))
    directions[free] = vectors
    return values, directions


def _along(problem: Problem, x: Iterate, vector: Array, directions: Array, wanted: str) -> str:
    """Where curvature says nothing, the values a little to either side do."""
    sign = 1 if problem.maximized else -1
    here = sign * problem.value(x, vector)
    noise = 1e-13 * max(1.0, abs(here))
    h = 1e-2 * max(1.0, _norm(vector))
    kinds = set()
    for direction in directions.T:
        rises = [sign * problem.value(x, vector + s * h * direction) - here for s in (1, -1)]
        better, worse = (sum(s * rise > noise for rise in rises) for s in (1, -1))
        if better and worse:
            kinds.add("shoulder")
        elif better:
            kinds.add("saddle")
        else:
            kinds.add(wanted if worse == 2 else "flat")
    return next(kind for kind in ("shoulder", "saddle", "flat", wanted) if kind in kinds)


def _norm(vector: Array) -> float:
    return math.sqrt(float(vector @ vector))
