"""steepest's optimizers in PennyLane's loop: exact energies, its conventions, its iterates."""

import copy
import logging
import pickle
from typing import Any

import numpy
import pennylane as qml
import pytest
import steepest
import steepest.clients.pennylane as ours
from pennylane import numpy as np
from steepest.optimizer import Optimizer

from examples.clients.pennylane_hydrogen import energy, ground, highest, levels

NAMES = [name for name in ours.__all__ if name != "Optimizer"]


def bowl(x: Any, y: Any = 0.0, scale: Any = 1.0) -> Any:
    return scale * (np.sum((x - 1) ** 2) + 2 * np.sum((y + x) ** 2))


class TestEnergies:
    def test_the_lowest(self) -> None:
        angle, costs = ground(ours.Adam(stepsize=0.1), steps=120)
        assert isinstance(angle, np.tensor)
        assert angle.shape == ()
        assert float(energy(angle)) == pytest.approx(levels()[0], abs=1e-4)
        assert costs[0] == float(energy(np.array(0.0)))

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_highest(self, seed: int) -> None:
        found = highest(ours.Adam(stepsize=0.1, maximize=True), seed)
        assert found == pytest.approx(levels()[-1], abs=1e-4)

    def test_the_lowest_by_another_optimizer(self) -> None:
        angle, _ = ground(ours.GradientDescent(stepsize=0.1, momentum=0.5), steps=40)
        assert float(energy(angle)) == pytest.approx(levels()[0], abs=1e-4)

    def test_the_highest_by_the_one_that_climbs(self) -> None:
        found = highest(ours.GradientAscent(stepsize=0.1, momentum=0.5), seed=0, steps=50)
        assert found == pytest.approx(levels()[-1], abs=1e-4)


class TestConventions:
    def test_one_argument_comes_back_bare_and_several_as_a_list(self) -> None:
        opt, x, y = ours.Adam(0.1), np.zeros(2), np.ones(2)
        assert isinstance(opt.step(bowl, x), np.tensor)
        opt.reset()
        new = opt.step(bowl, x, y)
        assert type(new) is list
        assert [type(value) for value in new] == [np.tensor, np.tensor]

    def test_the_cost_is_that_before_the_step(self) -> None:
        for grad_fn in None, qml.grad(bowl):
            args, cost = ours.Adam(0.1).step_and_cost(
                bowl, np.zeros(2), np.ones(2), grad_fn=grad_fn
            )
            assert len(args) == 2
            assert cost == bowl(np.zeros(2), np.ones(2))

    def test_keyword_arguments_reach_the_objective(self) -> None:
        _, cost = ours.Adam(0.1).step_and_cost(bowl, np.zeros(2), scale=3.0)
        assert cost == 3 * bowl(np.zeros(2))

    def test_what_needs_no_gradient_comes_back_itself(self) -> None:
        x, fixed = np.zeros(2), np.ones(2, requires_grad=False)
        new, same = ours.Adam(0.1).step(bowl, x, fixed)
        assert same is fixed
        assert fixed.tolist() == [1.0, 1.0]
        assert new.tolist() != [0.0, 0.0]
        same, _ = ours.Adam(0.1).step(bowl, fixed, x)
        assert same is fixed
        _, number = ours.Adam(0.1).step(bowl, x, 2.0)
        assert number == 2.0

    @pytest.mark.filterwarnings("ignore:Attempted to differentiate a function with no trainable")
    def test_nothing_to_train_leaves_all(self) -> None:
        fixed = np.ones(2, requires_grad=False)
        assert ours.Adam(0.1).step(bowl, fixed) is fixed

    def test_inputs_are_never_written(self) -> None:
        opt, x = ours.Adam(0.1), np.zeros(2)
        first = opt.step(bowl, x)
        kept = first.tolist()
        second = opt.step(bowl, first)
        assert x.tolist() == [0.0, 0.0]
        assert first.tolist() == kept
        second[...] = 7.0  # a user's own change reaches nothing but what follows
        assert opt.step(bowl, x).tolist() != [7.0, 7.0]
        assert abs(opt.step(bowl, second) - 7).max() < 1

    def test_results_are_trainable_tensors_of_the_same_dtype(self) -> None:
        for dtype in "float32", "float64":
            new = ours.Adam(0.1).step(bowl, np.zeros((2, 3), dtype=dtype))
            assert new.requires_grad
            assert (new.dtype, new.shape) == (dtype, (2, 3))

    def test_is_one_of_pennylanes(self) -> None:
        assert isinstance(ours.Adam(), qml.GradientDescentOptimizer)

    def test_there_is_a_class_for_every_optimizer_and_it_steps(self) -> None:
        public = [getattr(steepest, name) for name in steepest.__all__]
        optimizers = {
            o.__name__ for o in public if isinstance(o, type) and issubclass(o, Optimizer)
        }
        assert optimizers == set(NAMES)
        for name in NAMES:
            x = numpy.array([3.0])
            getattr(steepest, name)(x).step(2 * x)
            found = getattr(ours, name)().step(lambda x: np.sum(x**2), np.array([3.0]))
            numpy.testing.assert_array_equal(found, x, err_msg=name)


