"""autograd: its gradients step nested parameters; stand-ins for its optimizers give their answers."""

from __future__ import annotations

import inspect
import logging
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import steepest
import steepest.clients.autograd as here
from autograd.misc import optimizers as theirs
from steepest import GradientAscent, GradientDescent, check_gradient, family, maximize, minimize

from examples.clients import autograd_nested as example

NAMED_ALIKE = ("sgd", "rmsprop", "adam")


def x0() -> dict[str, Any]:
    return {
        "layers": [{"W": np.linspace(-1, 1, 6).reshape(2, 3), "b": np.zeros(3)}, (np.ones(2), 0.5)],
        "a": np.array(2.0),
    }


DATA = np.random.default_rng(0).normal(size=(60, 6))
LABELS = np.random.default_rng(1).random(60) < 0.5


def loss(p: Any, rows: Any = slice(None)) -> Any:
    """Convex, so that roundings die away: the optimizers themselves would make them grow elsewhere."""
    first, (u, c) = p["layers"]
    z = DATA[rows, :3] @ anp.sum(first["W"], axis=0) + DATA[rows, 3:] @ first["b"]
    z = z + p["a"] * DATA[rows, 0] + u[0] - 2 * u[1] + c
    sizes = anp.sum(first["W"] ** 2) + anp.sum(first["b"] ** 2) + anp.sum(u**2) + c**2 + p["a"] ** 2
    return anp.mean(anp.logaddexp(0, anp.where(LABELS[rows], -z, z))) + 0.01 * sizes


def slope(p: Any, i: int) -> Any:
    """Its gradient on the i-th of three minibatches."""
    return autograd.grad(loss)(p, slice(i % 3, None, 3))


def leaves(nested: Any) -> list[Any]:
    if isinstance(nested, dict):
        return [leaf for key in sorted(nested) for leaf in leaves(nested[key])]
    if isinstance(nested, (list, tuple)):
        return [leaf for item in nested for leaf in leaves(item)]
    return [nested]


def form(nested: Any) -> Any:
    """Containers with the types and dtypes in them."""
    if isinstance(nested, dict):
        return {key: form(item) for key, item in nested.items()}
    if isinstance(nested, (list, tuple)):
        return type(nested)(form(item) for item in nested)
    return type(nested), nested.dtype, nested.shape


def assert_alike(found: Any, wanted: Any, within: float = 1e-6) -> None:
    assert form(found) == form(wanted)
    for ours, other in zip(leaves(found), leaves(wanted), strict=True):
        np.testing.assert_allclose(ours, other, rtol=0, atol=within)


