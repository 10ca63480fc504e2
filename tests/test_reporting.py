"""What an optimizer tells: log records, the callback, and nothing on the screen."""

import dataclasses
import logging
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits
from standins import Holder
from steepest import StepInfo, reference
from steepest.log import logger
from unchanged import refused

TEXTBOOK: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "beta": None}
GRADIENTS = [np.array([3.0, 0.0]), np.array([0.0, -4.0], np.float32)]  # of norm 5


def pair(library: Any, **options: Any) -> Any:
    arrays = [np.zeros(2), np.zeros(2, np.float32)]
    return library.GradientAscent(arrays, **options), arrays


class TestLogging:
    @pytest.mark.parametrize(
        ("interval", "steps"),
        [(3, [3, 6, 9]), (1, list(range(1, 11))), (10, [10]), (11, []), (0, []), (None, [])],
    )
    def test_a_record_at_every_interval(
        self, library: Any, caplog: Any, interval: Any, steps: Any
    ) -> None:
        caplog.set_level(logging.INFO, logger="steepest")
        opt, _ = pair(library, logging_interval=interval)
        for _ in range(10):
            opt.step(GRADIENTS)
        said = [record.getMessage() for record in caplog.records]
        assert said == [f"step {t}: lr 0.01, gradient norm 5" for t in steps]
        assert {(r.name, r.levelname) for r in caplog.records} <= {("steepest", "INFO")}

    def test_says_the_effective_rate_and_six_digits_of_the_norm(
        self, library: Any, caplog: Any
    ) -> None:
        caplog.set_level(logging.INFO, logger="steepest")
        w = np.zeros(1)
        opt = library.GradientAscent(w, lr=0.5, lr_decay=0.5, logging_interval=2)
        opt.step(np.ones(1))
        opt.step(np.array([1.23456]))
        assert caplog.messages == ["step 2: lr 0.25, gradient norm 1.23456"]

    def test_says_nothing_when_nobody_listens(self, library: Any, caplog: Any) -> None:
        caplog.set_level(logging.WARNING, logger="steepest")
        opt, _ = pair(library, logging_interval=1)
        opt.step(GRADIENTS)
        assert not caplog.records
        caplog.set_level(logging.INFO, logger="steepest")
        opt.step(GRADIENTS)
        assert caplog.messages == ["step 2: lr 0.01, gradient norm 5"]
        opt.logging_interval = None
        opt.step(GRADIENTS)
        assert len(caplog.records) == 1

    def test_a_skipped_step_is_a_warning(self, library: Any, caplog: Any) -> None:
        caplog.set_level(logging.INFO, logger="steepest")
        w = np.zeros(2)
        opt = library.GradientAscent({"w": w}, nonfinite="skip", logging_interval=1)
        opt.step({"w": np.array([1.0, np.nan])})
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("steepest", "WARNING")
        assert "skipped" in record.getMessage()

    def test_logging_changes_no_bit(self, library: Any, caplog: Any) -> None:
        quiet, quiet_arrays = pair(library, logging_interval=None)
        loud, loud_arrays = pair(library, logging_interval=1)
        caplog.set_level(logging.DEBUG, logger="steepest")
        for _ in range(3):
            quiet.step(GRADIENTS)
            loud.step(GRADIENTS)
        assert len(caplog.records) == 3
        for a, b in zip(quiet_arrays, loud_arrays, strict=True):
            assert_same_bits(a, b)

    def test_a_handler_that_raises_leaves_the_step_complete(self, library: Any) -> None:
        class Broken(logging.Handler):
            def emit(self, record: Any) -> None:
                raise OSError("the log is on fire")

        logger, broken = logging.getLogger("steepest"), Broken()
        opt, arrays = pair(library, logging_interval=1, **TEXTBOOK)
        logger.addHandler(broken)
        level = logger.level
        logger.setLevel(logging.INFO)
        try:
            with pytest.raises(OSError, match="on fire"):
                opt.step(GRADIENTS)
        finally:
            logger.removeHandler(broken)
            logger.setLevel(level)
        assert opt.step_count == 1
        assert arrays[0].tolist() == [3.0, 0.0]
        opt.step(GRADIENTS)
        assert opt.step_count == 2


