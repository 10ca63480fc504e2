"""Models of statsmodels fitted by steepest: a logistic regression, and a likelihood written by hand.

The estimates are Newton's, and so are the standard errors, which statsmodels takes from its own Hessian.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import statsmodels.api as sm
from scipy.special import gammaln
from statsmodels.base.model import GenericLikelihoodModel
from steepest.clients.scipy import adam
from steepest.clients.statsmodels import fit_funcs


def pass_or_fail() -> Any:
    """Spector and Mazzeo's students: did the new way of teaching help?"""
    data = sm.datasets.spector.load_pandas()
    return sm.Logit(data.endog, sm.add_constant(data.exog))


class Poisson(GenericLikelihoodModel):  # type: ignore[misc]
    """Counts, by their log-likelihood alone; statsmodels takes the differences."""

    def loglikeobs(self, params: Any) -> Any:
        log_mean = self.exog @ params
        return self.endog * log_mean - np.exp(log_mean) - gammaln(self.endog + 1)


def counts(seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = sm.add_constant(rng.normal(size=(300, 2)))
    return rng.poisson(np.exp(x @ [0.5, 0.3, -0.4])), x


def by_name(model: Any, method: str = "adam", **options: Any) -> Any:
    """The optimizer by its name, among statsmodels' own; bounds and tol work, too."""
    return model.fit(method=method, extra_fit_funcs=fit_funcs, maxiter=20_000, **options)


def by_minimize(model: Any, method: Any = adam, **options: Any) -> Any:
    """The same as a method of SciPy's minimize."""
    return model.fit(method="minimize", min_method=method, maxiter=20_000, **options)


def main() -> None:
    model = pass_or_fail()
    fitted = by_name(model, lr=0.1, amsgrad=True, gtol=1e-8, disp=False)
    newton = model.fit(method="newton", disp=False)
    print(fitted.summary())
    print("iterations:", fitted.mle_retvals["iterations"])
    print("estimates, of Newton's:", (fitted.params / newton.params).to_numpy())
    print("standard errors:", (fitted.bse / newton.bse).to_numpy())
    y, x = counts()
    start = np.zeros(3)
    print(by_minimize(Poisson(y, x), lr=0.05, start_params=start, gtol=1e-7, disp=False).params)
    print(sm.Poisson(y, x).fit(disp=False).params)


if __name__ == "__main__":
    main()
