"""Two players, each climbing a payoff of its own: who wins at matching pennies?

Each shows heads with probability σ(logit) and has an optimizer of its own; where they match, the first wins
a penny from the second. Plain steps spiral away from (½, ½), where neither can gain, and only their average
stays there; with optimism, 2 gₜ − gₜ₋₁ for gₜ, they end on it.

Why away: by infinitely small steps 1/(p(1 − p)) + 1/(q(1 − q)) would never change, and they would go round on
a closed curve. A step along its tangent leaves it outwards. Two who are paid the same meet in a corner.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from steepest import GradientAscent, check_gradient
from steepest.plots import style

Array = NDArray[np.float64]
PLAIN: dict[str, Any] = {"lr": 0.5, "momentum": 0.0, "beta": None}
RIVALS, PARTNERS = (1, -1), (1, 1)  # times the payoff is what each gets


def heads(logits: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-logits)))


def payoff(logits: Array) -> float:
    """What the first wins on average, in pennies: 1 for a match, −1 for none."""
    p, q = heads(logits)
    return float((2 * p - 1) * (2 * q - 1))


def slopes(logits: Array) -> Array:
    """The payoff's derivatives by each player's logit."""
    p = heads(logits)
    return np.asarray(2 * p * (1 - p) * (2 * p[::-1] - 1))


def play(start: Array, share: tuple[int, int], optimism: bool = False, **options: Any) -> Array:
    """P(heads) of both players after 0 … 4000 steps."""
    logits = start.copy()
    players = [GradientAscent(logits[i : i + 1], **(options or PLAIN)) for i in range(2)]
    last, way = slopes(logits) * share, [heads(logits)]
    for _ in range(4000):
        now = slopes(logits) * share
        felt = 2 * now - last if optimism else now
        for i, player in enumerate(players):
            player.step(felt[i : i + 1])
        last = now
        way.append(heads(logits))
    return np.array(way)


def games(seed: int = 0) -> dict[str, Array]:
    start = np.random.default_rng(seed).normal(size=2)
    return {
        "rivals": play(start, RIVALS),
        "rivals with optimism": play(start, RIVALS, optimism=True),
        "partners": play(start, PARTNERS, lr=0.05),  # the default's momentum and second moment
    }


def away(way: Array) -> Array:
    """The distance from (½, ½)."""
    return np.asarray(np.hypot(*(way - 0.5).T))


def draw(path: str, ways: dict[str, Array]) -> None:
    plane, distance = map(style.tidy, style.figure(10, 4.5).subplots(1, 2))
    average = np.cumsum(ways["rivals"], axis=0) / np.arange(1, 4002)[:, None]
    for (name, way), colour, dashes in zip(ways.items(), style.COLOURS, style.DASHES, strict=False):
        plane.plot(*way[:600].T, color=colour, ls=dashes, lw=1.6, label=name)
        if name != "partners":
            distance.semilogy(away(way), color=colour, ls=dashes, lw=1.8)
    plane.plot(*ways["rivals"][0], "o", color="k", label="start")
    plane.plot(*average[-1], "X", color="k", ms=9, ls="-", lw=1, label="the rivals' average")
    plane.set_title("The first 600 of 4000 steps")
    distance.semilogy(away(average), color="k", lw=1)
    distance.text(4000, 0.025, "the rivals' average", ha="right")
    plane.set(xlabel="p, first player's P(heads)", ylabel="q, second player's P(heads)", aspect=1)
    distance.set(xlabel="step", ylabel="distance from (½, ½)", ylim=(1e-6, 2))
    plane.figure.legend(frameon=False, loc="outside upper center", ncols=5)
    style.save(plane.figure, path)


def main() -> None:
    print("gradient:", check_gradient(payoff, slopes, np.array([0.3, -0.8])).message)
    for seed in range(3):
        ways = games(seed)
        rivals, calm, partners = ways.values()
        print(
            f"seed {seed}: from {away(rivals)[0]:.3f} to {away(rivals)[-1]:.3f} away, "
            f"on average {away(rivals.mean(axis=0)):.3f}; with optimism {away(calm)[-1]:.0e}; "
            f"partners win {(2 * partners[-1] - 1).prod():.6f}"
        )
    draw("pictures/16_games.png", games(1))
    print("Drawn: pictures/16_games.png")


if __name__ == "__main__":
    main()
