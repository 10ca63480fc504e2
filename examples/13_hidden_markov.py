"""A hidden Markov model, fitted by climbing its likelihood: is it where hmmlearn's EM ends?

Two hidden states take turns, each with normal observations of its own, of which 400 are seen. The scaled
forward recursion gives the log-likelihood, the backward one its gradient, and the ascent ends where EM does.

EM needs a formula for the best parameters given the states; an ascent needs only the gradient.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent, check_gradient, maximize
from steepest.maximization import Result
from steepest.plots import style

try:
    from hmmlearn.hmm import GaussianHMM
    from scipy.special import softmax
except ModuleNotFoundError as missing:
    sys.exit(f'This example needs {missing.name}: pip install "steepest[examples]"')

Array = NDArray[np.float64]


def sample(seed: int = 0, length: int = 400) -> tuple[Array, NDArray[np.int64]]:
    """Observations, N(−1, .5²) in state 0 and N(1, 1) in state 1, and the states."""
    rng = np.random.default_rng(seed)
    states = np.zeros(length, int)
    for t in range(1, length):
        states[t] = states[t - 1] ^ (rng.random() < (0.05, 0.1)[states[t - 1]])
    return rng.normal(np.where(states, 1, -1), np.where(states, 1, 0.5)), states


def start(x: Array) -> dict[str, Array]:
    """Logits of the first state and of the transitions, means, and log variances: all are free."""
    return {
        "first": np.zeros(2), "turns": np.log([[0.9, 0.1], [0.2, 0.8]]),
        "mean": np.quantile(x, [0.25, 0.75]), "log_variance": np.full(2, np.log(x.var())),
    }  # fmt: skip


def recursions(p: dict[str, Array], x: Array) -> tuple[float, Array, Array]:
    """The log-likelihood, P(state at t | all x), and how many of each transition to expect."""
    A, z = softmax(p["turns"], axis=1), (x[:, None] - p["mean"]) ** 2 / np.exp(p["log_variance"])
    log_density = -(z + p["log_variance"] + np.log(2 * np.pi)) / 2
    top = log_density.max(axis=1)
    density = np.exp(log_density - top[:, None])  # 1 in one of the states: no row is all 0
    forward, backward, scale = np.empty((len(x), 2)), np.ones((len(x), 2)), np.empty(len(x))
    ahead = softmax(p["first"])
    for t in range(len(x)):
        forward[t] = ahead * density[t]
        scale[t] = forward[t].sum()
        forward[t] /= scale[t]  # P(state at t | x up to t): scaled, so that it does not underflow
        ahead = forward[t] @ A
    seen = density / scale[:, None]
    for t in range(len(x) - 1, 0, -1):
        backward[t - 1] = A @ (seen[t] * backward[t])
    transitions = A * (forward[:-1].T @ (seen * backward)[1:])
    return float((np.log(scale) + top).sum()), forward * backward, transitions


def log_likelihood(p: dict[str, Array], x: Array) -> tuple[float, dict[str, Array]]:
    """The value and, by what the recursions expect of the states, its gradient."""
    value, states, transitions = recursions(p, x)
    error, variance = x[:, None] - p["mean"], np.exp(p["log_variance"])
    return value, {
        "first": states[0] - softmax(p["first"]),
        "turns": transitions - transitions.sum(axis=1, keepdims=True) * softmax(p["turns"], axis=1),
        "mean": (states * error).sum(axis=0) / variance,
        "log_variance": (states * (error**2 / variance - 1)).sum(axis=0) / 2,
    }


def by_ascent(x: Array, **options: Any) -> Result:
    return maximize(log_likelihood, start(x), True, args=(x,), **options)


def by_em(x: Array) -> Any:
    """hmmlearn's fit from the same start."""
    p, model = start(x), GaussianHMM(2, init_params="", covars_prior=0, tol=1e-9, n_iter=5000)
    model.startprob_, model.transmat_ = softmax(p["first"]), softmax(p["turns"], axis=1)
    model.means_, model.covars_ = p["mean"][:, None], np.exp(p["log_variance"])[:, None]
    return model.fit(x[:, None])


def draw(path: str, x: Array, states: Any, guess: Any, runs: dict[str, Array]) -> None:
    data, ways = map(style.tidy, style.figure(10, 4).subplots(1, 2, width_ratios=(3, 2)))
    t, ends = np.arange(len(x)), (x.min() - 0.3, x.max() + 0.3)
    data.fill_between(t, *ends, states, step="mid", color="0.87", label="state 1 in truth")
    data.plot(t[~guess], x[~guess], "o", ms=3, color=style.COLOURS[0], label="0 is likelier")
    data.plot(t[guess], x[guess], "^", ms=4, color=style.COLOURS[1], label="1 is likelier")
    data.set(xlabel="time, in observations", ylabel="observation", ylim=ends)
    data.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    best = max(values.max() for values in runs.values())
    for values, colour, dashes in zip(runs.values(), style.COLOURS, style.DASHES, strict=False):
        ways.semilogy(best - values, color=colour, ls=dashes, lw=1.8)
    ways.legend(runs, frameon=False)
    ways.set(xlabel="step", ylabel="log-likelihood below the best", ylim=(1e-8, 1e3))
    style.save(data.figure, path)


def main() -> None:
    x, states = sample()
    print("gradient:", check_gradient(log_likelihood, True, start(x), (x,)).message)
    em, climb = by_em(x), {"optimizer": GradientAscent, "lr": 0.01, "max_iter": 150}
    truth, runs = em.score(x[:, None]), {"hmmlearn's EM": np.array(em.monitor_.history)}
    print(f"hmmlearn's EM: log-likelihood {truth:.6f} in {em.monitor_.iter} steps")
    for name, options in {"GradientAscent": climb, "Rprop, the default": {}}.items():
        found = by_ascent(x, **options)
        runs[name] = found.history.value
        print(f"{name}: {found.fun:.6f} in {found.nit} steps, {abs(found.fun - truth):.1e} away")
    guess = recursions(found.x, x)[1][:, 1] > 0.5
    draw("pictures/13_hidden_markov.png", x, states, guess, runs)
    print("Drawn: pictures/13_hidden_markov.png")


if __name__ == "__main__":
    main()
