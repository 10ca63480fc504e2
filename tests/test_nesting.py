"""Parameters in every form: what they are named, how their gradients are given, what is refused."""

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from standins import Holder, OnlyDLPack
from steepest import GradientAscent, Parameter
from unchanged import refused

TEXTBOOK: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "beta": None}


def zeros(*shape: Any) -> Any:
    return np.zeros(shape)


def names(opt: Any) -> Any:
    """The name of every parameter, in the optimizer's order."""
    return [name for group in opt.state_dict()["param_groups"] for name in group["params"]]


Layer = namedtuple("Layer", "W b")

FORMS = [
    ("a bare array", lambda: zeros(2), ["0"]),
    ("a list", lambda: [zeros(1), zeros(2)], ["0", "1"]),
    ("a tuple", lambda: (zeros(1), zeros(2)), ["0", "1"]),
    ("a named tuple", lambda: Layer(zeros(1), zeros(2)), ["0", "1"]),
    ("a generator", lambda: (zeros(n) for n in (1, 2)), ["0", "1"]),
    ("an iterator", lambda: iter([zeros(1), zeros(2)]), ["0", "1"]),
    ("dict values", lambda: {"x": zeros(1), "y": zeros(2)}.values(), ["0", "1"]),
    ("a dict", lambda: {"W": zeros(1), "b": zeros(2)}, ["W", "b"]),
    ("a dict the other way round", lambda: {"b": zeros(2), "W": zeros(1)}, ["b", "W"]),
    ("an ordered dict", lambda: OrderedDict(W=zeros(1), b=zeros(2)), ["W", "b"]),
    ("keys that are numbers", lambda: {0: zeros(1), 7: zeros(2)}, ["0", "7"]),
    ("keys that are pairs", lambda: {(0, 1): zeros(1)}, ["(0, 1)"]),
    ("a list in a dict", lambda: {"a": [zeros(1), zeros(2)], "b": zeros(3)}, ["a.0", "a.1", "b"]),
    (
        "layers of dicts",
        lambda: {"layers": [{"W": zeros(1), "b": zeros(2)}, {"W": zeros(3)}]},
        ["layers.0.W", "layers.0.b", "layers.1.W"],
    ),
    ("a dict in a list", lambda: [{"W": zeros(1)}, zeros(2)], ["0.W", "1"]),
    ("an empty branch", lambda: {"a": zeros(1), "none": [], "b": zeros(2)}, ["a", "b"]),
    ("a Parameter", lambda: Parameter(zeros(2)), ["0"]),
    ("a Parameter with a name", lambda: Parameter(zeros(2), name="W"), ["W"]),
    (
        "named Parameters in a list",
        lambda: [Parameter(zeros(1), name="W"), zeros(2), Parameter(zeros(3))],
        ["W", "1", "2"],
    ),
    ("objects with data and grad", lambda: [Holder(zeros(1)), Holder(zeros(2))], ["0", "1"]),
    ("objects in a dict", lambda: {"W": Holder(zeros(1))}, ["W"]),
    ("DLPack objects", lambda: [OnlyDLPack(zeros(1)), OnlyDLPack(zeros(2))], ["0", "1"]),
    ("one DLPack object", lambda: OnlyDLPack(zeros(1)), ["0"]),
    ("a lone dict with a key params is nesting", lambda: {"params": zeros(1)}, ["params"]),
    ("a group", lambda: [{"params": zeros(1)}], ["0"]),
    ("a group of a list", lambda: [{"params": [zeros(1), zeros(2)]}], ["0", "1"]),
    ("a group of a generator", lambda: [{"params": (zeros(n) for n in (1, 2))}], ["0", "1"]),
    (
        "two groups of dicts",
        lambda: [{"params": {"W": zeros(1)}}, {"params": {"b": zeros(2)}}],
        ["W", "b"],
    ),
    (
        "two groups with the same names",
        lambda: [{"params": {"W": zeros(1), "b": zeros(1)}}, {"params": {"W": zeros(2)}}],
        ["W", "b", "group1.W"],
    ),
    (
        "three groups of bare arrays",
        lambda: [{"params": zeros(1)}, {"params": zeros(2)}, {"params": zeros(3)}],
        ["0", "group1.0", "group2.0"],
    ),
]
forms = pytest.mark.parametrize(
    ("make", "expected"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS]
)


