"""Regression by likelihood, by least squares and by minibatches."""

from typing import Any

import numpy as np
import pytest
from steepest import GradientDescent, minimize

pytest.importorskip("sklearn")


class TestRegression:
    def test_likelihood_and_least_squares_agree(self, run: Any, example: Any) -> None:
        X, y = example.load()
        exact = np.linalg.lstsq(X, y)[0]
        for found in (example.by_likelihood(X, y).x["w"], example.by_least_squares(X, y).x):
            assert found == pytest.approx(exact, abs=1e-6)
        assert "σ 53.476129, by the residuals 53.476129" in run()

    def test_1183_steps_to_a_millionth(self, example: Any) -> None:
        X, y = example.load()
        exact = np.linalg.lstsq(X, y)[0]
        found = minimize(
            example.mean_squared_error, np.zeros(X.shape[1]), True, args=(X, y),
            optimizer=GradientDescent, lr=0.5, lr_decay=0.9995, bias_correction=True,
            gtol=None, ftol=None, callback=lambda state: np.abs(state.x - exact).max() < 1e-6,
        )  # fmt: skip
        assert found.status.name == "CALLBACK"
        assert found.nit == pytest.approx(1183, abs=5)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_minibatches_reach_the_loss_but_not_quite_the_coefficients(
        self, seed: int, example: Any
    ) -> None:
        X, y = example.load()
        exact = np.linalg.lstsq(X, y)[0]
        best = np.mean((y - X @ exact) ** 2)
        found = example.by_minibatches(X, y, seed)
        assert found.status.name == "EPOCHS"
        assert np.mean((y - X @ found.x) ** 2) < best * (1 + 1e-5)
        assert 0.01 < np.abs(found.x - exact).max() < 0.5

    def test_nor_do_all_patients_at_once_at_the_same_rate(self, example: Any) -> None:
        X, y = example.load()
        off = (
            minimize(
                example.mean_squared_error, np.zeros(X.shape[1]), True, args=(X, y),
                optimizer=GradientDescent, lr=0.1, lr_decay=0.9995, momentum=0.0, beta=None,
                gtol=None, ftol=None, max_iter=13_000,
            ).x
            - np.linalg.lstsq(X, y)[0]
        )  # fmt: skip
        assert np.abs(off).max() == pytest.approx(1.19, abs=0.01)
        flattest = np.linalg.svd(X)[2][-1]
        assert abs(flattest @ off) > 0.99 * np.linalg.norm(off)
