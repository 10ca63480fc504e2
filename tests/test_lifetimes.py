"""What lives as long as an optimizer, what it takes along when copied, and what an interrupt leaves."""

import copy
import gc
import pickle
import signal
import weakref

import numpy as np
import pytest
import steepest
from harness import assert_same_bits, assert_same_state
from machinery import needs_cpython, needs_kernels
from steepest import GradientAscent, Parameter

#: What NumPy 2.5 advises against still happens.
told_of_setting = pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")

needs_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")


class Tagged(GradientAscent):
    """A subclass with something of its own."""

    def __init__(self, parameters):
        super().__init__(parameters)
        self.tag = "mine"


class OnlyArray:
    """Hands NumPy a new copy at every look."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values.copy()


@needs_cpython
def test_an_optimizer_is_freed_with_its_last_reference(library):
    gc.disable()
    try:
        opt = library.GradientAscent({"w": np.zeros(3)})
        group, gone = opt.param_groups[0], weakref.ref(opt)
        del opt
        assert gone() is None
    finally:
        gc.enable()
    with pytest.raises(ReferenceError, match="optimizer of this group is gone"):
        group["lr"] = 1.0


def test_an_optimizer_in_a_cycle_is_collected(library):
    opt = library.GradientAscent({"w": np.zeros(3)})
    opt.callback = opt.zero_grad
    gone = weakref.ref(opt)
    del opt
    gc.collect()
    assert gone() is None


def test_the_values_of_a_dict_can_be_stepped_and_copied(library):
    model = {"a": np.zeros(2), "b": np.ones(3)}
    opt = copy.deepcopy(library.GradientAscent(model.values(), lr=0.5, momentum=0, beta=None))
    opt.step([np.ones(2), np.ones(3)])
    assert [list(array) for array in opt.param_groups[0]["params"]] == [[0.5] * 2, [1.5] * 3]
    assert not model["a"].any()


def test_a_groups_option_need_not_be_the_default_that_its_dtype_excludes(library):
    groups = [{"params": np.zeros(2, np.float32), "eps": 1e-8}, {"params": np.zeros(2)}]
    opt = copy.deepcopy(library.GradientAscent(groups, eps=1e-60))
    assert [group["eps"] for group in opt.param_groups] == [1e-8, 1e-60]


def test_a_subclass_keeps_its_own_attributes():
    opt = copy.deepcopy(Tagged(np.zeros(2)))
    assert opt.tag == "mine"
    assert pickle.loads(pickle.dumps(opt)).tag == "mine"


def test_a_second_init_starts_anew(library):
    opt = library.GradientAscent(np.zeros(2))
    opt.step(np.ones(2))
    opt.__init__([np.zeros(3), np.zeros(1)], lr=0.5)
    assert (opt.step_count, opt.lr, list(opt.state)) == (0, 0.5, ["0", "1"])
    opt.step([np.ones(3), np.ones(1)])


@pytest.mark.parametrize("act", ["save", "load"])
def test_a_file_is_not_of_arrays_that_were_replaced(library, tmp_path, act):
    model = {"W": np.zeros(2)}
    opt = library.GradientAscent(model)
    opt.save(tmp_path / "stop.npz")
    model["W"] = np.ones(2)
    with pytest.raises(ValueError, match=r"'W'.*rebind"):
        getattr(opt, act)(tmp_path / "stop.npz")
    assert model["W"].all()


def test_a_gradient_that_is_only_copied_can_be_read_but_not_zeroed(library):
    opt = library.GradientAscent([np.zeros(2)], lr=1.0, momentum=0, beta=None)
    opt.step([OnlyArray(np.ones(2))])
    with pytest.raises(ValueError, match="zero_grads"):
        opt.step([OnlyArray(np.ones(2))], zero_grads=True)
    assert opt.step_count == 1


def test_zero_grad_does_not_wipe_a_parameter(library):
    w = Parameter(np.ones(2), name="w")
    w.grad = w.data
    opt = library.GradientAscent([w])
    with pytest.raises(ValueError, match=r"'w'.*own"):
        opt.zero_grad()
    assert w.data.all()


def test_a_container_that_makes_its_entries_anew_can_be_stepped(library):
    class Views(dict):
        def __getitem__(self, key):
            return super().__getitem__(key)[:]

    model = Views(w=np.zeros(2))
    opt = library.GradientAscent(model, lr=1.0, momentum=0, beta=None)
    opt.step({"w": np.ones(2)})
    assert model["w"].tolist() == [1.0, 1.0]


@needs_kernels
def test_a_state_that_was_resized_is_not_stepped():
    opt = GradientAscent(np.zeros(3))
    opt.state["0"]["velocity"].base.resize(1, refcheck=False)
    with pytest.raises(RuntimeError, match="resize"):
        opt.step(np.ones(3))


@needs_kernels
def test_a_question_about_memory_that_failed_is_asked_again(monkeypatch):
    w = np.zeros(4)
    opt = GradientAscent(w)
    apart, within = np.ones(4), w[::-1]
    opt.step(apart, zero_grads=True)

    def interrupted(self, gradient):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(steepest.optimizer.Optimizer, "_overlaps", interrupted)
        with pytest.raises(KeyboardInterrupt):
            opt.step([within], zero_grads=True)
    for _ in range(2):
        with pytest.raises(ValueError, match="zero_grads"):
            opt.step([within], zero_grads=True)
    assert opt.step_count == 1


@pytest.fixture
def interrupt_after():
    """Ctrl-C so many seconds later; never again for 0."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # an interrupt in somebody's callback of the collector is another's business
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)
    gc.enable()