class TestStandIns:
    @pytest.mark.parametrize("name", NAMED_ALIKE)
    def test_have_their_arguments_and_defaults(self, name: str) -> None:
        written = inspect.getsource(
            inspect.getmodule(getattr(theirs, name))
        )  # what it wraps is hidden
        signature = inspect.signature(getattr(here, name))
        shown = [
            parameter.name if parameter.default is parameter.empty else f"{parameter.name}="
            for parameter in signature.parameters.values()
        ]
        (line,) = [line for line in written.splitlines() if line.startswith(f"def {name}(")]
        wanted = eval(f"lambda {line.partition('(')[2].rpartition(')')[0]}: None")
        assert shown == [
            ("x0" if p.name == "x" else p.name) + ("" if p.default is p.empty else "=")
            for p in inspect.signature(wanted).parameters.values()
        ]
        assert [p.default for p in signature.parameters.values()] == [
            p.default for p in inspect.signature(wanted).parameters.values()
        ]

    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("sgd", {}),
            ("sgd", {"step_size": 0.01, "mass": 0.5}),
            ("sgd", {"step_size": 0.02, "mass": 0.0}),
            ("rmsprop", {}),
            ("rmsprop", {"step_size": 0.01, "gamma": 0.99, "eps": 1e-3}),
            ("adam", {"step_size": 0.01}),
            ("adam", {"step_size": 0.02, "b1": 0.8, "b2": 0.9, "eps": 1e-2}),
        ],
    )
    def test_give_their_answers(self, name: str, options: dict[str, Any]) -> None:
        found = getattr(here, name)(slope, x0(), num_iters=200, **options)
        wanted = getattr(theirs, name)(slope, x0(), num_iters=200, **options)
        assert_alike(found, wanted, 1e-9)
        assert loss(wanted) < 0.9 * loss(x0())  # they have gone somewhere

    @pytest.mark.parametrize("name", NAMED_ALIKE)
    def test_with_nothing_said_too(self, name: str) -> None:
        assert_alike(getattr(here, name)(slope, x0()), getattr(theirs, name)(slope, x0()), 1e-9)

    @pytest.mark.parametrize("name", NAMED_ALIKE)
    @pytest.mark.parametrize(
        "start",
        [
            2.0,
            np.float32(2),
            np.array(2.0),
            [1.0, 2.0],
            np.array([1, 2]),
            np.ones(3, np.float32),
            np.ones((2, 3), order="F"),
            {"b": np.ones(2, np.float32), "a": (np.ones(2), [3.0])},
        ],
        ids=repr,
    )
    def test_take_what_they_take(self, name: str, start: Any) -> None:
        def double(x: Any, i: int) -> Any:
            _, unflatten = here.flatten(x)
            return unflatten(2.0 * here.flatten(x)[0])

        found = getattr(here, name)(double, start, num_iters=20)
        assert_alike(found, getattr(theirs, name)(double, start, num_iters=20))

    @pytest.mark.parametrize("name", NAMED_ALIKE)
    def test_call_back_before_every_step(self, name: str) -> None:
        told: dict[str, list[Any]] = {"here": [], "theirs": []}
        for where, module in (("here", here), ("theirs", theirs)):
            getattr(module, name)(
                slope, x0(), lambda *all, where=where: told[where].append(all), 5, 1e-3
            )
        assert [i for _, i, _ in told["here"]] == list(range(5))
        for (x, i, g), (x_theirs, i_theirs, g_theirs) in zip(*told.values(), strict=True):
            assert i == i_theirs
            assert_alike(x, x_theirs)
            assert_alike(g, g_theirs)

    @pytest.mark.parametrize("name", NAMED_ALIKE)
    def test_what_was_told_or_given_is_not_changed(self, name: str) -> None:
        start, kept = np.ones(3), []
        before = start.copy()
        found = getattr(here, name)(lambda x, i: x, start, lambda x, i, g: kept.append((x, g)), 3)
        assert (start == before).all()
        assert not np.shares_memory(found, start)
        assert (kept[0][0] == before).all()
        assert (kept[0][1] == before).all()
        nothing_done = getattr(here, name)(lambda x, i: x, start, num_iters=0)
        assert (nothing_done == start).all()
        assert not np.shares_memory(nothing_done, start)

    def test_a_gradient_may_be_read_only_or_broadcast(self) -> None:
        for gradient in (np.broadcast_to(1.0, 3), np.frombuffer(np.ones(3).tobytes())):
            found = here.sgd(lambda x, i, g=gradient: g, np.zeros(3), num_iters=10)
            assert_alike(found, theirs.sgd(lambda x, i: np.ones(3), np.zeros(3), num_iters=10))

    def test_bad_input_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"lr: got -0\.1"):
            here.adam(slope, x0(), step_size=-0.1)
        with pytest.raises(ValueError, match=r"momentum: got 1\.0"):
            here.sgd(slope, x0(), mass=1.0)
        with pytest.raises(ValueError, match=r"shape \(2,\), expected \(3,\)"):
            here.adam(lambda x, i: np.ones(2), np.ones(3))
        with pytest.raises(FloatingPointError, match="not finite"):
            here.adam(lambda x, i: x / 0.0 if i else x, np.array([np.inf]))

    @pytest.mark.parametrize("name", ["adam", "sgd", "rmsprop", "lion"])
    def test_an_imaginary_part_is_not_dropped(self, name: str) -> None:
        told: list[int] = []
        for start, gradient in (
            (np.ones(2), np.ones(2) + 5j),
            ({"a": 1.0, "b": [2.0]}, {"a": 1.0, "b": [2j]}),
        ):
            with pytest.raises(TypeError, match="grad: gave complex128, expected real numbers"):
                getattr(here, name)(
                    lambda x, i, g=gradient: g, start, lambda x, i, g: told.append(i)
                )
        assert told == []

    def test_no_step_is_differentiated(self) -> None:
        for said, optimized in (
            ("x0: got autograd ArrayBox", lambda w: here.sgd(lambda x, i: 2 * x, w)),
            ("grad: got autograd ArrayBox", lambda w: here.sgd(lambda x, i: w * x, np.ones(2))),
        ):
            with pytest.raises(TypeError, match=said):
                autograd.grad(lambda w, f=optimized: anp.sum(f(w)))(np.ones(2))

    def test_nothing_is_logged_unless_asked_for(self, caplog: Any) -> None:
        caplog.set_level(logging.INFO)
        for name in ("sgd", "rmsprop", "adam", "lion"):
            getattr(here, name)(lambda x, i: x, np.ones(2), num_iters=20)
        assert caplog.records == []
        here.lion(lambda x, i: x, np.ones(2), num_iters=20, logging_interval=10)
        assert len(caplog.records) == 2


