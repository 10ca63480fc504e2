"""A policy gradient on gymnasium's CartPole-v1: `python examples/clients/gymnasium_reinforce.py`.

REINFORCE (Williams, 1992) in NumPy. The policy is linear: seeing s, four numbers, it pushes right (a = 1)
with probability π = σ(θ · s) and left with 1 − π. θ climbs the expected return of an episode, by the estimate

    ∇J ≈ mean over episodes of Σₜ (Gₜ − bₜ) ∇log p(aₜ | sₜ),    ∇log p(a | s) = (a − π) s,

with the return to go Gₜ = rₜ + rₜ₊₁ + …, and as its baseline bₜ what the episodes of a batch get from step t
on, on average. When all of them last to the end, Gₜ = bₜ, and a good policy is left alone.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent

Array = NDArray[np.float64]


class Batch(NamedTuple):
    """Episodes side by side, n of T steps at most; after an episode's end its rewards are 0."""

    states: Array  # (T, n, 4)
    actions: Array  # (T, n)
    rewards: Array  # (T, n)


def push_right(theta: Array, states: Array) -> Array:
    """The policy π: the probability of pushing right."""
    return 1 / (1 + np.exp(-states @ theta))


def play(env: Any, theta: Array, rng: np.random.Generator) -> Batch:
    """One episode in each of the environments, until the last has ended."""
    steps = []
    state, _ = env.reset()
    going = np.ones(env.num_envs, bool)
    while going.any():
        action = rng.random(env.num_envs) < push_right(theta, state)
        seen, reward, terminated, truncated, _ = env.step(action.astype(np.int64))
        steps.append((state, action, reward * going))
        state, going = seen, going & ~(terminated | truncated)
    return Batch(*(np.array(series, np.float64) for series in zip(*steps, strict=True)))


def policy_gradient(theta: Array, batch: Batch) -> Array:
    """The estimate of ∇J."""
    to_go = batch.rewards[::-1].cumsum(axis=0)[::-1]
    advantage = to_go - to_go.mean(axis=1, keepdims=True)
    advantage *= batch.rewards > 0  # nothing was done after an end
    error = batch.actions - push_right(theta, batch.states)
    slope: Array = np.einsum("tn,tns->s", advantage * error, batch.states) / to_go.shape[1]
    return slope


def reinforce(seed: int, episodes: int = 400, at_once: int = 8) -> tuple[Array, Array]:
    """θ, and the return of every episode, in the order of the batches."""
    rng = np.random.default_rng(seed)
    env = gymnasium.make_vec("CartPole-v1", num_envs=at_once)
    env.reset(seed=seed)
    theta = np.zeros(4)
    optimizer = GradientAscent(theta, lr=0.05, bias_correction=True)
    returns = []
    for _ in range(episodes // at_once):
        batch = play(env, theta, rng)
        optimizer.step(policy_gradient(theta, batch))
        returns.append(batch.rewards.sum(axis=0))
    env.close()
    return theta, np.concatenate(returns)


def main(seeds: Iterable[int] = range(3)) -> None:
    bar = gymnasium.spec("CartPole-v1").reward_threshold
    print(
        f"CartPole-v1 counts as solved at a mean return of {bar:g} over 100 episodes; 500 is the most."
    )
    for seed in seeds:
        theta, returns = reinforce(seed)
        means = np.convolve(returns, np.full(100, 0.01), "valid")
        solved = (
            f"{bar:g} after {np.argmax(means >= bar) + 100}" if (means >= bar).any() else "never"
        )
        print(
            f"seed {seed}: mean return of the first 50 episodes {returns[:50].mean():.1f}, "
            f"of the last 50 {returns[-50:].mean():.1f}; {solved}; θ = {theta.round(1)}"
        )


if __name__ == "__main__":
    main()