class TestAsPennyLanesOwn:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize(
        ("mine", "theirs"),
        [
            (lambda: ours.Adam(0.1, betas=(0.9, 0.99)), lambda: qml.AdamOptimizer(0.1)),
            (lambda: ours.SGD(0.01), lambda: qml.GradientDescentOptimizer(0.01)),
            (lambda: ours.SGD(0.01, momentum=0.9), lambda: qml.MomentumOptimizer(0.01)),
        ],
        ids=["Adam", "SGD", "momentum"],
    )
    def test_has_the_same_iterates(self, mine: Any, theirs: Any, seed: int) -> None:
        start = numpy.random.default_rng(seed).normal(size=(2, 3))
        x, y = (np.array(start) for _ in range(2))
        mine, theirs = mine(), theirs()
        for _ in range(30):
            x, a = mine.step_and_cost(bowl, x)
            y, b = theirs.step_and_cost(bowl, y)
            # PennyLane adds ε before the correction of the second moment, steepest after it.
            numpy.testing.assert_allclose(x, y, rtol=0, atol=2e-6)
            assert float(a) == pytest.approx(float(b), rel=1e-5)


def test_logs_nothing_unless_told(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    for options, lines in ({}, 0), ({"logging_interval": 5}, 2):
        opt, x = ours.Adam(0.1, **options), np.array([1.0, 2.0])
        for _ in range(10):
            x = opt.step(bowl, x)
        assert len(caplog.records) == lines


class TestState:
    def test_the_stepsize_can_be_written(self) -> None:
        opt, x = ours.SGD(stepsize=0.5), np.array(3.0)
        assert opt.stepsize == 0.5
        assert opt.step(lambda x: x**2, x) == 0.0
        opt.stepsize = 0.25
        assert opt.step(lambda x: x**2, x) == 1.5
        opt.stepsize = -1.0
        with pytest.raises(ValueError, match=r"stepsize: got -1\.0"):
            opt.step(lambda x: x**2, x)
        opt.stepsize = lambda t: -1.0
        with pytest.raises(ValueError, match=r"stepsize: step t = 3 of"):
            opt.step(lambda x: x**2, x)
        assert ours.Rprop().stepsize == 1e-2

    def test_the_stepsize_may_be_a_schedule(self) -> None:
        opt, x = ours.SGD(lambda t: 1 / t), np.array(0.0)
        for _ in range(3):
            x = opt.step(lambda x: x, x)
        assert float(x) == pytest.approx(-(1 + 1 / 2 + 1 / 3))

    def test_reset_begins_anew(self) -> None:
        opt, x = ours.Adam(0.1), np.array([1.0, 2.0])
        first = opt.step(bowl, x)
        assert opt.step(bowl, -x).tolist() != ours.Adam(0.1).step(bowl, -x).tolist()
        opt.reset()
        assert opt.step(bowl, x).tolist() == first.tolist()

    def test_a_place_keeps_its_state_while_it_is_not_trained(self) -> None:
        opt, twin = ours.Adam(0.1), ours.Adam(0.1)
        x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
        gradients = [np.array([1.0, -2.0]), np.array([0.5, 3.0])]
        opt.apply_grad(gradients, [x, y])
        frozen = np.array(y, requires_grad=False)
        assert opt.apply_grad(gradients[:1], [x, frozen])[1] is frozen
        twin.apply_grad(gradients, [x, y])
        after = [o.apply_grad(gradients, [x, y])[1].tolist() for o in (opt, twin)]
        assert after[0] == after[1]

    def test_a_place_may_join_later(self) -> None:
        opt, x, y = ours.Adam(0.1), np.array([1.0]), np.array([3.0])
        opt.apply_grad([np.ones(1)], [x, np.array(y, requires_grad=False)])
        assert opt.apply_grad([np.ones(1), np.ones(1)], [x, y])[1] == pytest.approx([2.9])

    @pytest.mark.parametrize("how", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
    def test_copies_go_on_by_themselves(self, how: Any) -> None:
        opt, x = ours.Adam(0.1), np.array([1.0, 2.0])
        opt.apply_grad([np.ones(2)], [x])
        other = how(opt)
        steps = [[1.0, -3.0], [2.0, 0.5]]
        found = [
            [o.apply_grad([np.array(g)], [x])[0].tolist() for g in steps] for o in (opt, other)
        ]
        assert found[0] == found[1]


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "error", "said"),
        [
            ({"lr": 0.1}, TypeError, "lr.*stepsize"),
            ({"beta1": 0.9}, TypeError, r"beta1.*betas="),
            ({"momentum": 0.9}, TypeError, "momentum"),
            ({"stepsize": -1}, ValueError, "stepsize: got -1, expected .* t -> stepsize"),
            ({"stepsize": "fast"}, TypeError, "stepsize: got 'fast'"),
            ({"eps": 0.0}, ValueError, "eps"),
        ],
    )
    def test_options(self, options: Any, error: type[Exception], said: str) -> None:
        with pytest.raises(error, match=said):
            ours.Adam(**options)

    def test_the_base_class(self) -> None:
        with pytest.raises(TypeError, match="subclasses"):
            ours.Optimizer(0.1)

    @pytest.mark.parametrize(
        ("gradients", "args", "error", "said"),
        [
            ([np.ones(2)], [np.ones(2), np.ones(2)], ValueError, "got 1 gradients, expected 2"),
            ([np.ones(3)], [np.ones(2)], ValueError, r"argument 0.*\(3,\), expected \(2,\)"),
            ([np.ones(2, complex)], [np.ones(2)], TypeError, "argument 0.*complex128.*real"),
            ([np.ones(2)], [np.array([1, 2])], TypeError, "argument 0.*int64.*astype"),
            (
                [np.array([1.0, np.nan])],
                [2.0, np.ones(2)],
                FloatingPointError,
                "argument 1.*not fin",
            ),
        ],
    )
    def test_steps(self, gradients: Any, args: Any, error: type[Exception], said: str) -> None:
        opt = ours.Adam()
        with pytest.raises(error, match=said):
            opt.apply_grad(gradients, args)
        x = np.ones(2)
        expected = ours.Adam().apply_grad([np.ones(2)], [x])[0]
        opt.reset()
        assert opt.apply_grad([np.ones(2)], [x])[0].tolist() == expected.tolist()

    @pytest.mark.parametrize("dtype", ["complex64", "complex128"])
    def test_complex_arguments(self, dtype: str) -> None:
        x = np.array([1 + 1j], dtype=dtype)
        with pytest.raises(TypeError, match=f"argument 0: got an array of {dtype}, expected float"):
            ours.SGD(0.1).step(lambda x: np.real(np.sum(x * np.conj(x))), x)

    def test_other_libraries_tensors(self) -> None:
        class Tensor:
            requires_grad = True

        with pytest.raises(TypeError, match=r"argument 0.*Tensor, expected a tensor of pennylane"):
            ours.Adam().apply_grad([np.ones(2)], [Tensor()])

    def test_an_argument_of_another_shape(self) -> None:
        opt = ours.Adam()
        opt.apply_grad([np.ones(2)], [np.ones(2)])
        with pytest.raises(
            ValueError, match=r"argument 0.*\[3\] now, expected float64\[2\].*reset"
        ):
            opt.apply_grad([np.ones(3)], [np.ones(3)])
        opt.reset()
        opt.apply_grad([np.ones(3)], [np.ones(3)])
