"""The same law where others implement it: torch's SGD, SciPy's filters and optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import DTYPES, gradient, start

SGD_OPTIONS = [
    {"momentum": 0.0},
    {"momentum": 0.9},
    {"momentum": 0.3},
    {"momentum": 0.9, "nesterov": True},
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("maximize", [True, False])
@pytest.mark.parametrize("options", SGD_OPTIONS, ids=str)
def test_without_beta_it_is_torch_sgd(
    library: Any, options: dict[str, Any], maximize: bool, dtype: str
) -> None:
    torch = pytest.importorskip("torch")
    shapes = [(5, 7), (131,), ()]
    ours = [start(shape, dtype, k) for k, shape in enumerate(shapes)]
    theirs = [torch.tensor(array) for array in ours]
    opt = library.GradientAscent(ours, beta=None, maximize=maximize, **options)
    peer = torch.optim.SGD(theirs, lr=0.01, maximize=maximize, **options)
    for step in range(25):
        slopes = [gradient(shape, dtype, 9 * step + k) for k, shape in enumerate(shapes)]
        opt.step(slopes)
        for tensor, slope in zip(theirs, slopes, strict=True):
            tensor.grad = torch.tensor(slope)
        peer.step()
    # torch fuses multiply and add, so each of the 25 steps may round once or twice otherwise.
    tolerance = 50 * float(np.finfo(dtype).eps)
    for array, tensor in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), rtol=tolerance, atol=tolerance)


def test_state_is_a_linear_filter_of_the_gradients(library: Any) -> None:
    signal = pytest.importorskip("scipy.signal")
    slopes = np.stack([gradient((40,), "float64", step) for step in range(30)])
    opt = library.GradientAscent(np.zeros(40), momentum=0.8, beta=0.95)
    for slope in slopes:
        opt.step(slope)
    velocity = signal.lfilter([1.0], [1.0, -0.8], slopes, axis=0)[-1]
    second_moment = signal.lfilter([1 - 0.95], [1.0, -0.95], slopes**2, axis=0)[-1]
    # Thirty roundings each; a velocity may cancel, a second moment cannot.
    np.testing.assert_allclose(opt.state["0"]["velocity"], velocity, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        opt.state["0"]["second_moment"], second_moment, rtol=1e-13, atol=1e-300
    )


def test_logistic_regression_reaches_scipys_optimum(library: Any) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    y = rng.random(200) < 1 / (1 + np.exp(-x @ [1.0, -2.0, 0.5, 0.0]))

    def loss(w: Any) -> Any:
        return np.logaddexp(0, np.where(y, -1, 1) * (x @ w)).mean() + 0.01 * (w @ w)

    def slope(w: Any) -> Any:
        return x.T @ (1 / (1 + np.exp(-x @ w)) - y) / len(x) + 0.02 * w

    w = np.zeros(4)
    opt = library.GradientDescent(w, lr_decay=0.995)
    for _ in range(3000):
        opt.step(slope(w))
    best = optimize.minimize(loss, np.zeros(4), jac=slope, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(w, best.x, atol=1e-6)
