"""A generative adversarial network of two players: does the generator find N(4, 1.5)?

The generator turns noise z into a z + b and ascends the mean log-probability that its numbers pass for real,
while a network of 16 units descends its loss at telling them apart. One optimizer has both, as a maximising
and a minimising group, and at the last step the generator's numbers have the target's mean and deviation.

Each step answers the other player's last one, so at a constant rate, driven by the noise of the batches, they
circle where both would stand still and the discriminator say ½. A rate that falls brings them to rest.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent, check_gradient
from steepest.plots import style

Array = NDArray[np.float64]
Params = dict[str, Any]
MEAN, SD = 4.0, 1.5  # of the target


def start(rng: np.random.Generator) -> tuple[Params, Params]:
    """Both players: the generator makes N(0, 1), the discriminator knows nothing."""
    w, b, v = rng.normal(size=(3, 16))
    d = {"w": w, "b": b, "v": v / 4, "c": np.array(0.0)}
    return {"a": np.array(1.0), "b": np.array(0.0)}, d


def generated(g: Params, z: Array) -> Array:
    return np.asarray(g["a"] * z + g["b"])


def logit(d: Params, x: Array) -> tuple[Array, Array]:
    """The log-odds that x is real, and the hidden layer."""
    hidden = np.tanh(np.outer(x, d["w"]) + d["b"])
    return hidden @ d["v"] + d["c"], hidden


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def passing(g: Params, d: Params, z: Array) -> tuple[float, Params]:
    """The generator's objective, the mean of log D(G(z)), and its gradient."""
    odds, hidden = logit(d, generated(g, z))
    slope = sigmoid(-odds) * ((1 - hidden**2) * d["v"] @ d["w"]) / len(z)
    return -float(np.logaddexp(0, -odds).mean()), {"a": slope @ z, "b": slope.sum()}


def mistaken(d: Params, real: Array, fake: Array) -> tuple[float, Params]:
    """The discriminator's loss, its mean cross-entropy on either kind, added, and its gradient."""
    x, sign = np.r_[real, fake], np.repeat([1.0, -1.0], len(real))
    odds, hidden = logit(d, x)
    error = -sign * sigmoid(-sign * odds) / len(real)
    back = error[:, None] * (1 - hidden**2) * d["v"]
    loss = float(np.logaddexp(0, -sign * odds).sum()) / len(real)
    return loss, {"w": x @ back, "b": back.sum(axis=0), "v": error @ hidden, "c": error.sum()}


def duel(seed: int = 0, lr_decay: float = 0.999) -> tuple[Params, Params, Array]:
    """Both players at the end, and the generator's mean and deviation at 0 … 4000 steps."""
    rng = np.random.default_rng(seed)
    g, d = start(rng)
    both = GradientAscent(
        [{"params": g}, {"params": d, "maximize": False}],
        lr=0.005, momentum=0.5, lr_decay=lr_decay, bias_correction=True,
    )  # fmt: skip
    way = [(0.0, 1.0)]
    for _ in range(4000):
        real, z = rng.normal(MEAN, SD, 256), rng.normal(size=256)
        both.step([passing(g, d, z)[1], mistaken(d, real, generated(g, z))[1]])
        way.append((float(g["b"]), abs(float(g["a"]))))
    return g, d, np.array(way)


def density(x: Array, mean: float, sd: float) -> Array:
    return np.asarray(np.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi)))


def draw(path: str, d: Params, ways: list[Array]) -> None:
    made, found = map(style.tidy, style.figure(10, 4).subplots(1, 2))
    x = np.linspace(-3.5, 9, 300)
    made.fill_between(x, density(x, MEAN, SD), color="0.85", label="target, N(4, 1.5)")
    for step, colour, dashes in zip(
        (0, 200, 4000), style.COLOURS, style.DASHES[::-1], strict=False
    ):
        curve = density(x, *ways[0][step])
        made.plot(x, curve, color=colour, ls=dashes, lw=1.8, label=f"generator, step {step}")
    made.plot(x, sigmoid(logit(d, x)[0]), color="0.4", lw=1, label="D(x) at the end")
    made.set(xlabel="x", ylabel="density, and D(x)", ylim=(0, 0.85))
    made.legend(frameon=False, ncols=2, loc="upper center")
    for at, (name, truth) in enumerate({"mean": MEAN, "standard deviation": SD}.items()):
        found.axhline(truth, color="0.6", lw=0.8)
        found.text(4000, truth + 0.2, name, ha="right")
        for way, colour, dashes in zip(ways, style.COLOURS, style.DASHES, strict=False):
            found.plot(way[:, at], color=colour, ls=dashes, lw=1.8)
    found.set(xlabel="step", ylabel="of what the generator makes", ylim=(0, 5.2))
    found.legend(found.lines[1:4], ("seed 0", "seed 1", "seed 2"), frameon=False, ncols=3)
    style.save(made.figure, path)


def main() -> None:
    rng = np.random.default_rng(0)
    (g, d), z, real = start(rng), rng.normal(size=50), rng.normal(MEAN, SD, 50)
    print("the generator's gradient:", check_gradient(passing, True, g, (d, z)).message)
    print("the discriminator's:", check_gradient(mistaken, True, d, (real, z)).message)
    duels = [duel(seed) for seed in range(3)]
    for seed, (mean, sd) in enumerate(way[-1] for _, _, way in duels):
        print(f"seed {seed}: mean {mean:.3f} (of {MEAN}), standard deviation {sd:.3f} (of {SD})")
    swings = np.ptp(duel(0, lr_decay=1.0)[2][-500:, 1])
    print(f"At a constant rate the deviation still swings by {swings:.2f} in the last 500 steps.")
    draw("pictures/15_gan.png", duels[0][1], [way for _, _, way in duels])
    print("Drawn: pictures/15_gan.png")


if __name__ == "__main__":
    main()