class TestTheRestOfTheFamily:
    def test_is_all_here(self) -> None:
        assert {name.lower() for name in family.__all__} <= set(here.__all__)
        assert set(here.__all__) <= set(dir(here))

    @pytest.mark.parametrize("name", sorted(set(family.__all__) - {"Adam", "RMSprop", "SGD"}))
    def test_goes_as_its_class_does(self, name: str) -> None:
        cls = getattr(steepest, name)
        x = np.array([1.0, -2.0, 0.5])
        opt = cls(x, lr=0.03, clip_value=1.5)
        for _ in range(30):
            opt.step(2 * x)
        optimize = getattr(here, name.lower())
        told: list[int] = []
        found = optimize(
            lambda p, i: {"a": 2 * p["a"], "b": [2 * p["b"][0]]},
            {"a": np.array([1.0, -2.0]), "b": [0.5]},
            lambda x, i, g: told.append(i),
            30,
            0.03,
            clip_value=1.5,
        )
        np.testing.assert_array_equal([*found["a"], found["b"][0]], x)
        assert told == list(range(30))
        assert optimize.__name__ == name.lower()

    def test_a_rate_is_by_default_the_classs_own(self) -> None:
        x = np.array([1.0])
        steepest.Lion(x).step(2 * x)
        assert here.lion(lambda x, i: 2 * x, 1.0, num_iters=1) == x[0]


class TestGradients:
    """What autograd.grad gives, given to an optimizer."""

    def test_step_nested_parameters(self) -> None:
        p = {"w": [np.ones(2), np.array(3.0)]}
        opt = GradientDescent(p, lr=0.1, momentum=0, beta=None)
        opt.step(autograd.grad(lambda p: anp.sum(p["w"][0] ** 2) + p["w"][1] ** 2)(p))
        np.testing.assert_allclose(p["w"][0], 0.8)
        np.testing.assert_allclose(p["w"][1], 2.4)

    def test_of_float32_parameters_are_float64_and_the_error_says_what_to_do(self) -> None:
        p = np.ones(3, np.float32)
        gradient = autograd.grad(lambda p: anp.sum(p**2))(p)
        opt = GradientDescent(p, lr=0.1, momentum=0, beta=None)
        if gradient.dtype != p.dtype:  # as it is since 1.0
            with pytest.raises(TypeError, match=r"convert it with gradient.astype\('float32'\)"):
                opt.step(gradient)
        opt.step(here.grad(lambda p: anp.sum(p**2))(p))
        np.testing.assert_allclose(p, 0.8, rtol=1e-6)

    def test_no_box_gets_inside(self) -> None:
        seen: list[str] = []

        def traced(w: Any) -> Any:
            for hand_over in (lambda: GradientAscent(w), lambda: GradientAscent([w])):
                with pytest.raises(TypeError) as refused:
                    hand_over()
                seen.append(str(refused.value))
            inner = np.ones(2)
            opt = GradientAscent(inner)
            with pytest.raises(TypeError) as refused:
                opt.step(w)
            seen.append(str(refused.value))
            assert opt.step_count == 0
            assert (inner == 1).all()
            return anp.sum(w)

        autograd.grad(traced)(np.ones(2))
        assert len(seen) == 3
        assert all("ArrayBox" in message for message in seen), seen

    def test_parameters_and_states_stay_plain_arrays(self) -> None:
        rng = np.random.default_rng(0)
        model = example.network(rng)
        before = [id(leaf) for leaf in leaves(model)]
        x, y = example.two_moons(rng, 20)
        opt = GradientAscent(model)
        opt.step(autograd.grad(example.log_likelihood)(model, x, y))
        assert [id(leaf) for leaf in leaves(model)] == before
        kept = [*leaves(model), *(a for state in opt.state.values() for a in state.values())]
        assert {type(array) for array in kept} == {np.ndarray}