@needs_cpython
@needs_timer
def test_an_interrupt_leaves_a_whole_step_or_none(library, interrupt_after):
    """Of many arrays, each with states, and of gradients that are zeroed in the same step."""
    arrays, others, grads, spent = ([np.ones(n) for n in range(1, 21)] for _ in range(4))
    opt, whole = library.Adam(arrays), library.Adam(others)
    interrupted, seconds = 0, 1e-4
    while interrupted < 300:
        for gradient in (*grads, *spent):
            gradient[...] = 1.0
        try:
            interrupt_after(seconds)
            try:
                opt.step(grads, zero_grads=True)
            finally:
                interrupt_after(0)
            seconds /= 1.02  # on average just before a step's end, where it writes
        except KeyboardInterrupt:
            interrupted += 1
            seconds *= 1.02
        if opt.step_count > whole.step_count:
            whole.step(spent, zero_grads=True)
        assert_same_state(opt, whole)
        for ours, theirs in zip([*arrays, *grads], [*others, *spent], strict=True):
            assert_same_bits(ours, theirs)


@needs_timer
def test_an_interrupt_while_options_are_written_leaves_one_or_the_other(library, interrupt_after):
    opt = library.GradientAscent(np.zeros(3))
    group = opt.param_groups[0]
    for i in range(200):
        try:
            interrupt_after(1e-5 + 1e-6 * i)
            try:
                for _ in range(100):
                    group["momentum"] = 0.0 if group["momentum"] else 0.9
            finally:
                interrupt_after(0)
        except KeyboardInterrupt:
            pass
        opt.step(np.ones(3))
        assert ("velocity" in opt.state["0"]) == (group["momentum"] > 0)
        opt.load_state_dict(opt.state_dict())
    assert opt.step_count == 200


# -- Binding again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["rebind", "add"])
def test_a_live_state_is_no_parameter(library, how):
    model = {"W": np.zeros(2), "b": np.zeros(2)}
    opt = library.GradientAscent(model)
    velocity = opt.state["W"]["velocity"]
    acts = {"rebind": opt.rebind, "add": lambda: opt.add_param_group({"params": {"v": velocity}})}
    if how == "rebind":
        model["b"] = velocity
    with pytest.raises(ValueError, match="share memory"):
        acts[how]()


