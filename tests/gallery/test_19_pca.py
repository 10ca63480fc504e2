"""Principal components by climbing the variance."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


class TestPCA:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_components_are_scikit_learns(self, seed: int, example: Any) -> None:
        X = example.load_iris().data
        pca, found = example.PCA().fit(X), example.components(X, seed)
        assert [run.status.name for run in found] == ["GTOL"] * 4
        for run, true in zip(found, pca.components_, strict=True):
            assert example.distance(run.x, true) < 1e-10  # 1e-4 is asked
        W = np.array([run.x for run in found])
        assert np.abs(W @ W.T - np.eye(4)).max() < 1e-12
        assert [run.fun for run in found] == pytest.approx(pca.explained_variance_, rel=1e-12)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert told.startswith("right")
        assert "4.228242  4.228242  92.5%" in told