class TestAdapter:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_gives_the_gradient_in_the_parameters_own_dtype(self, dtype: Any, seed: int) -> None:
        rng = np.random.default_rng(seed)

        def numbers(*shape: int) -> Any:
            real = rng.normal(size=shape)
            imaginary = 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else 0
            return (real + imaginary).astype(dtype)[()]

        x = {"a": numbers(3), "b": [numbers(), (numbers(2, 2),)]}

        def f(x: Any) -> Any:
            skewed = anp.sum(x["b"][1][0], axis=0) * anp.array([1.0, 2.0])
            product = anp.sum(x["a"]) * x["b"][0] + skewed[0] * skewed[1]
            return anp.real(product * anp.conj(product)) + anp.real(product) + anp.imag(product)

        assert check_gradient(f, here.grad(f), x).ok
        assert check_gradient(here.value_and_grad(f), True, x).ok
        gradient = here.grad(f)(x)
        assert [g.dtype for g in leaves(gradient)] == [dtype] * 3
        assert isinstance(gradient["b"][1], tuple)
        if np.dtype(dtype).kind == "c":
            assert check_gradient(f, autograd.grad(f), x).verdict == "conjugate"

    def test_is_autograds_but_for_that(self) -> None:
        def f(a: Any, b: Any, c: float = 1.0) -> Any:
            return c * anp.sum(a * b**2)

        at = np.array([1.0, 2.0]), np.array([3.0, 4.0])
        for argnum in (0, 1, -1, (0, 1), (1,)):
            ours, wanted = here.grad(f, argnum)(*at, c=2.0), autograd.grad(f, argnum)(*at, c=2.0)
            np.testing.assert_array_equal(ours, wanted)
            assert type(ours) is type(wanted)
        value, gradient = here.value_and_grad(f)(*at)
        assert (type(value), value) == (float, 41.0)
        np.testing.assert_array_equal(gradient, [9.0, 16.0])
        assert here.grad(f).__name__ == "f"

    def test_is_what_maximize_takes(self) -> None:
        def f(p: Any) -> Any:
            return -anp.sum((p["a"] - 1) ** 2) - (p["b"] - p["a"][0]) ** 2

        start = {"a": np.zeros(2, np.float32), "b": 0.0}
        for found in (
            maximize(here.value_and_grad(f), start, True),
            maximize(f, start, here.grad(f)),
            minimize(lambda p: -f(p), start, here.grad(lambda p: -f(p))),
        ):
            np.testing.assert_allclose(found.x["a"], 1.0, atol=1e-5)
            assert found.x["a"].dtype == np.float32
            np.testing.assert_allclose(found.x["b"], 1.0, atol=1e-5)
            assert found.success

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_a_real_argument_is_real_also_where_autograds_is_not(self, dtype: Any) -> None:
        A = np.array([[1 + 2j, 3j], [2, 1 - 1j]])

        def f(x: Any) -> Any:
            return anp.sum(anp.abs(anp.linalg.solve(A, x)) ** 2)

        x = np.array([0.3, 0.7], dtype)
        assert np.abs(autograd.grad(f)(x).imag).max() > 0.1
        assert here.grad(f)(x).dtype == dtype
        assert check_gradient(f, here.grad(f), x).ok

    def test_a_list_of_numbers_is_one_array(self) -> None:
        gradient = here.grad(lambda x: x[0] * x[1])([2.0, 3.0])
        np.testing.assert_array_equal(gradient, [3.0, 2.0])
        assert isinstance(gradient, np.ndarray)

    def test_a_value_that_is_not_one_number_is_autograds_error(self) -> None:
        with pytest.raises(TypeError, match="scalar"):
            here.grad(lambda x: x * 2)(np.ones(2))


class TestExample:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_learns_the_moons(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        (x, y), unseen = example.two_moons(rng), example.two_moons(rng)
        model = example.network(rng)
        before = example.log_likelihood(model, x, y)
        example.climb(model, x, y)
        assert example.log_likelihood(model, x, y) > before / 4
        line = np.c_[np.ones(len(y)), x]  # what no network is needed for
        by_line = (
            np.c_[np.ones(len(y)), unseen[0]] @ np.linalg.lstsq(line, 2 * y - 1)[0] > 0
        ) == unseen[1]
        assert example.accuracy(model, *unseen) >= max(0.93, by_line.mean() + 0.03)

    def test_an_import_is_all_that_changes(self) -> None:
        rng = np.random.default_rng(0)
        x, y = example.two_moons(rng, 50)
        model = example.network(rng)
        kept = [leaf.copy() for leaf in leaves(model)]
        (ours, our_losses), (wanted, losses) = (
            example.descend(module, model, x, y) for module in (here, theirs)
        )
        assert_alike(ours, wanted)
        np.testing.assert_allclose(our_losses, losses, rtol=0, atol=1e-9)
        assert all((a == b).all() for a, b in zip(leaves(model), kept, strict=True))

    def test_its_gradient_is_right(self) -> None:
        rng = np.random.default_rng(0)
        x, y = example.two_moons(rng, 50)
        model = example.network(rng)
        report = check_gradient(
            example.log_likelihood, autograd.grad(example.log_likelihood), model, (x, y), samples=30
        )
        assert report.ok, report.message
