"""The loss as a surface, and the ways over it."""

from typing import Any

import numpy as np
import pytest
from steepest import check_gradient, maximize, minimize

SEEDS = (0, 1, 2)


class TestLossSurface:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_descent_ends_on_the_floor(self, seed: int, example: Any) -> None:
        linear_model = pytest.importorskip("sklearn.linear_model")
        data = X, y = example.classes(seed)
        assert check_gradient(example.loss, example.gradient, example.START, args=data)
        likeliest = linear_model.LogisticRegression(C=np.inf, tol=1e-8).fit(X[:, :2], y)
        floor = example.loss(np.r_[likeliest.coef_[0], likeliest.intercept_], *data)
        assert floor <= example.train(minimize, data).fun < floor + 0.02

    @pytest.mark.parametrize("seed", SEEDS)
    def test_ascent_goes_on_until_it_is_stopped(self, seed: int, example: Any) -> None:
        data = example.classes(seed)
        endless = example.train(maximize, data)
        assert (endless.status.name, endless.nit) == ("MAX_ITER", 400)
        assert (np.diff(endless.history.value) > 0).all()
        assert (np.diff(endless.history.grad_norm[-100:]) >= 0).all()  # it nowhere levels off
        bounded = example.train(maximize, data, max_norm=100)
        assert bounded.status.name == "DIVERGED"
        assert "more than max_norm = 100" in bounded.message
        assert 100 < np.linalg.norm(bounded.x) < 102
        naive = example.train(maximize, data, example.naive_loss)
        assert naive.status.name == "DIVERGED"
        assert "f is inf" in naive.message
        assert np.isfinite(naive.fun)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_upside_down_the_ways_are_the_same(self, seed: int, example: Any) -> None:
        data = example.classes(seed)
        turned = example.upside_down(example.loss), example.upside_down(example.gradient)
        for one, other in ((minimize, maximize), (maximize, minimize)):
            way = example.train(one, data).history
            back = example.train(other, data, *turned).history
            assert np.array_equal(way.x, back.x)
            assert np.array_equal(way.value, -back.value)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_only_the_naive_loss_has_holes(self, seed: int, example: Any) -> None:
        data = example.classes(seed)
        doubles, singles = (
            example.holes(example.naive_loss, data, dtype) for dtype in (np.float64, np.float32)
        )
        assert 0 < doubles < singles < 3600
        for dtype in (np.float64, np.float32):
            assert example.holes(example.loss, data, dtype) == 0

    @pytest.mark.parametrize(
        ("dtype", "finite", "lost"), [(np.float64, 36, (37, 40)), (np.float32, 16, (17, 20))]
    )
    def test_where_the_naive_loss_is_lost(
        self, dtype: Any, finite: float, lost: tuple[float, float], example: Any
    ) -> None:
        def at(f: Any, z: float) -> Any:
            return f(np.array([z], dtype), np.ones((1, 1), dtype), np.zeros(1, dtype))

        assert np.isfinite(at(example.naive_loss, finite))
        for z in lost:
            assert at(example.naive_loss, z) == np.inf
            assert at(example.loss, z) == pytest.approx(z)

    def test_is_drawn(self, run: Any) -> None:
        told = run()
        assert "where loss is not finite: float64 0, float32 0" in told
        assert "diverged at iteration" in told
