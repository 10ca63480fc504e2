"""hmmlearn's GaussianHMM with an M-step by ascent ends where its own closed form does."""

from typing import Any

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.optimize import Bounds
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from steepest import Adam

from examples.clients.hmmlearn_ascent import AscentHMM, fit, main, sample

SEEDS = (0, 1, 2)
FITTED = ("startprob_", "transmat_", "means_", "covars_")


def assert_same_fit(ours: Any, theirs: Any, X: Any, tolerance: float = 1e-6) -> None:
    assert ours.monitor_.converged
    assert ours.score(X) == pytest.approx(theirs.score(X), abs=tolerance)
    for name in FITTED:
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=tolerance), name


@pytest.mark.parametrize("seed", SEEDS)
def test_ends_where_the_closed_form_does(seed: int) -> None:
    X = sample(seed)
    ours, theirs = fit(AscentHMM, X), fit(GaussianHMM, X)
    assert_same_fit(ours, theirs, X)
    assert (ours.predict(X) == theirs.predict(X)).all()
    history = np.array(ours.monitor_.history)
    assert history == pytest.approx(sorted(history), abs=1e-8)
    assert ours.score(X) > fit(GaussianHMM, X, n_iter=1).score(X) + 1


@pytest.mark.parametrize("seed", SEEDS)
def test_one_m_step_is_the_closed_forms(seed: int) -> None:
    X = sample(seed)
    priors = {
        "startprob_prior": 2.0, "transmat_prior": 3.0, "means_prior": 0.3, "means_weight": 20.0,
        "covars_prior": 5.0, "covars_weight": 4.0, "n_iter": 1,
    }  # fmt: skip
    ours, theirs, plain = (
        fit(AscentHMM, X, **priors),
        fit(GaussianHMM, X, **priors),
        fit(AscentHMM, X, n_iter=1),
    )
    for name in FITTED:
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-6), name
        assert np.abs(getattr(plain, name) - getattr(theirs, name)).max() > 1e-3, name


def test_several_features_states_and_sequences() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) + np.repeat(rng.integers(0, 3, 60), 5)[:, None] * [2.0, -2.0, 1.0]
    options = {"covars_prior": 0, "tol": 1e-9, "n_iter": 500, "random_state": 0}
    ours, theirs = (k(3, **options).fit(X, [100, 150, 50]) for k in (AscentHMM, GaussianHMM))
    assert_same_fit(ours, theirs, X, 1e-5)


class ByAdam(AscentHMM):
    ascent = {"optimizer": Adam, "lr": 0.05, "gtol": 1e-3}  # noqa: RUF012


def test_any_optimizer() -> None:
    X = sample(1)
    assert fit(ByAdam, X, tol=1e-4).score(X) == pytest.approx(
        fit(GaussianHMM, X).score(X), abs=1e-2
    )


@pytest.mark.parametrize(("kind", "tolerance"), [(AscentHMM, 1e-6), (ByAdam, 1e-2)])
def test_forbidden_transitions_stay_forbidden(kind: type, tolerance: float) -> None:
    def left_to_right(kind: type) -> Any:
        model = kind(2, init_params="mc", random_state=0, covars_prior=0, tol=1e-6, n_iter=500)
        model.startprob_ = np.array([1.0, 0.0])
        model.transmat_ = np.array([[0.9, 0.1], [0.0, 1.0]])
        return model.fit(X)

    X = sample(0)
    ours = left_to_right(kind)
    assert_same_fit(ours, left_to_right(GaussianHMM), X, tolerance)
    assert ours.transmat_[1].tolist() == [0, 1]
    assert ours.startprob_.tolist() == [1, 0]


def test_only_the_params_asked_for_are_fitted() -> None:
    X = sample(0)
    model = fit(AscentHMM, X, params="tc")
    assert model.startprob_.tolist() == [0.5, 0.5]
    assert model.means_.ravel().tolist() == np.quantile(X, [0.25, 0.75]).tolist()
    weights = model.predict_proba(
        X
    )  # of a fixed point the variances are those about the means held
    variances = (weights * (X - model.means_.ravel()) ** 2).sum(0) / weights.sum(0)
    assert model.covars_.ravel() == pytest.approx(variances, abs=1e-4)
    assert model.monitor_.converged


@pytest.mark.parametrize("seed", SEEDS)
def test_a_floor_on_the_variances(seed: int) -> None:
    class Floored(AscentHMM):
        ascent = {"bounds": {"s": None, "t": None, "m": None, "c": Bounds(np.log(0.4), np.inf)}}  # noqa: RUF012

    class Clipped(
        GaussianHMM
    ):  # the exact optimum: Q falls on both sides of an element's closed form
        def _do_mstep(self, stats: Any) -> None:
            super()._do_mstep(stats)
            self._covars_ = np.maximum(self._covars_, 0.4)

    X = sample(seed)
    ours = fit(Floored, X)
    assert_same_fit(ours, fit(Clipped, X), X)
    assert ours.covars_.min() == pytest.approx(0.4)
    assert ours.covars_.max() > 0.6


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("unit", "origin"), [(1, 1e5), (1e5, 0), (1e4, 1e5), (1e-6, 0)])
def test_the_unit_and_the_origin_of_the_data_do_not_matter(
    seed: int, unit: float, origin: float
) -> None:
    X = sample(seed) * unit + origin
    options = {"random_state": 0, "covars_prior": 0, "n_iter": 50}
    ours, theirs = (kind(2, **options).fit(X) for kind in (AscentHMM, GaussianHMM))
    assert ours.score(X) == pytest.approx(theirs.score(X), abs=1e-5)
    assert ours.means_ == pytest.approx(theirs.means_, abs=1e-5 * unit)


def test_nor_where_the_variances_are_held() -> None:
    X = sample(0) * 1e5
    ours, theirs = (fit(kind, X, params="tm", tol=1e-6) for kind in (AscentHMM, GaussianHMM))
    assert ours.means_ == pytest.approx(theirs.means_, abs=1e-4)
    assert ours.covars_.ravel().tolist() == [X.var()] * 2


@pytest.mark.parametrize("seed", SEEDS)
def test_an_m_step_that_fails_is_warned_of(seed: int) -> None:
    class Short(AscentHMM):
        ascent = {"max_iter": 3}  # noqa: RUF012

    X = sample(seed)
    with pytest.warns(ConvergenceWarning, match="M-step: max_iter = 3 iterations are done"):
        fit(Short, X, n_iter=1)


def test_with_nothing_to_fit_it_scores() -> None:
    X = sample(0)
    ours, theirs = fit(AscentHMM, X, params=""), fit(GaussianHMM, X, params="")
    assert ours.score(X) == theirs.score(X)
    assert ours.means_.tolist() == theirs.means_.tolist()


def test_is_an_estimator_and_refuses_other_covariances() -> None:
    X = sample(0)
    model = clone(AscentHMM(2, n_iter=7))
    assert model.get_params()["n_iter"] == 7
    with pytest.raises(ValueError, match="covariance_type: got 'full', expected \"diag\""):
        model.set_params(covariance_type="full").fit(X)


def test_example(capsys: Any) -> None:
    main()
    told = capsys.readouterr().out
    values = [line.split()[2] for line in told.splitlines() if "log-likelihood" in line]
    assert len(set(values)) == 1
    assert len(values) == 2
