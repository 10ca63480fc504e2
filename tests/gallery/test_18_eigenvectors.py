"""The eigenvectors of largest eigenvalue, climbed one after another."""

from typing import Any

import numpy as np
import pytest


class TestEigenvectors:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_are_those_of_eigh(self, seed: int, example: Any) -> None:
        A = example.matrix(seed)
        values, vectors = np.linalg.eigh(A)
        assert np.diff(values) == pytest.approx(0.1)
        found = example.climb(A, seed=seed)
        assert len(found) == 3
        for i, run in enumerate(found, 1):
            assert run.status.name == "GTOL"
            assert run.fun == pytest.approx(values[-i], abs=1e-6)
            v = vectors[:, -i]
            assert run.x * np.sign(v @ run.x) == pytest.approx(v, abs=1e-6)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_gap_sets_the_pace(self, seed: int, example: Any) -> None:
        A = example.matrix(seed)
        first = example.distances(example.climb(A, 1, seed)[0], np.linalg.eigh(A)[1][:, -1])
        assert (first[-1] / first[-101]) ** 0.01 == pytest.approx(0.96, abs=0.001)

    def test_are_drawn(self, run: Any) -> None:
        told = run()
        assert told.startswith("right")
        assert "4.900000000000  4.900000000000" in told