class TestNames:
    @forms
    def test_are_the_path(self, library: Any, make: Any, expected: Any) -> None:
        opt = library.GradientAscent(make())
        assert names(opt) == expected
        assert list(opt.state) == expected

    def test_that_still_clash_are_refused(self, library: Any) -> None:
        with refused(ValueError, "group1.W"):
            library.GradientAscent(
                [
                    {"params": {"W": zeros(1), "group1": {"W": zeros(1)}}},
                    {"params": {"W": zeros(1)}},
                ]
            )
        with refused(ValueError, "W"):
            library.GradientAscent([Parameter(zeros(1), name="W"), Parameter(zeros(1), name="W")])


class TestFlatGradients:
    @forms
    @pytest.mark.parametrize("kind", [list, tuple])
    def test_one_flat_list_of_all_arrays_is_always_accepted(
        self, library: Any, make: Any, expected: Any, kind: Any
    ) -> None:
        opt = library.GradientAscent(make(), **TEXTBOOK)
        arrays = [a for group in opt.param_groups for a in group["params"]]
        views = [np.asarray(a.data) if hasattr(a, "grad") else a for a in arrays]
        views = [np.from_dlpack(a) if isinstance(a, OnlyDLPack) else a for a in views]
        assert len(views) == len(expected)
        for step in (1.0, 2.0):
            opt.step(kind(np.full(a.shape, 1.0 + i) for i, a in enumerate(views)))
            for i, view in enumerate(views):
                assert_same_bits(view, np.full(view.shape, step * (1.0 + i)))


NESTED_GRADIENTS = [
    ("bare", lambda a, b, c: (a, 1.0)),
    ("list", lambda a, b, c: ([a, b, c], [1.0, 2.0, 3.0])),
    ("list, tuple given", lambda a, b, c: ([a, b, c], (1.0, 2.0, 3.0))),
    ("tuple, list given", lambda a, b, c: ((a, b, c), [1.0, 2.0, 3.0])),
    ("generator", lambda a, b, c: ((x for x in (a, b, c)), [1.0, 2.0, 3.0])),
    ("dict", lambda a, b, c: ({"a": a, "b": b, "c": c}, {"a": 1.0, "b": 2.0, "c": 3.0})),
    (
        "dict in another order",
        lambda a, b, c: ({"a": a, "b": b, "c": c}, {"c": 3.0, "a": 1.0, "b": 2.0}),
    ),
    ("dict with numbers for keys", lambda a, b, c: ({0: a, 1: b, 2: c}, {0: 1.0, 1: 2.0, 2: 3.0})),
    (
        "layers",
        lambda a, b, c: (
            {"layers": [{"W": a, "b": b}, {"W": c}]},
            {"layers": [{"b": 2.0, "W": 1.0}, {"W": 3.0}]},
        ),
    ),
    (
        "groups",
        lambda a, b, c: (
            [{"params": {"a": a, "b": b}}, {"params": c}],
            [{"a": 1.0, "b": 2.0}, 3.0],
        ),
    ),
    (
        "groups of lists",
        lambda a, b, c: ([{"params": [a, b]}, {"params": [c]}], [[1.0, 2.0], [3.0]]),
    ),
    ("objects", lambda a, b, c: ([Holder(a), Holder(b), Holder(c)], [1.0, 2.0, 3.0])),
]


