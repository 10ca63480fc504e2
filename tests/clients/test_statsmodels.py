"""Models of statsmodels fitted by the optimizers, held against Newton's method."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import steepest.clients.scipy as methods
from scipy.optimize import OptimizeWarning
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from steepest.clients.statsmodels import fit_funcs

from examples.clients import statsmodels_fit as example

#: Tight: of the mean log-likelihood, as statsmodels has it.
TIGHT = {"gtol": 1e-8, "disp": False}
ADAM = {"lr": 0.1, "amsgrad": True, **TIGHT}
START = {"start_params": np.zeros(3)}
WAYS = {"fit_funcs": example.by_name, "minimize": example.by_minimize}


@pytest.fixture(scope="module")
def newton() -> Any:
    return example.pass_or_fail().fit(method="newton", tol=1e-12, disp=False)


def agree(fitted: Any, exact: Any, rtol: float) -> None:
    np.testing.assert_allclose(fitted.params, exact.params, rtol=rtol)
    np.testing.assert_allclose(fitted.bse, exact.bse, rtol=rtol)


@pytest.mark.parametrize("way", WAYS)
class TestAsNewton:
    def test_logit(self, way: str, newton: Any) -> None:
        fitted = WAYS[way](example.pass_or_fail(), **ADAM)
        agree(fitted, newton, 2e-6)
        assert fitted.llf == pytest.approx(newton.llf, abs=1e-10)
        assert "converged:                       True" in fitted.summary().as_text()

    def test_logit_without_tightening_anything(self, way: str, newton: Any) -> None:
        fitted = WAYS[way](example.pass_or_fail(), lr=0.1, amsgrad=True)
        agree(fitted, newton, 2e-3)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_a_likelihood_by_hand(self, way: str, seed: int) -> None:
        y, x = example.counts(seed)
        fitted = WAYS[way](example.Poisson(y, x), lr=0.05, **START, **(TIGHT | {"gtol": 1e-7}))
        agree(fitted, sm.Poisson(y, x).fit(tol=1e-12, disp=False), 2e-6)

    def test_retvals(self, way: str) -> None:
        seen: list[Any] = []
        fitted = WAYS[way](example.pass_or_fail(), callback=seen.append, **ADAM)
        told = fitted.mle_retvals
        assert (told["converged"], told["warnflag"]) == (True, 0)
        assert told["iterations"] == len(seen) == told["fcalls"] - 1
        assert told["fopt"] == pytest.approx(-fitted.llf / fitted.nobs, abs=1e-12)
        np.testing.assert_array_equal(seen[-1], fitted.params)

    def test_what_does_not_converge_is_warned_of(self, way: str) -> None:
        model, start = example.pass_or_fail(), {"start_params": np.zeros(4)}
        args = {
            "fit_funcs": {"method": "adam", "extra_fit_funcs": fit_funcs},
            "minimize": {"method": "minimize", "min_method": methods.adam},
        }[way]
        with pytest.warns(ConvergenceWarning):
            fitted = model.fit(**args, **start, maxiter=5, disp=False)
        assert (fitted.mle_retvals["converged"], fitted.mle_retvals["iterations"]) == (False, 5)
        with pytest.warns(ConvergenceWarning), pytest.warns(OptimizeWarning, match="maxiter = 5"):
            model.fit(**args, **start, maxiter=5, disp=True)

    def test_nothing_is_printed(self, way: str, capsys: Any) -> None:
        WAYS[way](example.pass_or_fail(), **(ADAM | {"disp": True}))
        assert capsys.readouterr().out == ""


class TestFitFuncs:
    def test_one_for_every_method(self) -> None:
        assert list(fit_funcs) == methods.__all__

    def test_gradient_and_points(self) -> None:
        fitted = example.by_name(example.pass_or_fail(), retall=True, **ADAM)
        told = fitted.mle_retvals
        assert np.linalg.norm(told["gopt"]) <= 1e-8
        assert told["gcalls"] == len(told["allvecs"]) == told["iterations"] + 1
        np.testing.assert_array_equal(told["allvecs"][-1], fitted.params)

    def test_tol_and_bounds(self, newton: Any) -> None:
        model = example.pass_or_fail()
        options = {name: value for name, value in ADAM.items() if name != "gtol"}
        agree(example.by_name(model, tol=1e-8, **options), newton, 2e-6)
        bounds = [(None, None)] * 3 + [(None, 1.0)]
        held = example.by_name(model, bounds=bounds, **ADAM)
        assert held.params.iloc[-1] == 1.0
        others = sm.Logit(model.endog, model.exog[:, :-1])
        # with the last held, it is an offset of the others
        offset = sm.GLM(
            others.endog, others.exog, family=sm.families.Binomial(), offset=model.exog[:, -1]
        ).fit(tol=1e-12)
        np.testing.assert_allclose(held.params.iloc[:-1], offset.params, rtol=1e-5)

    def test_constraints_are_refused(self) -> None:
        with pytest.raises(ValueError, match="adam takes bounds alone"):
            example.by_name(example.pass_or_fail(), constraints={"type": "eq"}, **ADAM)

    def test_none_of_them_is_none(self, newton: Any) -> None:
        agree(example.by_name(example.pass_or_fail(), constraints=None, **ADAM), newton, 2e-6)

    def test_results_can_be_pickled(self) -> None:
        fitted = example.by_name(example.pass_or_fail(), **ADAM)
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.params, fitted.params)
        assert again.mle_settings["extra_fit_funcs"] == fit_funcs

    def test_example_runs_as_a_script(self, capsys: Any) -> None:
        example.main()
        assert "Logit Regression Results" in capsys.readouterr().out
