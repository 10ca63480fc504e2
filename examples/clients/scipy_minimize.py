"""steepest's optimizers where SciPy's methods go: `minimize`, with bounds, and inside global searches.

Each is a ``method``, as "BFGS" is, with its learning rate among the options.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import (
    Bounds,
    OptimizeResult,
    basinhopping,
    differential_evolution,
    dual_annealing,
    minimize,
    rosen,
    rosen_der,
)
from steepest.clients.scipy import adam, rprop

#: Where Rosenbrock's valley is cut off, so that the lowest point is on a bound.
BOX = Bounds([-2, -2], [0.5, 2])


def waves(x: Any) -> float:
    """Rastrigin's function: a bowl with a dent at every pair of integers, the deepest at 0."""
    return float(10 * x.size + (x**2 - 10 * np.cos(2 * np.pi * x)).sum())


def slope(x: Any) -> Any:
    return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)


def valley(method: Any = adam, **options: Any) -> OptimizeResult:
    """Down Rosenbrock's valley, which ends at (1, 1)."""
    return minimize(rosen, [-1.2, 1.0], jac=rosen_der, method=method, options=options)


def valley_in_a_box(method: Any = adam, **options: Any) -> OptimizeResult:
    """The same within bounds; SciPy takes the differences, and asks for nothing outside."""
    return minimize(rosen, [-1.2, 1.0], bounds=BOX, method=method, options=options)


#: Rprop chooses its rate itself; its steps may get as small as 1e-12, so that it comes to rest.
LOCAL: dict[str, Any] = {"step_sizes": (1e-12, 1.0), "maxiter": 500}
PLAIN = [(-5.12, 5.12)] * 2


def hopping(seed: int = 0) -> OptimizeResult:
    """From dent to dent, each descended by Rprop."""
    local = {"method": rprop, "jac": slope, "options": LOCAL}
    return basinhopping(waves, [3.2, -2.1], stepsize=1.0, minimizer_kwargs=local, rng=seed)


def annealing(seed: int = 0) -> OptimizeResult:
    local = {
        "method": rprop,
        "jac": slope,
        "options": LOCAL,
        "bounds": PLAIN,
    }  # SciPy passes none on
    return dual_annealing(waves, PLAIN, maxiter=200, minimizer_kwargs=local, rng=seed)


def evolution(seed: int = 0) -> OptimizeResult:
    """A method is a function of (fun, x0), so it can polish by itself, too."""
    polish = partial(rprop, jac=slope, **LOCAL)
    return differential_evolution(waves, PLAIN, popsize=30, polish=polish, rng=seed)


def main() -> None:
    by_adam = valley(lr=0.05)
    print(by_adam)
    print("BFGS:", valley("BFGS").x)
    print("in a box:", valley_in_a_box(lr=0.02).x, "L-BFGS-B:", valley_in_a_box("L-BFGS-B").x)
    for search in (hopping, annealing, evolution):
        found = search()
        print(f"{search.__name__}: f = {found.fun:.2g} at {found.x.round(6)}")


if __name__ == "__main__":
    main()
