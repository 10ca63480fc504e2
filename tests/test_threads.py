"""Threads meet forks, other Python threads, interrupts and each other; and what all of it leaves behind."""

from __future__ import annotations

import gc
import itertools
import signal
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import steepest
from cases import ALONE, DTYPES, Array, gradient, start
from harness import assert_same_bits, assert_same_state
from machinery import TURNS, in_a_process, needs_fork, needs_kernels, needs_proc, our_threads

every_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the number of threads as it was."""
    threads = steepest.get_num_threads()
    yield
    steepest.set_num_threads(threads)


@pytest.fixture
def patient() -> Iterator[None]:
    """No Python thread is made to give way to another: one runs on until it waits or lets go."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(100)
    yield
    sys.setswitchinterval(interval)


# -- Races: odd sizes, changing numbers of threads -------------------------------------------------


def test_many_steps_with_changing_threads_have_the_bits_of_one_thread() -> None:
    """Steps of 2 to 8 threads close upon each other: whoever comes late must do no harm."""
    rng = np.random.default_rng(7)
    for world in range(6):
        dtype = DTYPES[world % 2]
        cuts = np.sort(rng.integers(0, 560_000, rng.integers(1, 40)))
        sizes = [int(n) for n in np.diff([0, *cuts, 560_000])]
        slopes = [[gradient((n,), dtype, k + n) for n in sizes] for k in range(3)]

        def walk(threads: Callable[[int], int]) -> tuple[list[Array], Any, list[float]]:
            parameters = [start((n,), dtype, n) for n in sizes]  # noqa: B023
            norms: list[float] = []
            opt = steepest.GradientAscent(
                parameters,
                clip_norm=1.0,
                callback=lambda info, norms=norms: norms.append(info.grad_norm),
            )
            for step in range(40):
                steepest.set_num_threads(threads(step))
                opt.step(slopes[step % 3])  # noqa: B023
            return parameters, opt, norms

        expected, one, norms = walk(lambda _: 1)
        drawn = rng.integers(2, 9, 40)
        found, many, others = walk(lambda step: int(drawn[step]))  # noqa: B023
        for array, other in zip(found, expected, strict=True):
            assert_same_bits(array, other, f"world {world}")
        assert norms == others
        assert_same_state(many, one)


def test_every_element_is_stepped_once_in_a_thousand_steps() -> None:
    """θ ← θ + 1 has no room for a unit left out or done twice."""
    sizes = (70_001, 16_384, 1, 50_007, 16_383)
    parameters = [np.zeros(n, np.float32) for n in sizes]
    opt = steepest.GradientAscent(
        parameters, lr=1.0, momentum=0.0, beta=None, nonfinite="propagate"
    )
    ones = [np.ones(n, np.float32) for n in sizes]
    for step, threads in zip(range(1000), itertools.cycle(range(2, 9)), strict=False):
        steepest.set_num_threads(threads)
        opt.step(ones)
        if step % 50 == 0 or step == 999:
            assert all((array == step + 1).all() for array in parameters)


# -- Forks -----------------------------------------------------------------------------------------

FORKS = """
import hashlib, os, signal, sys, threading, time, warnings
import numpy as np, steepest
from cases import gradient, start
warnings.simplefilter("ignore")  # newer Pythons warn of every fork beside a thread

N = 300_000
SLOPES = [gradient((N,), "float32", k) for k in range(4)]
BEGIN = start((N,), "float32")

def stepped(opt, theta, steps=4):
    for k in range(steps):
        opt.step(SLOPES[k % 4])
    return hashlib.sha256(theta.tobytes()).hexdigest()

def walk(threads):
    steepest.set_num_threads(threads)
    theta = BEGIN.copy()
    return stepped(steepest.GradientAscent(theta, clip_norm=1.0), theta)

EXPECTED = walk(1)
IN_THE_MIDDLE = 3

def in_a_child(work):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(20)
            status = work()
            status = 2 if status is False else 0 if status is True else status
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    return child

def wait(child):
    _, status = os.waitpid(child, 0)
    assert status in (0, IN_THE_MIDDLE << 8), status
    return status >> 8 == IN_THE_MIDDLE

def right():
    return all(walk(threads) == EXPECTED for threads in (2, 1, 5))
"""


