"""The optimizers of torch and optax that the family shall equal: which, with what options, on what numbers.

A row of ``TORCH`` or ``OPTAX`` is a class and options by our names. ``ours``, ``torchs`` and
``optaxs`` run one on the same numbers and answer alike, by our names of the state, so that
tests/test_family.py compares them as they are, and golden/make.py records the peers' for those who
have not installed them.
"""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cases import Array


class Peer(NamedTuple):
    """A class and its options, and the library that has it too."""

    library: str
    optimizer: str
    options: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.optimizer}({', '.join(f'{k}={v}' for k, v in self.options.items())})"


TORCH: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "dampening": 0.4},
        {"weight_decay": 0.1},
        {"momentum": 0.9, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.5, "dampening": 1.0, "weight_decay": 0.1},
    ],
    "Adam": [
        {},
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"betas": (0.0, 0.0)},
        {"weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
        {"amsgrad": True},
        {"amsgrad": True, "betas": (0.8, 0.7), "weight_decay": 0.1},
    ],
    "AdamW": [
        {},
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"weight_decay": 0.3, "amsgrad": True},
    ],
    # μ rises from β₁/2 towards β₁: by default hardly, with 0 not at all, with 3.7 nearly there in 40 steps.
    "NAdam": [
        {},
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"betas": (0.0, 0.9)},
        {"weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
        {"momentum_decay": 0.0},
        {"momentum_decay": 0.31},
        {"momentum_decay": 3.7, "weight_decay": 0.1, "betas": (0.8, 0.99)},
    ],
    # Rectified from step 6 on; with β₂ = .8 from step 7, and with .5 and .6 never.
    "RAdam": [
        {},
        {"betas": (0.8, 0.5)},
        {"betas": (0.8, 0.6), "weight_decay": 0.1},
        {"betas": (0.5, 0.8)},
        {"betas": (0.0, 0.99), "eps": 1e-3},
        {"weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    # Where rounding makes the centered s - a² negative it is 0 here, and NaN in torch: no row comes near.
    "RMSprop": [
        {},
        {"alpha": 0.9, "eps": 1e-3},
        {"alpha": 0.0},
        {"weight_decay": 0.1},
        {"momentum": 0.9},
        {"centered": True},
        {"momentum": 0.8, "weight_decay": 0.1},
        {"centered": True, "momentum": 0.9},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.1, "alpha": 0.95, "eps": 0.1},
    ],
    "Adagrad": [
        {},
        {"lr_decay": 0.3},
        {"weight_decay": 0.1},
        {"initial_accumulator_value": 0.5},
        {"eps": 0.1},
        {"lr_decay": 0.1, "initial_accumulator_value": 2.0, "weight_decay": 0.1},
    ],
    "Adadelta": [
        {},
        {"lr": 1.0},
        {"rho": 0.5, "eps": 1e-3},
        {"rho": 0.0},
        {"rho": 1.0},
        {"weight_decay": 0.1},
        {"lr": 1.0, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1},
    ],
    "Adamax": [
        {},
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"betas": (0.0, 0.0)},
        {"eps": 0.1},
        {"weight_decay": 0.1},
        {"betas": (0.8, 0.99), "eps": 1e-2, "weight_decay": 0.1},
    ],
    "Rprop": [
        {},
        {"etas": (0.3, 1.7)},
        {"step_sizes": (0.006, 0.02)},
        {"step_sizes": (0.02, 0.025), "etas": (0.9, 1.1)},
        {"lr": 0.0},
    ],
    # The average begins at step t0 + 2; by default not before the millionth.
    "ASGD": [
        {},
        {"lambd": 2.0},
        {"alpha": 0.0, "lambd": 1.0},
        {"alpha": 1.3, "lambd": 1.0},
        {"t0": 0.0},
        {"t0": 5.5},
        {"weight_decay": 0.1},
        {"lambd": 3.0, "alpha": 0.5, "t0": 10.0, "weight_decay": 0.1},
    ],
}

OPTAX: dict[str, list[dict[str, Any]]] = {
    "Lion": [
        {},
        {"b1": 0.5, "b2": 0.8},
        {"b1": 0.0},
        {"weight_decay": 0.0},
        {"weight_decay": 0.3, "b2": 0.9},
    ],
    "AdaBelief": [
        {},
        {"b1": 0.5, "b2": 0.9},
        {"eps": 0.1},
        {"eps_root": 1e-3},
        {"weight_decay": 0.1},
        {"b1": 0.8, "b2": 0.99, "eps": 1e-3, "eps_root": 1e-4, "weight_decay": 0.3},
    ],
    "Yogi": [
        {},
        {"b1": 0.5, "b2": 0.9},
        {"b2": 0.5},
        {"eps": 0.1},
        {"weight_decay": 0.1},
        {"b1": 0.8, "b2": 0.99, "eps": 1e-8, "weight_decay": 0.3},
    ],
}

PEERS = [
    Peer(library, optimizer, options)
    for library, table in (("torch", TORCH), ("optax", OPTAX))
    for optimizer, rows in table.items()
    for options in rows
]


