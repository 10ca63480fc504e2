"""Objects that behave like other libraries' arrays, so that no other library is needed."""

import numpy as np


class Holder:
    """The smallest object with `.data` and `.grad`: two arrays."""

    def __init__(self, data, grad=None):
        self.data = data
        self.grad = grad


class OnlyDLPack:
    """An array on the CPU whose only door is DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Tensor:
    """A leaf tensor as torch makes them: NumPy may look only through the detached `.data`."""

    def __init__(self, array, requires_grad=False, device="cpu"):
        self.memory = array
        self.requires_grad = requires_grad
        self.device = device
        self.grad = None

    @property
    def data(self):
        return Tensor(self.memory, device=self.device)

    @property
    def shape(self):
        return self.memory.shape

    def __len__(self):
        return len(self.memory)

    def __iter__(self):
        raise AssertionError("a tensor is one parameter, never its rows")

    def __array__(self, dtype=None, copy=None):
        if self.device != "cpu":
            raise TypeError(f"can't convert {self.device} device type tensor to numpy")
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")
        return self.memory if dtype is None else self.memory.astype(dtype)

    def __dlpack__(self, **options):
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient")
        if self.device != "cpu":
            raise BufferError("not on this device")
        return self.memory.__dlpack__(**options)

    def __dlpack_device__(self):
        return (1, 0) if self.device == "cpu" else (2, 0)


def leaf(values, dtype=np.float32):
    return Tensor(np.array(values, dtype), requires_grad=True)
