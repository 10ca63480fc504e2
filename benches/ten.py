"""The ten benchmarks of the package gradient-ascent: its figures, ours, and those of torch's SGD and Adam.

``python -m benches.ten`` runs them, and ``--page docs/ten.md`` redraws the table there. All climb for 1000
steps at rate 0.01. Parameters are torch's tensors, which steepest steps where they lie; 1, 2, 6 and 7 are
there in NumPy, too. Four have no optimum and run away; they are run again with all weights in one ball.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from steepest import GradientAscent, maximize, projections
from steepest.maximization import Result
from steepest.versions import versions

from benches.tables import figures, markdown

try:
    import torch
    from torch import nn
except ModuleNotFoundError:
    torch = None

STEPS, RATE, RADIUS = 1000, 0.01, 10.0
#: What is climbed, and what the package says that it has come to.
PROBLEMS = {
    1: ("Linear(1, 1) at 2, driven to 10", "9.99999"),
    2: ("−x² from 1: x", "1.4e−23"),
    3: ("a 10-50-1 network's output, minimised", "−131395.9"),
    4: ("a 20-100-50-1 network's output, minimised", "−3.33e8"),
    5: ("a 10-50-100-50-1 network's output, minimised", "−1.66e11"),
    6: ("−x sin(5πx) from 0.5: x", "0.31278"),
    7: ("−x² − y² from (1, 1): x, y", "≈ 0"),
    8: ("the mean of a convolution's output, minimised", "−28.79"),
    9: ("−mean of an RNN 10 → 20 of 2 layers", "1.0"),
    10: ("−mean of an LSTM 10 → 20 of 2 layers, first step in time", "0.8204"),
}
#: Those that have no optimum.
UNBOUNDED = (3, 4, 5, 8)
#: Only steps along the gradient end where the ball is best, so there is no beta then.
IN_BALL: dict[str, Any] = {"beta": None}
#: Whole steps from the first one on leave a unit of the LSTM at 0 for ever, so it begins with small ones.
OPTIONS: dict[int, dict[str, Any]] = {10: {"warmup_steps": 100}}


class Problem(NamedTuple):
    """Parameters, what is climbed, its gradients, the figure that is told, and the best that it can be."""

    parameters: list[Any]
    objective: Callable[[], Any]
    #: The gradients; or None if they are where the parameters keep them.
    gradients: Callable[[], Any]
    figure: Callable[[], Any]
    #: Of those that have no optimum, the best in the ball.
    best: Any


class Run(NamedTuple):
    """The figure after the last step, the norm of all parameters, and seconds."""

    figure: Any
    norm: float
    seconds: float


# In torch, where parameters and data are drawn at random.


def by_backward(parameters: Any, objective: Any, figure: Any = None, best: Any = None) -> Problem:
    """A problem whose gradients torch finds; the figure is the objective if it is not another."""
    kept = list(parameters)

    def gradients() -> None:
        for p in kept:
            p.grad = None
        objective().backward()

    return Problem(kept, objective, gradients, figure or (lambda: objective().item()), best)


def linear() -> Problem:
    model, data, target = nn.Linear(1, 1), torch.tensor([[2.0]]), torch.tensor([[10.0]])

    def objective() -> Any:
        return -nn.functional.mse_loss(model(data), target)

    return by_backward(model.parameters(), objective, lambda: model(data).item(), 10.0)


def bowl(dimensions: int) -> Problem:
    x = torch.ones(dimensions, requires_grad=True)
    return by_backward([x], lambda: -(x**2).sum(), x.tolist, [0.0] * dimensions)


def waves() -> Problem:
    x = torch.tensor([0.5], requires_grad=True)
    return by_backward([x], lambda: -(x * torch.sin(5 * np.pi * x)).sum(), x.tolist, [0.31278])


def network(*sizes: int) -> Problem:
    layers = [nn.Linear(m, n) for m, n in pairwise(sizes)]
    hidden = [part for layer in layers[:-1] for part in (layer, nn.ReLU())]
    model, data = nn.Sequential(*hidden, layers[-1]), torch.randn(1, sizes[0])
    best = -largest_output(float(data.norm()), len(layers))
    return by_backward(
        model.parameters(), lambda: -model(data).mean(), lambda: model(data).item(), best
    )


def largest_output(norm: float, layers: int) -> float:
    """Of a ReLU network on an input of this norm, with all weights and biases in the ball.

    A layer whose weights and biases have norm r makes no more of h than r √(‖h‖² + 1), and just that where
    they all have the direction of (h, 1). So only the layers' r are left to be found.
    """

    def output(r: Any) -> float:
        h = norm
        for each in r:
            h = each * np.sqrt(h**2 + 1)
        return h

    start = np.full(layers, RADIUS / np.sqrt(layers))
    sphere = projections.sphere(RADIUS)
    return float(maximize(output, start, project=sphere, lr=1e-3, ftol=1e-12).fun)


def convolution() -> Problem:
    model, data = nn.Conv2d(3, 16, 3), torch.randn(1, 3, 32, 32)
    found = by_backward(
        model.parameters(), lambda: -model(data).mean(), lambda: model(data).mean().item()
    )
    found.gradients()  # they are the same everywhere, so the best is along them
    return found._replace(best=-RADIUS * norm([p.grad for p in found.parameters]))


def rnn() -> Problem:
    model, data, start = nn.RNN(10, 20, 2), torch.randn(5, 1, 10), torch.randn(2, 1, 20)
    return by_backward(model.parameters(), lambda: -model(data, start)[0].mean(), best=1.0)


def lstm() -> Problem:
    """The output is σ(…) tanh(c) of cells c = σ(…) c₀ + σ(…) tanh(…): no less than −tanh(1 + max(0, −c₀))."""
    model, data = nn.LSTM(10, 20, 2), torch.randn(5, 1, 10)
    start = torch.randn(2, 1, 20), torch.randn(2, 1, 20)
    best = torch.tanh(1 + (-start[1][-1]).clamp(min=0)).mean().item()
    return by_backward(model.parameters(), lambda: -model(data, start)[0][0].mean(), best=best)


IN_TORCH: dict[int, Callable[[], Problem]] = {
    1: linear,
    2: partial(bowl, 1),
    3: partial(network, 10, 50, 1),
    4: partial(network, 20, 100, 50, 1),
    5: partial(network, 10, 50, 100, 50, 1),
    6: waves,
    7: partial(bowl, 2),
    8: convolution,
    9: rnn,
    10: lstm,
}


def in_torch(number: int, seed: int = 0) -> Problem:
    torch.manual_seed(seed)
    return IN_TORCH[number]()


# In NumPy, with gradients by hand.


def in_numpy(number: int, seed: int = 0) -> Problem:
    if number == 1:
        w, b = np.random.default_rng(seed).uniform(-1, 1, size=(2, 1))
        return Problem(
            [w, b],
            lambda: -((2 * w + b - 10) ** 2),
            lambda: [-4 * (2 * w + b - 10), -2 * (2 * w + b - 10)],
            lambda: float(2 * w[0] + b[0]),
            10.0,
        )
    if number == 6:
        x, k = np.array([0.5]), 5 * np.pi
        return Problem(
            [x],
            lambda: -x * np.sin(k * x),
            lambda: [-np.sin(k * x) - k * x * np.cos(k * x)],
            x.tolist,
            [0.31278],
        )
    x = np.ones({2: 1, 7: 2}[number])
    return Problem([x], lambda: -(x @ x), lambda: [-2 * x], x.tolist, [0.0] * len(x))


IN_NUMPY = (1, 2, 6, 7)


# The runs.


def arrays(parameters: list[Any]) -> list[Any]:
    """The parameters' own memory, as NumPy sees it."""
    return [p if isinstance(p, np.ndarray) else p.detach().numpy() for p in parameters]


