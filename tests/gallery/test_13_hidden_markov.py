"""A hidden Markov model by ascent, beside hmmlearn's EM."""

from typing import Any

import numpy as np
import pytest
from steepest import GradientAscent, check_gradient

pytest.importorskip("hmmlearn")


def by_hmmlearn(example: Any, p: Any, x: Any) -> float:
    """hmmlearn's own log-likelihood at these parameters."""
    model = example.GaussianHMM(2, init_params="")
    model.startprob_ = example.softmax(p["first"])
    model.transmat_ = example.softmax(p["turns"], axis=1)
    model.means_, model.covars_ = p["mean"][:, None], np.exp(p["log_variance"])[:, None]
    return float(model.score(x[:, None]))


class TestHiddenMarkov:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_ends_where_em_does(self, seed: int, example: Any) -> None:
        x, _ = example.sample(seed)
        assert len(x) == 400
        em, start = example.by_em(x), example.start(x)
        assert em.monitor_.converged
        assert check_gradient(example.log_likelihood, True, start, (x,)).ok
        assert example.log_likelihood(start, x)[0] == pytest.approx(em.monitor_.history[0])
        truth = em.score(x[:, None])
        found = example.by_ascent(x)
        assert found.fun == pytest.approx(truth, abs=1e-6)  # 1e-2 is asked for
        assert found.fun == pytest.approx(by_hmmlearn(example, found.x, x), abs=1e-9)
        assert found.x["mean"] == pytest.approx(em.means_.ravel(), abs=1e-4)
        slower = example.by_ascent(x, optimizer=GradientAscent, lr=0.01, max_iter=150)
        assert slower.nit == 150
        assert slower.fun == pytest.approx(truth, abs=1e-2)

    def test_improbable_observations_keep_their_likelihood(self, example: Any) -> None:
        x = np.r_[example.sample(0)[0], 80.0]  # its density is 0 in float64, in either state
        start = example.start(example.sample(0)[0])
        assert example.log_likelihood(start, x)[0] == pytest.approx(by_hmmlearn(example, start, x))

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "gradient: right" in told
        assert "hmmlearn's EM: log-likelihood -460.554645" in told
        assert "Rprop, the default: -460.554645" in told
