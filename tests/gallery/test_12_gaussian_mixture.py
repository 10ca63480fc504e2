"""A Gaussian mixture by its gradient against EM."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


class TestGaussianMixture:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_ends_where_em_ends(self, seed: int, example: Any) -> None:
        em = example.expectation_maximization(seed)
        found = example.climb(example.k_means(seed))
        assert found.fun == pytest.approx(em.score(example.FLOWERS), abs=1e-3)
        assert found.x["means"] == pytest.approx(em.means_, abs=1e-2)
        weights = np.exp(found.x["logits"]) / np.exp(found.x["logits"]).sum()
        assert weights == pytest.approx(em.weights_, abs=1e-2)
        assert found.x["L"] == pytest.approx(np.tril(found.x["L"]), abs=0)

    def test_gets_there_within_seventy_steps_or_so_at_a_constant_rate(self, example: Any) -> None:
        truth = example.expectation_maximization().score(example.FLOWERS)
        found = example.climb(example.k_means(), lr_decay=None)
        near = np.abs(np.array(found.history.value) - truth) < 1e-3
        assert 65 <= near.argmax() <= 75

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_random_starts_need_restarts(self, seed: int, example: Any) -> None:
        truth = example.expectation_maximization(seed).score(example.FLOWERS)
        found = example.climb_from_anywhere(seed)
        assert found.fun == pytest.approx(truth, abs=1e-3)
        assert found.runs[0].fun < truth - 1e-2
        assert 1 <= found.agreeing <= 6 < len(found.runs) == 12

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "<GradientReport: right" in told
        assert "ascent from k-means    -1.2012" in told