def norm(parameters: list[Any]) -> float:
    return float(np.sqrt(sum(np.sum(np.square(p, dtype=float)) for p in arrays(parameters))))


def climb(problem: Problem, optimizer: Any, bounded: bool = False) -> Run:
    """1000 steps; if bounded each of them back into the ball."""
    weights, ball = arrays(problem.parameters), projections.l2_ball(RADIUS)
    began = time.perf_counter()
    for _ in range(STEPS):
        optimizer.step(problem.gradients())
        if bounded:
            ball(weights, out=weights)
    return Run(problem.figure(), norm(problem.parameters), time.perf_counter() - began)


def ours(number: int, problem: Problem, bounded: bool = False) -> Run:
    options = {**OPTIONS.get(number, {}), **(IN_BALL if bounded else {})}
    return climb(problem, GradientAscent(problem.parameters, lr=RATE, **options), bounded)


def theirs(name: str, problem: Problem, bounded: bool = False) -> Run:
    """torch's SGD or Adam with its defaults."""
    make = getattr(torch.optim, name)
    return climb(problem, make(problem.parameters, lr=RATE, maximize=True), bounded)


def verdict(problem: Problem) -> Result:
    """What maximize says of a problem that runs away."""

    def f(x: Sequence[Any]) -> tuple[float, list[Any]]:
        for p, values in zip(problem.parameters, x, strict=True):
            p.data.copy_(torch.tensor(values))
        problem.gradients()
        return problem.objective().item(), [p.grad.numpy() for p in problem.parameters]

    return maximize(
        f,
        [array.copy() for array in arrays(problem.parameters)],
        True,
        optimizer=GradientAscent,
        lr=RATE,
        max_iter=STEPS,
        max_norm=10 * RADIUS,
    )


