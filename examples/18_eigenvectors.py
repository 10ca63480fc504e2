"""The largest eigenvalue is the top of a hill, Rayleigh's quotient, and is climbed to.

Of all directions x the first eigenvector makes Rayleigh's quotient xᵀA x / xᵀx largest, and the value there
is its eigenvalue. Taken out of the matrix it makes room for the second, and the gap between neighbours sets
the pace: each step leaves 1 − 2 · 0.2 · 0.1 = 0.96 of the error.

The matrix has 50 rows and the eigenvalues 0.1, 0.2, …, 5.0, so every gap is 0.1. The rate of 0.2 is the best
one: a larger one would overshoot in the direction of the smallest eigenvalue.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import SGD, check_gradient, maximize, projections
from steepest.maximization import Result
from steepest.plots import style

Array = NDArray[np.float64]
GAP, SIZE, RATE = 0.1, 50, 0.2


def matrix(seed: int = 0) -> Any:
    """Symmetric, with known eigenvalues in directions drawn at random."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(SIZE, SIZE)))[0]
    A = turn @ np.diag(GAP * np.arange(1, SIZE + 1)) @ turn.T
    return (A + A.T) / 2


def quotient(x: Any, A: Any) -> Any:
    return x @ A @ x / (x @ x)


def gradient(x: Any, A: Any) -> Any:
    """Zero where A x is a multiple of x, and nowhere else."""
    return 2 * (A @ x - quotient(x, A) * x) / (x @ x)


def climb(A: Array, count: int = 3, seed: int = 0) -> list[Result]:
    """The first eigenvectors, one after another, each of length 1."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        run = maximize(
            quotient, rng.normal(size=len(A)), gradient, args=(A,), project=projections.sphere(),
            optimizer=SGD, lr=RATE, gtol=1e-8, max_iter=2000, keep_iterates=True,
        )  # fmt: skip
        found.append(run)
        A = A - run.fun * np.outer(run.x, run.x)  # its eigenvalue becomes 0, the others stay
    return found


def distance(x: Array, v: Array) -> float:
    """Between two unit vectors; −v is as good an eigenvector as v."""
    return float(min(np.linalg.norm(x - v), np.linalg.norm(x + v)))


def distances(run: Result, v: Array) -> Array:
    return np.array([distance(x, v) for x in run.history.x])


def draw(path: str, found: list[Result], values: Array, vectors: Array) -> None:
    figure = style.figure(10, 4)
    left, right = figure.subplots(1, 2)
    for i, run in enumerate(found):
        name = ("first", "second", "third")[i]
        look = {**style.line(i), "ls": style.DASHES[i], "label": name}
        left.plot(run.history.value, **look)
        left.axhline(values[-1 - i], color="0.5", lw=0.8)
        right.semilogy(distances(run, vectors[:, -1 - i]), **look)
    steps = np.arange(100, 350)
    right.semilogy(steps, 4e1 * (1 - 2 * RATE * GAP) ** steps, color="0.5", lw=0.8)
    right.text(215, 0.02, "0.96 a step", color="0.3")
    style.tidy(left).set(xlabel="step", ylabel="Rayleigh's quotient", xlim=(0, 150))
    left.set_ylim(3.8, 5.1)
    style.tidy(right).set(xlabel="step", ylabel="distance from eigh's vector")
    left.legend(title="eigenvector", frameon=False, loc="lower right")
    style.save(figure, path)


def main() -> None:
    A = matrix()
    x = np.random.default_rng(1).normal(size=SIZE)
    print(check_gradient(quotient, gradient, x, args=(A,)).message)
    values, vectors = np.linalg.eigh(A)
    found = climb(A)
    print("eigenvalue          by eigh  vector's distance  steps")
    for i, run in enumerate(found, 1):
        away = distance(run.x, vectors[:, -i])
        print(f"{run.fun:.12f}  {values[-i]:.12f}  {away:17.1e}  {run.nit:5}")
    draw("pictures/18_eigenvectors.png", found, values, vectors)
    print("Drawn: pictures/18_eigenvectors.png")


if __name__ == "__main__":
    main()
