"""torch's schedulers setting the rates of a steepest optimizer.

They ask that the optimizer is one of torch's by its class, and then only read and write its `param_groups`;
those of steepest are mappings with the same keys. So a few lines of a class are enough. (A rate that depends
on the step alone needs no scheduler: any function t → lr is one, see docs/schedules.md.)
"""

from collections.abc import Callable
from typing import Any

import steepest
import torch


class Steepest(torch.optim.Optimizer):  # type: ignore[misc]
    """An optimizer of steepest's in the form that torch's schedulers ask for."""

    def __init__(self, optimizer: Any) -> None:
        groups = [{"params": list(group["params"])} for group in optimizer.param_groups]
        super().__init__(groups, dict(optimizer.defaults))
        self.optimizer, self.param_groups = optimizer, optimizer.param_groups
        self.state_dict, self.load_state_dict = optimizer.state_dict, optimizer.load_state_dict

    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure is not None else None
        self.optimizer.step()
        return loss


#: Some of torch's schedulers; the last looks at the loss.
SCHEDULERS: dict[str, Callable[[Any], Any]] = {
    "StepLR": lambda opt: torch.optim.lr_scheduler.StepLR(opt, step_size=5, gamma=0.5),
    "CosineAnnealingLR": lambda opt: torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=20),
    "OneCycleLR": lambda opt: torch.optim.lr_scheduler.OneCycleLR(
        opt, max_lr=[2 * group["lr"] for group in opt.param_groups], total_steps=31
    ),
    "ReduceLROnPlateau": lambda opt: torch.optim.lr_scheduler.ReduceLROnPlateau(
        opt, factor=0.7, patience=1, threshold=0.2
    ),
}


def valley(lr: float) -> tuple[Any, Callable[[], Any]]:
    """Two numbers on a bench of Rosenbrock's valley, in a group each, and the height there."""
    x, y = (torch.tensor([-1.0], requires_grad=True) for _ in range(2))
    groups = [{"params": [x]}, {"params": [y], "lr": 0.3 * lr}]
    return groups, lambda: ((1 - x) ** 2 + 5 * (y - x**2) ** 2).sum()


def descend(
    make: Callable[..., Any], schedule: Callable[[Any], Any], lr: float = 0.1, epochs: int = 30
) -> tuple[list[list[float]], list[list[float]]]:
    """The rate of either group and both numbers, epoch by epoch."""
    groups, height = valley(lr)
    optimizer = make(groups, lr=lr)
    scheduler = schedule(optimizer)
    rates, points = [], []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = height()
        loss.backward()
        optimizer.step()
        on_plateau = isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
        scheduler.step(*([loss.item()] if on_plateau else []))
        rates.append([group["lr"] for group in optimizer.param_groups])
        points.append([p.item() for group in groups for p in group["params"]])
    return rates, points


def main() -> None:
    for name, schedule in SCHEDULERS.items():
        rates, points = descend(lambda *a, **k: Steepest(steepest.Adam(*a, **k)), schedule)
        expected, others = descend(torch.optim.Adam, schedule)
        print(f"{name:>18}: rates {rates[-1]}, torch's {expected[-1]}")
        print(f"{'':>20}point {points[-1]}, torch's {others[-1]}")


if __name__ == "__main__":
    main()
