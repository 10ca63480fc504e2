"""Arrays on a GPU and other devices: refused, with where they lie and what to do; no library needed."""

from typing import Any

import numpy as np
import pytest
from standins import Holder, OnlyDLPack
from unchanged import refused


class CuPy:
    """An array as CuPy makes them: no way to NumPy but the one that is asked for by name."""

    def __init__(self, index: int = 0) -> None:
        self.index = index
        self.data = object()  # a pointer
        self.shape = (2,)

    @property
    def __cuda_array_interface__(self) -> Any:
        return {"data": (0, False), "shape": (2,), "typestr": "<f8", "version": 3}

    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError("CUDA memory cannot be exported to the CPU")

    def __dlpack_device__(self) -> Any:
        return 2, self.index

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __iter__(self) -> None:
        raise AssertionError("it is one array, never its rows")

    def __len__(self) -> int:
        return 2


CuPy.__module__, CuPy.__qualname__ = "cupy", "ndarray"


class OnlyCUDA:
    """An array whose only door is ``__cuda_array_interface__``."""

    def __init__(self) -> None:
        self.__cuda_array_interface__ = {"shape": (2,), "typestr": "<f8", "version": 3}


class On(OnlyDLPack):
    """A DLPack array on any device."""

    def __init__(self, *place: int) -> None:
        super().__init__(np.ones(2))
        self.place = place

    def __dlpack__(self, **options: Any) -> Any:
        if self.place[0] in (1, 3, 13):
            return super().__dlpack__(**options)
        raise BufferError("not on this device")

    def __dlpack_device__(self) -> Any:
        return self.place


class Meta:
    """A tensor with no memory at all, which has no number in DLPack."""

    class device:  # noqa: N801
        type = "meta"

        def __str__(self) -> str:
            return self.type

    def __init__(self) -> None:
        self.device: Any = Meta.device()

    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError

    def __dlpack_device__(self) -> Any:
        raise ValueError("Unknown device type meta for DLPack")


ELSEWHERE: Any = [
    pytest.param(
        lambda: CuPy(1), ["cupy ndarray", "(cuda:1)", "cupy.asnumpy(array)"], id="as CuPy's"
    ),
    pytest.param(OnlyCUDA, ["OnlyCUDA", "(cuda)", "copy it to the host"], id="only a pointer"),
    pytest.param(lambda: On(10, 0), ["(rocm:0)", "copy it to the host"], id="ROCm"),
    pytest.param(lambda: On(8, 0), ["(metal:0)"], id="Metal"),
    pytest.param(lambda: On(99, 3), ["(DLPack 99:3)"], id="a device yet to be made"),
    pytest.param(Meta, ["Meta", "has no memory (meta)", "materialise"], id="no memory"),
]


class TestElsewhere:
    @pytest.mark.parametrize(("make", "said"), ELSEWHERE)
    def test_parameters(self, library: Any, make: Any, said: Any) -> None:
        with refused(TypeError, "parameter 'W'", "expected NumPy memory", *said):
            library.GradientAscent({"W": make()})
        with refused(TypeError, "parameter '0'", *said):
            library.GradientAscent(make())

    @pytest.mark.parametrize(("make", "said"), ELSEWHERE)
    def test_gradients(self, library: Any, make: Any, said: Any) -> None:
        w = np.ones(2)
        opt = library.GradientAscent({"W": w})
        with refused(TypeError, "'W': gradient", *said, opt=opt, keeps=[w]):
            opt.step({"W": make()})

    def test_behind_data_and_grad(self, library: Any) -> None:
        held = Holder(CuPy())
        with refused(TypeError, "parameter '0'", "(cuda:0)"):
            library.GradientAscent([held])
        held = Holder(np.ones(2), grad=CuPy())
        opt = library.GradientAscent([held])
        with refused(TypeError, "gradient is cupy ndarray", "(cuda:0)", opt=opt, keeps=[held.data]):
            opt.step()

    def test_the_librarys_own_words_are_kept(self, library: Any) -> None:
        with pytest.raises(TypeError) as caught:
            library.GradientAscent({"W": On(10, 0)})
        assert isinstance(caught.value.__cause__, (BufferError, RuntimeError))


@pytest.mark.parametrize("kind", [1, 3, 13], ids=["CPU", "pinned", "managed"])
def test_memory_that_the_host_sees_is_stepped(library: Any, kind: int) -> None:
    w = On(kind, 0)
    library.GradientAscent({"W": w}, lr=1.0, momentum=0.0, beta=None).step({"W": On(kind, 0)})
    assert w.array.tolist() == [2.0, 2.0]


def test_what_lies_on_no_device_is_refused_in_other_words(library: Any) -> None:
    class Broken(OnlyDLPack):
        def __dlpack__(self, **options: Any) -> Any:
            raise BufferError("closed today")

    with refused(TypeError, "'W'", "closed today", "on the CPU"):
        library.GradientAscent({"W": Broken(np.ones(2))})

    class Pinned(Broken):
        def __dlpack_device__(self) -> Any:
            return 3, 0

    with refused(TypeError, "'W'", "closed today", "on the CPU"):
        library.GradientAscent({"W": Pinned(np.ones(2))})


def test_immutable_arrays_are_no_parameters(library: Any) -> None:
    memory = np.ones(2)
    memory.flags.writeable = False
    with refused(TypeError, "'W'", "OnlyDLPack", "read-only", "in place", "numpy.array(array)"):
        library.GradientAscent({"W": OnlyDLPack(memory)})


def test_immutable_arrays_are_gradients(library: Any) -> None:
    w, gradient = np.zeros(2), np.ones(2)
    gradient.flags.writeable = False
    opt = library.GradientAscent({"W": w}, lr=1.0, momentum=0.0, beta=None)
    opt.step({"W": OnlyDLPack(gradient)})
    assert w.tolist() == [1.0, 1.0]
