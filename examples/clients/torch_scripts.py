"""Two scripts of torch's users, as they were written: only the import is another.

They were written for the package `gradient-ascent`. torch's tensors on the CPU are stepped where they lie;
there is no adapter, as steepest takes whatever has .data and .grad.
"""

import numpy as np
import torch
from steepest import GradientAscent  # was: from gradient_ascent import GradientAscent


def one_number(seed: int) -> float:
    """A neuron with the input 2 is to say 3: climb the negative squared error."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(1, 1)
    optimizer = GradientAscent(model.parameters(), lr=0.01)
    input = torch.tensor([2.0])
    target = torch.tensor([3.0])
    for _ in range(1000):
        optimizer.zero_grad()
        output = model(input)
        loss = -torch.nn.functional.mse_loss(output, target)
        loss.backward()
        optimizer.step()
    return float(model(input).item())


def regression(seed: int) -> tuple[float, float]:
    """Ten rows of noise by five weights and a bias; the error, and the least there is."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(5, 1)
    optimizer = GradientAscent(model.parameters(), lr=0.01)
    criterion = torch.nn.MSELoss()
    x = torch.randn(10, 5)
    y = torch.randn(10, 1)
    for _ in range(100):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        (-loss).backward()
        optimizer.step()

    design = np.column_stack([x.numpy(), np.ones(10)])
    best = design @ np.linalg.lstsq(design, y.numpy())[0]
    return float(criterion(model(x), y).item()), float(np.mean((best - y.numpy()) ** 2))


def shared_memory() -> tuple[float, bool]:
    """What NumPy sees, through torch's own view of a weight, of a step; and whether the weight has moved."""
    weight = torch.zeros(3, requires_grad=True)
    seen, address = weight.detach().numpy(), weight.data_ptr()
    optimizer = GradientAscent([weight], lr=0.5, momentum=0.0, beta=None)
    weight.sum().backward()
    optimizer.step()
    return float(seen[0]), weight.data_ptr() != address


def main() -> None:
    print(f"one number: {one_number(seed=0):.6f}, expected 3")
    for seed in range(3):
        found, best = regression(seed)
        print(f"regression, seed {seed}: {found:.6f}, least squares {best:.6f}")
    seen, moved = shared_memory()
    print(f"a weight of 0, by a step of 0.5: {seen} in NumPy; its memory moved: {moved}")


if __name__ == "__main__":
    main()