@needs_kernels
@needs_fork
@needs_proc
def test_a_child_makes_threads_of_its_own_and_the_parent_keeps_its_own() -> None:
    script = """
from machinery import our_threads
assert walk(3) == EXPECTED
assert len(our_threads(2)) == 2

def first():
    none = not our_threads()
    assert right() and our_threads(1)
    wait(in_a_child(second))
    return none and right()

def second():
    assert not our_threads()
    wait(in_a_child(right))
    return right()

for _ in range(10):
    wait(in_a_child(first))
    assert len(our_threads(2)) == 2 and walk(3) == EXPECTED
assert right()
print("done")
"""
    assert in_a_process(FORKS + script) == "done\n"


@needs_fork
def test_an_optimizer_made_before_the_fork_goes_on_in_both() -> None:
    script = """
theta = start((N,), "float32")
opt = steepest.GradientAscent(theta)
steepest.set_num_threads(1)
stepped(opt, theta, 10)
expected = hashlib.sha256(theta.tobytes()).hexdigest()
theta = start((N,), "float32")
opt = steepest.GradientAscent(theta)
steepest.set_num_threads(3)
stepped(opt, theta, 4)

def go_on():
    for k in range(4, 10):
        opt.step(SLOPES[k % 4])
    return opt.step_count == 10 and hashlib.sha256(theta.tobytes()).hexdigest() == expected

children = [in_a_child(go_on) for _ in range(4)]
assert go_on()
for child in children:
    wait(child)
print("done")
"""
    assert in_a_process(FORKS + script) == "done\n"


@needs_fork
def test_a_fork_in_the_middle_of_another_threads_steps_does_no_harm() -> None:
    script = """
steepest.set_num_threads(3)
busy_theta = start((N,), "float32")
busy = steepest.GradientAscent(busy_theta, nonfinite="propagate")
stop = threading.Event()
failed = []

def keep_stepping():
    try:
        while not stop.is_set():
            busy.step(SLOPES[busy.step_count % 4])
    except BaseException as error:
        failed.append(error)

def child_is_right():
    status = True
    try:
        busy.step(SLOPES[0])  # either it was not in a step at the fork,
    except RuntimeError as error:
        assert "under way" in str(error)  # or this is said, without a wait
        status = IN_THE_MIDDLE
    if k % 5 == 0:
        wait(in_a_child(right))
    return status if right() else False

thread = threading.Thread(target=keep_stepping)
thread.start()
in_the_middle = 0
for k in range(18):
    time.sleep(0.0001 * (k % 7))
    in_the_middle += wait(in_a_child(child_is_right))
child = os.fork()
if child == 0:
    sys.exit(0 if right() else 2)  # the interpreter ends, too
wait(child)
stop.set()
thread.join()
assert not failed, failed
count = busy.step_count
again = start((N,), "float32")
steepest.set_num_threads(1)
opt = steepest.GradientAscent(again, nonfinite="propagate")
for k in range(count):
    opt.step(SLOPES[k % 4])
assert again.tobytes() == busy_theta.tobytes()
print(in_the_middle)
"""
    assert int(in_a_process(FORKS + script)) > 0


@needs_fork
def test_multiprocessing_by_fork_steps_in_every_worker() -> None:
    script = """
import multiprocessing
assert walk(2) == EXPECTED
with multiprocessing.get_context("fork").Pool(3) as pool:
    found = pool.map_async(walk, [1, 2, 3, 4, 5, 6]).get(timeout=30)
assert found == [EXPECTED] * 6
assert walk(2) == EXPECTED
print("done")
"""
    assert in_a_process(FORKS + script) == "done\n"


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os.kill(os.getpid(), signal.SIGINT)"])
def test_a_process_ends_while_a_daemon_thread_steps(end: str) -> None:
    """The pool's threads, too: nobody waits for them, and they touch nothing of Python's."""
    script = """
import os, signal, sys, threading, time
import numpy as np, steepest
steepest.set_num_threads(3)

def keep_stepping():
    theta = np.zeros(300_000)
    opt, slope = steepest.GradientAscent(theta), np.ones_like(theta)
    while True:
        opt.step(slope)

threading.Thread(target=keep_stepping, daemon=True).start()
time.sleep(0.05)
print("done", flush=True)
try:
    END
    time.sleep(0)
except KeyboardInterrupt:
    pass
"""
    for _ in range(2):
        assert in_a_process(script.replace("END", end or "pass")) == "done\n"


