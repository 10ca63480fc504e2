"""The agent of the gallery's policy gradient, with gymnasium as it is; tests/gallery has what it learns."""

import math
import runpy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from examples.clients.gymnasium_play import LEARNING, alone, learn


@pytest.fixture(scope="module")
def agent() -> Any:
    return SimpleNamespace(**runpy.run_path(str(LEARNING)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_it_has_learnt_it_can_do_alone(seed: int, tmp_path: Any) -> None:
    learn(tmp_path / "policy.npy", seed)
    theta = np.load(tmp_path / "policy.npy")
    assert np.mean([alone(theta, 1000 + i) for i in range(10)]) >= 475


def test_a_seed_gives_the_same_bits(agent: Any) -> None:
    (theta, returns), (again, same), (other, _) = (
        agent.reinforce(seed, episodes=80) for seed in (0, 0, 1)
    )
    assert theta.tobytes() == again.tobytes()
    assert (returns == same).all()
    assert (theta != other).all()


def test_the_gradient_is_that_of_the_weighted_log_probabilities(agent: Any) -> None:
    theta, env = np.array([0.1, -0.2, 0.3, 0.4]), agent.environments(0, 3)
    batch = agent.play(env, theta, np.random.default_rng(0))
    env.close()
    lengths = batch.rewards.sum(axis=0).astype(int)
    assert len(set(lengths)) > 1
    assert len(batch.states) == max(lengths)

    def weighted(theta: Any) -> float:  # a step at a time, with rewards of 1
        total = 0.0
        for i, length in enumerate(lengths):
            for t in range(length):
                baseline = sum(max(other - t, 0) for other in lengths) / 3
                right = 1 / (1 + math.exp(-float(batch.states[t, i] @ theta)))
                p = right if batch.actions[t, i] else 1 - right
                total += (length - t - baseline) * math.log(p)
        return total / 3

    value, gradient = agent.policy_gradient(theta, batch)
    assert value == pytest.approx(weighted(theta))
    steps = 1e-6 * np.eye(4)
    slopes = [(weighted(theta + h) - weighted(theta - h)) / 2e-6 for h in steps]
    assert gradient == pytest.approx(slopes, rel=1e-6)


def test_a_policy_that_always_lasts_is_left_alone(agent: Any) -> None:
    states = np.random.default_rng(0).normal(size=(5, 2, 4))
    batch = agent.Batch(states, np.ones((5, 2)), np.ones((5, 2)))
    assert (agent.policy_gradient(np.ones(4), batch)[1] == 0).all()
