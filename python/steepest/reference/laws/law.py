"""What a law says of itself; see the trait `Options` in `rust/laws/mod.rs`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...arrays import Array

Scalar = np.floating[Any]
State = Mapping[str, Array]


class Law(ABC):
    """One optimizer's equation; what a law does not say is as here."""

    #: Whether `maximize` turns the gradient before the law sees it, as in torch, and not the step after.
    TURNS_GRADIENT: ClassVar[bool] = True

    @abstractmethod
    def direction(
        self, options: Mapping[str, Any], steps: int, theta: Array, g: Array, state: State
    ) -> tuple[Array, dict[str, Array]]:
        """The direction d of an array's ``steps``-th step, and the state after it."""

    def after(
        self, options: Mapping[str, Any], steps: int, theta: Array, state: State
    ) -> dict[str, Array]:
        """The state that follows the parameter's new value."""
        return {}

    def squares(self, options: Mapping[str, Any]) -> bool:
        """Whether the law squares the gradient, so that a square beyond the dtype would freeze an element."""
        return True

    def alpha(self, options: Mapping[str, Any], t: int) -> float:
        """α of the optimizer's step t."""
        lr: float = options["lr"]
        return lr

    def shrink(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """What the parameter is multiplied by before the step, from α."""
        return 1.0

    def rate(self, options: Mapping[str, Any], steps: int, alpha: float) -> float:
        """What the direction is multiplied by, from α."""
        return alpha
