"""The oracle for arrays of every kind: the same numbers in a plain copy."""

from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from steepest import reference

both_floats = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def values(shape: Any, dtype: Any = np.float64, seed: Any = 0) -> Any:
    """Numbers of both signs and several magnitudes, none of them zero."""
    rng = np.random.default_rng(seed)
    exponents = rng.integers(-8, 3, size=shape)
    signs = rng.choice([-1.0, 1.0], size=shape)
    return np.asarray(signs * np.exp2(exponents) * rng.uniform(1, 2, size=shape), dtype)


def steps_like_a_copy(
    library: Any, parameters: Any, gradients: Any, steps: Any = 3, **options: Any
) -> None:
    """Step `parameters` in place; compare them and their state with the reference over copies.

    A gradient may live in a parameter's own memory: each step copies it before stepping.
    """
    copies = [np.array(p, order="C", copy=True, subok=False) for p in parameters]
    opt = library.GradientAscent(list(parameters), **options)
    oracle = reference.GradientAscent(copies, **options)
    for _ in range(steps):
        oracle.step([np.array(g, order="C", copy=True, subok=False) for g in gradients])
        opt.step(list(gradients))
        for mine, theirs in zip(parameters, copies, strict=True):
            assert_same_bits(mine, theirs)
    for name in oracle.state:
        for kind, theirs in oracle.state[name].items():
            assert_same_bits(opt.state[name][kind], theirs)
