"""A policy gradient: learning to balance gymnasium's CartPole-v1 in 400 episodes.

REINFORCE climbs the expected return of a linear policy, a step for every eight episodes. From some 30 at
first the returns of all three seeds rise to 500, the most there is, and pass v1's own bar of 475.

Seeing s, four numbers, the policy pushes right (a = 1) with probability π = σ(θ · s). The gradient's estimate
is the mean over episodes of Σₜ (Gₜ − bₜ) (aₜ − πₜ) sₜ (Williams, 1992), where Gₜ is the return from t on and
bₜ the batch's mean of it. When all episodes last to the end, Gₜ = bₜ, and a good policy is left alone.
"""

import sys
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent, check_gradient
from steepest.plots import style

try:
    import gymnasium
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Array = NDArray[np.float64]


class Batch(NamedTuple):
    """Episodes side by side, n of T steps at most; after an episode's end its rewards are 0."""

    states: Array  # (T, n, 4)
    actions: Array  # (T, n)
    rewards: Array  # (T, n)


def push_right(theta: Array, states: Array) -> Array:
    """The policy π: the probability of pushing right."""
    return np.asarray(1 / (1 + np.exp(-states @ theta)))


def play(env: Any, theta: Array, rng: np.random.Generator) -> Batch:
    """One episode in each of the environments, until the last has ended."""
    steps, going = [], np.ones(env.num_envs, bool)
    state, _ = env.reset()
    while going.any():
        action = rng.random(env.num_envs) < push_right(theta, state)
        seen, reward, terminated, truncated, _ = env.step(action.astype(np.int64))
        steps.append((state, action, reward * going))
        state, going = seen, going & ~(terminated | truncated)
    return Batch(*(np.array(series, np.float64) for series in zip(*steps, strict=True)))


def advantage(batch: Batch) -> Array:
    """How much better an episode went on from each step than the batch did: Gₜ − bₜ."""
    to_go = batch.rewards[::-1].cumsum(axis=0)[::-1]
    better = to_go - to_go.mean(axis=1, keepdims=True)
    return np.asarray(better * (batch.rewards > 0))  # nothing was done after an end


def policy_gradient(theta: Array, batch: Batch) -> tuple[float, Array]:
    """The mean over episodes of Σₜ (Gₜ − bₜ) log p(aₜ | sₜ), and its gradient, the estimate."""
    better, n = advantage(batch), batch.actions.shape[1]
    log_p = -np.logaddexp(0, (1 - 2 * batch.actions) * (batch.states @ theta))
    error = batch.actions - push_right(theta, batch.states)
    return (better * log_p).sum() / n, np.einsum("tn,tns->s", better * error, batch.states) / n


def environments(seed: int, n: int = 8) -> Any:
    env = gymnasium.make_vec("CartPole-v1", num_envs=n)
    env.reset(seed=seed)
    return env


def reinforce(seed: int, episodes: int = 400) -> tuple[Array, Array]:
    """θ, and the return of every episode."""
    rng, env, theta = np.random.default_rng(seed), environments(seed), np.zeros(4)
    optimizer = GradientAscent(theta, lr=0.05, bias_correction=True)
    returns = []
    for _ in range(episodes // env.num_envs):
        batch = play(env, theta, rng)
        optimizer.step(policy_gradient(theta, batch)[1])
        returns.append(batch.rewards.sum(axis=0))
    env.close()
    return theta, np.concatenate(returns)


def running_mean(returns: Array, n: int) -> Array:
    return np.convolve(returns, np.full(n, 1 / n), "valid")


def draw(path: str, runs: list[Array], bar: float) -> None:
    axes = style.tidy(style.figure(9, 4).subplots())
    axes.axhline(bar, color="0.4", lw=1, ls=(0, (6, 3)))
    axes.text(1, bar - 6, f"v1's bar, {bar:g}", va="top", color="0.3")
    for i, returns in enumerate(runs):
        axes.plot(returns, "o^s"[i], ms=2.5, alpha=0.35, mec="none", color=style.COLOURS[i])
        means = running_mean(returns, 50)
        axes.plot(range(49, 400), means, lw=2, color=style.COLOURS[i], ls=style.DASHES[i])
    axes.legend(axes.lines[2::2], ("seed 0", "seed 1", "seed 2"), frameon=False, loc="lower right")
    axes.set(xlabel="episode", ylabel="return in steps; lines: mean of 50", ylim=(0, 510))
    style.save(axes.figure, path)


def main() -> None:
    theta = np.array([0.1, -0.2, 0.3, 0.4])
    batch = play(environments(0), theta, np.random.default_rng(0))
    print("gradient:", check_gradient(policy_gradient, True, theta, (batch,)).message)
    runs = [reinforce(seed)[1] for seed in range(3)]
    bar = gymnasium.spec("CartPole-v1").reward_threshold
    print(f"Mean returns; solved is {bar:g} over 100 episodes, and 500 is the most.")
    for seed, returns in enumerate(runs):
        good = running_mean(returns, 100) >= bar
        solved = f"solved after {good.argmax() + 100}" if good.any() else "not solved"
        first, last = returns[:50].mean(), returns[-50:].mean()
        print(f"seed {seed}: {first:.1f} in the first 50, {last:.1f} in the last; {solved}")
    draw("pictures/17_policy_gradient.png", runs, bar)
    print("Drawn: pictures/17_policy_gradient.png")


if __name__ == "__main__":
    main()
