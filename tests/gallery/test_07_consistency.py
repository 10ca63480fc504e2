"""The error of maximum likelihood beside the mean's and the bound."""

import re
from typing import Any

import numpy as np
import pytest

stats = pytest.importorskip("scipy.stats")


class TestConsistency:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_error_falls_as_one_over_the_root_along_the_bound(
        self, seed: int, example: Any
    ) -> None:
        found = example.errors(seed)
        for error in found.values():
            assert example.power(error) == pytest.approx(-0.5, abs=0.1)
        # The error of an error from 400 repeats is 1 / √800 = 3.5 % of it; of six together 1.4 %.
        ours = found["maximum likelihood"] / example.bound()
        assert ours == pytest.approx(1, abs=0.14)
        assert np.mean(ours) == pytest.approx(1, abs=0.05)
        assert np.mean(found["mean"] / example.bound()) == pytest.approx(np.sqrt(2), abs=0.07)

    def test_information_is_the_mean_square_of_the_score(self, example: Any) -> None:
        t = stats.t(example.FREEDOM)
        found = t.expect(lambda x: example.slope(np.zeros(1), np.array([[x]]))[0] ** 2)
        assert found == pytest.approx(example.INFORMATION, abs=1e-6)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_one_fit_is_scipys(self, seed: int, example: Any) -> None:
        x = np.random.default_rng(seed).standard_t(example.FREEDOM, size=(1, 1000))
        run = example.fit(x)
        assert run.success
        truth = stats.t.fit(x[0], fdf=example.FREEDOM, fscale=1)[1]
        assert run.x[0] == pytest.approx(truth, abs=1e-4)  # as far as a simplex search goes
        assert run.standard_errors()[0] == pytest.approx(example.bound()[4], rel=0.1)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert told.startswith("right")
        (power,) = re.findall(r"maximum likelihood: error falls as m to the power (\S+)", told)
        assert float(power) == pytest.approx(-0.495, abs=0.01)
