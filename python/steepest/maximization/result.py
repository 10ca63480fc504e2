"""What a run has found, and how far it can be trusted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrays import Array
from . import curvature
from .curvature import Check, Problem
from .history import History
from .iterate import Iterate
from .stops import Status


@dataclass(repr=False, eq=False)
class Result:
    """What :func:`maximize` and :func:`minimize` return, under SciPy's names.

    Attributes
    ----------
    x : in x0's form
        Where the run ended; if it was cut short (it diverged, was interrupted, or something raised), the best
        finite point on the way; with ``average`` the average of the iterates.
    fun : float
        f(x); over batches the mean of the last epoch, or of all steps if they are fewer.
    jac : in x0's form, or None
        The gradient at x, of the last batch if there are any; None where the run was cut short.
    nit, nfev, njev : int
        Steps, and calls of f and of grad (with ``grad=True`` both count alike).
    success : bool
        Whether it ended as was asked for: status 0 to 5.
    status : Status
        Why it ended, an integer: 0 GTOL, 1 FTOL, 2 XTOL, 3 TARGET, 4 EPOCHS, 5 CALLBACK, 6 MAX_ITER,
        7 MAX_TIME, 8 DIVERGED, 9 INTERRUPTED, 10 RAISED.
    message : str
        The same in words.
    history : History
        Value, gradient norm, rate and time by iteration.
    runs : list of Result
        With ``restarts`` every run, in order, this one among them; else empty.
    agreeing : int
        How many of them ended at this value, within 1e-6 · max(1, |fun|).
    """

    x: Any
    fun: float
    jac: Any
    nit: int
    nfev: int
    njev: int
    success: bool
    status: Status
    message: str
    history: History
    runs: list[Result] = field(default_factory=list)
    agreeing: int = 1
    _problem: Problem | None = None

    def check(self) -> Check:
        """Whether x is the optimum that was looked for, by the gradient and the curvature there.

        The second derivatives are central differences of the gradient: the whole Hessian for n ≤ 200 (2n
        gradients), its extreme eigenvalues by 20 Lanczos probes beyond (40 gradients). Without ``grad``
        gradients are differences themselves, of 2n values each, and curvatures good to some three digits.
        Differences stand off x by ∛ε · max(1, |x|), some 6e-6: of a number much smaller than that, which
        cannot be negative, they see too much.

        Returns
        -------
        Check
            With ``kind``: "maximum", "minimum", "saddle", "shoulder", "flat", "not stationary",
            "constrained" or "unmeasured", and ``ok``, whether that is what was looked for.

        Raises
        ------
        ValueError
            If the objective took batches, or the result was unpickled and no longer has it.

        Examples
        --------
        >>> from steepest import maximize
        >>> found = maximize(lambda l: 100 * l - l**2, 57.0, lambda l: 100 - 2 * l)
        >>> found.check().kind
        'maximum'
        """
        return curvature.check(self._whole_problem(), self.x)

    def covariance(self) -> Array:
        """The estimates' covariance, where f is a log-likelihood (of all data: the sum, not the mean).

        It is the inverse of the observed information, −∇²f at x for :func:`maximize`; :func:`minimize` takes
        f for the negative log-likelihood.

        Returns
        -------
        ndarray of float64, shape (n, n)
            Rows and columns in the order of x's numbers; of a complex one they are two, Re and Im.

        Raises
        ------
        ValueError
            If x is not stationary or held by a bound, or the information is not positive definite: x is then
            no strict optimum; or as :meth:`check`.

        Notes
        -----
        Efron and Hinkley, "Assessing the accuracy of the maximum likelihood estimator: observed versus
        expected Fisher information", 1978.

        Examples
        --------
        >>> import numpy as np
        >>> from steepest import maximize
        >>> x = np.array([1.0, 2.0, 6.0])  # of a normal distribution with standard deviation 2
        >>> found = maximize(lambda m: -((x - m) ** 2).sum() / 8, 0.0, lambda m: (x - m).sum() / 4)
        >>> found.covariance().round(6)  # σ² / n
        array([[1.333333]])
        """
        return curvature.covariance(self._whole_problem(), self.x)

    def standard_errors(self) -> Any:
        """The roots of the covariance's diagonal, in x's form; see :meth:`covariance`.

        Of a complex number the real part is the error of Re, the imaginary part that of Im.
        """
        return Iterate(self.x).unflat(np.sqrt(np.diag(self.covariance())))

    def plot_trajectory(self, f: Callable[[Any], Any] | None = None, **options: Any) -> Any:
        """Draw the points over the objective; see :func:`steepest.plots.plot_trajectory` for the options.

        Examples
        --------
        >>> from steepest import minimize
        >>> found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, keep_iterates=True)
        >>> found.plot_trajectory().figure.savefig("way.png")
        """
        from ..plots import plot_trajectory

        return plot_trajectory(self, f, **options)

    def animate(self, f: Callable[[Any], Any] | None = None, **options: Any) -> Any:
        """Draw the points step by step; see :func:`steepest.plots.animate` for the options.

        Examples
        --------
        >>> from steepest import minimize
        >>> found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, keep_iterates=True)
        >>> animation = found.animate(path="way.gif", frames=4)
        """
        from ..plots import animate

        return animate(self, f, **options)

    def attach_to(self, error: BaseException) -> None:
        """Let an exception carry this in its ``result``, if it can."""
        with contextlib.suppress(Exception):
            error.result = self  # type: ignore[attr-defined]

    def _whole_problem(self) -> Problem:
        if self._problem is None:
            raise ValueError(
                "check: there is no objective to ask: it took batches, or this is a copy or unpickled"
            )
        return self._problem

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: all but the objective."""
        return {**vars(self), "_problem": None}

    def __repr__(self) -> str:
        names = ("message", "success", "status", "fun", "x", "jac", "nit", "nfev", "njev")
        shown = {name: getattr(self, name) for name in names}
        shown["status"] = f"{int(self.status)} ({self.status.name})"
        shown["history"] = self.history
        if self.runs:
            shown["runs"] = f"{len(self.runs)}, of which {self.agreeing} agree"
        with np.printoptions(threshold=20, edgeitems=3, precision=6):
            return "\n".join(f"{name:>8}: {_indented(value)}" for name, value in shown.items())


def _indented(value: Any) -> str:
    text = f"{value:.10g}" if type(value) is float else str(value)
    return text.replace("\n", "\n" + " " * 10)
