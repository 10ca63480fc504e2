"""Every parameter that is refused: its error, its message, and nothing changed.

A message names the parameter, what was found and what was expected.
`refused` also compares parameters, state and counters before and after, byte for byte.
"""

import contextlib
from typing import Any

import numpy as np
import pytest
from unchanged import refused, stepped


class Explosive:
    """An element of an object array: any use of it fails."""

    def _boom(self, *_: Any) -> None:
        raise AssertionError("an object element was touched")

    for _name in ("add", "radd", "mul", "rmul", "float", "bool", "eq", "repr"):
        locals()[f"__{_name}__"] = _boom


PARAMETER_DTYPES = [
    (np.ones(3, int), "int64"),
    (np.ones(3, np.uint8), "uint8"),
    (np.ones(3, bool), "bool"),
    (np.array(["a", "b"]), "U1"),
    (np.array([b"a", b"b"]), "S1"),
    (np.zeros(3, "datetime64[s]"), "datetime64"),
    (np.zeros(3, "timedelta64[s]"), "timedelta64"),
    (np.zeros(3, "V8"), "V8"),
    (np.zeros(3, [("x", float), ("y", float)]), "x"),
    (np.zeros(3, [("x", float)]).view(np.recarray), ""),
    (np.ones(3).astype(object), "object"),
    (np.ones(3, np.float16), "float16"),
    (np.ones(3, np.longdouble), np.dtype(np.longdouble).name),
    (np.ones(3, np.clongdouble), np.dtype(np.clongdouble).name),
]


class TestParameters:
    @pytest.mark.parametrize(
        ("array", "said"), PARAMETER_DTYPES, ids=[str(a.dtype) for a, _ in PARAMETER_DTYPES]
    )
    def test_of_another_dtype(self, library: Any, array: Any, said: Any) -> None:
        with refused(TypeError, "'w'", said, "float32", "float64", keeps=[array]):
            library.GradientAscent({"v": np.ones(2), "w": array})

    def test_of_bfloat16(self, library: Any) -> None:
        ml_dtypes = pytest.importorskip("ml_dtypes")
        with refused(TypeError, "'w'", "bfloat16", "float32", "float64"):
            library.GradientAscent({"w": np.ones(3, ml_dtypes.bfloat16)})

    def test_of_object_dtype_are_never_touched(self, library: Any) -> None:
        array = np.empty(2, object)
        array[:] = [Explosive(), Explosive()]
        with pytest.raises(TypeError, match="object"):
            library.GradientAscent({"w": array})
        opt = library.GradientAscent({"w": np.ones(2)})
        with pytest.raises(TypeError, match="object"):
            opt.step({"w": array})

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_swapped_byte_order(self, library: Any, dtype: Any) -> None:
        array = np.ones(3, np.dtype(dtype).newbyteorder())
        with refused(TypeError, "'w'", "byte order", keeps=[array]):
            library.GradientAscent({"w": array})

    def test_that_are_masked(self, library: Any) -> None:
        with refused(TypeError, "'w'", "MaskedArray", "mask"):
            library.GradientAscent({"w": np.ma.masked_array(np.ones(3), [False, True, False])})

    def test_that_are_read_only(self, library: Any) -> None:
        array = np.ones(3)
        array.flags.writeable = False
        with refused(ValueError, "'w'", "read-only", keeps=[array]):
            library.GradientAscent({"w": array})

    def test_that_are_a_broadcast_view(self, library: Any) -> None:
        with refused(ValueError, "'w'"):
            library.GradientAscent({"w": np.broadcast_to(np.ones(3), (2, 3))})

    def test_that_are_a_read_only_memmap(self, library: Any, tmp_path: Any) -> None:
        np.save(tmp_path / "w.npy", np.ones(3))
        with refused(ValueError, "'w'", "read-only"):
            library.GradientAscent({"w": np.load(tmp_path / "w.npy", mmap_mode="r")})

    def test_that_became_read_only_after_construction(self, library: Any) -> None:
        w = np.ones(3)
        opt = library.GradientAscent({"w": w})
        opt.step({"w": np.ones(3)})
        w.flags.writeable = False
        with refused(ValueError, "'w'", "read-only", opt=opt, keeps=[w]):
            opt.step({"w": np.ones(3)})

    @pytest.mark.parametrize(
        "thing",
        [
            [1.0, 2.0],
            (1.0, 2.0),
            1.0,
            3,
            True,
            np.float64(1.0),
            np.float32(1.0),
            "w",
            b"w",
            None,
            {"w": [1.0, 2.0]},
            {"w": 1.0},
            {"w": None},
            {"w": "abc"},
            [np.ones(2), 3.0],
        ],
        ids=repr,
    )
    def test_that_cannot_be_updated_in_place(self, library: Any, thing: Any) -> None:
        with refused(TypeError):
            library.GradientAscent(thing)

    def test_whose_only_door_is_array(self, library: Any) -> None:
        class OnlyArray:
            def __init__(self) -> None:
                self.values = np.ones(3)

            def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
                return self.values

        thing = OnlyArray()
        with refused(TypeError, "'w'", "OnlyArray", keeps=[thing.values]):
            library.GradientAscent({"w": thing})

    @pytest.mark.parametrize(
        "nothing",
        [[], (), {}, [[]], {"a": []}, {"a": {}, "b": [()]}, [{"params": []}]],
        ids=repr,
    )
    def test_that_are_none_at_all(self, library: Any, nothing: Any) -> None:
        with refused(ValueError):
            library.GradientAscent(nothing)
        with refused(ValueError):
            library.GradientAscent(iter(nothing) if isinstance(nothing, list) else iter(()))

    def test_with_two_keys_that_read_the_same(self, library: Any) -> None:
        with refused(ValueError, "1"):
            library.GradientAscent({1: np.ones(2), "1": np.ones(2)})

    def test_with_two_paths_that_read_the_same(self, library: Any) -> None:
        with refused(ValueError, "a.b"):
            library.GradientAscent({"a.b": np.ones(2), "a": {"b": np.ones(2)}})

    def test_given_twice(self, library: Any) -> None:
        w = np.ones(3)
        with refused(ValueError, "'a'", "'b'", keeps=[w]):
            library.GradientAscent({"a": w, "b": w})
        with refused(ValueError, "'a'", "'b'", keeps=[w]):
            library.GradientAscent({"a": w, "b": w[:]})
        with refused(ValueError, "'a'", "'b'", keeps=[w]):
            library.GradientAscent({"a": w, "b": w[::-1]})
        with refused(ValueError, "'a'", "'b'", keeps=[w]):
            library.GradientAscent([{"params": {"a": w}}, {"params": {"b": w}}])

    def test_that_partly_overlap(self, library: Any) -> None:
        w = np.ones(10)
        with refused(ValueError, "'a'", "'b'", keeps=[w]):
            library.GradientAscent({"a": w[:6], "b": w[5:]})
        with refused(ValueError, "'a'", "'b'", keeps=[w]):
            library.GradientAscent([{"params": {"a": w[:6]}}, {"params": {"b": w[5:]}}])

    def test_that_an_added_group_would_repeat(self, library: Any) -> None:
        opt, parameters = stepped(library)
        for again in (parameters["W"], parameters["W"][1], parameters["W"].T):
            with refused(ValueError, "'W'", "'again'", opt=opt, keeps=parameters.values()):
                opt.add_param_group({"params": {"again": again}})

    def test_in_some_groups_but_not_all(self, library: Any) -> None:
        with refused(ValueError, "params"):
            library.GradientAscent([{"params": np.ones(2)}, {"w": np.ones(2)}])
        with refused(ValueError, "params"):
            library.GradientAscent([{"params": np.ones(2)}, np.ones(2)])