def filled(tree: Any, shape: Any) -> Any:
    """Gradients nested as `tree`, each number an array full of it."""
    if isinstance(tree, dict):
        return {key: filled(item, shape) for key, item in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(filled(item, shape) for item in tree)
    return None if tree is None else np.full(shape, tree)


class TestNestedGradients:
    @pytest.mark.parametrize(
        "pair", [p for _, p in NESTED_GRADIENTS], ids=[n for n, _ in NESTED_GRADIENTS]
    )
    def test_are_matched_by_place(self, library: Any, pair: Any) -> None:
        a, b, c = zeros(2), zeros(2), zeros(2)
        parameters, gradients = pair(a, b, c)
        opt = library.GradientAscent(parameters, **TEXTBOOK)
        for _ in range(2):
            opt.step(filled(gradients, (2,)))
        moved = [x[0] for x in (a, b, c)]
        assert moved in ([2.0, 4.0, 6.0], [2.0, 0.0, 0.0])
        assert sum(moved) == 2 * total(gradients)

    def test_one_array_is_one_parameter_never_its_rows(self, library: Any) -> None:
        w = zeros(3, 2)
        opt = library.GradientAscent(w, **TEXTBOOK)
        assert len(opt.state) == 1
        opt.step(np.ones((3, 2)))
        assert w.tolist() == [[1.0, 1.0]] * 3

    def test_none_in_any_place_leaves_that_array(self, library: Any) -> None:
        a, b, c = zeros(2), zeros(2), zeros(2)
        opt = library.GradientAscent({"x": [a, b], "y": c}, **TEXTBOOK)
        opt.step({"x": [None, np.ones(2)], "y": None})
        opt.step([np.ones(2), None, None])
        assert (a.tolist(), b.tolist(), c.tolist()) == ([1, 1], [1, 1], [0, 0])

    @pytest.mark.parametrize(
        ("gradients", "said"),
        [
            ({"layers": [{"W": 1.0}], "out": 1.0}, ["layers"]),
            ({"layers": [{"W": 1.0}, {"W": 1.0}, {"W": 1.0}], "out": 1.0}, ["layers"]),
            ({"layers": [{"W": 1.0}, {"V": 1.0}], "out": 1.0}, ["layers.1"]),
            ({"layers": [{"W": 1.0}, {}], "out": 1.0}, ["layers.1", "W"]),
            ({"layers": [{"W": 1.0}, {"W": 1.0, "V": 1.0}], "out": 1.0}, ["layers.1", "V"]),
            ({"layers": [{"W": 1.0}, {"W": 1.0}]}, ["out"]),
            ([1.0, 1.0], ["2", "3"]),
            ([1.0, 1.0, 1.0, 1.0], ["4", "3"]),
        ],
        ids=repr,
    )
    def test_that_do_not_fit_are_refused_by_name(
        self, library: Any, gradients: Any, said: Any
    ) -> None:
        parameters = {"layers": [{"W": zeros(2)}, {"W": zeros(2)}], "out": zeros(2)}
        opt = library.GradientAscent(parameters)
        keeps = [parameters["layers"][0]["W"], parameters["layers"][1]["W"], parameters["out"]]
        with refused(ValueError, *said, opt=opt, keeps=keeps):
            opt.step(filled(gradients, (2,)))


def total(tree: Any) -> Any:
    if isinstance(tree, dict):
        return sum(map(total, tree.values()))
    if isinstance(tree, list | tuple):
        return sum(map(total, tree))
    return tree


class TestContainersThatChange:
    """A container handed over is kept: what it holds must stay what is stepped."""

    def test_a_replaced_entry_is_refused_and_says_how_to_assign(self, library: Any) -> None:
        parameters = {"W": zeros(2), "b": zeros(3)}
        old = parameters["W"]
        opt = library.GradientAscent(parameters)
        g = {"W": np.ones(2), "b": np.ones(3)}
        opt.step(g)
        parameters["W"] = old.copy()
        for _ in range(2):
            with refused(
                ValueError, "'W'", "[...]", "rebind()", opt=opt, keeps=[old, *parameters.values()]
            ):
                opt.step(g)
        parameters["W"] = old
        opt.step(g)
        assert opt.step_count == 2

    def test_even_when_the_gradients_come_as_a_flat_list(self, library: Any) -> None:
        parameters = {"W": zeros(2)}
        opt = library.GradientAscent(parameters)
        parameters["W"] = parameters["W"] + 1
        with refused(ValueError, "'W'", "rebind()", opt=opt, keeps=parameters.values()):
            opt.step([np.ones(2)])

    @pytest.mark.parametrize(
        ("make", "replace", "name"),
        [
            (lambda: [zeros(2), zeros(2)], lambda p: p.__setitem__(1, zeros(2)), "1"),
            (
                lambda: {"layers": [{"W": zeros(2)}, {"W": zeros(2)}]},
                lambda p: p["layers"][1].__setitem__("W", zeros(2)),
                "layers.1.W",
            ),
            (
                lambda: {"layers": [{"W": zeros(2)}, {"W": zeros(2)}]},
                lambda p: p["layers"].__setitem__(1, {"W": zeros(2)}),
                "layers.1",
            ),
            (
                lambda: [{"params": {"W": zeros(2)}}, {"params": {"b": zeros(2)}}],
                lambda p: p[1]["params"].__setitem__("b", zeros(2)),
                "b",
            ),
        ],
        ids=["list", "dict in a list", "a whole layer", "group"],
    )
    def test_at_any_depth(self, library: Any, make: Any, replace: Any, name: Any) -> None:
        parameters = make()
        opt = library.GradientAscent(parameters)
        arrays = [np.ones(2)] * len(opt.state)
        opt.step(arrays)
        replace(parameters)
        with refused(ValueError, name, "rebind()", opt=opt):
            opt.step(arrays)

    def test_an_added_entry_is_refused(self, library: Any) -> None:
        parameters = {"W": zeros(2)}
        opt = library.GradientAscent(parameters)
        parameters["b"] = zeros(2)
        with refused(ValueError, "b", "rebind()", opt=opt, keeps=parameters.values()):
            opt.step([np.ones(2)])

    def test_a_removed_entry_is_refused(self, library: Any) -> None:
        parameters = {"W": zeros(2), "b": zeros(2)}
        opt = library.GradientAscent(parameters)
        del parameters["b"]
        with refused(ValueError, "b", "rebind()", opt=opt, keeps=parameters.values()):
            opt.step([np.ones(2), np.ones(2)])

    def test_a_longer_or_shorter_list_is_refused(self, library: Any) -> None:
        for length in (1, 3):
            parameters = [zeros(2), zeros(2)]
            opt = library.GradientAscent(parameters)
            parameters[1:] = [parameters[1], zeros(2)][: length - 1]
            with refused(ValueError, "rebind()", opt=opt, keeps=parameters):
                opt.step([np.ones(2), np.ones(2)])

    def test_rebind_takes_the_new_array_and_keeps_its_state(self, library: Any) -> None:
        parameters = {"W": zeros(2), "b": zeros(2)}
        old = parameters["W"]
        opt = library.GradientAscent(parameters, lr=1.0, momentum=0.5, beta=None)
        g = {"W": np.ones(2), "b": np.ones(2)}
        opt.step(g)
        parameters["W"] = np.array([10.0, 10.0])
        opt.rebind()
        opt.step(g)
        assert old.tolist() == [1.0, 1.0]
        assert parameters["W"].tolist() == [11.5, 11.5]
        assert opt.state["W"]["velocity"].tolist() == [1.5, 1.5]
        assert opt.step_count == 2

    def test_rebind_refuses_what_the_constructor_would(self, library: Any) -> None:
        parameters = {"W": zeros(2), "b": zeros(2)}
        opt = library.GradientAscent(parameters)
        opt.step([np.ones(2), np.ones(2)])
        old = parameters["W"]
        for bad, error in (
            (parameters["b"], ValueError),
            (np.ones(2, int), TypeError),
            (np.broadcast_to(1.0, (2,)), ValueError),
            (3.0, TypeError),
        ):
            parameters["W"] = bad
            with refused(error, "W", opt=opt, keeps=[old, parameters["b"]]):
                opt.rebind()
        parameters["W"] = old
        opt.step([np.ones(2), np.ones(2)])
        assert opt.step_count == 2

    def test_assigning_in_place_is_always_welcome(self, library: Any) -> None:
        parameters = {"W": zeros(2)}
        opt = library.GradientAscent(parameters, **TEXTBOOK)
        parameters["W"][...] = 5.0
        opt.step({"W": np.ones(2)})
        assert parameters["W"].tolist() == [6.0, 6.0]

    def test_a_generator_has_no_entries_to_change(self, library: Any) -> None:
        arrays = [zeros(2), zeros(2)]
        opt = library.GradientAscent((a for a in arrays), **TEXTBOOK)
        arrays[0] = zeros(2)
        opt.step([np.ones(2), np.ones(2)])
        assert arrays[0].tolist() == [0.0, 0.0]
        assert arrays[1].tolist() == [1.0, 1.0]


class TestObjectsWithGradients:
    def test_a_parameter_is_stepped_from_its_own_gradient(self, library: Any) -> None:
        w = Parameter(zeros(2), name="W")
        opt = library.GradientAscent([w], **TEXTBOOK)
        w.grad = np.ones(2)
        opt.step()
        assert w.data.tolist() == [1.0, 1.0]
        w.grad = np.full(2, 2.0)
        opt.step()
        assert w.data.tolist() == [3.0, 3.0]

    def test_a_parameter_shares_the_array_it_was_given(self, library: Any) -> None:
        array = zeros(2)
        opt = library.GradientAscent(Parameter(array), **TEXTBOOK)
        opt.step(np.ones(2))
        assert array.tolist() == [1.0, 1.0]

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_gradients_may_be_given_all_the_same(self, library: Any, wrap: Any) -> None:
        w = wrap(zeros(2))
        w.grad = np.full(2, 9.0)
        library.GradientAscent({"W": w}, **TEXTBOOK).step({"W": np.ones(2)})
        assert w.data.tolist() == [1.0, 1.0]

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_one_without_a_gradient_is_left_alone(self, library: Any, wrap: Any) -> None:
        a, b = wrap(zeros(2)), wrap(zeros(2))
        b.grad = np.ones(2)
        library.GradientAscent([a, b], **TEXTBOOK).step()
        assert (a.data.tolist(), b.data.tolist()) == ([0.0, 0.0], [1.0, 1.0])

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_no_gradient_anywhere_is_refused(self, library: Any, wrap: Any) -> None:
        a, b = wrap(zeros(2)), wrap(zeros(2))
        opt = library.GradientAscent([a, b])
        with refused(ValueError, opt=opt, keeps=[a.data, b.data]):
            opt.step()

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_a_bare_array_among_them_has_no_gradient_to_read(self, library: Any, wrap: Any) -> None:
        a, b = wrap(zeros(2)), zeros(2)
        a.grad = np.ones(2)
        opt = library.GradientAscent([a, b])
        with refused(TypeError, opt=opt, keeps=[a.data, b]):
            opt.step()

    @pytest.mark.parametrize("wrap", [Parameter, Holder])
    def test_a_gradient_of_the_wrong_shape_is_refused_by_name(
        self, library: Any, wrap: Any
    ) -> None:
        opt = library.GradientAscent({"W": (w := wrap(zeros(2)))})
        w.grad = np.ones(3)
        with refused(ValueError, "'W'", "(3,)", "(2,)", opt=opt, keeps=[w.data]):
            opt.step()

    def test_an_array_is_an_array_though_it_has_data(self, library: Any) -> None:
        """`ndarray.data` is a buffer, not a parameter's array."""

        class WithGrad(np.ndarray):
            grad = None

        w = zeros(2).view(WithGrad)
        opt = library.GradientAscent({"w": w}, **TEXTBOOK)
        opt.step({"w": np.ones(2)})
        assert np.asarray(w).tolist() == [1.0, 1.0]

    def test_data_that_is_copied_on_every_look_is_refused(self, library: Any) -> None:
        class Copying:
            grad = None

            @property
            def data(self) -> Any:
                return np.zeros(2)

        class ArrayCopies:
            def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
                if copy is False:
                    raise ValueError("cannot avoid a copy")
                return np.zeros(2)

        with refused((TypeError, ValueError), "W"):
            library.GradientAscent({"W": Holder(ArrayCopies())})
        with refused((TypeError, ValueError), "W"):
            library.GradientAscent({"W": Copying()}).step({"W": np.ones(2)})

    def test_data_that_is_no_array_is_refused(self, library: Any) -> None:
        for data in ([1.0, 2.0], 3.0, None, "abc"):
            with refused(TypeError, "'W'"):
                library.GradientAscent({"W": Holder(data)})

    def test_data_that_is_read_only_is_refused(self, library: Any) -> None:
        frozen = zeros(2)
        frozen.flags.writeable = False
        with refused(ValueError, "'W'", "read-only"):
            library.GradientAscent({"W": Holder(frozen)})

    def test_the_same_memory_twice_is_refused(self, library: Any) -> None:
        w = zeros(4)
        with refused(ValueError, "'a'", "'b'"):
            library.GradientAscent({"a": Holder(w), "b": w[1:]})
        shared = Holder(w)
        with refused(ValueError, "'a'", "'b'"):
            library.GradientAscent({"a": shared, "b": shared})

    @pytest.mark.parametrize("own", [True, False], ids=["own gradients", "given gradients"])
    def test_an_object_whose_data_was_replaced_is_refused(self, library: Any, own: Any) -> None:
        w = Holder(zeros(2), np.ones(2))
        opt = library.GradientAscent({"W": w})
        opt.step()
        old, w.data = w.data, zeros(2)
        with refused(ValueError, "'W'", "rebind()", opt=opt, keeps=[old, w.data]):
            opt.step() if own else opt.step({"W": np.ones(2)})
        opt.rebind()
        opt.step()
        assert w.data.all()

    def test_other_data_is_another_array(self, library: Any) -> None:
        """So a Parameter's array is the one it was made with."""
        w: Any = Parameter(zeros(2), name="W")
        with pytest.raises(AttributeError):
            w.data = zeros(2)


class TestParameter:
    def test_holds_an_array_a_gradient_and_a_name(self) -> None:
        array = zeros(2)
        w = Parameter(array, name="W")
        assert w.data is array
        assert w.grad is None
        assert w.name == "W"
        assert Parameter(array).name is None

    def test_reads_like_its_constructor(self) -> None:
        assert repr(Parameter(zeros(2), name="W")).startswith("Parameter(")
        assert "W" in repr(Parameter(zeros(2), name="W"))

    @pytest.mark.parametrize("thing", [[1.0, 2.0], 3.0, None, "abc"], ids=repr)
    def test_of_no_array_is_refused(self, thing: Any) -> None:
        with pytest.raises(TypeError):
            GradientAscent(Parameter(thing))


class TestDLPack:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_memory_is_shared(self, library: Any, dtype: Any) -> None:
        memory = np.zeros(3, dtype)
        opt = library.GradientAscent({"w": OnlyDLPack(memory)}, **TEXTBOOK)
        opt.step({"w": np.ones(3, dtype)})
        assert memory.tolist() == [1.0, 1.0, 1.0]

    def test_gradients_may_come_that_way_too(self, library: Any) -> None:
        w = zeros(3)
        library.GradientAscent({"w": w}, **TEXTBOOK).step({"w": OnlyDLPack(np.ones(3))})
        assert w.tolist() == [1.0, 1.0, 1.0]

    def test_another_device_is_refused(self, library: Any) -> None:
        class OnGPU(OnlyDLPack):
            def __dlpack__(self, **options: Any) -> None:
                raise BufferError("this array is not on the CPU")

            def __dlpack_device__(self) -> Any:
                return (2, 0)

        with refused(TypeError, "'w'"):
            library.GradientAscent({"w": OnGPU(zeros(2))})

    def test_of_another_dtype_is_refused(self, library: Any) -> None:
        with refused(TypeError, "'w'", "int64"):
            library.GradientAscent({"w": OnlyDLPack(np.zeros(2, np.int64))})

    def test_read_only_is_refused(self, library: Any) -> None:
        memory = zeros(2)
        memory.flags.writeable = False
        with refused((TypeError, ValueError), "'w'"):
            library.GradientAscent({"w": OnlyDLPack(memory)})
