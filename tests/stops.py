"""A model of several kinds of array, the configurations it is stepped in, and where to stop."""

from typing import Any

import numpy as np
import pytest
from cases import Case

CASES = [
    Case("default", "GradientAscent", {}),
    Case("plain", "GradientAscent", {"momentum": 0.0, "beta": None}),
    Case("momentum-only", "GradientAscent", {"beta": None}),
    Case("moment-only", "GradientAscent", {"momentum": 0.0}),
    Case("uncorrected-nesterov", "GradientAscent", {"nesterov": True, "bias_correction": False}),
    Case("schedule", "GradientAscent", {"lr_decay": 0.9, "warmup_steps": 5}),
    Case("clipped", "GradientAscent", {"clip_value": 0.5, "clip_norm": 0.7}),
    Case("decayed-skip", "GradientAscent", {"weight_decay": 0.1, "nonfinite": "skip"}),
    Case("minimize", "GradientAscent", {"maximize": False}),
]
cases = pytest.mark.parametrize("case", CASES, ids=str)
STOPS = [0, 1, 2, 7]
END = 12


def a_model() -> Any:
    """Two dtypes, a 0-d array, an empty one, one in Fortran order and one that is a view."""
    rng = np.random.default_rng(5)
    return {
        "W": rng.normal(size=(3, 5)),
        "b": rng.normal(size=5).astype(np.float32),
        "scale": np.array(0.5),
        "none": np.zeros((0, 2)),
        "F": np.asfortranarray(rng.normal(size=(4, 3))),
        "view": rng.normal(size=20)[::-2],
    }


def gradients(model: Any, t: Any) -> Any:
    """The gradients of step t; now and then one of them is missing."""
    rng = np.random.default_rng(100 + t)
    grads = {name: rng.normal(size=a.shape).astype(a.dtype) for name, a in model.items()}
    if t % 3 == 1:
        grads["b"] = None
    return grads


def go_on(opt: Any, model: Any, until: Any) -> None:
    while opt.step_count < until:
        opt.step(gradients(model, opt.step_count))


def started(library: Any, case: Any, until: Any) -> Any:
    model = a_model()
    opt = library.GradientAscent(model, **case.options)
    go_on(opt, model, until)
    return model, opt


class Saved:
    """A state dict where `assert_same_state` wants an optimizer."""

    def __init__(self, saved: Any) -> None:
        self.state_dict = lambda: saved