# -- The numbers. ----------------------------------------------------------------------------------

STEPS = 40
SHOWN = (1, 2, 10, 40)  # the steps after which parameters are looked at; the state after the last
SHAPES: list[tuple[int, ...]] = [(3, 2), (5,), ()]
FIRST_GROUP = 2  # so many arrays; the others are in a second group, with three times the rate
LR = 0.01  # where the options say no other
HALVES = 30  # before this step, counted from 0, all rates are halved
NONE = {(0, 2), (6, 1)}  # (step, array) without a gradient: an array starts late, another pauses


def normal(shape: tuple[int, ...], *seed: int) -> Array:
    """Nearly normal numbers: twelve uniform ones added.

    Golden files need the same for ever, on every machine, which NumPy promises of raw streams only.
    """
    size = int(np.prod(shape))
    raw = np.random.PCG64(seed).random_raw((12, size)) >> np.uint64(40)
    total: Array = raw.sum(axis=0).reshape(shape) * 2.0**-24 - 6
    return total


def start(dtype: str) -> list[Array]:
    """The parameters to start from."""
    return [np.asarray(normal(shape, 1, k)).astype(dtype) for k, shape in enumerate(SHAPES)]


def noise(step: int, dtype: str) -> list[Array]:
    """A gradient for every parameter; one number in eight is zero, and in the first array always one."""
    drawn = []
    for k, shape in enumerate(SHAPES):
        numbers = np.asarray(normal(shape, 2, step, k))
        numbers[np.abs(numbers) < 0.16] = 0
        drawn.append(numbers.astype(dtype))
    drawn[0][0, 0] = 0
    drawn[0][0, 1] *= step >= 3  # zeros before anything else
    return drawn


def gradients(step: int, parameters: list[Array], maximize: bool) -> list[Array | None]:
    """The gradients of a step: noise, and in the second array also a slope towards zero.

    It is gentle, or it would make of one rounding in a parameter many in a state.
    """
    drawn = noise(step, str(parameters[0].dtype))
    slope = parameters[1] / 4
    drawn[1] += -slope if maximize else slope
    return [None if (step, k) in NONE else g for k, g in enumerate(drawn)]


def _groups(parameters: list[Any], lr: float) -> list[dict[str, Any]]:
    return [
        {"params": parameters[:FIRST_GROUP]},
        {"params": parameters[FIRST_GROUP:], "lr": 3 * lr},
    ]


# -- The runs: {"array 0 after step 1": …, "exp_avg of array 0": …}. -------------------------------

Run = dict[str, Array]


def _trajectory(
    parameters: list[Array], maximize: bool, step: Callable[[int, list[Array | None]], None]
) -> Run:
    shown: Run = {}
    for i in range(STEPS):
        step(i, gradients(i, parameters, maximize))
        if i + 1 in SHOWN:
            for k, array in enumerate(parameters):
                shown[f"array {k} after step {i + 1}"] = array.copy()
    return shown


def _states(states: list[dict[str, Any]]) -> Run:
    return {
        f"{name} of array {k}": np.array(state[name])
        for k, state in enumerate(states)
        for name in sorted(state)
    }


def ours(library: Any, peer: Peer, dtype: str, maximize: bool) -> Run:
    """The run of the class in ``library``, steepest or its reference."""
    parameters = start(dtype)
    options = {"lr": LR} | peer.options
    opt = getattr(library, peer.optimizer)(
        _groups(parameters, options["lr"]), maximize=maximize, **options
    )

    def step(i: int, grads: list[Array | None]) -> None:
        if i == HALVES:
            for group in opt.param_groups:
                group["lr"] /= 2
        opt.step(grads)

    return _trajectory(parameters, maximize, step) | _states([dict(s) for s in opt.state.values()])


def torchs(peer: Peer, dtype: str, maximize: bool) -> Run:
    """The run of torch's class, one array at a time (foreach=False), as ours."""
    import torch

    # mu_product, eta and mu are of torch's default dtype, not of the parameter's.
    usual = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    # ASGD makes a step's eta at the end of the step before, from the rate there was then.
    halves = HALVES - (peer.optimizer == "ASGD")
    try:
        parameters = start(dtype)
        tensors = [torch.from_numpy(array) for array in parameters]
        options = {"lr": LR} | peer.options
        opt = getattr(torch.optim, peer.optimizer)(
            _groups(tensors, options["lr"]), maximize=maximize, foreach=False, **options
        )

        def step(i: int, grads: list[Array | None]) -> None:
            if i == halves:
                for group in opt.param_groups:
                    group["lr"] /= 2
            for tensor, grad in zip(tensors, grads, strict=True):
                tensor.grad = None if grad is None else torch.from_numpy(grad)
            opt.step()

        shown = _trajectory(parameters, maximize, step)
    finally:
        torch.set_default_dtype(usual)
    # SGD keeps a buffer of None; step, eta and mu are not state here: they follow from the count.
    own = {"step", "eta", "mu"}
    states = [
        {
            key: value.numpy()
            for key, value in opt.state[t].items()
            if key not in own and value is not None
        }
        for t in tensors
    ]
    return shown | _states(states)


