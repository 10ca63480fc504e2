"""Every gradient that is refused: its error, its message, and nothing changed.

A message names the parameter, what was found and what was expected.
`refused` also compares parameters, state and counters before and after, byte for byte.
"""

from typing import Any

import numpy as np
import pytest
from unchanged import refused, stepped

GRADIENTS = [
    pytest.param(
        {"W": np.ones((4, 3)), "b": np.ones(4)},
        ValueError,
        ["W", "(4, 3)", "(3, 4)"],
        id="transposed",
    ),
    pytest.param(
        {"W": np.ones((1, 4)), "b": np.ones(4)},
        ValueError,
        ["W", "(1, 4)", "(3, 4)"],
        id="would broadcast",
    ),
    pytest.param(
        {"W": np.ones(12), "b": np.ones(4)}, ValueError, ["W", "(12,)", "(3, 4)"], id="flattened"
    ),
    pytest.param(
        {"W": np.ones((3, 4, 1)), "b": np.ones(4)},
        ValueError,
        ["W", "(3, 4, 1)", "(3, 4)"],
        id="one axis more",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(())}, ValueError, ["b", "()", "(4,)"], id="0-d"
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(5)},
        ValueError,
        ["b", "(5,)", "(4,)"],
        id="the last one",
    ),
    pytest.param({"W": np.ones((3, 4))}, ValueError, ["b"], id="missing key"),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4), "c": np.ones(4)}, ValueError, ["c"], id="extra key"
    ),
    pytest.param({"W": np.ones((3, 4)), "B": np.ones(4)}, ValueError, ["b"], id="other key"),
    pytest.param({}, ValueError, ["W"], id="empty dict"),
    pytest.param([np.ones((3, 4))], ValueError, ["1", "2"], id="list too short"),
    pytest.param(
        [np.ones((3, 4)), np.ones(4), np.ones(4)], ValueError, ["3", "2"], id="list too long"
    ),
    pytest.param([], ValueError, ["2"], id="empty list"),
    pytest.param({"W": None, "b": None}, ValueError, ["None"], id="all None in a dict"),
    pytest.param([None, None], ValueError, ["None"], id="all None in a list"),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4, np.float32)},
        TypeError,
        ["b", "float32", "float64"],
        id="float32 for float64",
    ),
    pytest.param(
        {"W": np.ones((3, 4), int), "b": np.ones(4)}, TypeError, ["W", "int64", "float64"], id="int"
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4, bool)},
        TypeError,
        ["b", "bool", "float64"],
        id="bool",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4, np.float16)},
        TypeError,
        ["b", "float16", "float64"],
        id="float16",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4, np.longdouble)},
        TypeError,
        ["b", np.dtype(np.longdouble).name, "float64"],
        id="longdouble",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4, complex)},
        TypeError,
        ["b", "complex128", "float64"],
        id="complex",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4).astype(object)},
        TypeError,
        ["b", "object", "float64"],
        id="object",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ones(4, np.dtype(float).newbyteorder())},
        TypeError,
        ["b", "byte order"],
        id="swapped bytes",
    ),
    pytest.param(
        {"W": np.ones((3, 4)), "b": np.ma.masked_array(np.ones(4), [False, False, True, False])},
        TypeError,
        ["b", "MaskedArray"],
        id="masked",
    ),
    pytest.param({"W": np.ones((3, 4)), "b": "ones"}, TypeError, ["b", "str"], id="str"),
    pytest.param({"W": np.ones((3, 4)), "b": 1.0}, (TypeError, ValueError), ["b"], id="number"),
    pytest.param(
        {"W": np.ones((3, 4)), "b": [1.0, 1.0, 1.0, 1.0]},
        (TypeError, ValueError),
        ["b"],
        id="list of numbers",
    ),
    pytest.param(
        {"W": {"x": np.ones((3, 4))}, "b": np.ones(4)},
        (TypeError, ValueError),
        ["W"],
        id="nested too deep",
    ),
    pytest.param(np.ones((3, 4)), (TypeError, ValueError), [], id="one bare array for two"),
    pytest.param(7, TypeError, ["int"], id="not gradients at all"),
    pytest.param("gradients", TypeError, ["str"], id="a string"),
]


