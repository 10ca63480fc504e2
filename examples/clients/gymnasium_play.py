"""A policy that was learnt in batches plays alone: gymnasium's CartPole-v1, ten episodes.

Learning is the gallery's, `examples/17_policy_gradient.py`. Here the policy is what a user of it holds, an
array: it is kept in a file, read again, and takes the surer action in gymnasium's ordinary environment.
"""

import runpy
from pathlib import Path

import gymnasium
import numpy as np
from numpy.typing import NDArray

LEARNING = Path(__file__).parents[1] / "17_policy_gradient.py"


def learn(path: Path, seed: int = 0) -> None:
    """Keep the policy of 400 episodes."""
    theta, _ = runpy.run_path(str(LEARNING))["reinforce"](seed)
    np.save(path, theta)


def alone(theta: NDArray[np.float64], seed: int) -> float:
    """The return of one episode of the surer action."""
    with gymnasium.make("CartPole-v1") as env:
        state, _ = env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            state, reward, terminated, truncated, _ = env.step(int(theta @ state > 0))
            total, over = total + float(reward), terminated or truncated
    return total


def main() -> None:
    path = Path("pictures/policy.npy")
    path.parent.mkdir(exist_ok=True)
    learn(path)
    theta = np.load(path)
    print(f"θ = {theta.round(2)}, in {path}")
    print("returns, alone:", [alone(theta, 1000 + i) for i in range(10)])


if __name__ == "__main__":
    main()
