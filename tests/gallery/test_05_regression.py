"""Regression by likelihood, by least squares and by minibatches."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


class TestRegression:
    def test_likelihood_and_least_squares_agree(self, run: Any, example: Any) -> None:
        X, y = example.load()
        exact = np.linalg.lstsq(X, y)[0]
        for found in (example.by_likelihood(X, y).x["w"], example.by_least_squares(X, y).x):
            assert found == pytest.approx(exact, abs=1e-6)
        assert "σ 53.476129, by the residuals 53.476129" in run()

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_minibatches_come_close(self, seed: int, example: Any) -> None:
        X, y = example.load()
        best = np.mean((y - X @ np.linalg.lstsq(X, y)[0]) ** 2)
        found = example.by_minibatches(X, y, seed)
        assert found.status.name == "EPOCHS"
        assert np.mean((y - X @ found.x) ** 2) < best * (1 + 1e-5)
