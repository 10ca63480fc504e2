"""A network of torch's, trained on digits by steepest's Adam and by torch's own: the same losses.

The loop is torch's. `set_to_none` is False by default, so `zero_grad()` keeps the gradients' memory; both
forms work.
"""

from collections.abc import Callable
from typing import Any

import steepest
import torch
from sklearn.datasets import load_digits


def network(seed: int) -> Any:
    torch.manual_seed(seed)
    layers = torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    return torch.nn.Sequential(*layers)


def train(make: Callable[..., Any], seed: int, epochs: int = 10) -> tuple[list[float], float]:
    """The loss of every minibatch, and how many of the test's digits are read in the end."""
    images, digits = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(digits)
    data = torch.utils.data.TensorDataset(x[:1400], y[:1400])
    model = network(seed)
    order = torch.Generator().manual_seed(seed)
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True, generator=order)
    criterion = torch.nn.CrossEntropyLoss()
    losses = []

    optimizer = make(model.parameters(), lr=3e-3)
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    read = model(x[1400:]).argmax(dim=1) == y[1400:]
    return losses, float(read.float().mean())


def main() -> None:
    for make in steepest.Adam, torch.optim.Adam:
        losses, accuracy = train(make, seed=0)
        print(f"{make.__module__:>21}: loss {losses[-1]:.6f}, accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
