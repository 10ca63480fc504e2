"""REINFORCE learns gymnasium's CartPole-v1 within 400 episodes, on every seed."""

import math
from typing import Any

import gymnasium
import numpy as np
import pytest

from examples.clients.gymnasium_reinforce import Batch, main, play, policy_gradient, reinforce

SEEDS = (0, 1, 2)


def alone(theta: Any, seed: int) -> float:
    """The return of one episode of the surer action, in gymnasium's ordinary environment."""
    with gymnasium.make("CartPole-v1") as env:
        state, _ = env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            state, reward, terminated, truncated, _ = env.step(int(theta @ state > 0))
            total, over = total + float(reward), terminated or truncated
    return total


@pytest.mark.parametrize("seed", SEEDS)
def test_learns(seed: int) -> None:
    theta, returns = reinforce(seed)
    assert len(returns) == 400
    assert returns.max() == 500
    assert returns[:50].mean() < 50
    assert returns[-50:].mean() >= 475  # v1's own bar, though of the last 50; ours is 400
    assert np.mean([alone(theta, 1000 + i) for i in range(10)]) >= 475


def test_a_seed_gives_the_same_bits() -> None:
    (theta, returns), (again, same), (other, _) = (
        reinforce(seed, episodes=80) for seed in (0, 0, 1)
    )
    assert theta.tobytes() == again.tobytes()
    assert (returns == same).all()
    assert (theta != other).all()


def test_the_gradient_is_that_of_the_weighted_log_probabilities() -> None:
    env = gymnasium.make_vec("CartPole-v1", num_envs=3)
    env.reset(seed=0)
    theta = np.array([0.1, -0.2, 0.3, 0.4])
    batch = play(env, theta, np.random.default_rng(0))
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

    steps = 1e-6 * np.eye(4)
    slopes = [(weighted(theta + h) - weighted(theta - h)) / 2e-6 for h in steps]
    assert policy_gradient(theta, batch) == pytest.approx(slopes, rel=1e-6)


def test_a_policy_that_always_lasts_is_left_alone() -> None:
    states = np.random.default_rng(0).normal(size=(5, 2, 4))
    batch = Batch(states, np.ones((5, 2)), np.ones((5, 2)))
    assert (policy_gradient(np.ones(4), batch) == 0).all()


def test_example(capsys: Any) -> None:
    main([3])
    told = capsys.readouterr().out.splitlines()
    assert "475" in told[0]
    assert len(told) == 2
    assert "475 after" in told[1]
