"""The example says what it should, and the examples of all modules run as written."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Any

import pytest
import steepest.clients.sklearn

from examples.clients import sklearn_estimators as example

MODULES = [module.name for module in pkgutil.iter_modules(steepest.clients.sklearn.__path__)]


def test_the_search_finds_a_classifier() -> None:
    grid, accuracy = example.search()
    assert grid.best_score_ > 0.95
    assert accuracy > 0.95


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_network_reads_digits(seed: int) -> None:
    classifier, accuracy = example.network(seed)
    assert type(classifier.optimizer_).__name__ == "Lion"
    assert accuracy > 0.96


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_process_is_that_of_scikit_learns_search(seed: int) -> None:
    found, best = example.process(seed), example.process(seed, "fmin_l_bfgs_b")
    best_value = best.log_marginal_likelihood_value_
    assert found.log_marginal_likelihood_value_ == pytest.approx(best_value, abs=1e-6)
    assert found.kernel_.theta == pytest.approx(best.kernel_.theta, abs=1e-3)


def test_it_tells(capsys: Any) -> None:
    example.main()
    told = capsys.readouterr().out
    assert "Perceptron by Lion: accuracy 0.9" in told
    assert told.count("10.8712") == 2


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run_as_written(name: str) -> None:
    module = importlib.import_module(f"steepest.clients.sklearn.{name}")
    assert doctest.testmod(module).failed == 0


def test_every_public_thing_has_an_example() -> None:
    for name in steepest.clients.sklearn.__all__:
        assert ">>>" in getattr(steepest.clients.sklearn, name).__doc__, name
