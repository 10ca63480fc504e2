"""Arrays that NumPy cannot step, of the real libraries, and the loop over copies."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from steepest import Adam
from unchanged import refused

from examples.clients.device_arrays import data, least_squares, main


class TestRefused:
    @pytest.mark.parametrize("wrap", [torch.Tensor.detach, torch.nn.Parameter])
    def test_tensors_without_memory(self, wrap: Any) -> None:
        tensor = wrap(torch.ones(2, device="meta"))
        with refused(TypeError, "'W'", "torch", "no memory (meta)", "on the CPU"):
            Adam({"W": tensor})
        w = torch.ones(2)
        opt = Adam({"W": w})
        with refused(TypeError, "'W': gradient", "(meta)", opt=opt, keeps=[w.numpy()]):
            opt.step({"W": tensor})

    def test_a_model_without_memory(self) -> None:
        model = torch.nn.Linear(2, 1, device="meta")
        with refused(TypeError, "'weight'", "torch Parameter", "(meta)"):
            Adam(dict(model.named_parameters()))
        model = model.to_empty(device="cpu")  # as the message says
        assert list(Adam(dict(model.named_parameters())).state) == ["weight", "bias"]

    def test_immutable_arrays(self) -> None:
        array = jnp.ones(2)
        with refused(TypeError, "'W'", "jaxlib", "read-only", "numpy.array(array)"):
            Adam({"W": array})
        w = np.array(array)  # as the message says
        Adam({"W": w}).step({"W": array})
        assert w.tolist() == pytest.approx([0.999, 0.999])
        assert array.tolist() == [1.0, 1.0]


class TestExample:
    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize("xp", [np, jnp], ids=["numpy", "jax"])
    def test_finds_the_least_squares(self, xp: Any, seed: int) -> None:
        X, y = data(seed)
        found = least_squares(xp, X, y)
        np.testing.assert_allclose(found, np.linalg.lstsq(X, y)[0], atol=1e-4)

    def test_copies_by_the_librarys_own_name(self) -> None:
        class Library:
            asarray, array = staticmethod(np.asarray), staticmethod(np.array)
            copies = 0

            def asnumpy(self, array: Any) -> Any:
                self.copies += 1
                return np.array(array)

        library = Library()
        least_squares(library, *data(0), steps=7)
        assert library.copies == 7

    def test_runs_as_it_is(self, capsys: Any) -> None:
        main()
        assert "by lstsq" in capsys.readouterr().out
