"""steepest's optimizers in thinc's models: as accurate as thinc's own, and called as they are."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import steepest
import steepest.clients.thinc as ours
import thinc.api
from sklearn.datasets import load_digits
from steepest.optimizer import Optimizer

from examples.clients.thinc_digits import network, train

KEY = (1, "W")
NAMES = [name for name in ours.__all__ if name != "Optimizer"]


def arrays(*shape: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    W, dW = rng.normal(size=(2, *shape)).astype(np.float32)
    return W, dW


class TestTraining:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_as_accurate_as_thincs_own(self, seed: int) -> None:
        model, accuracy = train(ours.Adam(0.003), seed)
        twin, expected = train(thinc.api.Adam(0.003), seed)
        assert accuracy > 0.94
        assert abs(accuracy - expected) <= 0.003
        images = load_digits().data.astype(np.float32) / 16
        np.testing.assert_allclose(model.predict(images), twin.predict(images), atol=0.01)

    def test_every_optimizer_trains_a_model(self) -> None:
        X, Y = arrays(20, 3)[0], np.eye(2, dtype="float32")[[0, 1] * 10]
        for name in NAMES:
            model = network(0)
            model.initialize(X=X, Y=Y)
            before = model.layers[1].get_param("W").copy()
            guesses, backprop = model.begin_update(X)
            backprop(guesses - Y)
            model.finish_update(getattr(ours, name)())
            assert (model.layers[1].get_param("W") != before).any(), name
            assert not model.layers[1].get_grad("W").any(), name

    @pytest.mark.filterwarnings("ignore:`torch.cuda.amp.autocast:FutureWarning")
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_a_model_of_torchs_within(self, seed: int) -> None:
        import torch

        def trained(optimizer: Any) -> Any:
            torch.manual_seed(seed)
            model = thinc.api.PyTorchWrapper(torch.nn.Linear(4, 2))
            X, target = arrays(8, 4, seed=seed)[0], arrays(8, 2, seed=seed)[1]
            for _ in range(20):
                Y, backprop = model.begin_update(X)
                backprop(Y - target)
                model.finish_update(optimizer)
                optimizer.step_schedules()
            return model.predict(X)

        np.testing.assert_allclose(
            trained(ours.Adam(0.01)), trained(thinc.api.Adam(0.01)), rtol=1e-4, atol=1e-5
        )


class TestAsThincsOwn:
    """One array, twenty steps beside thinc's own optimizer."""

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("Adam", {}),
            ("Adam", {"grad_clip": 0.0}),
            ("Adam", {"grad_clip": [3.0, 2.0, 0.0, 1.0]}),
            ("Adam", {"use_averages": False}),
            ("SGD", {}),
        ],
        ids=str,
    )
    @pytest.mark.parametrize(
        "rate",
        [
            lambda: 0.01,
            lambda: [0.1, 0.03, 0.01],
            lambda: (0.1 / t for t in range(1, 5)),
            lambda: thinc.api.decaying(0.1, 0.5),
            lambda: thinc.api.plateau(1, 0.5, thinc.api.constant(0.1)),
        ],
        ids=["number", "list", "generator", "decaying", "plateau"],
    )
    def test_takes_its_steps(self, seed: int, name: str, arguments: Any, rate: Any) -> None:
        mine = getattr(ours, name)(rate(), **arguments)
        theirs = getattr(thinc.api, name)(rate(), **arguments)
        (W, _), (V, _) = arrays(3, 2, seed=seed), arrays(3, 2, seed=seed)
        for t in range(20):
            gradient = arrays(3, 2, seed=100 * seed + t)[1]
            mine(KEY, W, gradient.copy(), lr_scale=0.5)
            theirs(KEY, V, gradient.copy(), lr_scale=0.5)
            for optimizer in mine, theirs:
                optimizer.last_score = abs(10 - t)
                optimizer.step_schedules()
        np.testing.assert_allclose(W, V, rtol=1e-5, atol=2e-6)
        assert mine.nr_update == theirs.nr_update
        if theirs.averages is None:
            assert mine.averages is None
        else:
            np.testing.assert_allclose(mine.averages[KEY], theirs.averages[KEY], atol=2e-6)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize(
        ("name", "decay", "within"),
        [("Adam", {"L2_is_weight_decay": False}, 2e-5), ("AdamW", {}, 1e-3)],
    )
    def test_decays_as_it_does_where_nothing_is_clipped(
        self, seed: int, name: str, decay: Any, within: float
    ) -> None:
        mine = getattr(ours, name)(0.01, weight_decay=0.1, grad_clip=0.0)
        theirs = thinc.api.Adam(0.01, L2=0.1, grad_clip=0.0, **decay)
        (W, _), (V, _) = arrays(3, 2, seed=seed), arrays(3, 2, seed=seed)
        plain = W.copy()
        without = thinc.api.Adam(0.01, grad_clip=0.0)
        for t in range(100):
            gradient = arrays(3, 2, seed=100 * seed + t)[1]
            for optimizer, weights in (mine, W), (theirs, V), (without, plain):
                optimizer(KEY, weights, gradient.copy())
        np.testing.assert_allclose(W, V, rtol=0, atol=within)
        assert np.abs(plain - V).max() > 10 * within

    def test_is_one_of_thincs_and_goes_into_its_registry(self) -> None:
        thinc.api.registry.optimizers.register("steepest.Adam", func=ours.Adam)
        config = {"optimizer": {"@optimizers": "steepest.Adam", "learn_rate": 0.5}}
        optimizer = thinc.api.registry.resolve(config)["optimizer"]
        assert isinstance(optimizer, thinc.api.Optimizer)
        assert optimizer.learn_rate(0) == 0.5
        config["optimizer"]["momentum"] = 0.9  # which this one does not have
        with pytest.raises(ValueError, match="momentum"):
            thinc.api.registry.resolve(config)

    def test_averages_are_what_a_model_can_be_used_with(self) -> None:
        model = network(0)
        X, Y = arrays(20, 3)[0], np.eye(2, dtype="float32")[[0, 1] * 10]
        model.initialize(X=X, Y=Y)
        optimizer = ours.Adam(0.1)
        for _ in range(3):
            guesses, backprop = model.begin_update(X)
            backprop(guesses - Y)
            model.finish_update(optimizer)
        with model.use_params(optimizer.averages):
            averaged = model.predict(X)
        assert (averaged != model.predict(X)).any()

    def test_there_is_a_class_for_every_optimizer(self) -> None:
        public = [getattr(steepest, name) for name in steepest.__all__]
        optimizers = {
            o.__name__ for o in public if isinstance(o, type) and issubclass(o, Optimizer)
        }
        assert optimizers == set(NAMES)


