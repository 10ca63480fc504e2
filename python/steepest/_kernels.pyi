from typing import Any, Self, TypeAlias

from numpy.typing import NDArray
from typing_extensions import disjoint_base

__all__ = [
    "Stepper",
    "get_instruction_set",
    "get_num_threads",
    "instruction_sets",
    "set_instruction_set",
    "set_num_threads",
]

# Parameters (array, states, number carried, group, tᵢ), container entries, their sizes, keys of the one dict.
_Arrays: TypeAlias = tuple[
    list[tuple[NDArray[Any], list[NDArray[Any]], NDArray[Any] | None, int, int]],
    list[tuple[Any, Any, Any]],
    list[tuple[Any, int]],
    list[Any] | None,
]
# Steps, skipped steps, tᵢ of every parameter, last rate of every group.
_Counters: TypeAlias = tuple[int, int, list[int], list[float | None]]

@disjoint_base
class Stepper:
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def step(self, grads: Any = None, *, zero_grads: bool = False) -> None: ...
    @property
    def step_count(self) -> int: ...
    @property
    def skipped_steps(self) -> int: ...
    def _version(self) -> int: ...
    def _install(
        self,
        version: int,
        law: str,
        groups: list[dict[str, Any]],
        settings: dict[str, Any],
        arrays: _Arrays | None,
        counters: _Counters | None,
        commit: list[tuple[dict[str, Any], str, Any]],
    ) -> None: ...
    def _counters(self) -> _Counters: ...

def get_instruction_set() -> str: ...
def get_num_threads() -> int: ...
def set_num_threads(n: int) -> None: ...
def instruction_sets() -> list[str]: ...
def set_instruction_set(name: str) -> None: ...
