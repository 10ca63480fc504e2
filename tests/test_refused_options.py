"""Every option that is refused: its error, its message, and nothing changed.

A message names the option, what was found and what was expected.
`refused` also compares parameters, state and counters before and after, byte for byte.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from unchanged import refused, stepped

inf, nan = float("inf"), float("nan")

OUT_OF_RANGE: list[tuple[str, list[float]]] = [
    ("lr", [-0.1, -1e-300, nan, inf, -inf]),
    ("momentum", [-0.1, 1.0, 1.5, nan, inf, -inf]),
    ("beta", [-0.1, 1.0, 1.5, nan, inf, -inf]),
    ("eps", [0.0, -0.0, -1e-8, nan, inf, -inf]),
    ("clip_value", [0.0, -1.0, nan, inf, -inf]),
    ("lr_decay", [0.0, -0.5, 1.0000001, nan, inf, -inf]),
    ("warmup_steps", [-1, -100]),
    ("weight_decay", [-0.1, nan, inf, -inf]),
]
WRONG_KIND = [
    (option, value)
    for option in ["lr", "momentum", "eps", "weight_decay", "warmup_steps"]
    for value in [None, "0.1", True, np.True_, Decimal("0.1"), Fraction(1, 2), np.array([1]), 1j]
] + [
    (option, value)
    for option in ["beta", "clip_value", "lr_decay"]
    for value in ["0.1", True, Decimal("0.1"), np.array([0.5]), [0.5], 0.5j]
]
NOT_A_FLAG = [
    (option, value)
    for option in ["nesterov", "bias_correction", "maximize"]
    for value in [None, "yes", 0.5]
]
# These belong to the optimizer as a whole: there is no such key in a group.
WHOLE_OPTIMIZER = [
    ("clip_norm", 0.0, ValueError),
    ("clip_norm", -1.0, ValueError),
    ("clip_norm", nan, ValueError),
    ("clip_norm", inf, ValueError),
    ("clip_norm", "1", TypeError),
    ("clip_norm", True, TypeError),
    ("clip_norm", np.array([1.0]), TypeError),
    ("nonfinite", "ignore", ValueError),
    ("nonfinite", "", ValueError),
    ("nonfinite", None, TypeError),
    ("nonfinite", 1, TypeError),
    ("logging_interval", -1, ValueError),
    ("logging_interval", "10", TypeError),
    ("logging_interval", True, TypeError),
    ("callback", 3, TypeError),
    ("callback", "print", TypeError),
]

REFUSED_OPTIONS = (
    [(option, value, ValueError) for option, values in OUT_OF_RANGE for value in values]
    + [(option, value, TypeError) for option, value in WRONG_KIND]
    + [(option, value, TypeError) for option, value in NOT_A_FLAG]
)
option_table = pytest.mark.parametrize(
    ("option", "value", "error"),
    REFUSED_OPTIONS,
    ids=[f"{option}={value!r}" for option, value, _ in REFUSED_OPTIONS],
)


class TestOptions:
    @option_table
    def test_at_construction(self, library: Any, option: Any, value: Any, error: Any) -> None:
        w = np.ones(3)
        with refused(error, option, keeps=[w]):
            library.GradientAscent({"w": w}, **{option: value})

    @option_table
    def test_in_a_group_at_construction(
        self, library: Any, option: Any, value: Any, error: Any
    ) -> None:
        w = np.ones(3)
        with refused(error, option, keeps=[w]):
            library.GradientAscent([{"params": w, option: value}])

    @option_table
    def test_when_written_to_a_group(
        self, library: Any, option: Any, value: Any, error: Any
    ) -> None:
        opt, parameters = stepped(library)
        with refused(error, option, opt=opt, keeps=parameters.values()):
            opt.param_groups[0][option] = value

    @option_table
    def test_when_a_group_is_added(self, library: Any, option: Any, value: Any, error: Any) -> None:
        opt, parameters = stepped(library)
        with refused(error, option, opt=opt, keeps=parameters.values()):
            opt.add_param_group({"params": {"c": np.ones(2)}, option: value})

    @pytest.mark.parametrize(("option", "value", "error"), WHOLE_OPTIMIZER)
    def test_of_the_whole_optimizer_at_construction(
        self, library: Any, option: Any, value: Any, error: Any
    ) -> None:
        with refused(error, option):
            library.GradientAscent({"w": np.ones(3)}, **{option: value})

    @pytest.mark.parametrize(("option", "value", "error"), WHOLE_OPTIMIZER)
    def test_of_the_whole_optimizer_when_written(
        self, library: Any, option: Any, value: Any, error: Any
    ) -> None:
        opt, parameters = stepped(library)
        before = getattr(opt, option)
        with refused(error, option, opt=opt, keeps=parameters.values()):
            setattr(opt, option, value)
        assert getattr(opt, option) == before

    @pytest.mark.parametrize(
        ("option", "value", "said"),
        [
            ("lr", -0.25, ["-0.25", "0"]),
            ("momentum", 1.5, ["1.5", "0", "1"]),
            ("beta", 1.5, ["1.5", "0", "1"]),
            ("eps", -0.5, ["-0.5", "0"]),
            ("clip_value", -0.5, ["-0.5", "0"]),
            ("lr_decay", 1.5, ["1.5", "0", "1"]),
            ("warmup_steps", -7, ["-7", "0"]),
            ("weight_decay", -0.25, ["-0.25", "0"]),
            ("clip_norm", -0.25, ["-0.25", "0"]),
            ("nonfinite", "ignore", ["'ignore'", "'raise'", "'skip'", "'propagate'"]),
            ("lr", nan, ["nan"]),
            ("momentum", "0.9", ["'0.9'", "number"]),
            ("lr", None, ["None", "number"]),
            ("beta", True, ["True", "number"]),
        ],
    )
    def test_message_says_what_was_found_and_what_is_wanted(
        self, library: Any, option: Any, value: Any, said: Any
    ) -> None:
        with refused((TypeError, ValueError), option, *said):
            library.GradientAscent({"w": np.ones(3)}, **{option: value})

    @pytest.mark.parametrize("value", [2.5, nan, inf])
    def test_warmup_steps_must_be_a_whole_number(self, library: Any, value: Any) -> None:
        with refused((TypeError, ValueError), "warmup_steps"):
            library.GradientAscent({"w": np.ones(3)}, warmup_steps=value)

    def test_unknown_options(self, library: Any) -> None:
        with refused(TypeError, "learning_rate"):
            library.GradientAscent({"w": np.ones(3)}, learning_rate=0.1)
        with refused((TypeError, ValueError), "learning_rate"):
            library.GradientAscent([{"params": np.ones(3), "learning_rate": 0.1}])

    @pytest.mark.parametrize("option", ["clip_norm", "nonfinite", "logging_interval", "callback"])
    def test_options_of_the_whole_optimizer_do_not_belong_in_a_group(
        self, library: Any, option: Any
    ) -> None:
        with refused((TypeError, ValueError), option):
            library.GradientAscent([{"params": np.ones(3), option: None}])


class TestOptionsTogether:
    def test_nesterov_needs_momentum(self, library: Any) -> None:
        with refused(ValueError, "nesterov", "momentum"):
            library.GradientAscent({"w": np.ones(3)}, nesterov=True, momentum=0.0)

    def test_nesterov_needs_momentum_in_a_group(self, library: Any) -> None:
        with refused(ValueError, "nesterov", "momentum"):
            library.GradientAscent([{"params": np.ones(3), "nesterov": True}], momentum=0.0)

    def test_nesterov_keeps_momentum_on(self, library: Any) -> None:
        opt, parameters = stepped(library, nesterov=True)
        with refused(ValueError, "nesterov", "momentum", opt=opt, keeps=parameters.values()):
            opt.param_groups[0]["momentum"] = 0.0

    def test_nesterov_cannot_be_turned_on_without_momentum(self, library: Any) -> None:
        opt, parameters = stepped(library, momentum=0.0)
        with refused(ValueError, "nesterov", "momentum", opt=opt, keeps=parameters.values()):
            opt.param_groups[0]["nesterov"] = True

    @pytest.mark.parametrize(
        ("option", "value"),
        [("eps", 1e-50), ("eps", 1e-300), ("eps", 1e-40), ("lr", 1e39), ("lr", 1e308)],
    )
    def test_a_number_that_float32_cannot_hold(self, library: Any, option: Any, value: Any) -> None:
        single, double = np.ones(3, np.float32), np.ones(3)
        with refused(ValueError, option, "float32"):
            library.GradientAscent({"w": single}, **{option: value})
        with refused(ValueError, option, "float32"):
            library.GradientAscent({"v": double, "w": single}, **{option: value})
        opt = library.GradientAscent({"w": single})
        with refused(ValueError, option, "float32", opt=opt, keeps=[single]):
            opt.param_groups[0][option] = value
        opt = library.GradientAscent({"v": double}, **{option: value})
        with refused(ValueError, option, "float32", opt=opt, keeps=[single, double]):
            opt.add_param_group({"params": {"w": single}})
        assert opt.param_groups[0][option] == value, "float64 holds it"

    @pytest.mark.parametrize(
        ("dtype", "most", "least"),
        [("float32", 1.17e-38, 1.18e-38), ("float64", 2.22e-308, 2.23e-308)],
    )
    def test_an_eps_that_is_subnormal(
        self, library: Any, dtype: str, most: float, least: float
    ) -> None:
        """A processor that takes subnormal numbers for 0 would compute 0 / 0."""
        w = np.ones(3, dtype)
        with refused(ValueError, "eps", str(most), dtype, str(np.finfo(dtype).tiny), keeps=[w]):
            library.GradientAscent(w, eps=most)
        opt = library.GradientAscent(w, eps=least)
        with refused(ValueError, "eps", str(most), dtype, opt=opt, keeps=[w]):
            opt.param_groups[0]["eps"] = most
        opt.step(np.zeros(3, dtype))
        assert np.array_equal(w, np.ones(3))

    @pytest.mark.parametrize(
        ("name", "option", "value", "said"),
        [
            ("Rprop", "step_sizes", (1e-40, 1.0), "underflows"),
            ("Rprop", "step_sizes", (1.0, 1e39), "overflows"),
            ("Rprop", "etas", (0.5, 1e39), "overflows"),
            ("Adagrad", "initial_accumulator_value", 1e39, "overflows"),
            ("ASGD", "lambd", 1e39, "overflows"),
            ("AdaBelief", "eps_root", 1e39, "overflows"),
            ("Yogi", "eps", 1e-40, "underflows"),
        ],
    )
    def test_what_float32_cannot_hold_of_other_laws(
        self, library: Any, name: str, option: str, value: Any, said: str
    ) -> None:
        w = np.ones(3, np.float32)
        with refused(ValueError, option, said, "float32", keeps=[w]):
            getattr(library, name)(w, **{option: value})
        opt = getattr(library, name)(w)
        with refused(ValueError, option, said, "float32", opt=opt, keeps=[w]):
            opt.param_groups[0][option] = value
        getattr(library, name)(np.ones(3), **{option: value}).step(np.ones(3))

    def test_a_key_of_ones_own_may_have_the_name_of_another_laws_option(self, library: Any) -> None:
        opt = library.GradientAscent(np.ones(3))
        opt.param_groups[0]["step_sizes"] = "mine"
        assert opt.param_groups[0]["step_sizes"] == "mine"


# Class, option, values out of range, values of the wrong kind, values at the edge that are taken.
FAMILY: list[tuple[str, str, list[Any], list[Any], list[Any]]] = [
    ("NAdam", "momentum_decay", [-1e-3, nan, inf], [None, "1", True], [0, 10.0]),
    ("NAdam", "betas", [(1.0, 0.9), (0.9, -0.1), (0.9,)], [0.9, None], [(0.0, 0.0), [0.5, 0.5]]),
    ("NAdam", "decoupled_weight_decay", [], [1, None, "yes"], [True]),
    ("RAdam", "betas", [(1.0, 0.9), (0.9, 1.0)], [0.9, (None, 0.9)], [(0.0, 0.0)]),
    ("RAdam", "decoupled_weight_decay", [], [1, None, "yes"], [True]),
    ("RMSprop", "alpha", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("RMSprop", "momentum", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("RMSprop", "centered", [], [1, None, "yes"], [True]),
    ("Adagrad", "lr_decay", [-0.1, nan, inf], [None, "1", True], [0.0, 2.0]),
    ("Adagrad", "initial_accumulator_value", [-0.1, nan, inf], [None, "1", True], [0.0, 2.0]),
    ("Adadelta", "rho", [-0.1, 1.1, nan], [None, "0.9", True], [0.0, 1.0]),
    ("Rprop", "etas", [(0.0, 1.2), (1.0, 1.2), (0.5, 1.0), (0.5, inf), (0.5,)], [0.5], [[0.1, 9]]),
    ("Rprop", "step_sizes", [(0.0, 1.0), (2.0, 1.0), (1.0, nan), ()], [None, 1.0], [(1.0, 1.0)]),
    ("ASGD", "lambd", [-0.1, nan, inf], [None, "1", True], [0.0]),
    ("ASGD", "alpha", [-0.1, nan, inf], [None, "1", True], [0.0, 2.0]),
    ("ASGD", "t0", [-1, nan, inf], [None, "1", True], [0, 2.5]),
    ("Lion", "b1", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("Lion", "b2", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("AdaBelief", "b1", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("AdaBelief", "b2", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("AdaBelief", "eps_root", [-1e-9, nan, inf], [None, "1", True], [0.0]),
    ("Yogi", "b1", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    ("Yogi", "b2", [-0.1, 1.0, nan], [None, "0.9", True], [0.0]),
    *(
        (name, option, [-1e-9, nan, inf], [None, "1", True], [1.0])
        for name in ("NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "AdaBelief", "Yogi")
        for option in ("eps", "weight_decay", "lr")
    ),
]


@pytest.mark.parametrize(
    ("name", "option", "outside", "wrong", "inside"),
    FAMILY,
    ids=[f"{c}-{o}" for c, o, *_ in FAMILY],
)
class TestFamily:
    def test_at_construction(
        self, library: Any, name: str, option: str, outside: Any, wrong: Any, inside: Any
    ) -> None:
        w = np.ones(3)
        for error, values in ((ValueError, outside), (TypeError, wrong)):
            for value in values:
                with refused(error, option, keeps=[w]):
                    getattr(library, name)(w, **{option: value})
        for value in inside:
            getattr(library, name)(np.ones(3), **{option: value}).step(np.ones(3))

    def test_when_written_to_a_group(
        self, library: Any, name: str, option: str, outside: Any, wrong: Any, inside: Any
    ) -> None:
        w = np.ones(3)
        opt = getattr(library, name)(w)
        opt.step(np.ones(3))
        for error, values in ((ValueError, outside), (TypeError, wrong)):
            for value in values:
                with refused(error, option, opt=opt, keeps=[w]):
                    opt.param_groups[0][option] = value
        for value in inside:
            opt.param_groups[0][option] = value
            opt.step(np.ones(3))
            assert np.isfinite(w).all()


def test_what_makes_the_class_cannot_be_set_otherwise(library: Any) -> None:
    x = np.ones(3)
    with pytest.raises(ValueError, match=r"decoupled_weight_decay: got False, expected True"):
        library.AdamW([{"params": x, "decoupled_weight_decay": False}])
    opt = library.AdamW(x)
    with pytest.raises(ValueError, match=r"decoupled_weight_decay: got False, expected True"):
        opt.param_groups[0]["decoupled_weight_decay"] = False
    assert opt.param_groups[0]["decoupled_weight_decay"] is True


def test_a_carried_number_out_of_its_range_is_refused(library: Any) -> None:
    opt = library.NAdam(np.ones(3))
    opt.step(np.ones(3))
    saved = opt.state_dict()
    saved["state"]["0"]["mu_product"] = np.array(2.2)
    with pytest.raises(
        ValueError, match=r"mu_product: got array\(2.2\), expected a number from 0 to 1"
    ):
        opt.load_state_dict(saved)
    assert opt.state["0"]["mu_product"] < 1