@told_of_setting
@pytest.mark.parametrize("change", ["shape", "read-only"])
@pytest.mark.parametrize("act", ["write", "add", "load"])
def test_an_array_that_changed_is_not_bound_again(library, change, act):
    w = np.zeros(4)
    opt = library.GradientAscent({"w": w})
    saved = opt.state_dict()
    if change == "shape":
        w.shape = (2, 2)
    else:
        w.flags.writeable = False
    acts = {
        "write": lambda: opt.param_groups[0].update(momentum=0.0),
        "add": lambda: opt.add_param_group({"params": {"v": np.zeros(2)}}),
        "load": lambda: opt.load_state_dict(saved),
    }
    with pytest.raises(ValueError, match=r"'w'.*now"):
        acts[act]()
    assert opt.param_groups[0]["momentum"] == 0.9
    assert len(opt.param_groups) == 1


def test_what_a_nested_iterator_gave_is_bound_again(library):
    a, b = np.zeros(2), np.ones(2)
    opt = library.GradientAscent([iter([a]), b])
    opt.step([np.ones(2), np.ones(2)])
    opt.rebind()
    assert list(opt.state) == ["0.0", "1"]
    assert opt.state["0.0"]["velocity"].all()


def test_a_group_keeps_its_state_when_another_changes_its_names(library):
    first, second = {"w": np.zeros(2)}, {"w": np.zeros(2)}
    opt = library.GradientAscent([{"params": first}, {"params": second}])
    opt.step([np.full(2, 1.0), np.full(2, 5.0)])
    first["x"] = first.pop("w")
    opt.rebind()
    assert opt.state["w"]["velocity"].tolist() == [5.0, 5.0]
    assert opt.state["x"]["velocity"].tolist() == [0.0, 0.0]


def test_a_state_takes_the_layout_of_an_array_bound_again(library):
    model = {"w": np.zeros((3, 4))}
    opt = library.GradientAscent(model)
    opt.step({"w": np.arange(12.0).reshape(3, 4)})
    model["w"] = np.zeros((3, 4), order="F")
    opt.rebind()
    velocity = opt.state["w"]["velocity"]
    assert velocity.flags.f_contiguous
    assert np.array_equal(velocity, np.arange(12.0).reshape(3, 4))


def test_a_copy_of_a_group_is_a_dict(library):
    opt = library.GradientAscent({"w": np.zeros(2)}, lr=0.5)
    group = copy.deepcopy(opt.param_groups)[0]
    assert type(group) is dict
    assert group["lr"] == 0.5


def test_arrays_that_were_replaced_are_not_copied(library):
    model = {"w": np.zeros(2)}
    opt = library.GradientAscent(model)
    model["w"] = np.ones(2)
    with pytest.raises(ValueError, match=r"'w'.*rebind"):
        copy.deepcopy((model, opt))


@needs_kernels
def test_a_question_about_memory_that_was_interrupted_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory, other = np.ones(64), np.ones(4)
    between = memory[1:5]  # in a gap of the parameter
    opt = steepest.GradientDescent([memory[::8], other], momentum=0, beta=None)

    def interrupted(self: object, gradient: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(opt), "_overlaps", interrupted)
        with pytest.raises(KeyboardInterrupt):
            opt.step([None, between])
    assert opt.step_count == 0
    opt.step([None, between], zero_grads=True)
    assert not between.any()
    assert memory[5:].all()
    assert memory[0] == 1
    np.testing.assert_allclose(other, 0.99)


@told_of_setting
@needs_kernels
def test_a_state_seen_as_another_dtype_is_not_stepped() -> None:
    opt = steepest.GradientAscent(np.ones(4, np.float32))
    state = opt.state["0"]["velocity"].base
    state.dtype = np.int16
    state.resize(4, refcheck=False)
    with pytest.raises(RuntimeError, match="resize"):
        opt.step(np.ones(4, np.float32))
