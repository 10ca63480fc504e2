"""The demo on real data: it arrives where scikit-learn arrives, and says so."""

import importlib
import sys
from typing import Any

import numpy as np
import pytest
import steepest

for needed in ("matplotlib", "sklearn", "tqdm"):
    pytest.importorskip(needed)


@pytest.fixture(scope="module")
def demo() -> Any:
    return importlib.import_module("examples.digits")


@pytest.fixture(scope="module")
def data(demo: Any) -> Any:
    return demo.load()


@pytest.fixture(scope="module")
def climbed(demo: Any, data: Any) -> Any:
    """The fitted model, the log-likelihoods and gradient norms on the way, and scikit-learn's model."""
    return *demo.ascend(data[0]), demo.scikit_learn(data[0])


def test_the_gradient_is_that_of_the_log_likelihood(demo: Any, data: Any) -> None:
    rng = np.random.default_rng(0)
    model = {"W": rng.normal(size=(64, 10)) / 8, "b": rng.normal(size=10)}
    _, gradient = demo.log_likelihood(model, data[0])
    for name, array in model.items():
        for index in [tuple(rng.integers(array.shape)) for _ in range(5)]:
            at, h = array[index], 1e-5
            ends = []
            for end in (at + h, at - h):
                array[index] = end
                ends.append(demo.log_likelihood(model, data[0])[0])
            array[index] = at
            slope = (ends[0] - ends[1]) / (2 * h)
            np.testing.assert_allclose(gradient[name][index], slope, rtol=1e-5, atol=1e-9)


def test_images_are_standardised_by_the_training_ones(data: Any) -> None:
    train, test = data
    assert len(train.digits) + len(test.digits) == 1797
    assert abs(train.images.mean()) < 1e-12
    assert np.isin(train.images.std(axis=0).round(9), [0, 1]).all()
    assert abs(test.images.mean()) > 1e-6


def test_it_climbs_to_scikit_learns_log_likelihood(demo: Any, data: Any, climbed: Any) -> None:
    model, values, _, peer = climbed
    ours, summit = (demo.log_likelihood(m, data[0])[0] for m in (model, peer))
    assert abs(ours - summit) < 1e-3
    assert values[0] == pytest.approx(-np.log(10))
    assert values[-1] == pytest.approx(ours, abs=1e-4)


def test_it_is_as_accurate_on_unseen_images(demo: Any, data: Any, climbed: Any) -> None:
    model, _, _, peer = climbed
    ours, theirs = (demo.accuracy(m, data[1]) for m in (model, peer))
    assert theirs > 0.95
    assert ours >= theirs - 0.005


def test_the_slope_flattens_towards_the_summit(climbed: Any) -> None:
    _, values, norms, _ = climbed
    assert len(values) == len(norms)
    assert norms[-1] < norms[0] / 100


def test_it_ascends_with_the_default_options(demo: Any, data: Any, monkeypatch: Any) -> None:
    built = []

    class Seen(steepest.GradientAscent):
        def __init__(self, parameters: Any, **options: Any) -> None:
            built.append((list(parameters), set(options)))
            super().__init__(parameters, **options)

    monkeypatch.setattr(demo, "GradientAscent", Seen)
    demo.ascend(data[0], steps=2)
    ((names, options),) = built
    assert names == ["W", "b"]
    assert options <= {"lr", "lr_decay", "callback"}


class TestCommand:
    @pytest.fixture
    def run(self, demo: Any, climbed: Any, monkeypatch: Any, capsys: Any, tmp_path: Any) -> Any:
        """`main()` with the fits made already; what it prints, and where it draws."""
        model, values, norms, peer = climbed
        picture = tmp_path / "pictures" / "digits.png"
        monkeypatch.setattr(sys, "argv", ["digits.py", "--picture", str(picture)])
        monkeypatch.setattr(demo, "ascend", lambda sample: (model, values, norms))

        def run(peer: Any = peer) -> Any:
            monkeypatch.setattr(demo, "scikit_learn", lambda sample: peer)
            demo.main()
            return capsys.readouterr().out, picture

        return run

    def test_prints_its_results_and_draws_the_picture_it_names(self, run: Any) -> None:
        told, picture = run()
        assert "test accuracy" in told
        assert "log-likelihood" in told
        assert "scikit-learn" in told
        assert str(picture) in told
        assert picture.read_bytes().startswith(b"\x89PNG")

    def test_fails_when_the_summit_is_missed(self, run: Any, climbed: Any) -> None:
        """Had scikit-learn come out elsewhere, the demo would say so."""
        peer = climbed[3]
        with pytest.raises(SystemExit, match="log-likelihood"):
            run({"W": peer["W"] * 0.5, "b": peer["b"]})
