"""The one table of configurations: what the tests prove equal and the benches time.

A case is a name, an optimizer's class and its keyword arguments. Adding an optimizer is adding
its rows to ``ALONE``. Below the table: the lengths, shapes, memory layouts and gradients that the
cases are run over.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Case(NamedTuple):
    """An optimizer and its options, under a name."""

    name: str
    optimizer: str
    options: dict[str, Any]

    def __str__(self) -> str:
        return self.name


# One option away from the defaults ("plain" is the textbook rule: momentum and beta off).
ALONE = [
    Case("default", "GradientAscent", {}),
    Case("descent", "GradientDescent", {}),
    Case("minimize", "GradientAscent", {"maximize": False}),
    Case("plain", "GradientAscent", {"momentum": 0.0, "beta": None}),
    Case("plain-descent", "GradientDescent", {"momentum": 0.0, "beta": None}),
    Case("lr-.3", "GradientAscent", {"lr": 0.3}),
    Case("lr-0", "GradientAscent", {"lr": 0.0}),
    Case("momentum-0", "GradientAscent", {"momentum": 0.0}),
    Case("momentum-.3", "GradientAscent", {"momentum": 0.3}),
    Case("nesterov", "GradientAscent", {"nesterov": True}),
    Case("beta-none", "GradientAscent", {"beta": None}),
    Case("beta-0", "GradientAscent", {"beta": 0.0}),
    Case("beta-.9", "GradientAscent", {"beta": 0.9}),
    Case("uncorrected", "GradientAscent", {"bias_correction": False}),
    Case("eps-1e-30", "GradientAscent", {"eps": 1e-30}),
    Case("eps-.1", "GradientAscent", {"eps": 0.1}),
    Case("clip-value", "GradientAscent", {"clip_value": 0.3}),
    Case("clip-norm", "GradientAscent", {"clip_norm": 0.7}),
    Case("clip-norm-unreached", "GradientAscent", {"clip_norm": 1e30}),
    Case("lr-decay", "GradientAscent", {"lr_decay": 0.9}),
    Case("warmup", "GradientAscent", {"warmup_steps": 10}),
    Case("weight-decay", "GradientAscent", {"weight_decay": 0.3}),
    Case("skip", "GradientAscent", {"nonfinite": "skip"}),
    Case("propagate", "GradientAscent", {"nonfinite": "propagate"}),
    Case("sgd", "SGD", {}),
    Case("sgd-maximize", "SGD", {"maximize": True}),
    Case("sgd-momentum", "SGD", {"momentum": 0.9}),
    Case("sgd-nesterov", "SGD", {"momentum": 0.8, "nesterov": True}),
    Case("sgd-dampened", "SGD", {"momentum": 0.7, "dampening": 0.3}),
    Case("sgd-weight-decay", "SGD", {"weight_decay": 0.3}),
    Case("sgd-clip-value", "SGD", {"clip_value": 0.3}),
    Case("sgd-clip-norm", "SGD", {"clip_norm": 0.7}),
    Case("adam", "Adam", {}),
    Case("adam-maximize", "Adam", {"maximize": True}),
    Case("adam-lr", "Adam", {"lr": 0.3}),
    Case("adam-betas", "Adam", {"betas": (0.5, 0.8)}),
    Case("adam-betas-0", "Adam", {"betas": (0.0, 0.0)}),
    Case("adam-eps", "Adam", {"eps": 0.1}),
    Case("adam-weight-decay", "Adam", {"weight_decay": 0.3}),
    Case("adam-decoupled", "Adam", {"weight_decay": 0.2, "decoupled_weight_decay": True}),
    Case("adam-amsgrad", "Adam", {"amsgrad": True}),
    Case("adam-clip-norm", "Adam", {"clip_norm": 0.7}),
    Case("adamw", "AdamW", {}),
    Case("adamw-maximize", "AdamW", {"maximize": True}),
    Case("adamw-weight-decay", "AdamW", {"weight_decay": 0.3}),
    Case("adamw-amsgrad", "AdamW", {"amsgrad": True}),
    Case("nadam", "NAdam", {}),
    Case("nadam-maximize", "NAdam", {"maximize": True}),
    Case("nadam-betas", "NAdam", {"betas": (0.5, 0.8)}),
    Case("nadam-eps", "NAdam", {"eps": 0.1}),
    Case("nadam-weight-decay", "NAdam", {"weight_decay": 0.3}),
    Case("nadam-decoupled", "NAdam", {"weight_decay": 0.2, "decoupled_weight_decay": True}),
    Case("nadam-momentum-decay", "NAdam", {"momentum_decay": 0.7}),
    Case("radam", "RAdam", {}),
    Case("radam-maximize", "RAdam", {"maximize": True}),
    Case("radam-betas", "RAdam", {"betas": (0.5, 0.8)}),
    Case("radam-never-rectified", "RAdam", {"betas": (0.8, 0.6)}),
    Case("radam-eps", "RAdam", {"eps": 0.1}),
    Case("radam-weight-decay", "RAdam", {"weight_decay": 0.3}),
    Case("radam-decoupled", "RAdam", {"weight_decay": 0.2, "decoupled_weight_decay": True}),
    Case("rmsprop", "RMSprop", {}),
    Case("rmsprop-maximize", "RMSprop", {"maximize": True}),
    Case("rmsprop-alpha", "RMSprop", {"alpha": 0.8}),
    Case("rmsprop-eps", "RMSprop", {"eps": 0.1}),
    Case("rmsprop-weight-decay", "RMSprop", {"weight_decay": 0.3}),
    Case("rmsprop-momentum", "RMSprop", {"momentum": 0.7}),
    Case("rmsprop-centered", "RMSprop", {"centered": True}),
    Case("adagrad", "Adagrad", {}),
    Case("adagrad-maximize", "Adagrad", {"maximize": True}),
    Case("adagrad-lr-decay", "Adagrad", {"lr_decay": 0.3}),
    Case("adagrad-weight-decay", "Adagrad", {"weight_decay": 0.3}),
    Case("adagrad-initial", "Adagrad", {"initial_accumulator_value": 0.7}),
    Case("adagrad-eps", "Adagrad", {"eps": 0.1}),
    Case("adadelta", "Adadelta", {}),
    Case("adadelta-maximize", "Adadelta", {"maximize": True}),
    Case("adadelta-lr", "Adadelta", {"lr": 0.3}),
    Case("adadelta-rho", "Adadelta", {"rho": 0.6}),
    Case("adadelta-rho-1", "Adadelta", {"rho": 1.0}),
    Case("adadelta-eps", "Adadelta", {"eps": 0.1}),
    Case("adadelta-weight-decay", "Adadelta", {"weight_decay": 0.3}),
    Case("adamax", "Adamax", {}),
    Case("adamax-maximize", "Adamax", {"maximize": True}),
    Case("adamax-betas", "Adamax", {"betas": (0.5, 0.8)}),
    Case("adamax-eps", "Adamax", {"eps": 0.1}),
    Case("adamax-weight-decay", "Adamax", {"weight_decay": 0.3}),
    Case("rprop", "Rprop", {}),
    Case("rprop-maximize", "Rprop", {"maximize": True}),
    Case("rprop-lr", "Rprop", {"lr": 0.3}),
    Case("rprop-etas", "Rprop", {"etas": (0.3, 1.7)}),
    Case("rprop-step-sizes", "Rprop", {"step_sizes": (0.006, 0.02)}),
    Case("asgd", "ASGD", {}),
    Case("asgd-maximize", "ASGD", {"maximize": True}),
    Case("asgd-lambd", "ASGD", {"lambd": 3.0}),
    Case("asgd-alpha", "ASGD", {"alpha": 1.3}),
    Case("asgd-t0", "ASGD", {"t0": 4.5}),
    Case("asgd-weight-decay", "ASGD", {"weight_decay": 0.3}),
    Case("lion", "Lion", {}),
    Case("lion-maximize", "Lion", {"maximize": True}),
    Case("lion-b1", "Lion", {"b1": 0.5}),
    Case("lion-b2", "Lion", {"b2": 0.8}),
    Case("lion-weight-decay", "Lion", {"weight_decay": 0.3}),
    Case("adabelief", "AdaBelief", {}),
    Case("adabelief-maximize", "AdaBelief", {"maximize": True}),
    Case("adabelief-b1", "AdaBelief", {"b1": 0.5}),
    Case("adabelief-b2", "AdaBelief", {"b2": 0.8}),
    Case("adabelief-eps", "AdaBelief", {"eps": 0.1}),
    Case("adabelief-eps-root", "AdaBelief", {"eps_root": 0.1}),
    Case("adabelief-weight-decay", "AdaBelief", {"weight_decay": 0.3}),
    Case("yogi", "Yogi", {}),
    Case("yogi-maximize", "Yogi", {"maximize": True}),
    Case("yogi-b1", "Yogi", {"b1": 0.5}),
    Case("yogi-b2", "Yogi", {"b2": 0.8}),
    Case("yogi-eps", "Yogi", {"eps": 0.1}),
    Case("yogi-weight-decay", "Yogi", {"weight_decay": 0.3}),
]


def _compatible(a: Case, b: Case) -> bool:
    options = a.options | b.options
    return (
        a.optimizer == b.optimizer
        and not a.options.keys() & b.options.keys()
        and not (options.get("nesterov") and options.get("momentum") == 0.0)
        and not (options.get("nesterov") and options.get("dampening"))
    )


# Any two of those rows at once, where they set different options.
PAIRED = [
    Case(f"{a.name}+{b.name}", a.optimizer, a.options | b.options)
    for a, b in itertools.combinations([case for case in ALONE if case.options], 2)
    if _compatible(a, b)
]

DTYPES = ["float32", "float64"]

# Every remainder of every vector width, a block of the norm and its neighbours, and many blocks.
LENGTHS = [*range(68), 4095, 4096, 4097, 100_003]

# Every number of dimensions that matters: none, few, more than eight, NumPy's most; an empty
# array, a long last axis, a long first axis.
SHAPES: list[tuple[int, ...]] = [
    (),
    (33,),
    (0, 3),
    (5, 9),
    (3, 4, 5),
    (2, 1, 3, 1, 2, 1, 2, 1, 2, 3),
    (1,) * 54 + (2,) * 10,
    (3, 5000),
    (5000, 3),
]


# -- Memory layouts: each makes a writable array of the given values that lies differently. --------

Layout = Callable[[Array], Array]


def _window(values: Array, step: int) -> Array:
    """The values at every ``step``-th place of a larger array of sevens.

    Of more than four axes the inner ones stay whole, or the larger array would be huge.
    """
    first = 2 if step > 0 else -2
    sizes, cuts = [], []
    for axis, n in enumerate(values.shape):
        inner = 2 <= axis < values.ndim - 2
        sizes.append(n if inner else abs(step) * n + 4)
        cuts.append(slice(None) if inner else slice(first, first + step * n, step))
    view: Array = np.full(sizes, 7, values.dtype)[(*cuts, ...)]
    view[...] = values
    return view


def _c(values: Array) -> Array:
    return np.array(values, order="C")


def _fortran(values: Array) -> Array:
    return np.array(values, order="F")


def _rotated(values: Array) -> Array:
    """Neither C nor Fortran: the first axis is the innermost, the others in C order."""
    if values.ndim < 2:
        return _c(values)
    return np.moveaxis(np.moveaxis(values, 0, -1).copy(order="C"), -1, 0)


def _interior(values: Array) -> Array:
    return _window(values, 1)


def _sliced(values: Array) -> Array:
    return _window(values, 2)


def _negative(values: Array) -> Array:
    return _window(values, -1)


def _negative_sliced(values: Array) -> Array:
    return _window(values, -3)


def misaligned(values: Array, offset: int = 1) -> Array:
    """The values in C order, so many bytes after a 64th byte of a buffer of sevens."""
    buffer = np.full(values.nbytes + 64 + offset + 64, 7, np.uint8)
    start = -buffer.ctypes.data % 64 + offset
    view: Array = np.ndarray(values.shape, values.dtype, buffer, start)
    view[...] = values
    return view


def _field(values: Array) -> Array:
    """A field of packed records: the strides are no multiple of a number's size."""
    packed = np.zeros(values.shape, [("before", "u1"), ("number", values.dtype), ("after", "u2")])
    view: Array = packed["number"]
    view[...] = values
    return view


