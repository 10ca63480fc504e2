"""Complex parameters are stepped as the pairs of real numbers they are, in every law and every layout."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import peers
import pytest
import steepest
from cases import ALONE, LAYOUTS, Array, Case
from harness import assert_same_bits, bits, build
from peers import TORCH, Peer
from steepest import Adam, GradientAscent, Parameter

WHOLE = {"complex64": "float32", "complex128": "float64"}
every_dtype = pytest.mark.parametrize("dtype", WHOLE)
every_law = pytest.mark.parametrize(
    "case", [case for case in ALONE if len(case.options) < 2], ids=str
)
SHAPES: dict[str, tuple[int, ...]] = {"a": (3, 5), "b": (), "c": (0, 2), "d": (33,), "e": (2, 1, 4)}


def numbers(shape: tuple[int, ...], dtype: str, *seed: int) -> Array:
    """Complex normal numbers, one part in eight a zero."""
    parts = np.random.default_rng(seed).normal(size=(*shape, 2))
    parts[np.abs(parts) < 0.16] = 0
    return np.ascontiguousarray(parts.astype(WHOLE[dtype])).view(dtype)[..., 0]


def reals(array: Array) -> Array:
    """A copy as real numbers, Re and Im along a last axis."""
    return np.stack([array.real, array.imag], axis=-1)


def drawn(dtype: str, seed: int) -> dict[str, Array]:
    return {name: numbers(shape, dtype, seed, k) for k, (name, shape) in enumerate(SHAPES.items())}


def assert_same_parts(complex_opt: Any, real_opt: Any, z: dict[str, Array], x: Any) -> None:
    for name, array in z.items():
        assert_same_bits(reals(array), x[name], name)
        for kind, state in complex_opt.state[name].items():
            expected = real_opt.state[name][kind]
            same = reals(state) if state.dtype.kind == "c" else state
            assert_same_bits(same, expected, f"{kind} of {name}")


@every_dtype
@every_law
def test_every_law_steps_them_as_their_real_view(library: Any, case: Case, dtype: str) -> None:
    z = drawn(dtype, 1)
    x = {name: reals(array) for name, array in z.items()}
    ours, theirs = build(library, case, z), build(library, case, x)
    for step in range(5):
        g = drawn(dtype, 2 + step)
        ours.step(g)
        theirs.step({name: reals(array) for name, array in g.items()})
    assert_same_parts(ours, theirs, z, x)
    assert all(
        state.dtype == dtype
        for kinds in ours.state.values()
        for kind, state in kinds.items()
        if kind != "mu_product"
    )


@every_dtype
@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.7}, {"clip_value": 0.2}], ids=str)
def test_kernels_and_reference_have_the_same_bits(dtype: str, options: Any) -> None:
    runs = []
    for library in (steepest, steepest.reference):
        z = drawn(dtype, 3)
        opt = library.GradientAscent(z, nesterov=True, weight_decay=0.1, **options)
        for step in range(5):
            opt.step(drawn(dtype, 4 + step))
        runs.append((z, opt.state))
    (ours, ours_state), (theirs, theirs_state) = runs
    for name, array in ours.items():
        assert_same_bits(reals(array), reals(theirs[name]), name)
        for kind in ours_state[name]:
            assert_same_bits(reals(ours_state[name][kind]), reals(theirs_state[name][kind]), kind)


@every_dtype
@pytest.mark.parametrize("of_gradient", LAYOUTS)
@pytest.mark.parametrize("of_parameter", LAYOUTS)
@pytest.mark.parametrize("shape", [(3, 4, 5), (33,), ()], ids=str)
def test_layout_does_not_matter(
    library: Any, of_parameter: str, of_gradient: str, shape: Any, dtype: str
) -> None:
    straight = numbers(shape, dtype, 5)
    lying = LAYOUTS[of_parameter](straight.copy())
    one, other = library.Adam(straight, amsgrad=True), library.Adam(lying, amsgrad=True)
    for step in range(3):
        g = numbers(shape, dtype, 6, step)
        one.step(g)
        other.step(LAYOUTS[of_gradient](g))
    assert_same_bits(reals(lying), reals(straight))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("shape", [(70_001,), (300, 301)], ids=str)
def test_many_are_shared_out_to_threads(threads: int, shape: Any, request: Any) -> None:
    before = steepest.get_num_threads()
    request.addfinalizer(lambda: steepest.set_num_threads(before))
    steepest.set_num_threads(threads)
    z = numbers(shape, "complex64", 7)
    x = reals(z)
    lying = np.asfortranarray(z)
    ours = GradientAscent(lying, clip_norm=1.0)
    theirs = steepest.reference.GradientAscent(x, clip_norm=1.0)
    for step in range(2):
        g = numbers(shape, "complex64", 8, step)
        ours.step(g)
        theirs.step(reals(g))
    assert_same_bits(reals(lying), x)
    assert_same_bits(reals(ours.state["0"]["velocity"]), theirs.state["0"]["velocity"])


class TestNorm:
    def test_is_that_of_the_moduli(self, library: Any) -> None:
        told: list[Any] = []
        opt = library.GradientAscent(np.zeros(2, complex), callback=told.append)
        opt.step(np.array([3 + 4j, 12j]))
        assert told[0].grad_norm == 13.0

    def test_sums_over_real_and_complex_arrays(self, library: Any) -> None:
        told: list[Any] = []
        parameters = [np.zeros(1, np.complex64), np.zeros(1)]
        library.GradientAscent(parameters, callback=told.append).step(
            [np.array([3j], np.complex64), np.array([4.0])]
        )
        assert told[0].grad_norm == 5.0

    def test_is_clipped_without_turning_a_number(self, library: Any) -> None:
        z = np.zeros(1, complex)
        library.SGD(z, lr=1.0, maximize=True, clip_norm=1.0).step(np.array([30 + 40j]))
        assert z[0] == pytest.approx(0.6 + 0.8j, abs=1e-6)


class TestInputs:
    @pytest.mark.parametrize(
        ("parameter", "gradient", "said"),
        [
            (np.zeros(2, complex), np.zeros(2), ["complex128", "float64", "astype('complex128')"]),
            (
                np.zeros(2),
                np.zeros(2, complex),
                ["complex128", "float64", "gradient.real.astype('float64')"],
            ),
            (np.zeros(2, complex), np.zeros(2, np.complex64), ["complex64", "complex128"]),
            (np.zeros(2, complex), np.zeros((2, 2)), ["complex128", "float64"]),
        ],
    )
    def test_of_another_dtype_are_refused(
        self, library: Any, parameter: Array, gradient: Array, said: list[str]
    ) -> None:
        before = parameter.copy()
        with pytest.raises(TypeError) as caught:
            library.GradientAscent(parameter).step(gradient)
        assert all(word in str(caught.value) for word in said)
        assert_same_bits(reals(parameter), reals(before))

    def test_long_complex_numbers_are_refused(self, library: Any) -> None:
        with pytest.raises(TypeError, match="complex64 or complex128"):
            library.GradientAscent(np.zeros(2, np.clongdouble))

    def test_of_foreign_byte_order_are_refused(self, library: Any) -> None:
        with pytest.raises(TypeError, match="byte order"):
            library.GradientAscent(np.zeros(2, np.dtype(complex).newbyteorder()))

    def test_broadcast_gradient_is_read(self, library: Any) -> None:
        z = np.zeros((3, 2), complex)
        library.SGD(z, lr=1.0).step(np.broadcast_to(np.array([1j, 2.0]), (3, 2)))
        assert z.tolist() == [[-1j, -2]] * 3

    def test_parts_of_one_array_are_two_parameters(self, library: Any) -> None:
        z = np.zeros(3, complex)
        library.SGD([z.real, z.imag], lr=1.0).step([np.ones(3), np.full(3, 2.0)])
        assert z.tolist() == [-1 - 2j] * 3

    def test_array_and_a_part_of_it_share_memory(self, library: Any) -> None:
        z = np.zeros(3, complex)
        with pytest.raises(ValueError, match="share memory"):
            library.SGD([z, z.imag], lr=1.0)

    def test_gradient_that_is_the_parameter_is_read_first(self, library: Any) -> None:
        z = numbers((40,), "complex128", 9)
        expected = z[::-1] + 0.5 * z
        library.SGD(reversed_ := z[::-1], lr=0.5, maximize=True).step(z)
        assert_same_bits(reals(reversed_), reals(expected))

    def test_python_number_is_a_gradient_of_no_axes(self, library: Any) -> None:
        z = np.array(1 + 1j)
        library.SGD(z, lr=1.0).step(1j)
        assert z == 1

    def test_zero_grads_zeroes_both_parts(self, library: Any) -> None:
        z, g = np.zeros((2, 3), complex), np.full((2, 3), 1 + 1j)
        library.SGD(z, lr=1.0).step(g, zero_grads=True)
        assert not g.any()
        assert (z == -1 - 1j).all()

    def test_parameter_objects_may_be_complex(self, library: Any) -> None:
        w = Parameter(np.zeros(2, np.complex64), name="w")
        w.grad = np.array([1j, 1], np.complex64)
        library.SGD([w], lr=1.0).step()
        assert w.data.tolist() == [-1j, -1]

    def test_may_have_as_many_axes_as_numpy_has(self, library: Any) -> None:
        z = np.zeros((1,) * 60 + (2,) * 4, complex)
        library.Adam(z, lr=1.0).step(np.full(z.shape, 1 - 2j))
        np.testing.assert_allclose(z, -1 + 1j)
        found = steepest.minimize(lambda z: float((abs(z - 1j) ** 2).sum()), z)
        assert found.x.shape == z.shape
        np.testing.assert_allclose(found.x, 1j, atol=1e-5)


class TestNonfinite:
    @pytest.mark.parametrize("bad", [complex(1, np.nan), complex(np.inf, 1), complex(0, -np.inf)])
    def test_part_is_found_and_named(self, library: Any, bad: complex) -> None:
        z = np.zeros((2, 2), complex)
        g = np.array([[1, 2], [bad, 3]])
        with pytest.raises(FloatingPointError, match=r"1 of 4 .* not finite.*index \(1, 0\)"):
            library.GradientAscent({"z": z}).step({"z": g})
        assert not z.any()
        opt = library.GradientAscent({"z": z}, nonfinite="skip")
        opt.step({"z": g})
        assert (opt.skipped_steps, z.any()) == (1, False)

    def test_square_of_a_part_that_overflows_is_found(self, library: Any) -> None:
        z = np.zeros(3, np.complex64)
        g = np.array([1, 1e10, 1e30j], np.complex64)
        with pytest.raises(FloatingPointError, match=r"1 of 3 .* overflow complex64.*index \(2,\)"):
            library.GradientAscent(z).step(g)


def test_options_are_checked_for_the_parts_dtype(library: Any) -> None:
    with pytest.raises(ValueError, match="float32"):
        library.Adam(np.zeros(2, np.complex64), eps=1e-60)
    library.Adam(np.zeros(2, np.complex128), eps=1e-60)


class TestCheckpoints:
    def run(self, library: Any, resume: Any) -> tuple[dict[str, Array], Any]:
        z = drawn("complex64", 10)
        opt = library.GradientAscent(z)
        for step in range(6):
            if step == 3:
                z, opt = resume(z, opt)
            opt.step(drawn("complex64", 11 + step))
        return z, opt

    @pytest.mark.parametrize("how", ["file", "pickle", "state_dict"])
    def test_go_on_with_the_same_bits(self, library: Any, how: str, tmp_path: Any) -> None:
        def saved(z: Any, opt: Any) -> Any:
            opt.save(tmp_path / "run.npz")
            fresh = {name: np.zeros_like(array) for name, array in z.items()}
            again = library.GradientAscent(fresh)
            again.load(tmp_path / "run.npz")
            return fresh, again

        def pickled(z: Any, opt: Any) -> Any:
            return pickle.load(io.BytesIO(pickle.dumps((z, opt))))

        def copied(z: Any, opt: Any) -> Any:
            again = library.GradientAscent(z)
            again.load_state_dict(opt.state_dict())
            return z, again

        resume = {"file": saved, "pickle": pickled, "state_dict": copied}[how]
        z, opt = self.run(library, resume)
        expected, straight = self.run(library, lambda z, opt: (z, opt))
        for name, array in z.items():
            assert_same_bits(reals(array), reals(expected[name]), name)
            assert (
                bits(reals(opt.state[name]["velocity"]))
                == bits(reals(straight.state[name]["velocity"]))
            ).all()

    def test_of_real_state_are_refused(self, library: Any) -> None:
        state = library.Adam(np.zeros((2, 2))).state_dict()
        with pytest.raises(ValueError, match="expected complex128 of shape"):
            library.Adam(np.zeros((2, 2), complex)).load_state_dict(state)


def test_ascent_of_a_modulus_finds_the_phases(library: Any) -> None:
    """The maximum of Re⟨w, z⟩ on the unit sphere is w / ‖w‖: its gradient by z is w."""
    w = np.array([1 + 2j, -3j, 0.5])
    z = np.full(3, 1 + 0j)
    opt = library.GradientAscent(z, lr=0.05, beta=None)
    for _ in range(300):
        opt.step(w)
        z /= np.linalg.norm(z)
    np.testing.assert_allclose(z, w / np.linalg.norm(w), atol=1e-3)


# -- The same as torch. ----------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize(
    "peer",
    [Peer("torch", name, options) for name, rows in TORCH.items() for options in rows],
    ids=str,
)
def test_equals_torch_itself(peer: Peer, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    usual = torch.get_default_dtype()
    # As in peers.torchs: what torch keeps for an array as a whole is of its default dtype.
    torch.set_default_dtype(getattr(torch, WHOLE[dtype]))
    try:
        z, theirs = numbers((4, 5), dtype, 12), numbers((4, 5), dtype, 12)
        options = {"lr": 0.01} | peer.options
        opt = getattr(steepest, peer.optimizer)(z, **options)
        tensor = torch.from_numpy(theirs)
        other = getattr(torch.optim, peer.optimizer)([tensor], foreach=False, **options)
        for step in range(peers.STEPS):
            g = numbers((4, 5), dtype, 13, step)
            opt.step(g)
            tensor.grad = torch.from_numpy(g)
            other.step()
    finally:
        torch.set_default_dtype(usual)
    eps = float(np.finfo(dtype).eps)
    error = np.abs(reals(z) - reals(theirs)) / np.maximum(1, np.abs(reals(theirs)))
    assert error.max() <= 8 * eps
    again = getattr(steepest, peer.optimizer)(z, **options)
    again.load_torch_state_dict(other.state_dict())
    for kind, state in opt.state["0"].items():
        assert again.state["0"][kind].dtype == state.dtype
        np.testing.assert_allclose(again.state["0"][kind], state, rtol=64 * eps, atol=64 * eps)


def test_adam_walks_to_the_minimum_of_a_complex_quadratic() -> None:
    """½‖Az − b‖², whose gradient in our convention is Aᴴ(Az − b); its minimum is lstsq's."""
    A, b = numbers((8, 3), "complex128", 14), numbers((8,), "complex128", 15)
    z = np.zeros(3, complex)
    opt = Adam(z, lr=0.1)
    for step in range(2000):
        opt.lr = 0.1 * 0.99**step
        opt.step(A.conj().T @ (A @ z - b))
    np.testing.assert_allclose(z, np.linalg.lstsq(A, b)[0], atol=1e-6)
