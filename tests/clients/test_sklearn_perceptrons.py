"""scikit-learn's perceptrons step with our optimizers: the same where the laws are the same."""

from __future__ import annotations

import copy
import inspect
import logging
import pickle
from typing import Any

import joblib
import numpy as np
import pytest
import steepest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import scale
from steepest.clients.sklearn import MLPClassifier, MLPOptimizer, MLPRegressor, perceptrons

SEEDS = [0, 1, 2]
TINY = {"eps": 1e-30}  # where a root is divided by it alone, its place cannot be seen

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # few epochs are wanted


def weights(network: Any) -> Any:
    return [*network.coefs_, *network.intercepts_]


def distance(one: Any, other: Any) -> float:
    pairs = zip(weights(one), weights(other), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def digits() -> Any:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def regression() -> Any:
    X, y = load_diabetes(return_X_y=True)
    return scale(X), scale(y)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("ours", "theirs", "data"),
    [
        (MLPClassifier, neural_network.MLPClassifier, digits()),
        (MLPRegressor, neural_network.MLPRegressor, regression()),
    ],
    ids=["classifier", "regressor"],
)
class TestAdam:
    """scikit-learn adds ε to √v, torch and steepest to √(v / (1 − β₂ᵗ)); nothing else differs."""

    def test_is_theirs_but_for_rounding(self, seed: int, ours: Any, theirs: Any, data: Any) -> None:
        options = {"hidden_layer_sizes": (16,), "max_iter": 20, "random_state": seed}
        rate = {"learning_rate_init": 0.003}
        peer = theirs(**options, **rate, epsilon=1e-30).fit(*data)
        found = ours(**options, **rate, optimizer=steepest.Adam, optimizer_params=TINY).fit(*data)
        assert distance(found, peer) < 1e-10
        assert found.loss_curve_ == pytest.approx(peer.loss_curve_, abs=1e-10)
        assert found.optimizer_.step_count == peer._optimizer.t

    def test_differs_by_the_place_of_eps(
        self, seed: int, ours: Any, theirs: Any, data: Any
    ) -> None:
        options = {"hidden_layer_sizes": (16,), "max_iter": 20, "random_state": seed}
        peer, found = theirs(**options).fit(*data), ours(**options, optimizer="adam").fit(*data)
        assert 0 < distance(found, peer) < 0.05
        assert found.loss_curve_ == pytest.approx(peer.loss_curve_, rel=1e-3)

    def test_is_theirs_by_injection(self, seed: int, ours: Any, theirs: Any, data: Any) -> None:
        X, y = data
        first = {"classes": np.unique(y)} if theirs is neural_network.MLPClassifier else {}
        options = {"hidden_layer_sizes": (16,), "random_state": seed}
        peer, found = theirs(**options, epsilon=1e-30), theirs(**options)
        found._optimizer = MLPOptimizer("adam", **TINY)
        for _ in range(5):
            for network in (peer, found):
                network.partial_fit(X, y, **first)
        assert found._optimizer.optimizer.step_count == peer._optimizer.t > 0
        assert distance(found, peer) < 1e-12

    def test_is_scikit_learns_own_if_not_told(
        self, seed: int, ours: Any, theirs: Any, data: Any
    ) -> None:
        options = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": seed, "solver": "sgd"}
        found = ours(**options).fit(*data)
        assert distance(found, theirs(**options).fit(*data)) == 0
        assert found.optimizer_ is None


