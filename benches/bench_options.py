"""What options, layouts and forms cost: each beside the same without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import steepest
import steepest.reference
from cases import Array
from harness import assert_same_bits
from steepest import Parameter

from benches.rounds import Step, gradients, in_turns, measure, parameters


class Option(NamedTuple):
    """What is added to the default, and the bytes that a step then moves for each number."""

    options: dict[str, Any]
    bytes: int = 28
    dtype: str = "float32"
    zero_grads: bool = False
    grouped: bool = False


OPTIONS = {
    'the default, with nonfinite="propagate"': Option({}),
    'nonfinite="raise"': Option({"nonfinite": "raise"}, 32),
    "clip_norm": Option({"clip_norm": 1.0}, 32),
    "zero_grads": Option({}, 32, zero_grads=True),
    "nesterov": Option({"nesterov": True}),
    "clip_value": Option({"clip_value": 0.5}),
    "bias_correction=False": Option({"bias_correction": False}),
    "weight_decay": Option({"weight_decay": 0.01}),
    "lr_decay, warmup_steps": Option({"lr_decay": 0.999, "warmup_steps": 100}),
    "maximize=False": Option({"maximize": False}),
    "two groups": Option({}, grouped=True),
    "float64": Option({}, 56, dtype="float64"),
    "momentum=0": Option({"momentum": 0.0}, 20),
    "beta=None": Option({"beta": None}, 20),
    "both": Option({"momentum": 0.0, "beta": None}, 12),
}
LENGTHS = {"10⁴": 10**4, "10⁶": 10**6, "10⁷": 10**7}


def stepper(library: Any, option: Option, theta: list[Array]) -> Step:
    """The step of an optimizer with an option, over two arrays."""
    groups = [{"params": p} for p in theta] if option.grouped else theta
    opt = library.GradientAscent(groups, **({"nonfinite": "propagate"} | option.options))
    if option.zero_grads:
        return lambda given: opt.step(given, zero_grads=True)
    step: Step = opt.step
    return step


@pytest.mark.parametrize("name", OPTIONS)
@in_turns
@pytest.mark.parametrize("length", LENGTHS)
def test_options(benchmark: Any, threads: int, length: str, turn: int, name: str) -> None:
    option = OPTIONS[name]
    size = (2, LENGTHS[length] // 2)
    if turn == 0:
        found, wanted = parameters(size, option.dtype), parameters(size, option.dtype)
        stepper(steepest, option, found)(gradients(size, option.dtype))
        stepper(steepest.reference, option, wanted)(gradients(size, option.dtype))
        for one, other in zip(found, wanted, strict=True):
            assert_same_bits(one, other, name)
    step = stepper(steepest, option, parameters(size, option.dtype))
    given = gradients(size, option.dtype)
    measure(benchmark, step, given, row=name, column=length, bytes=option.bytes)


Lay = Callable[[Array], Array]


def _every_second(square: Array) -> Array:
    return np.repeat(square.ravel(), 2)[::2]


#: How a parameter and its gradient lie; the state always lies as the parameter does.
LAYOUTS: dict[str, tuple[Lay, Lay]] = {
    "C, C": (np.ascontiguousarray, np.ascontiguousarray),
    "F, F": (np.asfortranarray, np.asfortranarray),
    "C, F": (np.ascontiguousarray, np.asfortranarray),
    "F, C": (np.asfortranarray, np.ascontiguousarray),
    "a[::2], a[::2]": (_every_second, _every_second),
}
SIDES = {"100 × 100": 100, "1000 × 1000": 1000}


@pytest.mark.parametrize("clip", [False, True], ids=["", "clip_norm"])
@pytest.mark.parametrize("layout", LAYOUTS)
@in_turns
@pytest.mark.parametrize("side", SIDES)
def test_layouts(
    benchmark: Any, threads: int, side: str, turn: int, layout: str, clip: bool
) -> None:
    n = SIDES[side]
    theta, gradient = (
        lay(a[0].reshape(n, n))
        for lay, a in zip(
            LAYOUTS[layout], (parameters((1, n * n)), gradients((1, n * n))), strict=True
        )
    )
    clip_norm = 1.0 if clip else None
    opt = steepest.GradientAscent(theta, nonfinite="propagate", clip_norm=clip_norm)
    column = f"{side}, clip_norm" if clip else side
    measure(benchmark, opt.step, [gradient], row=layout, column=column)


def _named(arrays: list[Array]) -> dict[str, Array]:
    return {str(i): array for i, array in enumerate(arrays)}


def _with_grad(wrapped: list[Parameter], given: list[Array]) -> None:
    for parameter, gradient in zip(wrapped, given, strict=True):
        parameter.grad = gradient


#: How arrays become what the constructor is given, and gradients what `step` is given.
FORMS: dict[str, tuple[Any, Any]] = {
    "a list of arrays": (list, lambda _, given: given),
    "a dict of arrays": (_named, lambda _, given: _named(given)),
    "`.grad` of a list of Parameters": (lambda arrays: list(map(Parameter, arrays)), _with_grad),
    "one bare array": (lambda arrays: arrays[0], lambda _, given: given[0]),
}
FORM_SIZES = {"1 × 10": (1, 10), "100 × 100": (100, 100)}


@pytest.mark.parametrize(
    ("size", "form"),
    [("1 × 10", form) for form in FORMS] + [("100 × 100", form) for form in list(FORMS)[:3]],
)
@in_turns
def test_forms(benchmark: Any, threads: int, turn: int, size: str, form: str) -> None:
    wrap, hand_over = FORMS[form]
    theta = wrap(parameters(FORM_SIZES[size]))
    given = hand_over(theta, gradients(FORM_SIZES[size]))
    step = steepest.GradientAscent(theta, nonfinite="propagate").step
    measure(benchmark, step, given, row=form, column=size)
