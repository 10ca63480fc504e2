"""Python threads at once in the kernels: with the GIL they take turns, without it they do not.

Small steps above all: they never let another thread run, so it is the GIL alone that orders them where it is.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import steepest
from cases import ALONE, Case, gradient, start
from harness import build
from machinery import SETS, TURNS, in_a_process
from steepest.groups import ParamGroup
from steepest.optimizer import Optimizer


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the machine's settings as they were; let threads with the GIL take turns often."""
    threads, name = steepest.get_num_threads(), steepest.get_instruction_set()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)
    steepest.set_num_threads(threads)
    steepest.set_instruction_set(name)


def at_once(works: Sequence[Callable[[], Any]], beside: Callable[[], Any] | None = None) -> None:
    """Run each in a thread of its own, and `beside` until they have ended; raise what any of them raises."""
    gate, errors = threading.Barrier(len(works)), []
    ended = threading.Event()

    def once(work: Callable[[], Any]) -> None:
        try:
            gate.wait(60)
            work()
        except BaseException as error:
            errors.append(error)

    def over_and_over() -> None:
        try:
            while beside and not ended.is_set():
                beside()
        except BaseException as error:
            errors.append(error)

    other = threading.Thread(target=over_and_over)
    threads = [threading.Thread(target=once, args=(work,)) for work in works]
    for thread in (other, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    other.join()
    if errors:
        raise errors[0]


# -- Optimizers of their own -----------------------------------------------------------------------

SHAPES = [(3,), (5, 2), (), (700,)]


def walked(library: Any, case: Case, dtype: str, more: int) -> bytes:
    """The bits of arrays, one of them of so many more elements, and of their states, after some steps."""
    shapes = [*SHAPES, (more,)]
    parameters = {str(k): start(shape, dtype, k) for k, shape in enumerate(shapes)}
    opt = build(library, case, parameters)
    for step in range(12):
        slopes = {
            name: gradient(parameter.shape, dtype, 7 * step + k)
            for k, (name, parameter) in enumerate(parameters.items())
        }
        opt.step(slopes if step % 2 else list(slopes.values()))
    states = [array for state in opt.state.values() for array in state.values()]
    return b"".join(np.asarray(array).tobytes() for array in (*parameters.values(), *states))


@pytest.mark.parametrize("more", [11, 150_001])
def test_optimizers_of_their_own_have_the_bits_of_the_reference(more: int) -> None:
    """While the number of threads and the instruction set change; large steps contend for the pool."""
    cases = list(zip(ALONE, itertools.cycle(["float32", "float64"]), strict=False))
    cases = cases if more < 1000 else cases[::7]
    expected = [walked(steepest.reference, *case, more) for case in cases]
    workers = 8
    found: list[dict[int, bytes]] = [{} for _ in range(workers)]

    def work(me: int) -> None:
        for k in range(len(cases)):
            place = (k + me * len(cases) // workers) % len(cases)
            found[me][place] = walked(steepest, *cases[place], more)

    settings = itertools.cycle(itertools.product(range(1, 6), SETS))

    def change() -> None:
        threads, name = next(settings)
        steepest.set_num_threads(threads)
        steepest.set_instruction_set(name)
        time.sleep(0.0005)

    at_once([lambda me=me: work(me) for me in range(workers)], beside=change)
    for bits in found:
        assert [bits[k] for k in range(len(cases))] == expected


# -- One optimizer ---------------------------------------------------------------------------------

# θ ← θ + 1 for a gradient of ones: steps can be counted in every element.
COUNTING: dict[str, Any] = {"momentum": 0.0, "beta": None}


@pytest.mark.parametrize("form", ["list", "dict", "tuple"])
@pytest.mark.parametrize("more", [{}, {"callback": lambda info: None}, {"lr": lambda t: 1.0}])
def test_whoever_steps_an_optimizer_that_steps_is_told(more: dict[str, Any], form: str) -> None:
    theta = {"w": np.zeros(10), "b": np.zeros((3, 4), np.float32)}
    options = {"lr": 1.0, **COUNTING, **more}
    opt = steepest.GradientAscent(theta if form == "dict" else list(theta.values()), **options)
    ones = {name: np.ones_like(array) for name, array in theta.items()}
    slopes = {"list": list, "tuple": tuple, "dict": lambda _: ones}[form](ones.values())
    taken = [0] * 6

    def step_often(me: int) -> None:
        for _ in range(400):
            try:
                opt.step(slopes)
                taken[me] += 1
            except RuntimeError as error:
                assert "under way" in str(error)

    at_once([lambda me=me: step_often(me) for me in range(len(taken))])
    assert opt.step_count == sum(taken) > 0
    assert all((array == opt.step_count).all() for array in theta.values())
    opt.step(slopes)  # nothing is left of all that


def test_looking_at_an_optimizer_hinders_no_step() -> None:
    """Who looks while a step is under way may be told so; the step is taken all the same."""
    theta = np.zeros(10)
    opt = steepest.GradientAscent(theta, lr=1.0, callback=lambda info: None, **COUNTING)
    slopes, told = [np.ones(10)], []

    def look() -> None:
        try:
            assert 0 <= opt.step_count <= 3000
            assert opt.state_dict()["step_count"] <= 3000
        except RuntimeError as error:
            told.append(str(error))

    def step_often() -> None:
        for _ in range(3000):
            opt.step(slopes)

    at_once([step_often], beside=look)
    assert opt.step_count == 3000
    assert (theta == 3000).all()
    assert all("under way" in words for words in told)


def test_counters_can_be_looked_at_by_many() -> None:
    opt = steepest.GradientAscent(np.zeros(10))

    def look_often() -> None:
        for _ in range(3000):
            assert opt.step_count == 0 == opt.skipped_steps

    at_once([look_often] * 4)


LIBRARIES = pytest.mark.parametrize("library", [steepest, steepest.reference])


@pytest.fixture
def yielding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other threads run before an attribute is assigned one by one, as they may there."""

    def assign(self: Any, name: str, value: Any) -> None:
        time.sleep(0)
        object.__setattr__(self, name, value)

    for owner in (Optimizer, ParamGroup):
        monkeypatch.setattr(owner, "__setattr__", assign)


def each(optimizers: Sequence[Any], work: Callable[[Any], Any]) -> Callable[[], None]:
    """For a thread: the same with all of them, one after another."""

    def run() -> None:
        for optimizer in optimizers:
            work(optimizer)

    return run


@LIBRARIES
@pytest.mark.usefixtures("yielding")
def test_the_lr_shown_is_the_one_used_whoever_writes_it(library: Any) -> None:
    for _ in range(10):
        thetas = [np.zeros(2) for _ in range(200)]
        optimizers = [library.SGD(theta, lr=1.0) for theta in thetas]

        def write(lr: float, optimizers: Any = optimizers) -> Callable[[], None]:
            return each(optimizers, lambda optimizer: optimizer.param_groups[0].update(lr=lr))

        at_once([write(lr) for lr in (2.0, 3.0, 4.0)])
        for theta, opt in zip(thetas, optimizers, strict=True):
            opt.step([np.ones(2)])
            assert -theta[0] == opt.lr == opt.effective_lr > 1


@LIBRARIES
def test_options_that_two_threads_write_count_both(library: Any) -> None:
    """Of two groups, of one, and of the optimizer as a whole."""
    for _ in range(10):
        thetas = [[np.zeros(2), np.zeros(2)] for _ in range(200)]
        optimizers = [
            library.SGD([{"params": [theta]} for theta in pair], lr=1.0) for pair in thetas
        ]
        at_once(
            [
                each(optimizers, lambda opt: opt.param_groups[0].update(lr=2.0)),
                each(optimizers, lambda opt: opt.param_groups[0].update(maximize=True)),
                each(optimizers, lambda opt: opt.param_groups[1].update(lr=3.0)),
                each(optimizers, lambda opt: setattr(opt, "clip_norm", 1.0)),
            ]
        )
        for pair, opt in zip(thetas, optimizers, strict=True):
            opt.step([np.ones(2), np.ones(2)])
            assert [group["lr"] for group in opt.param_groups] == [2.0, 3.0]
            assert opt.clip_norm == 1.0
            assert [round(float(theta[0]), 5) for theta in pair] == [1.0, -1.5]


@LIBRARIES
@pytest.mark.usefixtures("yielding")
def test_the_state_shown_is_the_one_stepped_whoever_loads_it(library: Any) -> None:
    saved = library.SGD({"w": np.zeros(2)}, lr=1.0, momentum=0.5).state_dict()
    for _ in range(10):
        optimizers = [library.SGD({"w": np.zeros(2)}, lr=1.0, momentum=0.5) for _ in range(100)]
        at_once([each(optimizers, lambda opt: opt.load_state_dict(saved))] * 3)
        for opt in optimizers:
            opt.step({"w": np.full(2, 7.0)})
            (velocity,) = opt.state["w"].values()
            assert (velocity == 7.0).all()


@LIBRARIES
def test_groups_that_threads_add_are_all_there(library: Any) -> None:
    """While others read the optimizer whole, and bind it again."""
    for _ in range(10):
        thetas = [[np.zeros(2) for _ in range(4)] for _ in range(50)]
        models = [{"w": theta[0]} for theta in thetas]
        optimizers = [library.SGD(model, lr=1.0) for model in models]

        def add(k: int, optimizers: Any = optimizers, thetas: Any = thetas) -> Callable[[], None]:
            pairs = iter(zip(optimizers, thetas, strict=True))
            return each(optimizers, lambda _: add_to(*next(pairs), k))

        def add_to(opt: Any, theta: Any, k: int) -> None:
            opt.add_param_group({"params": iter([theta[k]])})

        at_once(
            [
                *(add(k) for k in (1, 2, 3)),
                each(optimizers, lambda opt: opt.rebind()),
                each(optimizers, lambda opt: opt.state_dict()),
            ]
        )
        for opt, theta in zip(optimizers, thetas, strict=True):
            assert list(opt.state) == ["w", "0", "group2.0", "group3.0"]
            opt.step([np.ones(2)] * 4)
            assert all((array == -1).all() for array in theta)


@LIBRARIES
def test_what_an_option_calls_when_it_goes_may_come_back(library: Any) -> None:
    """Also by another thread, which it waits for."""
    script = """
import threading
import numpy as np, steepest

opt = steepest.LIBRARYSGD([np.zeros(2)], lr=1.0)
seen = []

class Note:
    def __del__(self):
        seen.append(opt.step_count)
        opt.lr = 2.0
        thread = threading.Thread(target=setattr, args=(opt, "clip_norm", 1.0))
        thread.start()
        thread.join()

(group,) = opt.param_groups
group["note"] = Note()
opt.rebind()
group["note"] = None
assert seen == [0], seen
assert (group["note"], opt.lr, opt.clip_norm) == (None, 2.0, 1.0)
print("done")
"""
    name = "reference." if library is steepest.reference else ""
    assert in_a_process(script.replace("LIBRARY", name), timeout=20) == "done\n"


# -- Containers that change ------------------------------------------------------------------------

CHANGING = """
import itertools, sys, threading
import numpy as np, steepest
sys.setswitchinterval(1e-5)
N = 5

def slopes():
    return [np.ones(N) for _ in range(40)]

def parameters():
    return [np.zeros(N) for _ in range(40)]

model, flat = parameters(), slopes()
kept = list(model)
opt = steepest.GradientAscent(model, lr=1.0, momentum=0.0, beta=None, logging_interval=0)
stop = threading.Event()
wrong = []

def guarded(work):
    def run():
        try:
            for k in itertools.count():
                if stop.is_set():
                    return
                work(k)
        except BaseException as error:
            wrong.append(error)
            stop.set()
    return threading.Thread(target=run)

def replace(k):
    flat[k % len(kept)] = np.ones(N + (k % 7 == 0)) if k % 11 else None

def resize(k):
    if k % 2:
        flat.extend([None] * 100)
        model.extend([None] * 100)
    else:
        del flat[len(kept):]
        del model[len(kept):]

def rebind(k):
    model[k % len(kept)] = np.zeros(N)
    model[k % len(kept)] = kept[k % len(kept)]

threads = [guarded(work) for work in (replace, resize, rebind)]
for thread in threads:
    thread.start()
taken = 0
for _ in range(4000):
    try:
        opt.step(flat)
        taken += 1
    except (ValueError, TypeError, RuntimeError):
        pass
stop.set()
for thread in threads:
    thread.join()
assert not wrong, wrong
assert opt.step_count == taken
assert all((array == array[0]).all() for array in kept)
assert max(array[0] for array in kept) <= taken
print("done")
"""


def test_lists_that_other_threads_change_are_seen_whole_or_refused() -> None:
    """Items replaced, lists grown and cut, while steps look at them: no step along what has been freed."""
    assert in_a_process(CHANGING) == "done\n"


@pytest.mark.skipif(TURNS, reason="needs a free-threaded Python with its GIL off")
def test_the_kernels_leave_the_gil_off() -> None:
    script = "import sys, steepest; print(sys._is_gil_enabled(), steepest.backend.NAME)"
    assert in_a_process(script, PYTHONWARNINGS="error", PYTHON_GIL="").split() == ["False", "rust"]