class TestAsAnEstimator:
    def test_has_their_parameters_and_two_more(self) -> None:
        for ours in (MLPClassifier, MLPRegressor):
            theirs = ours.__mro__[2]
            assert theirs.__module__.startswith("sklearn.")
            more = {"optimizer": None, "optimizer_params": None}
            assert ours().get_params() == {**theirs().get_params(), **more}
            assert inspect.signature(ours.fit) == inspect.signature(theirs.fit)

    def test_cloned_and_searched(self) -> None:
        X, y = load_iris(return_X_y=True)
        network = MLPClassifier((8,), "tanh", learning_rate_init=0.02, random_state=0, max_iter=50)
        assert network.activation == "tanh"
        choices = {"optimizer": [None, steepest.NAdam, "rmsprop"]}
        search = GridSearchCV(network, choices, cv=3).fit(scale(X), y)
        assert (search.cv_results_["mean_test_score"] > 0.9).all()
        other = clone(network.set_params(optimizer="lion", optimizer_params={"b1": 0.8}))
        other.fit(X, y)
        assert other.optimizer_.param_groups[0]["b1"] == 0.8

    @pytest.mark.parametrize("passed", ["pickle", "deepcopy", "joblib"])
    def test_goes_on_after_loading(self, passed: str, tmp_path: Any) -> None:
        X, y = load_iris(return_X_y=True)
        network = MLPClassifier((8,), optimizer="adam", random_state=0)
        network.partial_fit(X, y, classes=[0, 1, 2])
        if passed == "joblib":
            joblib.dump(network, tmp_path / "network")
            loaded = joblib.load(tmp_path / "network", mmap_mode="r")
            loaded = copy.deepcopy(loaded)
            for name in ("coefs_", "intercepts_"):  # what scikit-learn steps in place
                setattr(loaded, name, [np.array(w) for w in getattr(loaded, name)])
        else:
            loaded = {"pickle": lambda n: pickle.loads(pickle.dumps(n)), "deepcopy": copy.deepcopy}[
                passed
            ](network)
        assert loaded.optimizer_.step_count == 1
        assert loaded.optimizer_ is not network.optimizer_
        first = [w.copy() for w in weights(loaded)]
        for each in (network, loaded):
            each.partial_fit(X, y).partial_fit(X, y)
        assert all((a != b).any() for a, b in zip(weights(loaded), first, strict=True))
        assert distance(network, loaded) == 0
        assert loaded.optimizer_.step_count == 3

    def test_weights_that_are_loaded_read_only(self, tmp_path: Any) -> None:
        X, y = load_iris(return_X_y=True)
        network = MLPClassifier((8,), optimizer="adam", random_state=0)
        network.partial_fit(X, y, classes=[0, 1, 2])
        joblib.dump(network, tmp_path / "network")
        loaded = joblib.load(tmp_path / "network", mmap_mode="r")
        assert loaded.optimizer_.step_count == 1
        for name in ("coefs_", "intercepts_"):  # what scikit-learn steps in place
            setattr(loaded, name, [np.array(w) for w in getattr(loaded, name)])
        for each in (network, loaded):
            each.partial_fit(X, y)
        assert distance(network, loaded) == 0
        assert loaded.optimizer_.step_count == 2

    def test_a_copy_that_never_stepped(self) -> None:
        X, y = load_iris(return_X_y=True)
        network = neural_network.MLPClassifier((8,), random_state=0)
        network._optimizer = pickle.loads(pickle.dumps(MLPOptimizer("adam", lr=0.5)))
        network.partial_fit(X, y, classes=[0, 1, 2])
        assert network._optimizer.optimizer.lr == 0.5

    def test_weights_assigned_by_hand_are_stepped(self) -> None:
        X, y = load_iris(return_X_y=True)
        network = MLPClassifier((8,), optimizer="adam", random_state=0)
        network.partial_fit(X, y, classes=[0, 1, 2])
        network.coefs_[0] = np.zeros_like(network.coefs_[0])
        before = network.optimizer_
        network.partial_fit(X, y)
        assert network.optimizer_ is before
        assert before.step_count == 2
        assert (network.coefs_[0] != 0).any()

    def test_early_stopping_and_warm_start(self) -> None:
        X, y = digits()
        network = MLPClassifier(
            (16,), optimizer="adam", early_stopping=True, warm_start=True, random_state=0
        ).set_params(max_iter=5)
        network.fit(X, y)
        first, steps = network.optimizer_, network.optimizer_.step_count
        network.fit(X, y)
        assert network.optimizer_ is not first
        assert network.optimizer_.step_count == steps
        assert len(network.validation_scores_) == 10

    def test_float32(self) -> None:
        X, y = regression()
        network = MLPRegressor(hidden_layer_sizes=(8,), optimizer="adam", max_iter=5)
        network.fit(X.astype(np.float32), y)
        assert {w.dtype for w in weights(network)} == {np.dtype(np.float32)}

    def test_an_optimizer_that_climbs_by_default_descends(self) -> None:
        X, y = digits()
        network = MLPClassifier((16,), optimizer=steepest.GradientAscent, random_state=0)
        network.set_params(learning_rate_init=1e-4, max_iter=10).fit(X, y)
        assert network.loss_curve_[-1] < network.loss_curve_[0]
        assert network.optimizer_.param_groups[0]["maximize"] is False

    def test_a_schedule_counts_steps(self) -> None:
        X, y = load_iris(return_X_y=True)
        asked = []
        options = {"lr": lambda t: asked.append(t) or 0.01}
        network = MLPClassifier((8,), optimizer="sgd", optimizer_params=options, batch_size=50)
        network.set_params(max_iter=2).fit(X, y)
        assert max(asked) == network.optimizer_.step_count == 6


class TestTrouble:
    def test_bad_parameters(self) -> None:
        X, y = load_iris(return_X_y=True)
        with pytest.raises(ValueError, match="optimizer: got 'adams', expected one of"):
            MLPClassifier(optimizer="adams").fit(X, y)
        with pytest.raises(TypeError, match="optimizer: got int"):
            MLPOptimizer(3)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="solver: got 'lbfgs'"):
            MLPClassifier(optimizer="adam", solver="lbfgs").fit(X, y)
        with pytest.raises(TypeError, match="speed"):
            MLPClassifier(optimizer="adam", optimizer_params={"speed": 3}).fit(X, y)
        without = MLPClassifier(optimizer_params={"betas": 3})
        with pytest.raises(ValueError, match=r"optimizer_params: got .*without an optimizer"):
            without.fit(X, y)
        with pytest.raises(ValueError, match=r"optimizer_params: got .*without an optimizer"):
            without.partial_fit(X, y, classes=[0, 1, 2])

    def test_a_release_that_steps_without_it_is_noticed(self) -> None:
        class Changed(neural_network.MLPClassifier):
            def fit(self, X: Any, y: Any) -> Any:
                return self

        class Ours(perceptrons._AnyOptimizer, Changed):
            __init__ = perceptrons._with_optimizer(Changed.__init__)
            fit = perceptrons._checked(Changed.fit)

        with pytest.raises(RuntimeError, match="has not used it"):
            Ours(optimizer="adam").fit(np.eye(2), [0, 1])

    def test_says_why_it_stops_without_printing(self, caplog: Any, capsys: Any) -> None:
        adapter = MLPOptimizer("adam")
        with caplog.at_level(logging.INFO, "steepest"):
            assert adapter.trigger_stopping("Loss did not improve.", verbose=True)
            assert adapter.trigger_stopping("Nobody asked.", verbose=False)
        assert caplog.messages == ["Loss did not improve. Stopping."]
        assert capsys.readouterr().out == ""
