"""Sources unmixed by InfoMax, plain and extended."""

from typing import Any

import pytest


@pytest.mark.parametrize("seed", [0, 1, 2])
class TestInfoMax:
    def test_unmixes_laplace_noise(self, seed: int, example: Any) -> None:
        S = example.sources("Laplace noise", seed)
        X = example.whitened(example.mixed(S))
        assert example.match(S, X).max() < 0.8
        for extended in (False, True):
            assert example.match(S, example.unmix(X, extended)).min() >= 0.98

    def test_plain_fails_with_a_square_wave(self, seed: int, example: Any) -> None:
        S = example.sources("square wave", seed)
        X = example.whitened(example.mixed(S))
        plain, extended = (example.unmix(X, kind) for kind in (False, True))
        assert 0.6 < example.match(S, plain).min() < 0.85
        assert example.match(S, plain).max() < 0.9
        assert example.match(S, extended).min() >= 0.98


class TestPicture:
    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert told.startswith("right")
        assert "extended |correlation| 0.9999 Laplace noise, 1.0000 square wave" in told
