"""hmmlearn's M-step by gradient ascent: `python examples/clients/hmmlearn_ascent.py`.

hmmlearn has the optimum of its M-step in closed form. Where yours has none, as with a constraint or a prior
of your own, climb. Given the counts s, t and w and the squares d that the E-step expects, the complete data's
log-likelihood is, but for a constant and with hmmlearn's priors,

    Q = Σᵢ sᵢ log πᵢ + Σᵢⱼ tᵢⱼ log Aᵢⱼ − ½ Σᵢ [wᵢ log vᵢ + dᵢ(μᵢ) / vᵢ]

with π and the rows of A as softmax of logits and the variances v as exp of their logarithms, so that every
step stays allowed. Means μ are measured from the data's mean in units of its standard deviation, so that a
step means the same whatever the data's are.
"""

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from hmmlearn.hmm import GaussianHMM
from numpy.typing import NDArray
from scipy.special import softmax, xlogy
from sklearn.exceptions import ConvergenceWarning
from steepest import maximize

Array = NDArray[np.float64]
Point = dict[
    str, Array
]  # by hmmlearn's letters: logits "s" and "t", scaled means "m", log variances "c"


class AscentHMM(GaussianHMM):  # type: ignore[misc]
    """A GaussianHMM of covariance_type "diag" that climbs in its M-step."""

    ascent: Mapping[str, Any] = MappingProxyType({})  # options of maximize
    startprob_: Array
    transmat_: Array
    means_: Array
    _covars_: Array

    def _do_mstep(self, stats: dict[str, Any]) -> None:
        if self.covariance_type != "diag":
            raise ValueError(f'covariance_type: got {self.covariance_type!r}, expected "diag"')
        visits, sums, squares = stats["post"][:, None], stats["obs"], stats["obs**2"]
        middle = sums.sum(0) / visits.sum()  # of the data, whatever the states
        spread = np.sqrt(np.maximum(squares.sum(0) / visits.sum() - middle**2, 0))
        spread[spread == 0] = 1
        squares = (squares - 2 * middle * sums + middle**2 * visits) / spread**2
        sums, prior = (sums - middle * visits) / spread, (self.means_prior - middle) / spread
        possible = {"s": self.startprob_ > 0, "t": self.transmat_ > 0}  # a probability of 0 stays 0
        now: Point = {
            "s": np.log(np.where(possible["s"], self.startprob_, 1)),
            "t": np.log(np.where(possible["t"], self.transmat_, 1)),
            "m": (self.means_ - middle) / spread,
            "c": np.log(self._covars_),
        }
        counts = {
            "s": np.maximum(self.startprob_prior - 1 + stats["start"], 0) * possible["s"],
            "t": np.maximum(self.transmat_prior - 1 + stats["trans"], 0) * possible["t"],
        }
        weights = visits + max(self.covars_weight - 1, 0)

        def probabilities(x: Point, key: str) -> Any:
            return softmax(np.where(possible[key], x[key], -np.inf), axis=-1)

        def expected(free: Point) -> tuple[float, Point]:
            """Q and its gradient."""
            x, value, slope = {**now, **free}, 0.0, {}
            for key, n in counts.items():
                p = probabilities(x, key)
                value += xlogy(n, p).sum()
                slope[key] = n - n.sum(axis=-1, keepdims=True) * p
            mean, precision, shift = x["m"], spread**2 * np.exp(-x["c"]), x["m"] - prior
            d = squares - 2 * mean * sums + mean**2 * visits
            d += self.covars_prior / spread**2 + self.means_weight * shift**2
            value -= (weights * x["c"] + d * precision).sum() / 2
            slope["m"] = (sums - mean * visits - self.means_weight * shift) * precision
            slope["c"] = (d * precision - weights) / 2
            return float(value), {key: slope[key] for key in free}

        start = {key: now[key] for key in now if key in self.params}
        if not start:
            return
        found = maximize(expected, start, True, **self.ascent)
        if not found.success:
            warnings.warn(f"M-step: {found.message}", ConvergenceWarning, stacklevel=2)
        x = found.x
        self.startprob_ = probabilities(x, "s") if "s" in x else self.startprob_
        self.transmat_ = probabilities(x, "t") if "t" in x else self.transmat_
        self.means_ = middle + spread * x["m"] if "m" in x else self.means_
        self._covars_ = np.exp(x["c"]) if "c" in x else self._covars_

    def _needs_sufficient_statistics_for_mean(self) -> bool:
        return True  # variances and the scale need them, too, even with params="stc"

    _needs_sufficient_statistics_for_covars = _needs_sufficient_statistics_for_mean


def sample(seed: int, length: int = 400) -> Any:
    """Observations, a column, of two states: N(−1, .5²) and N(1, 1)."""
    truth = GaussianHMM(2, random_state=seed)
    truth.startprob_ = np.array([0.5, 0.5])
    truth.transmat_ = np.array([[0.95, 0.05], [0.1, 0.9]])
    truth.means_, truth.covars_ = np.array([[-1.0], [1.0]]), np.array([[0.25], [1.0]])
    return truth.sample(length)[0]


def fit(kind: type[GaussianHMM], X: Array, **options: Any) -> Any:
    """A model of two states, from a start that depends on X alone."""
    model = kind(2, init_params="", **{"covars_prior": 0, "tol": 1e-9, "n_iter": 5000, **options})
    model.startprob_ = np.array([0.5, 0.5])
    model.transmat_ = np.array([[0.9, 0.1], [0.1, 0.9]])
    model.means_ = np.quantile(X, [0.25, 0.75])[:, None]
    model.covars_ = np.full((2, 1), X.var())
    return model.fit(X)


def main() -> None:
    X = sample(0)
    for kind in (GaussianHMM, AscentHMM):
        model = fit(kind, X)
        print(
            f"{kind.__name__}: log-likelihood {model.score(X):.6f} after {model.monitor_.iter} M-steps"
        )
        print(f"  means {model.means_.ravel()}, variances {model.covars_.ravel()}")
        print(f"  transitions {model.transmat_.tolist()}")


if __name__ == "__main__":
    main()
