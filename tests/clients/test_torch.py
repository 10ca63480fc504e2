"""torch on the CPU: its users' scripts, its network, its schedulers, and one memory."""

import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
import steepest
import torch

from examples.clients.torch_lr_scheduler import SCHEDULERS, Steepest, descend
from examples.clients.torch_scripts import one_number, regression, shared_memory
from examples.clients.torch_training import train

SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])


class TestScripts:
    @SEEDS
    def test_one_number(self, seed: int) -> None:
        assert one_number(seed) == pytest.approx(3.0, abs=1e-3)

    @SEEDS
    def test_regression(self, seed: int) -> None:
        found, best = regression(seed)
        assert best <= found <= 1.02 * best


class TestMemory:
    def test_is_one(self) -> None:
        assert shared_memory() == (0.5, False)

    def test_is_what_the_optimizer_steps(self) -> None:
        model = torch.nn.Linear(3, 2)
        opt = steepest.Adam(model.parameters())
        assert [leaf.array.__array_interface__["data"][0] for leaf in opt._leaves] == [
            p.data_ptr() for p in model.parameters()
        ]

    def test_and_a_load_into_the_model_is_seen(self) -> None:
        model, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
        opt = steepest.SGD(model.parameters(), lr=1.0)
        model.load_state_dict(other.state_dict())
        opt.step([torch.ones(2, 3), torch.ones(2)])
        np.testing.assert_array_equal(model.weight.detach(), other.weight.detach() - 1)


@pytest.mark.parametrize("stepped", ["np.ones(3)", "{'W': np.ones((2, 2)), 'b': [np.ones(())]}"])
def test_torch_is_never_imported(stepped: str) -> None:
    code = f"""if True:
        import sys
        import numpy as np
        import steepest
        assert "torch" not in sys.modules
        params, grads = {stepped}, {stepped}
        for optimizer in vars(steepest).copy().values():
            if isinstance(optimizer, type) and issubclass(optimizer, steepest.optimizer.Optimizer):
                opt = optimizer(params, lr=0.1)
                opt.step(grads)
                opt.load_state_dict(opt.state_dict())
        assert "torch" not in sys.modules
        print(opt.step_count)
    """
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "1\n"


class TestTraining:
    @SEEDS
    def test_has_the_losses_of_torchs_own(self, seed: int) -> None:
        ours, accuracy = train(steepest.Adam, seed)
        theirs, as_accurate = train(torch.optim.Adam, seed)
        assert len(ours) == 440
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
        assert abs(accuracy - as_accurate) <= 0.005
        assert accuracy > 0.88


class TestSchedulers:
    @pytest.mark.parametrize("name", SCHEDULERS)
    @pytest.mark.parametrize(
        ("optimizer", "lr", "options"), [("SGD", 0.01, {"momentum": 0.9}), ("Adam", 0.1, {})]
    )
    def test_rates_and_points_are_those_of_torchs_own(
        self, optimizer: str, lr: float, options: Any, name: str
    ) -> None:
        def ours(groups: Any, lr: float) -> Any:
            return Steepest(getattr(steepest, optimizer)(groups, lr=lr, **options))

        theirs = partial(getattr(torch.optim, optimizer), **options)
        rates, points = descend(ours, SCHEDULERS[name], lr)
        expected_rates, expected_points = descend(theirs, SCHEDULERS[name], lr)
        assert rates == expected_rates
        assert len({rate for rate, _ in rates}) > 1
        np.testing.assert_allclose(points, expected_points, rtol=1e-4, atol=1e-5)

    def test_write_the_rates_of_the_optimizer_itself(self) -> None:
        opt = steepest.Adam([{"params": [torch.zeros(1, requires_grad=True)]}], lr=0.1)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(wrapped := Steepest(opt), gamma=0.5)
        opt.param_groups[0]["params"][0].sum().backward()
        wrapped.step()
        scheduler.step()
        assert opt.lr == 0.05
        assert opt.effective_lr == 0.1
        wrapped.step(lambda: None)
        assert opt.effective_lr == 0.05

    def test_a_checkpoint_is_the_optimizers(self) -> None:
        first, second = (
            Steepest(steepest.Adam([torch.zeros(1, requires_grad=True)])) for _ in range(2)
        )
        first.optimizer.step([torch.ones(1)])
        second.load_state_dict(first.state_dict())
        assert second.optimizer.step_count == 1
        assert second.optimizer.state["0"]["exp_avg"].tolist() == pytest.approx([0.1])
