"""Products of densities, sums of their logarithms, and three losses of a sigmoid."""

from typing import Any

import numpy as np
import pytest

norm = pytest.importorskip("scipy.stats").norm

SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])


class TestProducts:
    @SEEDS
    def test_a_thousand_densities_underflow_and_nothing_climbs(
        self, seed: int, example: Any
    ) -> None:
        x = example.sample(1000, seed)
        for mu in (-1.0, 0.0, x.mean(), 1.0):
            assert example.product(mu, x) == example.product_slope(mu, x) == 0
        run = example.by_product(x)
        assert (run.x, run.fun, run.nit) == (0.5, 0, 0)
        assert run.check().kind == "flat"
        assert [str(verdict).split(":")[0] for verdict in run.history.diagnose()] == ["vanishing"]

    @SEEDS
    def test_one_factor_of_zero_ruins_it(self, seed: int, example: Any) -> None:
        few = example.sample(10, seed)
        assert example.by_product(few).x == pytest.approx(few.mean(), abs=1e-5)
        spoilt = np.append(few, 40)
        assert np.count_nonzero(example.densities(0.5, spoilt) == 0) == 1
        assert (example.product(0.5, spoilt), example.by_product(spoilt).x) == (0, 0.5)
        assert example.by_logs(spoilt).x == pytest.approx(spoilt.mean(), abs=1e-8)


class TestSumsOfLogs:
    @SEEDS
    @pytest.mark.parametrize("m", [10, 1000])
    def test_climb_to_the_same_top_rescaled_or_not(self, m: int, seed: int, example: Any) -> None:
        x = example.sample(m, seed)
        for scale in (1 / m, 1.0, 1000.0):
            run = example.by_logs(x, scale)
            assert run.success
            assert run.x == pytest.approx(norm.fit(x)[0], abs=1e-8)
            assert run.fun == pytest.approx(scale * norm.logpdf(x, run.x).sum(), rel=1e-12)

    def test_is_the_log_of_a_product_that_has_not_vanished(self, example: Any) -> None:
        x = example.sample(10)
        assert np.exp(example.sum_of_logs(0.5, x)) == pytest.approx(example.product(0.5, x))


class TestASaturatedSigmoid:
    def test_only_cross_entropy_pulls(self, example: Any) -> None:
        slopes = {name: slope for name, (_, slope) in example.LOSSES.items()}
        for z in (-10.0, -20.0, -40.0):
            assert -2.01 * np.exp(z) < slopes["squared error"](z) < 0
            assert -1.01 * np.exp(z) < slopes["absolute error"](z) < 0
            assert slopes["cross-entropy"](z) == pytest.approx(-1, abs=1.01 * np.exp(z))

    def test_only_cross_entropy_comes_back(self, example: Any) -> None:
        for name in ("squared error", "absolute error"):
            run = example.recover(name)
            assert -10 < run.x < -9.99
            assert run.nit == 100
        # Where it pulls by 1 it takes ten steps to 0, and then z ≈ log of the steps that are left.
        assert example.recover("cross-entropy").x == pytest.approx(np.log(90), abs=0.1)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert told.count("right;") == 5
        assert "1000                0 at μ = 0.500000           -0.048028" in told
