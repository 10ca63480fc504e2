"""The family against torch's and optax's optimizers, option by option; and what is promised of all.

peers.py has the table, the numbers and the runs. Every row is compared with golden files, and with
torch and optax themselves where they are installed (make test-torch, make test-optax).
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import peers
import pytest
import steepest
from cases import DTYPES, Array
from peers import OPTAX, PEERS, TORCH, Golden, Peer, Run

CLASSES = [*TORCH, *OPTAX]

every_peer = pytest.mark.parametrize("peer", PEERS, ids=str)
every_class = pytest.mark.parametrize("name", CLASSES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_direction = pytest.mark.parametrize("maximize", [False, True], ids=["down", "up"])
every_library = pytest.mark.parametrize("library", ["torch", "optax"])


@pytest.fixture(scope="module")
def golden() -> dict[str, Golden]:
    """The recorded runs, by library."""
    return {library: Golden(library) for library in ("torch", "optax")}


def build(library: Any, peer: Peer, parameters: list[Array], **more: Any) -> Any:
    return getattr(library, peer.optimizer)(parameters, **(peer.options | more))


# -- The same results as torch and optax. ----------------------------------------------------------


def assert_close(actual: Run, expected: Run, dtype: str) -> None:
    """Within 8 eps of max(1, |p|): torch's own results differ by up to 5 eps between processors.

    State too, and within 32 eps of the largest number of its kind, which says more where all are small.
    """
    assert actual.keys() == expected.keys()
    eps = float(np.finfo(dtype).eps)
    errors: dict[str, float] = {}
    largest: dict[str, float] = {}
    for what, array in expected.items():
        error = np.abs(actual[what].astype(float) - array)
        worst = float((error / np.maximum(1, np.abs(array))).max()) / eps
        assert worst <= 8, f"{what} is off by {worst:.2f} eps"
        kind, _, of = what.partition(" of ")
        if of:
            errors[kind] = max(errors.get(kind, 0.0), float(error.max()))
            largest[kind] = max(largest.get(kind, 0.0), float(np.abs(array).max()))
    errors.pop("mu_product", None)  # its powers are reproducible, and 11 ulp from the rounded ones
    for kind, error in errors.items():
        assert error <= 32 * eps * largest[kind], f"{kind} is off by {error}"


@every_dtype
@every_direction
@every_peer
def test_equals_what_was_recorded(
    golden: dict[str, Golden], peer: Peer, maximize: bool, dtype: str
) -> None:
    recorded = golden[peer.library].run(peer, dtype, maximize)
    assert_close(peers.ours(steepest, peer, dtype, maximize), recorded, dtype)


@every_dtype
@every_direction
@every_peer
def test_equals_the_peer_itself(peer: Peer, maximize: bool, dtype: str) -> None:
    pytest.importorskip(peer.library)
    theirs = peers.THEIRS[peer.library](peer, dtype, maximize)
    assert_close(peers.ours(steepest, peer, dtype, maximize), theirs, dtype)


@every_library
def test_golden_files_have_every_row(golden: dict[str, Golden], library: str) -> None:
    rows = [str(peer) for peer in PEERS if peer.library == library]
    assert golden[library].peers == rows, "the table has changed: make golden"
    assert len(set(rows)) == len(rows)


@every_library
def test_recorded_signatures_are_the_librarys(golden: dict[str, Golden], library: str) -> None:
    pytest.importorskip(library)
    assert golden[library].signatures == peers.signatures(library)


# How torch computes, not what; and what is by keyword only here.
HOW = {"foreach", "fused", "capturable", "differentiable"}


@pytest.mark.parametrize("name", TORCH)
def test_signatures_begin_as_torchs(golden: dict[str, Golden], name: str) -> None:
    ours = inspect.signature(getattr(steepest, name)).parameters.values()
    positional = {p.name: p.default for p in ours if p.kind is p.POSITIONAL_OR_KEYWORD}
    keyword = {p.name: p.default for p in ours if p.kind is p.KEYWORD_ONLY}
    theirs = golden["torch"].signatures[name]
    (_, *mine), (_, *wanted) = positional, (option for option in theirs if option not in HOW)
    assert mine == wanted[: len(mine)]
    assert set(wanted[len(mine) :]) <= set(keyword)
    for option in wanted:
        default = (positional | keyword)[option]
        assert theirs[option] == (list(default) if isinstance(default, tuple) else default), option


@pytest.mark.parametrize("name", OPTAX)
def test_options_have_optaxs_names_order_and_defaults(golden: dict[str, Golden], name: str) -> None:
    ours = inspect.signature(getattr(steepest, name)).parameters
    theirs = golden["optax"].signatures[name]
    common = [option for option in ours if option in theirs]
    assert common == [option for option in theirs if option in ours]
    assert {"b1", "b2"} <= set(common)
    for option in common:
        assert theirs[option] == ours[option].default, option


# -- What is promised of every optimizer. ----------------------------------------------------------


@every_dtype
@every_peer
def test_ascent_is_descent_of_the_negative(library: Any, peer: Peer, dtype: str) -> None:
    up, down = peers.start(dtype), peers.start(dtype)
    climbing = build(library, peer, up, maximize=True)
    falling = build(library, peer, down)
    for step in range(10):
        gradients = peers.noise(step, dtype)
        climbing.step(gradients)
        falling.step([-gradient for gradient in gradients])
    for a, b in zip(up, down, strict=True):
        assert a.tobytes() == b.tobytes()


def decays(peer: Peer) -> bool:
    """Whether a parameter shrinks without a gradient."""
    defaults = inspect.signature(getattr(steepest, peer.optimizer)).parameters
    return any(
        option in defaults and peer.options.get(option, defaults[option].default) != 0
        for option in ("weight_decay", "lambd")
    )


@every_dtype
@pytest.mark.parametrize("peer", [p for p in PEERS if p.optimizer != "Yogi"], ids=str)
def test_a_zero_gradient_moves_nothing_but_the_decay(library: Any, peer: Peer, dtype: str) -> None:
    ours = peers.start(dtype)
    opt = build(library, peer, ours)
    for _ in range(3):
        opt.step([np.zeros_like(array) for array in ours])
    for array, start in zip(ours, peers.start(dtype), strict=True):
        assert np.isfinite(array).all()
        assert np.array_equal(array, start) != decays(peer)


@every_dtype
def test_yogi_begins_with_a_moment_and_moves_without_a_gradient(library: Any, dtype: str) -> None:
    ours = peers.start(dtype)
    opt = library.Yogi(ours, lr=1.0)
    for _ in range(3):
        opt.step([np.zeros_like(array) for array in ours])
    # m = 1e-6 · .9ᵗ, v stays 1e-6: sign(v - g²) g² is 0.
    moved = sum(
        1e-6 * 0.9**t / (1 - 0.9**t) / (math.sqrt(1e-6 / (1 - 0.999**t)) + 1e-3) for t in (1, 2, 3)
    )
    for array, start in zip(ours, peers.start(dtype), strict=True):
        np.testing.assert_allclose(start - array, moved, atol=8 * float(np.finfo(dtype).eps))


@every_dtype
@every_class
def test_zero_gradients_from_the_first_step_are_finite_whatever_eps(
    library: Any, name: str, dtype: str
) -> None:
    smallest = {"eps": float(np.finfo(dtype).smallest_normal), "eps_root": 0.0}
    known = inspect.signature(getattr(steepest, name)).parameters
    options = {option: value for option, value in smallest.items() if option in known}
    theta = np.array([1.0, 0.0, -2.0], dtype)
    opt = getattr(library, name)(theta, **options)
    for _ in range(3):
        opt.step(np.zeros(3, dtype))
    assert np.isfinite(theta).all()
    for kind, array in opt.state["0"].items():
        assert np.isfinite(array).all(), kind


def assert_no_subnormal_state(opt: Any) -> None:
    for name, state in opt.state.items():
        for kind, array in state.items():
            if kind != "mu_product":  # one number an array: it costs nothing
                sizes = np.abs(array)
                subnormal = (sizes > 0) & (sizes < np.finfo(array.dtype).smallest_normal)
                assert not subnormal.any(), f"{kind} of {name}"


@every_dtype
@every_peer
def test_state_is_never_subnormal(library: Any, peer: Peer, dtype: str) -> None:
    """Gradients and parameters of every magnitude down to the smallest number there is."""
    info = np.finfo(dtype)
    low = int(np.log2(float(info.smallest_subnormal)))
    exponents = np.arange(low, 1, max(1, -low // 300))
    theta = np.ldexp(np.where(np.arange(exponents.size) % 2, 1.5, -1.0), exponents).astype(dtype)
    opt = build(library, peer, [theta])
    for step in range(6):
        opt.step([np.roll(theta, step) if step < 3 else np.zeros_like(theta)])
        assert_no_subnormal_state(opt)


@every_dtype
@every_peer
def test_gradients_of_the_largest_finite_square_stay_finite_and_keep_moving(
    library: Any, peer: Peer, dtype: str
) -> None:
    """An infinite sum of squares would freeze an element; at first coupled decay makes them larger still."""
    root = np.sqrt(np.finfo(dtype).max).astype(dtype)
    largest = np.nextafter(root, np.zeros_like(root))
    signs = np.array([[1, 1, 1, -1], [1, -1, 1, 1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype)
    theta = np.empty(4, dtype)
    opt = build(library, peer, [theta])
    moved = []
    for step in range(60):
        here = largest if step < 3 else np.ones_like(largest)
        theta[...] = here * signs[0]
        opt.step([largest * signs[step % 4]])
        assert np.isfinite(theta).all(), step
        for kind, array in opt.state["0"].items():
            assert np.isfinite(array).all(), f"{kind} after step {step}"
        moved.append(theta != here * signs[0])
    # In one step of two: Rprop stands still where the sign has changed, and a moment may pass 0.
    once, again = np.array(moved[3:-1]), np.array(moved[4:])
    assert (once | again).all()


# Of these no step squares a gradient.
UNSQUARED = ("SGD", "Lion", "Rprop", "ASGD", "Adamax")


@every_class
def test_a_gradient_whose_square_overflows_is_refused_by_those_that_square(
    library: Any, name: str
) -> None:
    theta = np.ones(3, np.float32)
    opt = getattr(library, name)(theta, nonfinite="raise")
    huge = np.full(3, 1e30, np.float32)
    if name in UNSQUARED:
        opt.step(huge)
        assert np.isfinite(theta).all()
        assert (theta < 1).all()
    else:
        with pytest.raises(FloatingPointError, match="squares overflow float32"):
            opt.step(huge)
        assert (theta == 1).all()


@every_class
def test_sums_of_squares_that_overflow_stay_at_the_largest_number(library: Any, name: str) -> None:
    """With `clip_value` squares are not looked at; Adadelta's of its own steps then overflow, too."""
    theta = np.ones(3, np.float32)
    opt = getattr(library, name)(theta, clip_value=1e38)
    for _ in range(10):
        opt.step(np.full(3, 1e30, np.float32))
        assert np.isfinite(theta).all()
    assert all(np.isfinite(array).all() for array in opt.state["0"].values())
    theta[...] = 1
    opt.step(np.full(3, 1e30, np.float32))
    assert (theta < 1).all()


