"""Optimizers for the models of statsmodels: ``fit(method="adam", extra_fit_funcs=fit_funcs, lr=0.1)``.

``fit_funcs`` has a function for each method of :mod:`steepest.clients.scipy`, under its name. Keyword
arguments of ``fit`` are that method's options, ``bounds`` and ``tol`` among them. ``disp=True``, statsmodels'
default, logs how a success ended and warns of anything else.

>>> import numpy as np
>>> import statsmodels.api as sm
>>> from steepest.clients.statsmodels import fit_funcs
>>> x = sm.add_constant(np.array([0.5, 1.2, 1.9, 2.4, 3.1, 3.3, 4.8]))
>>> model = sm.Logit([0, 0, 1, 0, 1, 0, 1], x)
>>> fitted = model.fit(method="rprop", extra_fit_funcs=fit_funcs, maxiter=500)
>>> exact = model.fit(method="newton", disp=False)
>>> np.abs(fitted.params - exact.params).max() < 1e-3, fitted.mle_retvals["converged"]
(np.True_, True)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import extras
from . import scipy as methods

try:
    import statsmodels  # noqa: F401  its models call what is here
    from scipy.optimize import minimize
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.statsmodels", "statsmodels", "statsmodels") from missing

__all__ = ["fit_funcs"]

#: What statsmodels hands over beside a method's options.
_NOT_OPTIONS = ("bounds", "constraints", "tol", "extra_fit_funcs")


@dataclass(frozen=True)
class _FitFunc:
    """A method of SciPy's `minimize` as statsmodels' `Optimizer._fit` calls its own; can be pickled."""

    method: Callable[..., Any]

    def __call__(
        self,
        f: Callable[..., Any],
        score: Callable[..., Any] | None,
        start_params: Any,
        fargs: tuple[Any, ...],
        kwargs: dict[str, Any],
        disp: bool = True,
        maxiter: int = 100,
        callback: Callable[..., Any] | None = None,
        retall: bool = False,
        full_output: bool = True,
        hess: Any = None,
    ) -> tuple[Any, dict[str, Any] | None]:
        """The estimates, and what becomes ``mle_retvals``; f is minus the mean log-likelihood."""
        options = {name: value for name, value in kwargs.items() if name not in _NOT_OPTIONS}
        found = minimize(
            f,
            start_params,
            args=fargs,
            method=self.method,
            jac=score,
            bounds=kwargs.get("bounds"),
            constraints=kwargs.get("constraints", ()),
            tol=kwargs.get("tol"),
            callback=callback,
            options={**options, "disp": disp, "maxiter": maxiter, "return_all": retall},
        )
        if not full_output:
            return found.x, None
        retvals = {
            "fopt": found.fun,
            "gopt": found.jac,
            "iterations": found.nit,
            "fcalls": found.nfev,
            "gcalls": found.njev,
            "warnflag": found.status,
            "converged": found.success,
        }
        return found.x, {**retvals, "allvecs": found.allvecs} if retall else retvals


#: For each optimizer, under its name as a method of SciPy, what `fit(extra_fit_funcs=…)` takes.
fit_funcs = {name: _FitFunc(getattr(methods, name)) for name in methods.__all__}
