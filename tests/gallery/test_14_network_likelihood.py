"""A softmax network's likelihood, with a penalty and without."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


@pytest.fixture(params=[0, 1, 2])
def data(request: Any, example: Any) -> Any:
    return example.load(request.param)


class TestNetworkLikelihood:
    def test_with_a_penalty_it_is_scikit_learns(self, data: Any, example: Any) -> None:
        train, new = data
        found, peer = example.climb(train, 1.0), example.scikit_learn(train, 1.0)
        assert found.fun == pytest.approx(example.likelihood(train, 1.0)(peer)[0], abs=1e-3)
        assert found.fun == pytest.approx(example.likelihood(train, 1.0)(found.x)[0])
        assert example.accuracy(found.x, new) >= example.accuracy(peer, new) - 0.005
        walked = example.walk(train, 1.0)
        assert walked.fun == pytest.approx(found.fun, abs=1e-3)
        assert example.size(walked.x) == pytest.approx(example.size(peer), rel=0.01)

    def test_without_one_the_weights_grow_for_ever(self, data: Any, example: Any) -> None:
        train, new = data
        walked = example.walk(train)
        sizes = [example.size(walked.history.x[step]) for step in (125, 250, 500, 1000)]
        gained = np.diff(sizes)
        assert (gained > 1).all()
        assert (np.diff(gained) > 0).all()
        assert example.climb(train, max_norm=100.0).status.name == "DIVERGED"
        far = example.climb(train)
        assert example.accuracy(far.x, train) == 1
        twice = {name: 2 * array for name, array in far.x.items()}
        assert far.fun < example.likelihood(train)(twice)[0] <= 0
        assert example.likelihood(new)(far.x)[0] < -10

    def test_a_weak_penalty_is_too_sure_of_new_images(self, example: Any) -> None:
        train, new = example.load()
        fits = [example.climb(train, C).x for C in (1.0, 10.0, 100.0)]
        learnt, unseen = ([example.likelihood(of)(x)[0] for x in fits] for of in (train, new))
        assert (np.diff(learnt) > 0).all()
        assert unseen[1] > max(unseen[0], unseen[2])

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "Gradient: right" in told
        assert "C = 1: objective -0.2240" in told
