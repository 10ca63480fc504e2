"""Tensors of a deep-learning framework, as parameters: a stand-in always, torch where it is."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from standins import Tensor, leaf
from steepest import GradientAscent, GradientDescent
from unchanged import refused

TEXTBOOK: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "beta": None}


class TestStandIns:
    def test_leaves_that_require_gradients_share_their_memory(self, library: Any) -> None:
        w = leaf([1.0, 2.0])
        opt = library.GradientAscent([w], **TEXTBOOK)
        for total in (1.0, 2.0):
            w.grad = Tensor(np.ones(2, np.float32))  # a new tensor after every backward pass
            opt.step()
            assert w.memory.tolist() == [1.0 + total, 2.0 + total]

    def test_a_generator_of_them(self, library: Any) -> None:
        model = [leaf([[1.0, 2.0]]), leaf([3.0])]
        opt = library.GradientAscent((p for p in model), **TEXTBOOK)
        model[0].grad = Tensor(np.ones((1, 2), np.float32))
        opt.step()
        assert model[0].memory.tolist() == [[2.0, 3.0]]
        assert model[1].memory.tolist() == [3.0], "it has no gradient"

    def test_one_tensor_is_one_parameter(self, library: Any) -> None:
        opt = library.GradientAscent(leaf([[1.0, 2.0], [3.0, 4.0]]))
        assert len(opt.state) == 1

    def test_on_another_device_are_refused(self, library: Any) -> None:
        w = Tensor(np.ones(2, np.float32), requires_grad=True, device="cuda:0")
        with refused(TypeError, "'W'"):
            library.GradientAscent({"W": w})

    def test_gradients_on_another_device_are_refused(self, library: Any) -> None:
        w = leaf([1.0, 2.0])
        opt = library.GradientAscent({"W": w})
        w.grad = Tensor(np.ones(2, np.float32), device="cuda:0")
        with refused(TypeError, "'W'", opt=opt, keeps=[w.memory]):
            opt.step()

    def test_gradients_of_another_dtype_are_refused(self, library: Any) -> None:
        w = leaf([1.0, 2.0])
        opt = library.GradientAscent({"W": w})
        w.grad = Tensor(np.ones(2))
        with refused(TypeError, "'W'", "float64", "float32", opt=opt, keeps=[w.memory]):
            opt.step()

    def test_zero_grad_zeroes_their_gradients_in_place(self, library: Any) -> None:
        w = leaf([1.0, 2.0])
        opt = library.GradientAscent([w])
        w.grad = Tensor(np.ones(2, np.float32))
        kept = w.grad
        opt.zero_grad()
        assert kept.memory.tolist() == [0.0, 0.0]
        assert w.grad is kept
        opt.zero_grad(set_to_none=True)
        assert w.grad is None

    def test_zero_grads_zeroes_them_within_the_step(self, library: Any) -> None:
        w = leaf([1.0, 2.0])
        opt = library.GradientAscent([w], **TEXTBOOK)
        w.grad = Tensor(np.ones(2, np.float32))
        opt.step(zero_grads=True)
        assert w.memory.tolist() == [2.0, 3.0]
        assert w.grad.memory.tolist() == [0.0, 0.0]


def test_stepping_tensors_never_imports_torch() -> None:
    code = """if True:
        import sys
        sys.path.insert(0, sys.argv[1])
        import numpy as np
        from standins import Tensor, leaf
        from steepest import GradientAscent
        w = leaf([1.0, 2.0])
        opt = GradientAscent([w])
        w.grad = Tensor(np.ones(2, np.float32))
        opt.step(); opt.zero_grad(); opt.state_dict(); repr(opt)
        assert opt.step_count == 1
        assert "torch" not in sys.modules
    """
    here = __file__.rpartition("/")[0]
    subprocess.run([sys.executable, "-c", code, here], check=True)


class TestTorch:
    @pytest.fixture
    def torch(self) -> Any:
        return pytest.importorskip("torch")

    def network(self, torch: Any) -> Any:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        x = torch.linspace(-1, 1, 15).reshape(5, 3)
        return model, lambda: (model(x) - x.sum(1, keepdim=True)).square().mean()

    def test_model_parameters_are_stepped_in_their_own_memory(self, torch: Any) -> None:
        model, loss = self.network(torch)
        addresses = [p.data_ptr() for p in model.parameters()]
        opt = GradientDescent(model.parameters(), lr=0.01)
        first = loss().item()
        for _ in range(50):
            opt.zero_grad()
            loss().backward()
            opt.step()
        assert loss().item() < first / 10
        assert [p.data_ptr() for p in model.parameters()] == addresses

    def test_named_parameters_give_their_names(self, torch: Any) -> None:
        model, _ = self.network(torch)
        opt = GradientDescent(dict(model.named_parameters()))
        assert list(opt.state) == ["0.weight", "0.bias", "2.weight", "2.bias"]

    @pytest.mark.parametrize("options", [{"momentum": 0.0}, {"momentum": 0.9}])
    def test_the_same_steps_as_its_sgd(self, torch: Any, options: Any) -> None:
        model, loss = self.network(torch)
        twin, twin_loss = self.network(torch)
        opt = GradientDescent(model.parameters(), lr=0.1, beta=None, **options)
        sgd = torch.optim.SGD(twin.parameters(), lr=0.1, **options)
        for _ in range(5):
            opt.zero_grad(set_to_none=True)
            sgd.zero_grad()
            loss().backward()
            twin_loss().backward()
            opt.step()
            sgd.step()
        for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=2e-6, atol=1e-7)

    def test_gradients_set_to_none_are_left_alone(self, torch: Any) -> None:
        w, v = (torch.ones(2, dtype=torch.float64, requires_grad=True) for _ in range(2))
        opt = GradientAscent([w, v], **TEXTBOOK)
        w.sum().backward()
        opt.step()
        assert w.tolist() == [2.0, 2.0]
        assert v.tolist() == [1.0, 1.0]
        opt.zero_grad(set_to_none=True)
        assert w.grad is None

    def test_transposed_and_sliced_tensors(self, torch: Any) -> None:
        owner = torch.zeros(4, 6, dtype=torch.float64)
        opt = GradientAscent([owner[::2].T], **TEXTBOOK)
        opt.step([torch.ones(6, 2, dtype=torch.float64)])
        assert_same_bits(owner.numpy(), np.array([[1.0] * 6, [0.0] * 6] * 2))

    @pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
    def test_gradients_that_require_gradients_themselves(self, torch: Any) -> None:
        w = torch.ones(2, dtype=torch.float64, requires_grad=True)
        opt = GradientAscent([w], **TEXTBOOK)
        (w.grad,) = torch.autograd.grad((w**3).sum(), w, create_graph=True)
        assert w.grad.requires_grad
        opt.step()
        assert w.tolist() == [4.0, 4.0]

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int64"])
    def test_other_dtypes_are_refused(self, torch: Any, dtype: Any) -> None:
        with refused(TypeError, "'W'"):
            GradientAscent({"W": torch.ones(2, dtype=getattr(torch, dtype))})

    def test_tensors_of_no_device_are_refused(self, torch: Any) -> None:
        with refused(TypeError, "'W'"):
            GradientAscent({"W": torch.ones(2, device="meta")})

    def test_lazily_conjugated_or_negated_views_are_never_stepped_wrongly(self, torch: Any) -> None:
        owner = torch.ones(2, dtype=torch.complex128)
        negated = torch.imag(torch.conj(owner))
        assert negated.is_neg()
        with refused((TypeError, ValueError, RuntimeError)):
            GradientAscent({"W": negated})

    def test_lazily_conjugated_gradients_are_read(self, torch: Any) -> None:
        w = torch.zeros(2, dtype=torch.complex128)
        w.grad = torch.tensor([1 + 2j, 3j], dtype=torch.complex128).conj()
        assert w.grad.is_conj()
        opt = GradientAscent([w], **TEXTBOOK)
        opt.step()
        assert w.tolist() == [1 - 2j, -3j]
        with refused(ValueError, "read-only", opt=opt):
            opt.step(zero_grads=True)

    def test_a_tensor_that_is_not_a_leaf_still_shares(self, torch: Any) -> None:
        w = torch.ones(2, dtype=torch.float64, requires_grad=True)
        view = w.detach()
        GradientAscent([view], **TEXTBOOK).step([torch.ones(2, dtype=torch.float64)])
        assert w.tolist() == [2.0, 2.0]