def turned_off_and_on(library: Any, name: str, option: str, on: Any) -> tuple[float, Any]:
    """Where three steps of rate 1 along a gradient of 1 end, `option` being off in the second."""
    theta = np.zeros(1)
    opt = getattr(library, name)(theta, lr=1.0, **{option: on})
    for value in (on, type(on)(0), on):
        opt.param_groups[0][option] = value
        opt.step(np.ones(1))
    return float(theta[0]), opt


def test_turning_momentum_off_drops_its_buffer(library: Any) -> None:
    """On again it starts anew, and so does the count: the first gradient is whole. torch keeps it: -3.5."""
    reached, opt = turned_off_and_on(library, "SGD", "momentum", 0.5)
    assert reached == -3.0
    assert opt.state_dict()["state"]["0"]["steps"] == 1


@pytest.mark.parametrize(
    ("option", "on", "state"),
    [("momentum", 0.5, "momentum_buffer"), ("centered", True, "grad_avg")],
)
def test_turning_an_option_of_rmsprop_off_drops_its_state_alone(
    library: Any, option: str, on: Any, state: str
) -> None:
    reached, opt = turned_off_and_on(library, "RMSprop", option, on)
    s = [1 - 0.99**t for t in (1, 2, 3)]
    d = [1 / math.sqrt(x) for x in s]
    if option == "centered":  # the average starts at 0 again
        d[0], d[2] = 1 / math.sqrt(s[0] - s[0] ** 2), 1 / math.sqrt(s[2] - s[0] ** 2)
    assert reached == pytest.approx(-sum(d), rel=1e-6)
    assert opt.state_dict()["state"]["0"]["steps"] == 3
    assert opt.state["0"][state][0] == pytest.approx(d[2] if option == "momentum" else s[0])