class TestCall:
    def test_updates_in_place_and_zeroes_the_gradient(self) -> None:
        W, dW = arrays(3, 2)
        expected = W.copy()
        steepest.Adam(expected, lr=0.1, betas=(0.5, 0.9)).step(dW.copy())
        weights, gradient = ours.Adam(0.1, grad_clip=0.0, betas=(0.5, 0.9))(KEY, W, dW)
        assert weights is W
        assert gradient is dW
        assert not dW.any()
        np.testing.assert_array_equal(W, expected)

    def test_goes_the_way_of_its_class(self) -> None:
        for name, way in ("GradientAscent", 1), ("GradientDescent", -1), ("SGD", -1):
            W = np.zeros(2, np.float32)
            getattr(ours, name)()(KEY, W, np.ones(2, np.float32))
            assert (np.sign(W) == way).all()

    def test_the_rate_is_by_default_the_classs(self) -> None:
        assert ours.Adam().learn_rate(0) == 1e-3
        assert ours.Rprop().learn_rate(0) == 1e-2

    def test_empty_arrays_are_given_back(self) -> None:
        W, dW = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
        assert ours.Adam()(KEY, W, dW)[0] is W

    def test_averages_are_of_float32_as_thincs(self) -> None:
        W = np.ones(2)
        optimizer = ours.Adam(0.1)
        optimizer(KEY, W, np.ones(2))
        assert W.dtype == np.float64
        assert optimizer.averages[KEY].dtype == np.float32

    def test_state_follows_the_key(self) -> None:
        W, twin = arrays(4)[0], arrays(4)[0]
        optimizer, reference = ours.Adam(0.1), ours.Adam(0.1)
        for t in range(6):
            dW = arrays(4, seed=t)[1]
            W = W.copy()  # the model was given another array
            optimizer(KEY, W, dW.copy())
            optimizer((2, "W"), np.zeros(4, np.float32), np.ones(4, np.float32))
            reference(KEY, twin, dW)
        np.testing.assert_array_equal(W, twin)

    @pytest.mark.parametrize("how", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
    def test_copies_go_on_by_themselves(self, how: Any) -> None:
        W, dW = arrays(4)
        optimizer = ours.Adam(0.1, use_averages=False)
        optimizer(KEY, W, dW.copy())
        V, other = W.copy(), how(optimizer)
        optimizer(KEY, W, dW.copy())
        other(KEY, V, dW.copy())
        np.testing.assert_array_equal(W, V)


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "error", "said"),
        [
            ({"L2": 1e-6}, TypeError, "L2.*weight_decay"),
            ({"beta1": 0.9}, TypeError, r"beta1.*betas="),
            ({"use_radam": True}, TypeError, "use_radam.*RAdam"),
            ({"clip_norm": 1.0}, TypeError, "clip_norm.*grad_clip"),
            ({"lr": 0.1}, TypeError, "lr.*learn_rate"),
            ({"momentum": 0.9}, TypeError, "momentum"),
            ({"eps": -1.0}, ValueError, "eps.*-1"),
            ({"learn_rate": -1.0}, ValueError, r"learn_rate: got -1\.0"),
            ({"learn_rate": True}, TypeError, "learn_rate: got True"),
            (
                {"grad_clip": -1.0},
                ValueError,
                r"grad_clip: got -1\.0, expected a finite number >= 0",
            ),
            ({"learn_rate": "fast"}, ValueError, "learn_rate.*str"),
            ({"learn_rate": lambda t: 0.1}, ValueError, "learn_rate.*function"),
        ],
        ids=lambda value: str(value) if isinstance(value, dict) else "",
    )
    def test_options(self, options: Any, error: type[Exception], said: str) -> None:
        with pytest.raises(error, match=said):
            ours.Adam(**options)

    def test_the_base_class(self) -> None:
        with pytest.raises(TypeError, match="subclasses"):
            ours.Optimizer(0.1)

    def test_weights_of_another_shape_or_dtype(self) -> None:
        optimizer = ours.Adam()
        optimizer(KEY, *arrays(4))
        for other in np.ones(5, np.float32), np.ones(4):
            with pytest.raises(ValueError, match=r"\(1, 'W'\).* now, expected float32\[4\]"):
                optimizer(KEY, other, np.ones_like(other))
            assert (other == 1).all()
        W, dW = arrays(4)
        optimizer(KEY, W, dW)
        assert optimizer.nr_update[KEY] == 2

    def test_schedules_that_fall_below_0(self) -> None:
        for name, said in {
            "learn_rate": "learn_rate: got -0.5",
            "grad_clip": "grad_clip: got -0.5",
        }.items():
            W, dW = arrays(4)
            optimizer, before = ours.Adam(**{name: [0.5, -0.5]}), W.copy()
            optimizer.step_schedules()
            with pytest.raises(ValueError, match=said):
                optimizer(KEY, W, dW)
            np.testing.assert_array_equal(W, before)

    @pytest.mark.parametrize("dtype", ["complex64", "complex128"])
    def test_complex_weights(self, dtype: str) -> None:
        W = np.ones(2, dtype)
        with pytest.raises(TypeError, match=f"W.*got an array of {dtype}, expected float32 or"):
            ours.Adam(0.1)(KEY, W, np.ones(2, dtype))
        assert (W == 1).all()

    def test_gradients_that_do_not_fit(self) -> None:
        W = np.ones((2, 3), np.float32)
        optimizer = ours.Adam()
        with pytest.raises(ValueError, match=r"W.*\(3, 2\), expected \(2, 3\)"):
            optimizer(KEY, W, np.ones((3, 2), np.float32))
        with pytest.raises(TypeError, match="float64"):
            optimizer(KEY, W, np.ones((2, 3)))
        with pytest.raises(FloatingPointError, match="W"):
            optimizer(KEY, W, np.full((2, 3), np.nan, np.float32))
        assert (W == 1).all()
        assert KEY not in optimizer.averages