class TestGradients:
    @pytest.mark.parametrize(("grads", "error", "said"), GRADIENTS)
    @pytest.mark.parametrize("zero_grads", [False, True])
    def test_refused_with_everything_as_it_was(
        self, library: Any, grads: Any, error: Any, said: Any, zero_grads: Any
    ) -> None:
        opt, parameters = stepped(library)
        with refused(error, *said, opt=opt, keeps=parameters.values()):
            opt.step(grads, zero_grads=zero_grads)
        assert opt.step_count == 3

    @pytest.mark.parametrize(("grads", "error", "said"), GRADIENTS)
    def test_refused_on_the_first_step(
        self, library: Any, grads: Any, error: Any, said: Any
    ) -> None:
        parameters = {"W": np.ones((3, 4)), "b": np.ones(4)}
        opt = library.GradientAscent(parameters)
        with refused(error, *said, opt=opt, keeps=parameters.values()):
            opt.step(grads)
        assert opt.step_count == 0

    def test_a_refused_step_does_not_zero_the_gradients(self, library: Any) -> None:
        opt, _ = stepped(library)
        good, bad = np.full((3, 4), 0.5), np.full(3, 0.5)
        with refused(ValueError, "b", "(3,)", "(4,)", opt=opt, keeps=[good, bad]):
            opt.step({"W": good, "b": bad}, zero_grads=True)

    def test_the_next_good_step_is_as_if_nothing_had_been_refused(self, library: Any) -> None:
        opt, parameters = stepped(library)
        twin, twins = stepped(library)
        with pytest.raises(ValueError):
            opt.step({"W": np.ones((3, 4)), "b": np.ones(5)})
        good = {"W": np.full((3, 4), 0.7), "b": np.full(4, 0.1)}
        opt.step(good)
        twin.step(good)
        for name in parameters:
            assert parameters[name].tobytes() == twins[name].tobytes()

    def test_a_dtype_message_gives_the_cast_to_make(self, library: Any) -> None:
        opt = library.GradientAscent({"w": np.ones(3, np.float32)})
        with refused(TypeError, "'w'", "float64", "float32", "astype", opt=opt):
            opt.step({"w": np.ones(3)})

    def test_a_shape_message_reads_as_promised(self, library: Any) -> None:
        opt = library.GradientAscent({"layers": [{"W": np.ones((4, 3))}]})
        expected = "parameter 'layers.0.W': gradient has shape (3, 4), expected (4, 3)"
        with refused(ValueError, expected, opt=opt):
            opt.step({"layers": [{"W": np.ones((3, 4))}]})

    def test_step_without_gradients_on_bare_arrays(self, library: Any) -> None:
        opt, parameters = stepped(library)
        with refused(TypeError, opt=opt, keeps=parameters.values()):
            opt.step()

    def test_gradients_for_groups_need_one_entry_a_group(self, library: Any) -> None:
        a, b = np.ones(2), np.ones(3)
        opt = library.GradientAscent([{"params": {"a": a}}, {"params": {"b": b}}])
        for grads in (
            [{"a": np.ones(2)}],
            [{"a": np.ones(2)}, {"b": np.ones(3)}, {"c": np.ones(3)}],
            [{"a": np.ones(2)}, {"a": np.ones(3)}],
        ):
            with refused(ValueError, opt=opt, keeps=[a, b]):
                opt.step(grads)

    def test_an_error_in_the_last_group_leaves_the_first_alone(self, library: Any) -> None:
        a, b = np.ones(2), np.ones(3)
        opt = library.GradientAscent([{"params": {"a": a}}, {"params": {"b": b}}])
        with refused(ValueError, "b", "(4,)", "(3,)", opt=opt, keeps=[a, b]):
            opt.step([{"a": np.ones(2)}, {"b": np.ones(4)}])


class TestSparseGradients:
    def test_of_scipy_are_refused_by_name(self, library: Any) -> None:
        sparse = pytest.importorskip("scipy.sparse")
        w = np.ones((2, 3))
        opt = library.GradientAscent({"w": w})
        for kind in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
            with refused(TypeError, "'w'", kind.__name__, opt=opt, keeps=[w]):
                opt.step({"w": kind(np.ones((2, 3)))})

    def test_of_torch_are_refused_by_name(self, library: Any) -> None:
        torch = pytest.importorskip("torch")
        w = np.ones((2, 3))
        opt = library.GradientAscent({"w": w})
        with refused(TypeError, "'w'", "sparse", opt=opt, keeps=[w]):
            opt.step({"w": torch.ones(2, 3, dtype=torch.float64).to_sparse()})