LAYOUTS: dict[str, Layout] = {
    "C": _c,
    "F": _fortran,
    "rotated": _rotated,
    "interior": _interior,
    "sliced": _sliced,
    "negative": _negative,
    "negative-sliced": _negative_sliced,
    "misaligned": misaligned,
    "field": _field,
}


# -- Numbers ---------------------------------------------------------------------------------------


def start(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    """A parameter to start from."""
    return np.random.default_rng([1, seed]).normal(size=shape).astype(dtype)


@functools.cache
def gradient(shape: tuple[int, ...], dtype: str, seed: int, kind: str = "ordinary") -> Array:
    """A read-only gradient that differs for every seed (a step, say).

    "ordinary": normal numbers of a scale of the seed's own, one in eight replaced by a zero of
    either sign, a subnormal number, or one whose square is subnormal or nothing.
    "extreme": every magnitude the dtype has, as long as its square is finite.
    "special": ordinary, but for a few that are infinite, NaN, or of an infinite square.
    """
    rng = np.random.default_rng([2, seed])
    size = int(np.prod(shape))
    info = np.finfo(dtype)
    tiny, most = float(np.log2(info.smallest_subnormal)), float(info.maxexp)

    def magnitudes(low: float, high: float) -> Array:
        return rng.choice([-1.0, 1.0], size) * np.exp2(rng.uniform(low, high, size))

    def with_some(numbers: Array, share: float, *others: Array) -> Array:
        chosen = np.choose(rng.integers(len(others), size=size).astype(np.intp), others)
        return np.where(rng.random(size) < share, chosen, numbers)

    if kind == "extreme":
        numbers = magnitudes(tiny, most / 2 - 0.1)
    else:
        numbers = rng.normal(size=size) * 10.0 ** rng.uniform(-2, 1)
        zero, subnormal = np.zeros(size), magnitudes(tiny, info.minexp)
        subnormal_squared = magnitudes(tiny / 2 - 9, info.minexp / 2 + 9)
        numbers = with_some(numbers, 1 / 8, zero, -zero, subnormal, subnormal_squared)
    if kind == "special":
        infinity, nan = np.full(size, np.inf), np.full(size, np.nan)
        infinite_squared = magnitudes(most / 2, most - 0.1)
        numbers = with_some(numbers, 1 / 100, infinity, -infinity, nan, infinite_squared)
    result: Array = numbers.astype(dtype).reshape(shape)
    result.flags.writeable = False
    return result