# -- Other Python threads --------------------------------------------------------------------------


@pytest.mark.skipif(not TURNS, reason="without the GIL other threads run during any step")
@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("threads", [1, 2])
def test_other_python_threads_run_during_a_large_step(threads: int) -> None:
    """Nobody is made to give way here, so the counter moves only while a step lets it."""
    steepest.set_num_threads(threads)
    count, stop = 0, False

    def keep_counting() -> None:
        nonlocal count
        while not stop:
            count += 1
            time.sleep(0)  # lets others run

    def counted_during(n: int, steps: int) -> int:
        theta, slope = np.zeros(n, np.float32), np.ones(n, np.float32)
        opt = steepest.GradientAscent(theta)
        opt.step(slope)
        moved = 0
        for _ in range(steps):
            before = count
            opt.step(slope)
            moved += count - before
        return moved

    counter = threading.Thread(target=keep_counting)
    counter.start()
    try:
        assert counted_during(100, 1000) == 0
        assert counted_during(3_000_000, 20) > 100
        assert counted_during(300_000, 100) > 20
    finally:
        stop = True
        counter.join()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("n", [20_000, 300_000])
def test_python_threads_that_step_one_optimizer_take_turns(threads: int, n: int) -> None:
    """Whoever comes while a step is under way is told; the bits are those of the steps taken, in turn."""
    steepest.set_num_threads(threads)
    slopes = {0.25 * k: np.full(n, 0.25 * k / n**0.5) for k in range(1, 4)}
    order: list[float] = []
    theta = start((n,), "float64")
    opt = steepest.GradientAscent(theta, callback=lambda info: order.append(info.grad_norm))
    taken, refused, wrong = [0] * 3, [0] * 3, []
    begin = threading.Barrier(3)

    def step_often(me: int, slope: Array) -> None:
        begin.wait()
        while taken[me] < 40:
            try:
                opt.step(slope)
                taken[me] += 1
            except RuntimeError as error:
                refused[me] += 1
                if "under way" not in str(error):
                    wrong.append(error)
                time.sleep(0)

    workers = [
        threading.Thread(target=step_often, args=(me, slope))
        for me, slope in enumerate(slopes.values())
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert not wrong
    assert opt.step_count == len(order) == sum(taken) == 120
    steepest.set_num_threads(1)
    expected = start((n,), "float64")
    alone = steepest.GradientAscent(expected)
    for norm in order:
        alone.step(slopes[min(slopes, key=lambda known: abs(known - norm))])
    assert_same_bits(theta, expected)
    assert_same_state(opt, alone)


def test_while_a_step_is_under_way_nothing_else_of_the_optimizer_moves() -> None:
    """What others read or write then is refused, or as it was before or after a whole step."""
    theta, slope = np.zeros(400_000), np.ones(400_000)
    opt = steepest.GradientAscent(theta, momentum=0.5)
    stop, wrong = threading.Event(), []
    acts: list[Callable[[], Any]] = [
        opt.state_dict,
        opt.rebind,
        lambda: opt.param_groups[0].update(lr=0.02),
        lambda: setattr(opt, "clip_norm", None),
        lambda: opt.step_count,
        lambda: opt.effective_lr,
        lambda: repr(opt),
        lambda: opt.state["0"]["velocity"].flags,
    ]

    def disturb() -> None:
        for act in itertools.cycle(acts):
            if stop.is_set():
                return
            try:
                act()
            except RuntimeError as error:
                if "under way" not in str(error):
                    wrong.append(error)
            except Exception as error:
                wrong.append(error)

    other = threading.Thread(target=disturb)
    other.start()
    taken = 0
    try:
        while taken < 150:
            try:
                opt.step(slope)
                taken += 1
            except RuntimeError as error:
                assert "under way" in str(error)
    finally:
        stop.set()
        other.join()
    assert not wrong
    assert opt.step_count == 150
    assert (theta == theta[0]).all()
    assert all((array == array[0]).all() for array in opt.state["0"].values())


@pytest.mark.parametrize("n", [20_000, 200_003])
def test_two_optimizers_step_at_once_in_two_python_threads(n: int) -> None:
    """Only one of them gets the pool at a time; both get their bits."""
    cases = [case for case in ALONE if case.name in ("clip-norm", "adam-amsgrad", "nadam", "rprop")]
    slopes = [gradient((n,), "float32", k) for k in range(3)]

    def walk(case: Any, threads: Callable[[int], int | None]) -> bytes:
        theta = start((n,), "float32")
        opt = getattr(steepest, case.optimizer)(theta, **case.options)
        for step in range(60):
            if (number := threads(step)) is not None:
                steepest.set_num_threads(number)
            opt.step(slopes[step % 3])
        return theta.tobytes() + b"".join(a.tobytes() for a in opt.state["0"].values())

    expected = [walk(case, lambda _: 1) for case in cases]
    found: list[bytes] = [b""] * len(cases)

    def work(k: int) -> None:
        found[k] = walk(cases[k], lambda step: (2, None, 3, 1, 5)[(step + k) % 5])

    for _ in range(3):
        workers = [threading.Thread(target=work, args=(k,)) for k in range(len(cases))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)
        assert found == expected


def test_the_collector_runs_beside_a_step() -> None:
    """It sees an optimizer in the middle of a step, in a cycle with its callback, and leaves it alone."""
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            gc.collect()

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for _ in range(30):
            theta, told = np.zeros(200_000), []
            opt = steepest.GradientAscent({"w": theta}, lr=1.0, momentum=0.0, beta=None)
            opt.callback = lambda info, opt=opt, told=told: told.append((info.step, opt))
            for _ in range(3):
                opt.step({"w": np.ones_like(theta)})
            assert (theta == 3).all()
            assert [step for step, _ in told] == [1, 2, 3]
    finally:
        stop.set()
        collector.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupt_leaves_whole_steps(threads: int) -> None:
    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    steepest.set_num_threads(threads)
    theta, slope = np.zeros(400_000), np.ones(400_000)
    opt = steepest.GradientAscent(theta, lr=1.0, momentum=0.0, beta=None)
    previous = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    try:
        for i in range(100):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-5 + 3e-5 * i)
                for _ in range(1000):
                    opt.step(slope)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            assert theta[0] == opt.step_count
            assert (theta == theta[0]).all()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert interrupted == 100


