"""hmmlearn's M-step by gradient ascent: `python examples/clients/hmmlearn_ascent.py`.

hmmlearn has the optimum of its M-step in closed form. Where yours has none, as with a constraint or a prior
of your own, climb. Given the counts s, t and w and the squares d that the E-step expects, the complete data's
log-likelihood is, but for a constant and with hmmlearn's priors,

    Q = Σᵢ sᵢ log πᵢ + Σᵢⱼ tᵢⱼ log Aᵢⱼ − ½ Σᵢ [wᵢ log vᵢ + dᵢ(μᵢ) / vᵢ]

with π and the rows of A as softmax of logits and the variances v as exp of their logarithms, so that every
step stays allowed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from hmmlearn.hmm import GaussianHMM
from numpy.typing import NDArray
from scipy.special import softmax, xlogy
from steepest import maximize

Array = NDArray[np.float64]
Point = dict[str, Array]  # by hmmlearn's letters: logits "s" and "t", means "m", log variances "c"


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
        possible = {"s": self.startprob_ > 0, "t": self.transmat_ > 0}  # a probability of 0 stays 0
        now: Point = {
            "s": np.log(np.where(possible["s"], self.startprob_, 1)),
            "t": np.log(np.where(possible["t"], self.transmat_, 1)),
            "m": self.means_,
            "c": np.log(self._covars_),
        }
        counts = {
            "s": np.maximum(self.startprob_prior - 1 + stats["start"], 0) * possible["s"],
            "t": np.maximum(self.transmat_prior - 1 + stats["trans"], 0) * possible["t"],
        }
        visits = stats["post"][:, None]
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
            mean, precision, shift = x["m"], np.exp(-x["c"]), x["m"] - self.means_prior
            squares = stats["obs**2"] - 2 * mean * stats["obs"] + mean**2 * visits
            squares += self.covars_prior + self.means_weight * shift**2
            value -= (weights * x["c"] + squares * precision).sum() / 2
            slope["m"] = (stats["obs"] - mean * visits - self.means_weight * shift) * precision
            slope["c"] = (squares * precision - weights) / 2
            return float(value), {key: slope[key] for key in free}

        start = {key: now[key] for key in now if key in self.params}
        best = {**now, **maximize(expected, start, True, **self.ascent).x}
        self.startprob_, self.transmat_ = probabilities(best, "s"), probabilities(best, "t")
        self.means_, self._covars_ = best["m"], np.exp(best["c"])

    def _needs_sufficient_statistics_for_mean(self) -> bool:
        return True  # variances need them, too, even where the means are held (params="stc")


def sample(seed: int, length: int = 400) -> Array:
    """Observations, a column, of two states: N(−1, .5²) and N(1, 1)."""
    truth = GaussianHMM(2, random_state=seed)
    truth.startprob_ = np.array([0.5, 0.5])
    truth.transmat_ = np.array([[0.95, 0.05], [0.1, 0.9]])
    truth.means_, truth.covars_ = np.array([[-1.0], [1.0]]), np.array([[0.25], [1.0]])
    observed: Array = truth.sample(length)[0]
    return observed


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
