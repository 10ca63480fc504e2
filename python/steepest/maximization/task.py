"""What was asked of maximize or minimize, checked, and the starts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import options
from ..arrays import described
from . import defaults
from .attempt import Attempt
from .bounds import Bounds
from .iterate import Iterate
from .result import Result

_ANY = options.number(lambda x: True, "a finite number or None", cast=False)
_POSITIVE = options.number(lambda x: x > 0, "a finite number > 0, or None", cast=False)
_TOLERANCE = options.number(lambda x: x >= 0, "a finite number >= 0, or None", cast=False)
_COUNT = options.count("an integer >= 0")
_CHECKS = {
    "max_iter": options.optional(_COUNT),
    "epochs": options.optional(_COUNT),
    "gtol": options.optional(_TOLERANCE),
    "ftol": options.optional(_TOLERANCE),
    "xtol": options.optional(_TOLERANCE),
    "target": options.optional(_ANY),
    "max_time": options.optional(_POSITIVE),
    "max_norm": options.optional(_POSITIVE),
    "patience": _COUNT,
    "restarts": _COUNT,
    "checkpoint_interval": _COUNT,
    "on_interrupt": options.choice("raise", "return"),
    "callback": options.callback,
    "sampler": options.callback,
    "progress": options.switch,
    "keep_iterates": options.switch,
}


class Task:
    """The arguments of a call, by name; ``sign`` is 1 to maximize, −1 to minimize."""

    def __init__(self, sign: int, given: Mapping[str, Any]) -> None:
        self.sign = sign
        asked = dict(given)
        for name in ("x0", "bounds"):
            if isinstance(
                asked[name], Iterator
            ):  # it can be walked once, and is needed for every run
                asked[name] = list(asked[name])
        asked["gtol_is_relative"] = isinstance(asked["gtol"], str)
        plain = asked["optimizer"] is None and asked["project"] is None and asked["batches"] is None
        for name, usual in (("gtol", defaults.GTOL), ("ftol", defaults.FTOL)):
            if isinstance(asked[name], str) and asked[name] == "auto":
                wanted = plain if name == "ftol" else asked["batches"] is None
                asked[name] = usual if wanted else None
        self.asked: dict[str, Any] = options.checked(asked, _CHECKS)
        self.restarts: int = self.asked["restarts"]
        self._check()

    def _check(self) -> None:
        """What arguments must be beside others."""
        asked, batches = self.asked, self.asked["batches"]
        for name in ("patience", "checkpoint_interval"):
            if asked[name] < 1:
                raise ValueError(f"{name}: got 0, expected at least 1")
        for name in ("checkpoint", "resume"):
            if not (asked[name] is None or isinstance(asked[name], (str, os.PathLike))):
                raise TypeError(f"{name}: got {described(asked[name])}, expected a path or None")
        try:
            self._rng = np.random.default_rng(asked["seed"])
        except (TypeError, ValueError) as error:
            raise type(error)(f"seed: got {asked['seed']!r} ({error})") from error
        if isinstance(asked["average"], bool):
            asked["average"] = int(asked["average"])
        asked["average"] = _COUNT("average", asked["average"])
        is_kept = asked["checkpoint"] is not None or asked["resume"] is not None
        if self.restarts and (is_kept or batches is not None):
            raise ValueError(
                "restarts: not with batches, checkpoint or resume, which are for one run"
            )
        if self.restarts and asked["bounds"] is None and asked["sampler"] is None:
            raise ValueError("restarts: needs a sampler, or bounds to draw starts from")
        if asked["bounds"] is not None and asked["project"] is not None:
            raise ValueError(
                "bounds, project: got both, expected one, as to project onto each in turn is not to "
                "project onto both; give a project of your own onto what both allow (restarts then need "
                "a sampler)"
            )
        if asked["options"].get("nonfinite") == "skip":
            raise ValueError(
                "nonfinite: got 'skip', expected 'raise' or 'propagate', as a run whose gradient is not "
                "finite has diverged; to skip such steps make them in a loop of your own"
            )
        if batches is None:
            if asked["epochs"] is not None:
                raise ValueError("epochs: got some, but no batches")
            return
        if isinstance(batches, Iterator) or not isinstance(batches, Iterable):
            raise TypeError(
                f"batches: got {described(batches)}, expected what can be passed through repeatedly"
            )
        if asked["epochs"] == 0 or asked["max_iter"] == 0:
            raise ValueError("epochs, max_iter: got 0, expected at least one step over batches")
        if is_kept and not hasattr(batches, "state_dict"):
            raise TypeError(
                f"batches: {described(batches)} cannot be saved, "
                "expected an object with state_dict() and load_state_dict()"
            )

    def starts(self) -> list[Any]:
        """x0, and the restarts' starts: all drawn before the first run, so that bad ones are refused."""
        sampler, x = self.asked["sampler"], Iterate(self.asked["x0"])
        if sampler is None:
            bounds = Bounds(self.asked["bounds"], x)
            drawn = [bounds.sample(self._rng) for _ in range(self.restarts)]
        else:
            drawn = [x.fitted("sampler", sampler(self._rng)) for _ in range(self.restarts)]
        return [self.asked["x0"], *map(x.formed, drawn)]

    def run(self, x0: Any) -> Result:
        """One run from x0."""
        return Attempt(self.sign, self.asked, x0).result()
