"""A dictionary for image patches, and sparse codes."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


@pytest.mark.parametrize("seed", [0, 1, 2])
class TestSparseCoding:
    def test_is_no_worse_than_scikit_learn_after_100_rounds(self, seed: int, example: Any) -> None:
        from sklearn.decomposition import sparse_encode

        X = example.load(seed)
        codes, D, values = example.learn(X, seed)

        def objective(a: Any) -> float:
            return float(((X - a @ D) ** 2).sum() / 2 + example.ALPHA * np.abs(a).sum()) / len(X)

        assert objective(codes) == pytest.approx(values[-1], rel=1e-12)
        assert values[-1] <= example.by_sklearn(X, seed)
        assert np.mean(codes == 0) >= 0.9
        assert np.linalg.norm(D, axis=1).max() <= 1 + 1e-12
        # For one dictionary the codes have one minimum only.
        best = objective(sparse_encode(X, D, algorithm="lasso_cd", alpha=example.ALPHA))
        assert values[-1] == pytest.approx(best, rel=1e-4)

    def test_a_subgradient_gives_no_zeros(self, seed: int, example: Any) -> None:
        X = example.load(seed)
        codes = example.by_subgradient(X, example.start(X, seed)["D"])
        assert not (codes == 0).any()


class TestPicture:
    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert told.startswith("right")
        assert "without the split 0.0%" in told