# The table.


def shown(figure: Any) -> str:
    """A figure, or each of several, with six digits."""
    several = figure if isinstance(figure, list) else [figure]
    return ", ".join(f"{one:.6g}".replace("-", "−") for one in several)


def line(number: int, bounded: bool, rounds: int) -> list[str]:
    """What all runs of a problem come to, which take their turns, and the milliseconds of the fastest."""
    title, told = PROBLEMS[number]
    if bounded:
        title, told = "‖θ‖ ≤ 10", ""
    problem = in_torch(number) if torch else in_numpy(number)
    best = "none" if number in UNBOUNDED and not bounded else shown(problem.best)
    runs: list[Callable[[], Run]] = []
    if number in IN_NUMPY:
        runs.append(lambda: ours(number, in_numpy(number)))
    if torch:
        runs.append(lambda: ours(number, in_torch(number), bounded))
        runs.append(lambda: theirs("SGD", in_torch(number), bounded))
        runs.append(lambda: theirs("Adam", in_torch(number), bounded))
    turns = [[run() for run in runs] for _ in range(rounds)]
    cells = [] if number in IN_NUMPY else [""]
    for same in zip(*turns, strict=True):
        fastest = figures(1e3 * min(run.seconds for run in same))
        cells.append(f"{shown(same[0].figure)} ({fastest})")
    return [f"{number}: {title}", told, best, f"{STEPS:,}", *cells]


def table(rounds: int) -> str:
    """All that can be run, one line each, and a second one for what was bounded."""
    heads = ["", "its figure", "the best there is", "steps", "steepest, NumPy"]
    heads += ["steepest, tensors", "torch's SGD", "torch's Adam"] if torch else []
    lines = []
    for number in PROBLEMS:
        if torch or number in IN_NUMPY:
            lines.append(line(number, False, rounds))
        if torch and number in UNBOUNDED:
            lines.append(line(number, True, rounds))
    return markdown(heads, lines)


def verdicts() -> str:
    """What is said of those without an optimum."""
    said = []
    for number in UNBOUNDED:
        held = ours(number, in_torch(number), bounded=True)
        said.append(
            f"- {number}: {verdict(in_torch(number)).message.partition(';')[0]}; "
            f"in the ball ‖θ‖ = {held.norm:.5f} in the end"
        )
    return "\n".join(said)


def origin() -> str:
    of, release = versions(), torch.__version__.partition("+")[0]
    return (
        f"`python -m benches.ten`: steepest {of['steepest']} ({of['instruction set']}), "
        f"NumPy {of['NumPy']}, torch {release}, Python {of['Python']}, {platform.system()}, "
        "one thread, seed 0."
    )


def main() -> None:
    """Run all that can be, and redraw the page."""
    parser = argparse.ArgumentParser(description="The ten benchmarks of gradient-ascent.")
    parser.add_argument("--rounds", type=int, default=1, help="runs each; the fastest is told")
    parser.add_argument("--page", type=Path, help="where to redraw the table")
    arguments = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
    drawings = {"ten": table(arguments.rounds)}
    if torch:
        drawings |= {"ten-verdicts": verdicts(), "ten-origin": origin()}
    print(*drawings.values(), sep="\n\n")
    if not torch:
        missing = ", ".join(str(number) for number in PROBLEMS if number not in IN_NUMPY)
        print(f"\ntorch is missing, and with it {missing}: tools/install_torch_cpu.sh .venv")
    elif arguments.page:
        from benches.report import redraw  # it imports what the other benches need

        redraw(arguments.page, drawings)


if __name__ == "__main__":
    main()