class TestLoopsAndMutation:
    def test_parameters_that_contain_themselves(self, library: Any) -> None:
        ring: list[Any] = [np.ones(2)]
        ring.append(ring)
        knot: dict[str, Any] = {"w": np.ones(2)}
        knot["again"] = {"knot": knot}
        for endless in (ring, knot):
            with refused((ValueError, RuntimeError)):
                library.GradientAscent(endless)

    def test_gradients_that_contain_themselves(self, library: Any) -> None:
        opt, parameters = stepped(library)
        ring: list[Any] = []
        ring.append(ring)
        knot: dict[str, Any] = {"b": np.ones(4)}
        knot["W"] = knot
        for endless in (ring, [ring, ring], knot):
            with refused((ValueError, RuntimeError, TypeError), opt=opt, keeps=parameters.values()):
                opt.step(endless)

    @pytest.mark.parametrize("depth", [2_000, 100_000])
    def test_nesting_without_end(self, library: Any, depth: Any) -> None:
        tower: Any = np.ones(2)
        for _ in range(depth):
            tower = [tower]
        with refused((ValueError, RuntimeError)):
            library.GradientAscent(tower)
        while isinstance(tower, list):  # taken down by hand: no deep recursion on the way out
            tower = tower[0]

    def test_a_list_that_grows_while_it_is_walked(self, library: Any) -> None:
        class Growing:
            grown = 0

            def __init__(self, home: Any) -> None:
                self.home = home
                self.grad = None
                self.array = np.ones(1)

            @property
            def data(self) -> Any:
                if Growing.grown < 20_000:
                    Growing.grown += 1
                    self.home.append(Growing(self.home))
                return self.array

        home: list[Any] = []
        home.append(Growing(home))
        with contextlib.suppress(ValueError, RuntimeError):
            library.GradientAscent(home)
        assert Growing.grown < 1_000, "the walk must not follow the list as it grows"

    def test_a_dict_that_changes_while_it_is_walked(self, library: Any) -> None:
        class Growing:
            grad = None

            def __init__(self, home: Any) -> None:
                self.home = home
                self.array = np.ones(1)

            @property
            def data(self) -> Any:
                self.home[f"more{len(self.home)}"] = np.ones(1)
                return self.array

        home: dict[str, Any] = {}
        home["w"] = Growing(home)
        with refused((ValueError, RuntimeError)):
            opt = library.GradientAscent(home)
            opt.step([np.ones(1)])


class TestAddresses:
    """Arrays whose strides leave the address space are refused before one element is read."""

    @pytest.mark.parametrize(
        ("shape", "strides"),
        [
            ((4,), (2**62,)),
            ((2,), (2**63 - 8,)),
            ((4,), (-(2**62),)),
            ((3, 3), (2**62, 2**62)),
        ],
    )
    def test_that_overflow(self, library: Any, shape: Any, strides: Any) -> None:
        class Forged:
            def __init__(self) -> None:
                self.anchor = np.ones(8)
                self.__array_interface__ = {
                    "shape": shape,
                    "strides": strides,
                    "typestr": self.anchor.dtype.str,
                    "data": (self.anchor.ctypes.data, False),
                    "version": 3,
                }

        forged = np.asarray(Forged())
        with refused(ValueError, "'w'"):
            library.GradientAscent({"w": forged})
        w = np.ones(shape)
        opt = library.GradientAscent({"w": w})
        with refused(ValueError, "'w'", opt=opt, keeps=[w]):
            opt.step({"w": forged})