def test_the_logger_has_a_null_handler() -> None:
    assert logger is logging.getLogger("steepest")
    assert any(isinstance(handler, logging.NullHandler) for handler in logger.handlers)


def test_nothing_is_ever_printed(tmp_path: Any) -> None:
    """Not by stepping, skipping, refusing, saving; not when logging is left as Python sets it."""
    code = """if True:
        import sys
        import numpy as np
        from steepest import GradientAscent, reference
        for Ascent in (GradientAscent, reference.GradientAscent):
            w = np.zeros(2)
            opt = Ascent({"w": w}, nonfinite="skip", logging_interval=1, clip_norm=1.0)
            for _ in range(12):
                opt.step({"w": np.ones(2)})
            opt.step({"w": np.array([1.0, np.nan])})
            opt.nonfinite = "raise"
            for bad in (np.ones(3), np.array([np.inf, 1.0])):
                try:
                    opt.step({"w": bad})
                except (ValueError, FloatingPointError):
                    pass
            opt.param_groups[0].update(momentum=0.0, beta=None)
            opt.add_param_group({"params": np.zeros(3)})
            opt.save(sys.argv[1])
            opt.load(sys.argv[1])
            repr(opt)
            assert opt.skipped_steps == 1
    """
    command = [sys.executable, "-W", "always", "-c", code, tmp_path / "stop.npz"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_norm_is_computed_only_when_somebody_asks_for_it(monkeypatch: Any, caplog: Any) -> None:
    """Watched in the reference, whose step decides as that of the kernels does."""
    step: Any = reference.step
    computed: list[float] = []
    norm = step.norm

    def seen(gradients: Any) -> float:
        computed.append(norm(gradients))
        return computed[-1]

    monkeypatch.setattr(step, "norm", seen)
    opt, _ = pair(reference, logging_interval=2)

    def computed_in_two_steps() -> Any:
        computed.clear()
        for _ in range(2):
            opt.step(GRADIENTS)
        return len(computed)

    assert computed_in_two_steps() == 0, "nobody listens"
    caplog.set_level(logging.INFO, logger="steepest")
    assert computed_in_two_steps() == 1, "one record"
    opt.callback = lambda info: None
    assert computed_in_two_steps() == 2, "a callback"
    opt.callback, opt.logging_interval = None, 0
    assert computed_in_two_steps() == 0, "no more"
    opt.clip_norm = 1.0
    assert computed_in_two_steps() == 2, "clipping"


class TestCallback:
    def test_is_told_about_every_step(self, library: Any) -> None:
        told: list[Any] = []
        opt, _ = pair(library, callback=told.append, lr=0.5, lr_decay=0.5, clip_norm=1.0)
        opt.step(GRADIENTS)
        opt.step([GRADIENTS[0] / 10, GRADIENTS[1] / 10])
        assert told == [
            StepInfo(step=1, lr=0.5, grad_norm=5.0, clipped=True, skipped=False),
            StepInfo(
                step=2,
                lr=0.25,
                grad_norm=math.hypot(0.3, float(np.float32(-0.4))),
                clipped=False,
                skipped=False,
            ),
        ]
        assert [type(v) for v in (told[0].step, told[0].lr, told[0].grad_norm)] == [
            int,
            float,
            float,
        ]
        assert told[0].clipped is True
        assert told[0].skipped is False

    def test_record_is_frozen(self, library: Any) -> None:
        told: list[Any] = []
        opt, _ = pair(library, callback=told.append)
        opt.step(GRADIENTS)
        for field in ("step", "lr", "grad_norm", "clipped", "skipped", "anything"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(told[0], field, 7)
        assert told[0].step == 1

    def test_record_reads_like_its_constructor(self, library: Any) -> None:
        told: list[Any] = []
        opt, _ = pair(library, callback=told.append)
        opt.step(GRADIENTS)
        expected = "StepInfo(step=1, lr=0.01, grad_norm=5.0, clipped=False, skipped=False)"
        assert repr(told[0]) == expected
        assert eval(expected) == told[0]

    def test_rate_is_a_tuple_where_groups_differ(self, library: Any) -> None:
        told: list[Any] = []
        opt = library.GradientAscent(
            [{"params": np.zeros(1)}, {"params": np.zeros(1), "lr": 0.5}], callback=told.append
        )
        opt.step([np.ones(1), np.ones(1)])
        assert told[0].lr == opt.effective_lr == (0.01, 0.5)

    def test_is_told_about_skipped_steps(self, library: Any) -> None:
        told: list[Any] = []
        opt, _ = pair(library, callback=told.append, nonfinite="skip")
        opt.step(GRADIENTS)
        opt.step([np.array([np.nan, 1.0]), None])
        opt.step(GRADIENTS)
        assert [(i.step, i.skipped) for i in told] == [(1, False), (1, True), (2, False)]
        assert math.isnan(told[1].grad_norm)

    def test_is_not_told_about_steps_that_raise(self, library: Any) -> None:
        told: list[Any] = []
        opt, _ = pair(library, callback=told.append)
        with pytest.raises(FloatingPointError):
            opt.step([np.array([np.nan, 1.0]), None])
        with pytest.raises(ValueError):
            opt.step([np.ones(3), None])
        assert not told

    def test_exception_passes_through_with_the_step_complete(self, library: Any) -> None:
        class Stop(Exception):
            pass

        def stop(info: Any) -> None:
            raise Stop(info.step)

        opt, arrays = pair(library, callback=stop, **TEXTBOOK)
        for t in (1, 2):
            with pytest.raises(Stop, match=str(t)):
                opt.step(GRADIENTS)
            assert opt.step_count == t
            assert arrays[0].tolist() == [3.0 * t, 0.0]
        opt.callback = None
        opt.step(GRADIENTS)
        assert opt.step_count == 3

    def test_keyboard_interrupt_passes_through_too(self, library: Any) -> None:
        def interrupt(info: Any) -> None:
            raise KeyboardInterrupt

        opt, arrays = pair(library, callback=interrupt, **TEXTBOOK)
        with pytest.raises(KeyboardInterrupt):
            opt.step(GRADIENTS)
        assert (opt.step_count, arrays[0][0]) == (1, 3.0)

    def test_cannot_step_again(self, library: Any) -> None:
        refusals: list[int] = []

        def again(info: Any) -> None:
            with refused(RuntimeError, "step", opt=opt, keeps=arrays):
                opt.step(GRADIENTS)
            refusals.append(info.step)

        opt, arrays = pair(library, callback=again)
        opt.step(GRADIENTS)
        opt.step(GRADIENTS)
        assert refusals == [1, 2]
        assert opt.step_count == 2

    def test_may_step_another_optimizer(self, library: Any) -> None:
        other, arrays = pair(library, **TEXTBOOK)
        opt, _ = pair(library, callback=lambda info: other.step(GRADIENTS))
        opt.step(GRADIENTS)
        assert arrays[0].tolist() == [3.0, 0.0]

    def test_group_writes_count_from_the_next_step(self, library: Any) -> None:
        def halve(info: Any) -> None:
            for group in opt.param_groups:
                group["lr"] *= 0.5

        opt, arrays = pair(library, callback=halve, **TEXTBOOK)
        for total in (3.0, 4.5, 5.25):
            opt.step(GRADIENTS)
            assert arrays[0][0] == total

    def test_may_turn_momentum_on(self, library: Any) -> None:
        def turn_on(info: Any) -> None:
            opt.param_groups[0]["momentum"] = 0.5

        opt, arrays = pair(library, callback=turn_on, **TEXTBOOK)
        for total in (3.0, 6.0, 10.5):
            opt.step(GRADIENTS)
            assert arrays[0][0] == total

    def test_changes_no_bit(self, library: Any) -> None:
        opt, arrays = pair(library, callback=lambda info: None)
        quiet, quiet_arrays = pair(library)
        for _ in range(3):
            opt.step(GRADIENTS)
            quiet.step(GRADIENTS)
        for a, b in zip(arrays, quiet_arrays, strict=True):
            assert_same_bits(a, b)

    def test_return_value_is_ignored_and_step_returns_none(self, library: Any) -> None:
        opt, _ = pair(library, callback=lambda info: True)
        assert opt.step(GRADIENTS) is None
        assert opt.step_count == 1

    def test_sees_the_arrays_after_the_step(self, library: Any) -> None:
        seen = []
        opt, arrays = pair(library, **TEXTBOOK)
        opt.callback = lambda info: seen.append(arrays[0][0])
        opt.step(GRADIENTS)
        assert seen == [3.0]
        assert opt.step_count == 1


def test_step_info_is_a_record_anyone_can_make() -> None:
    info = StepInfo(step=1, lr=0.5, grad_norm=5.0, clipped=True, skipped=False)
    assert info == StepInfo(1, 0.5, 5.0, True, False)
    assert hash(info) == hash(StepInfo(1, 0.5, 5.0, True, False))
    fields = getattr(info, "_fields", None) or tuple(f.name for f in dataclasses.fields(info))
    assert fields == ("step", "lr", "grad_norm", "clipped", "skipped")


class Meddling:
    """A parameter whose gradient, when it is read, runs the caller's code: in mid-step."""

    def __init__(self, meddle: Any) -> None:
        self.data = np.zeros(2)
        self.meddle = meddle

    @property
    def grad(self) -> Any:
        self.meddle()
        return np.ones(2)


class TestCodeThatRunsInMidStep:
    def test_cannot_step(self, library: Any) -> None:
        w, quiet = Meddling(lambda: None), Holder(np.zeros(2), np.ones(2))
        opt = library.GradientAscent([w, quiet])
        w.meddle = lambda: opt.step([np.ones(2), np.ones(2)])
        with refused(RuntimeError, opt=opt, keeps=[w.data, quiet.data]):
            opt.step()
        w.meddle = lambda: None
        opt.step()
        assert opt.step_count == 1

    @pytest.mark.parametrize(
        "meddle",
        [
            lambda opt: opt.param_groups[0].update(lr=0.5),
            lambda opt: opt.param_groups[0].update(momentum=0.5, beta=0.5),
            lambda opt: opt.param_groups[0].update(momentum=0.0, beta=None),
            lambda opt: opt.add_param_group({"params": Holder(np.ones(3), np.ones(3))}),
            lambda opt: opt.load_state_dict(opt.state_dict()),
            lambda opt: opt.rebind(),
            lambda opt: setattr(opt, "clip_norm", 1.0),
        ],
        ids=["lr", "on", "off", "add", "load", "rebind", "clip"],
    )
    def test_may_change_the_optimizer_only_before_or_after(self, library: Any, meddle: Any) -> None:
        """Whatever is tried: refused with nothing changed, or one whole step of either kind."""

        def stepped(before: Any = None, during: Any = None, after: Any = None) -> Any:
            w, quiet = Meddling(lambda: None), Holder(np.zeros(2), np.full(2, 0.5))
            opt = library.GradientAscent([w, quiet])
            opt.step()
            if before:
                before(opt)

            def once() -> None:
                w.meddle = lambda: None
                during(opt)

            if during:
                w.meddle = once
            arrays = [w.data.copy(), quiet.data.copy()]
            try:
                opt.step()
            except (RuntimeError, ValueError, TypeError):
                assert_same_bits(w.data, arrays[0])
                assert_same_bits(quiet.data, arrays[1])
                return None
            if after:
                after(opt)
            return [w.data.tobytes(), quiet.data.tobytes()], str(opt.state_dict())

        outcome = stepped(during=meddle)
        assert outcome is None or outcome in (stepped(before=meddle), stepped(after=meddle))
