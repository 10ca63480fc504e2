"""SGD, Adam and AdamW against torch's, option by option, with their state; and what is promised of all."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import steepest
from cases import Array

STEPS = 40
SHAPES = [(7, 3), (33,), ()]

# Class and options, by torch's names.
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "dampening": 0.4}),
    ("SGD", {"weight_decay": 0.1}),
    ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"weight_decay": 0.1}),
    ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
]
every_option = pytest.mark.parametrize(
    ("name", "options"), OPTIONS, ids=lambda value: value if isinstance(value, str) else str(value)
)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def arrays(dtype: str, seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape)).astype(dtype) for shape in SHAPES]


@every_dtype
@pytest.mark.parametrize("maximize", [False, True])
@every_option
def test_equals_torch(name: str, options: dict[str, Any], maximize: bool, dtype: str) -> None:
    """Within 8 eps of max(1, |p|): torch's own results differ by up to 5 eps between processors."""
    torch = pytest.importorskip("torch")
    ours = arrays(dtype, 0)
    theirs = [torch.tensor(array.copy(), requires_grad=True) for array in ours]
    # Two groups: the second has a rate of its own.
    mine = getattr(steepest, name)(
        [{"params": ours[:2]}, {"params": ours[2:], "lr": 0.03}],
        lr=0.01,
        maximize=maximize,
        **options,
    )
    peer = getattr(torch.optim, name)(
        [{"params": theirs[:2]}, {"params": theirs[2:], "lr": 0.03}],
        lr=0.01,
        maximize=maximize,
        foreach=False,
        **options,
    )
    for step in range(STEPS):
        gradients = arrays(dtype, step + 1)
        mine.step(gradients)
        for tensor, gradient in zip(theirs, gradients, strict=True):
            tensor.grad = torch.tensor(gradient.copy())
        peer.step()
    bound = 8 * np.finfo(dtype).eps
    for array, tensor in zip(ours, theirs, strict=True):
        expected = tensor.detach().numpy()
        assert np.all(np.abs(array - expected) <= bound * np.maximum(1, np.abs(expected)))
    for state, tensor in zip(mine.state.values(), theirs, strict=True):
        peers = {
            k: v.numpy() for k, v in peer.state[tensor].items() if k != "step" and v is not None
        }
        assert set(state) == set(peers)
        for key, expected in peers.items():
            error = np.abs(state[key] - expected)
            assert np.all(error <= bound * np.maximum(1, np.abs(expected))), key


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_signatures_begin_as_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    import inspect

    ours = inspect.signature(getattr(steepest, name)).parameters
    theirs = inspect.signature(getattr(torch.optim, name)).parameters
    for mine, peer in itertools.islice(zip(ours.values(), theirs.values(), strict=False), 1, 6):
        assert (mine.name, mine.default) == (peer.name, peer.default)


@every_dtype
@every_option
def test_ascent_is_descent_of_the_negative(
    library: Any, name: str, options: dict[str, Any], dtype: str
) -> None:
    up, down = arrays(dtype, 0), arrays(dtype, 0)
    climbing = getattr(library, name)(up, maximize=True, **options)
    falling = getattr(library, name)(down, **options)
    for step in range(10):
        gradients = arrays(dtype, step + 1)
        climbing.step(gradients)
        falling.step([-gradient for gradient in gradients])
    for a, b in zip(up, down, strict=True):
        assert a.tobytes() == b.tobytes()


@every_dtype
@every_option
def test_a_zero_gradient_is_finite_and_moves_nothing_but_the_decay(
    library: Any, name: str, options: dict[str, Any], dtype: str
) -> None:
    ours = arrays(dtype, 0)
    opt = getattr(library, name)(ours, **options)
    for _ in range(3):
        opt.step([np.zeros_like(array) for array in ours])
    decays = options.get("weight_decay", 0.01 if name == "AdamW" else 0)
    for array, start in zip(ours, arrays(dtype, 0), strict=True):
        assert np.isfinite(array).all()
        assert np.array_equal(array, start) == (not decays)


@pytest.mark.parametrize(
    ("name", "lr", "steps"), [("SGD", 0.1, 200), ("Adam", 0.1, 400), ("AdamW", 0.1, 400)]
)
def test_finds_the_optimum_of_a_quadratic(library: Any, name: str, lr: float, steps: int) -> None:
    x = np.array([3.0, -2.0])
    target, curvature = np.array([1.0, 0.5]), np.array([1.0, 4.0])
    opt = getattr(library, name)(x, lr=lr, weight_decay=0.0)
    for _ in range(steps):
        opt.step(curvature * (x - target))
    assert np.allclose(x, target, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("SGD", {"nesterov": True}, "nesterov.*momentum"),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov.*dampening"),
        ("SGD", {"dampening": 1.5}, "dampening"),
        ("SGD", {"momentum": 1.0}, "momentum"),
        ("Adam", {"betas": (0.9, 1.0)}, r"betas\[1\].*1.0"),
        ("Adam", {"betas": (0.9, 0.99, 0.999)}, "betas.*3.*two"),
        ("Adam", {"eps": 0.0}, "eps"),
        ("AdamW", {"weight_decay": -1.0}, "weight_decay"),
        ("AdamW", {"lr": np.inf}, "lr"),
    ],
)
def test_values_out_of_range_are_refused(
    library: Any, name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(library, name)(np.zeros(3), **options)


@pytest.mark.parametrize("betas", [0.9, "ab", np.array([0.9, 0.99]), (0.9, None), (True, 0.9)])
def test_betas_are_two_numbers(library: Any, betas: Any) -> None:
    with pytest.raises(TypeError, match="betas"):
        library.Adam(np.zeros(3), betas=betas)


@every_option
def test_a_saved_run_goes_on_to_the_same_bits(
    library: Any, tmp_path: Any, name: str, options: dict[str, Any]
) -> None:
    straight, stopped = arrays("float32", 0), arrays("float32", 0)
    whole = getattr(library, name)(straight, **options)
    first = getattr(library, name)(stopped, **options)
    for step in range(6):
        whole.step(arrays("float32", step + 1))
        if step < 3:
            first.step(arrays("float32", step + 1))
    first.save(tmp_path / "stop.npz")
    resumed = arrays("float32", 99)
    second = getattr(library, name)(resumed)
    second.param_groups[0].update(options)
    second.load(tmp_path / "stop.npz")
    for step in range(3, 6):
        second.step(arrays("float32", step + 1))
    for a, b in zip(straight, resumed, strict=True):
        assert a.tobytes() == b.tobytes()
    assert repr(second) == repr(whole)