def optaxs(peer: Peer, dtype: str, maximize: bool) -> Run:
    """The run of optax's transformation, one for every array, as their states share a count."""
    import jax
    import jax.numpy as jnp
    import optax

    def transformation(lr: float) -> Any:
        options = dict(peer.options)
        if peer.optimizer == "Lion":
            return optax.lion(lr, **options)
        # The other two have no weight decay: it is chained as optax.adamw chains it.
        scale = {"AdaBelief": optax.scale_by_belief, "Yogi": optax.scale_by_yogi}[peer.optimizer]
        decay = optax.add_decayed_weights(options.pop("weight_decay", 0.0))
        return optax.chain(scale(**options), decay, optax.scale_by_learning_rate(lr))

    # For float32 too: without it 1 - b2**t is rounded to float32 before it is used, at b2 = .999 with an
    # error of 1e-5.
    with jax.enable_x64(True):
        parameters = start(dtype)
        rates = [LR if k < FIRST_GROUP else 3 * LR for k in range(len(SHAPES))]
        states = [transformation(LR).init(jnp.asarray(array)) for array in parameters]

        def step(i: int, grads: list[Array | None]) -> None:
            for k, grad in enumerate(grads):
                if grad is None:
                    continue
                theta = jnp.asarray(parameters[k])
                g = jnp.asarray(-grad if maximize else grad)
                lr = rates[k] / 2 if i >= HALVES else rates[k]
                update, states[k] = transformation(lr).update(g, states[k], theta)
                parameters[k][...] = optax.apply_updates(theta, update)

        shown = _trajectory(parameters, maximize, step)
        names = ("mu",) if peer.optimizer == "Lion" else ("mu", "nu")
        return shown | _states([{n: np.asarray(getattr(s[0], n)) for n in names} for s in states])


THEIRS: dict[str, Callable[[Peer, str, bool], Run]] = {"torch": torchs, "optax": optaxs}


# -- Golden files: the peers' runs, and their signatures, for where they are not installed. ---------

GOLDEN = Path(__file__).parent / "golden"


def runs(library: str) -> Iterator[tuple[Peer, str, bool]]:
    """Every run of a library, in the order of its golden file: peer, dtype, maximize."""
    for peer in PEERS:
        if peer.library == library:
            yield from itertools.product([peer], ["float32", "float64"], [False, True])


def signatures(library: str) -> dict[str, dict[str, Any]]:
    """Every class' options in order with their defaults; tuples are lists, as JSON has them."""
    if library == "torch":
        import torch

        theirs = {name: getattr(torch.optim, name) for name in TORCH}
    else:
        import optax

        theirs = {name: getattr(optax, name.lower()) for name in OPTAX}
    return {name: signature(function) for name, function in theirs.items()}


def signature(function: Any) -> dict[str, Any]:
    """A function's parameters in order; the default of one that has none is None."""
    parameters = inspect.signature(function).parameters.values()
    defaults = {p.name: None if p.default is p.empty else p.default for p in parameters}
    found: dict[str, Any] = json.loads(json.dumps(defaults))
    return found


def record(library: str, versions: dict[str, str]) -> Path:
    """Write a library's golden file: a JSON of what is where, and all numbers of a dtype in a row."""
    layout: dict[str, dict[str, tuple[int, ...]]] = {}
    numbers: dict[str, list[Array]] = {"float32": [], "float64": []}
    for peer, dtype, maximize in runs(library):
        run = THEIRS[library](peer, dtype, maximize)
        layout[str(peer)] = {name: array.shape for name, array in run.items()}
        numbers[dtype] += [array.ravel().astype(dtype) for array in run.values()]
    about = {"versions": versions, "signatures": signatures(library), "runs": layout}
    path = GOLDEN / f"{library}.npz"
    np.savez_compressed(
        path,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        **{dtype: np.concatenate(arrays) for dtype, arrays in numbers.items()},
    )
    return path


class Golden:
    """What a golden file says."""

    def __init__(self, library: str) -> None:
        with np.load(GOLDEN / f"{library}.npz", allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            numbers = {dtype: file[dtype] for dtype in ("float32", "float64")}
        self.signatures: dict[str, dict[str, Any]] = about["signatures"]
        self.peers: list[str] = list(about["runs"])
        self._runs: dict[tuple[str, str, bool], Run] = {}
        for dtype, row in numbers.items():
            end = 0
            for peer, maximize in itertools.product(self.peers, [False, True]):
                run: Run = {}
                for name, shape in about["runs"][peer].items():
                    begin, end = end, end + int(np.prod(shape))
                    run[name] = row[begin:end].reshape(shape)
                self._runs[peer, dtype, maximize] = run

    def run(self, peer: Peer, dtype: str, maximize: bool) -> Run:
        """The recorded run."""
        return self._runs[str(peer), dtype, maximize]