# -- What it costs in memory -----------------------------------------------------------------------


def traced(work: Callable[[], Any]) -> int:
    """The bytes that Python and NumPy allocate at most, beyond what they hold before, during a call."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    work()
    return tracemalloc.get_traced_memory()[1] - before


@pytest.fixture
def tracing() -> Iterator[None]:
    """Allocations are traced."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


# Options of GradientAscent, and the numbers of state they need for each number of a parameter.
STATES: list[tuple[dict[str, Any], int]] = [
    ({}, 2),
    ({"nesterov": True, "weight_decay": 0.1, "clip_norm": 1.0, "clip_value": 0.3}, 2),
    ({"beta": None}, 1),
    ({"momentum": 0.0}, 1),
    ({"momentum": 0.0, "beta": None}, 0),
]
every_state = pytest.mark.parametrize(("options", "numbers"), STATES, ids=range(len(STATES)))


@every_dtype
@every_state
@pytest.mark.usefixtures("tracing")
def test_state_is_exactly_what_was_promised(
    options: dict[str, Any], numbers: int, dtype: str
) -> None:
    n = 1_000_003
    theta = np.zeros(n, dtype)
    opt = None

    def make() -> None:
        nonlocal opt
        opt = steepest.GradientAscent(theta, **options)

    found = traced(make)
    promised = numbers * theta.nbytes
    assert sum(array.nbytes for array in opt.state["0"].values()) == promised
    assert promised <= found <= promised + 20_000  # and a few objects


@needs_kernels
@every_dtype
@every_state
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.usefixtures("tracing")
def test_a_step_allocates_nothing(
    options: dict[str, Any], numbers: int, threads: int, dtype: str
) -> None:
    steepest.set_num_threads(threads)
    shapes = [(140_001,), (300, 500), (), (0,)]
    parameters = {str(k): start(shape, dtype) for k, shape in enumerate(shapes)}
    slopes = {name: np.array(gradient(p.shape, dtype, 1)) for name, p in parameters.items()}
    opt = steepest.GradientAscent(list(parameters.values()), **options)
    flat = list(slopes.values())

    def nothing() -> None:
        pass

    def step() -> None:
        opt.step(flat)

    def step_and_zero() -> None:
        opt.step(flat, zero_grads=True)

    for work in (nothing, step, step_and_zero):
        work()
        work()
    traced(nothing)
    usual = max(traced(nothing) for _ in range(3))
    assert max(traced(step) for _ in range(5)) <= usual
    # Here a call with a keyword is all that may be seen, and no array.
    assert max(traced(step_and_zero) for _ in range(5)) <= usual + 512


