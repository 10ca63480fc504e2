from typing import Any, Self

from numpy.typing import NDArray
from typing_extensions import disjoint_base

__all__ = ["Stepper", "instruction_set"]

@disjoint_base
class Stepper:
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def step(self, grads: Any = None, *, zero_grads: bool = False) -> None: ...
    @property
    def step_count(self) -> int: ...
    @property
    def skipped_steps(self) -> int: ...
    def _bind(
        self,
        slots: list[tuple[NDArray[Any], list[NDArray[Any]], int, int]],
        bonds: list[tuple[Any, Any, Any]],
        sizes: list[tuple[Any, int]],
        keys: list[Any] | None,
    ) -> None: ...
    def _configure(
        self,
        law: str,
        groups: list[dict[str, Any]],
        clip_norm: float | None,
        nonfinite: str,
        logging_interval: int,
        always_reports: bool,
    ) -> None: ...
    def _counters(self) -> tuple[int, int, list[int], list[float | None]]: ...
    def _set_counters(
        self, step_count: int, skipped_steps: int, steps: list[int], rates: list[float | None]
    ) -> None: ...

def instruction_set() -> str: ...
