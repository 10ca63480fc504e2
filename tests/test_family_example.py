"""The example of the family: every optimizer walks, arrives and is drawn."""

import importlib
import itertools
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
import steepest
from steepest.optimizer import Optimizer

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def example() -> Any:
    return importlib.import_module("examples.family")


@pytest.fixture(scope="module")
def members(example: Any) -> Any:
    """(optimizer, rate in the valley, rate on the saddle) by name."""
    return {name: member for kin in example.FAMILY.values() for name, member in kin.items()}


@pytest.fixture(scope="module", params=["VALLEY", "SADDLE"])
def land(example: Any, request: Any) -> Any:
    return getattr(example, request.param)


def test_the_gradients_are_those_of_the_heights(land: Any) -> None:
    rng = np.random.default_rng(0)
    for x, y in [land.start, land.minimum, *rng.normal(size=(20, 2))]:
        h = 1e-6
        slopes = [
            (land.height(x + h, y) - land.height(x - h, y)) / (2 * h),
            (land.height(x, y + h) - land.height(x, y - h)) / (2 * h),
        ]
        np.testing.assert_allclose(land.gradient(x, y), slopes, rtol=1e-6, atol=1e-5)


def test_the_minima_are_minima(land: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = land.minimum
    np.testing.assert_allclose(land.gradient(x, y), 0, atol=1e-12)
    around = land.minimum + rng.normal(size=(1000, 2)) / 10
    assert (land.height(*around.T) > land.height(x, y)).all()


def test_the_saddle_is_one(example: Any) -> None:
    saddle = example.SADDLE
    assert saddle.gradient(0, 0) == [0, 0]
    assert saddle.height(0, 0.1) < saddle.height(0, 0) < saddle.height(0.1, 0)


def test_every_optimizer_walks(example: Any, members: Any) -> None:
    public = (getattr(steepest, name) for name in steepest.__all__)
    optimizers = {one for one in public if isinstance(one, type) and issubclass(one, Optimizer)}
    made = (make for make, *_ in members.values())
    assert {make.func if isinstance(make, partial) else make for make in made} == optimizers
    assert sum(map(len, example.FAMILY.values())) == len(members)  # no name twice


def test_lines_of_a_kin_can_be_told_apart(example: Any) -> None:
    most = max(map(len, example.FAMILY.values()))
    styles = list(zip(example.COLOURS, example.WIDTHS, example.DASHES, strict=True))
    assert len(styles) >= most
    for (colour, width, dash), (other, thinner, _) in itertools.pairwise(styles):
        assert colour != other
        assert width > thinner or dash == "-"


@pytest.fixture(scope="module")
def walks(example: Any, members: Any) -> Any:
    """The walks in the valley and on the saddle, by name."""
    return {
        name: [
            example.walk(make, valley, example.VALLEY),
            example.walk(make, saddle, example.SADDLE),
        ]
        for name, (make, valley, saddle) in members.items()
    }


def test_all_arrive_from_the_start(example: Any, walks: Any) -> None:
    for walk in walks.values():
        for path, land in zip(walk, (example.VALLEY, example.SADDLE), strict=True):
            far = np.hypot(*(path - land.minimum).T)
            assert tuple(path[0]) == land.start
            assert (far[:-1] > 0.01).all()
            assert far[-1] <= 0.01


def test_ascent_and_descent_walk_the_same_way(walks: Any) -> None:
    pairs = zip(walks["GradientAscent on −f"], walks["GradientDescent"], strict=True)
    assert all(np.array_equal(up, down) for up, down in pairs)


def test_a_walk_that_does_not_arrive_ends(example: Any) -> None:
    path = example.walk(steepest.SGD, 0.0, example.VALLEY, most=5)
    np.testing.assert_array_equal(path, [example.VALLEY.start] * 6)


def test_the_command_prints_the_steps_and_draws_the_picture_it_names(
    example: Any, walks: Any, monkeypatch: Any, capsys: Any, tmp_path: Any
) -> None:
    picture = tmp_path / "pictures" / "family.png"
    monkeypatch.setattr(sys, "argv", ["family.py", "--picture", str(picture)])
    walked = itertools.chain.from_iterable(walks.values())
    monkeypatch.setattr(example, "walk", lambda *what: next(walked))
    example.main()
    told = capsys.readouterr().out
    for name, (down, off) in walks.items():
        (line,) = (line for line in told.splitlines() if line.startswith(f"{name:22}"))
        assert f" {len(down) - 1:,} " in line
        assert line.endswith(f" {len(off) - 1:,}")
    assert str(picture) in told
    assert picture.read_bytes().startswith(b"\x89PNG")
