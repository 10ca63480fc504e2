"""Objects that behave like other libraries' arrays, so that no other library is needed."""

from typing import Any

import numpy as np


class Holder:
    """The smallest object with `.data` and `.grad`: two arrays."""

    def __init__(self, data: Any, grad: Any = None) -> None:
        self.data = data
        self.grad = grad


class OnlyDLPack:
    """An array on the CPU whose only door is DLPack."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


class Tensor:
    """A leaf tensor as torch makes them: NumPy may look only through the detached `.data`."""

    def __init__(self, array: Any, requires_grad: Any = False, device: Any = "cpu") -> None:
        self.memory = array
        self.requires_grad = requires_grad
        self.device = device
        self.grad = None

    @property
    def data(self) -> Any:
        return Tensor(self.memory, device=self.device)

    @property
    def shape(self) -> Any:
        return self.memory.shape

    def __len__(self) -> Any:
        return len(self.memory)

    def __iter__(self) -> None:
        raise AssertionError("a tensor is one parameter, never its rows")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.device != "cpu":
            raise TypeError(f"can't convert {self.device} device type tensor to numpy")
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")
        return self.memory if dtype is None else self.memory.astype(dtype)

    def __dlpack__(self, **options: Any) -> Any:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient")
        if self.device != "cpu":
            raise BufferError("not on this device")
        return self.memory.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return (1, 0) if self.device == "cpu" else (2, 0)


def leaf(values: Any, dtype: Any = np.float32) -> Any:
    return Tensor(np.array(values, dtype), requires_grad=True)