@needs_kernels
@pytest.mark.usefixtures("tracing")
def test_only_a_gradient_that_overlaps_is_copied_and_only_for_the_step() -> None:
    steepest.set_num_threads(3)
    a, b = np.zeros(300_000), np.zeros(100_000)
    opt = steepest.GradientAscent([a, b], nonfinite="propagate")
    free, overlapping = [np.ones_like(a), np.ones_like(b)], [np.ones_like(a), a[5:100_005]]
    for slopes in (free, overlapping, free, overlapping):
        opt.step(slopes)
    assert traced(lambda: opt.step(free)) < 1000
    before = tracemalloc.get_traced_memory()[0]
    assert b.nbytes <= traced(lambda: opt.step(overlapping)) < b.nbytes + 2000
    assert tracemalloc.get_traced_memory()[0] - before < 1000


@needs_proc
def test_memory_stays_flat_over_steps_and_over_optimizers() -> None:
    script = """
import gc, os
from pathlib import Path
import numpy as np, steepest

def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

theta = [np.zeros(n, np.float32) for n in (200_001, 90_000, 5)]
slopes = [np.ones_like(a) for a in theta]
opt = steepest.GradientAscent(theta, clip_norm=1.0)

def steps(count):
    for k in range(count):
        steepest.set_num_threads(1 + k % 6)
        opt.step(slopes, zero_grads=k % 2 == 0)

def optimizers(count):
    for k in range(count):
        arrays = [np.zeros(n, np.float32) for n in (140_000, 3, 3)]
        short = steepest.NAdam(arrays, callback=lambda info: None)
        short.callback = lambda info, short=short: None  # a cycle
        short.step([np.ones_like(a) for a in arrays])
        if k % 10 == 0:
            gc.collect()

def overlapping(count):
    w = np.zeros(200_000)
    opt = steepest.GradientAscent(w, nonfinite="propagate")
    for _ in range(count):
        opt.step(w[::-1])

for work, count in ((steps, 1500), (optimizers, 150), (overlapping, 300)):
    work(count // 5)
    before = resident()
    work(count)
    print(work.__name__, resident() - before)
"""
    # glibc otherwise learns to keep freed arrays in its heap, where others may lie above them.
    environment = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
    printed = in_a_process(script, timeout=300, **environment)
    grown = dict(line.split() for line in printed.splitlines())
    assert grown.keys() == {"steps", "optimizers", "overlapping"}
    assert all(int(found) < 1_500_000 for found in grown.values()), grown


@needs_kernels
@needs_proc
def test_a_step_is_taken_where_the_system_gives_no_thread() -> None:
    script = """
import os, resource
from pathlib import Path
import numpy as np, steepest
theta, slope = np.zeros(600_000), np.ones(600_000)
opt = steepest.GradientAscent(theta, lr=1.0, momentum=0.0, beta=None)
steepest.set_num_threads(1)
opt.step([slope])
steepest.set_num_threads(4)
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * os.sysconf("SC_PAGE_SIZE") + 500_000  # no room for a stack
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
opt.step([slope])
few = len(os.listdir("/proc/self/task"))
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
opt.step([slope])
print((theta == 3).all(), len(os.listdir("/proc/self/task")) - few)
"""
    assert in_a_process(script, OPENBLAS_NUM_THREADS="1").split() == ["True", "3"]


@needs_kernels
@needs_proc
def test_the_pool_has_no_more_threads_than_were_ever_asked_for() -> None:
    for threads in (5, 2, 7, 1, 3):
        steepest.set_num_threads(threads)
        theta = np.zeros(600_000, np.float32)
        steepest.GradientAscent(theta).step(np.ones_like(theta))
    before = our_threads(6)
    assert {f"steepest-{k}" for k in range(1, 7)} <= set(before)
    for threads in (5, 2, 7, 1, 3):
        steepest.set_num_threads(threads)
        steepest.GradientAscent(theta).step(np.ones_like(theta))
    assert our_threads() == before
