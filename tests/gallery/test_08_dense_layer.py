"""A dense ReLU layer by minibatches against scikit-learn's network."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


class TestDenseLayer:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_reads_as_well_as_scikit_learn(self, seed: int, example: Any) -> None:
        train, new = example.load(seed)
        p, known = example.learn(train, new, seed)
        assert known[-1, 1] == example.accuracy(p, new)
        assert known[-1, 1] >= 0.97
        assert known[-1, 1] >= example.scikit_learn(train, new, seed) - 0.01

    def test_silent_units_have_no_gradient(self, example: Any) -> None:
        train, new = example.load()
        p, _ = example.learn(train, new)
        silent = ~(example.forward(p, train[0])[0] > 0).any(axis=0)
        gradient = example.cross_entropy(p, *train)[1]
        assert 0 < silent.sum() < 32
        assert np.array_equal((gradient["W"] == 0).all(axis=0), silent)

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "Gradient: right" in told
        assert "Right of 450 new images: 0.97" in told