@pytest.mark.parametrize(("turned", "steps"), [(1, (1.0, 1.5)), (-1, (1.0, 0.0))])
def test_rprop_compares_the_signs_of_gradients_whose_product_is_zero(
    library: Any, turned: int, steps: tuple[float, float]
) -> None:
    theta = np.zeros(1, np.float32)
    opt = library.Rprop(theta, lr=1.0, etas=(0.5, 1.5))
    for sign, step in zip((1, turned), steps, strict=True):
        before = theta.copy()
        opt.step(np.array([sign * 1e-30], np.float32))
        assert before - theta == step
    assert opt.state["0"]["step_size"] == (1.5 if turned == 1 else 0.5)


@pytest.mark.parametrize(
    ("name", "options", "decay"),
    [
        ("SGD", {"lr": 0.1}, 1.0),
        ("Adam", {"lr": 0.1}, 1.0),
        ("AdamW", {"lr": 0.1, "weight_decay": 0.0}, 1.0),
        ("NAdam", {"lr": 0.1}, 1.0),
        ("RAdam", {"lr": 0.1}, 1.0),
        ("RMSprop", {"lr": 0.1}, 0.98),
        ("Adagrad", {"lr": 1.0}, 1.0),
        ("Adadelta", {"lr": 50.0}, 0.98),  # its first steps are √ε long
        ("Adamax", {"lr": 0.1}, 1.0),
        ("Rprop", {"lr": 0.1}, 1.0),
        ("ASGD", {"lr": 0.1, "lambd": 0.0}, 1.0),
        ("Lion", {"lr": 0.3, "weight_decay": 0.0}, 0.98),  # every step is lr long
        ("AdaBelief", {"lr": 0.1}, 1.0),
        ("Yogi", {"lr": 0.1}, 1.0),
    ],
)
def test_finds_the_optimum_of_a_quadratic(
    library: Any, name: str, options: dict[str, Any], decay: float
) -> None:
    x = np.array([3.0, -2.0])
    target, curvature = np.array([1.0, 0.5]), np.array([1.0, 4.0])
    opt = getattr(library, name)(x, **options)
    for _ in range(500):
        opt.step(curvature * (x - target))
        opt.lr *= decay
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
        ("NAdam", {"momentum_decay": -0.1}, "momentum_decay"),
        ("NAdam", {"betas": (1.0, 0.9)}, r"betas\[0\].*1.0"),
        ("RAdam", {"betas": (0.9, 1.0)}, r"betas\[1\].*1.0"),
        ("RAdam", {"eps": -1e-8}, "eps"),
        ("RMSprop", {"alpha": 1.0}, "alpha"),
        ("RMSprop", {"momentum": -0.5}, "momentum"),
        ("Adagrad", {"lr_decay": -0.1}, "lr_decay"),
        ("Adagrad", {"initial_accumulator_value": -1.0}, "initial_accumulator_value"),
        ("Adadelta", {"rho": 1.1}, "rho"),
        ("Adadelta", {"eps": 0.0}, "eps"),
        ("Adamax", {"betas": (0.9, 1.0)}, r"betas\[1\].*1.0"),
        ("Adamax", {"eps": 0.0}, "eps"),
        ("Rprop", {"etas": (1.0, 1.2)}, "etas"),
        ("Rprop", {"etas": (0.5, 1.0)}, "etas"),
        ("Rprop", {"etas": (0.0, 1.2)}, "etas"),
        ("Rprop", {"step_sizes": (0.0, 1.0)}, "step_sizes"),
        ("Rprop", {"step_sizes": (2.0, 1.0)}, "step_sizes"),
        ("ASGD", {"lambd": -1e-4}, "lambd"),
        ("ASGD", {"alpha": -0.5}, "alpha"),
        ("ASGD", {"t0": -1.0}, "t0"),
        ("Lion", {"b1": 1.0}, "b1"),
        ("Lion", {"b2": -0.1}, "b2"),
        ("AdaBelief", {"eps_root": -1e-16}, "eps_root"),
        ("AdaBelief", {"b2": 1.0}, "b2"),
        ("Yogi", {"eps": 0.0}, "eps"),
        ("Yogi", {"b1": np.nan}, "b1"),
    ],
)
def test_values_out_of_range_are_refused(
    library: Any, name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(library, name)(np.zeros(3), **options)


@pytest.mark.parametrize("pair", [0.9, "ab", np.array([0.9, 0.99]), (0.9, None), (True, 0.9)])
@pytest.mark.parametrize(
    ("name", "option"), [("Adam", "betas"), ("Rprop", "etas"), ("Rprop", "step_sizes")]
)
def test_pairs_are_two_numbers(library: Any, name: str, option: str, pair: Any) -> None:
    with pytest.raises(TypeError, match=option):
        getattr(library, name)(np.zeros(3), **{option: pair})


@every_peer
def test_a_saved_run_goes_on_to_the_same_bits(library: Any, tmp_path: Any, peer: Peer) -> None:
    straight, stopped = peers.start("float32"), peers.start("float32")
    whole, first = build(library, peer, straight), build(library, peer, stopped)
    for step in range(12):
        whole.step(peers.noise(step, "float32"))
        if step < 6:
            first.step(peers.noise(step, "float32"))
    first.save(tmp_path / "stop.npz")
    resumed = peers.noise(99, "float32")
    second = getattr(library, peer.optimizer)(resumed)
    second.param_groups[0].update(peer.options)
    second.load(tmp_path / "stop.npz")
    for step in range(6, 12):
        second.step(peers.noise(step, "float32"))
    for a, b in zip(straight, resumed, strict=True):
        assert a.tobytes() == b.tobytes()
    assert repr(second) == repr(whole)
