"""Minibatches: every row once an epoch, the same order for the same seed, and resumed anywhere."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from steepest import minibatches
from unchanged import refused

Data = namedtuple("Data", "X y")
lengths = st.integers(1, 40)
sizes = st.integers(1, 12)
seeds = st.integers(0, 2**62)
#: The first two epochs of 8 rows by seed 20, as NumPy 2.4 orders them.
RECORDED = [[1, 3, 4, 5, 6, 7, 0, 2], [4, 2, 7, 3, 1, 5, 0, 6]]


def rows(batches: Any) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


class TestEpochs:
    @given(n=lengths, size=sizes, seed=seeds)
    def test_have_every_row_once(self, n: int, size: int, seed: int) -> None:
        batches = minibatches(np.arange(n), size, seed)
        for _ in range(3):
            epoch = rows(batches)
            assert len(epoch) == len(batches) == -(-n // size)
            assert sorted(itertools.chain(*epoch)) == list(range(n))
            assert all(len(batch) == size for batch in epoch[:-1])
            assert len(epoch[-1]) == (n - 1) % size + 1

    @given(n=lengths, size=sizes, seed=seeds)
    def test_may_leave_out_a_smaller_last_batch(self, n: int, size: int, seed: int) -> None:
        size = min(n, size)
        batches = minibatches(np.arange(n), size, seed, drop_last=True)
        epoch = rows(batches)
        assert len(epoch) == len(batches) == n // size
        assert all(len(batch) == size for batch in epoch)
        whole = minibatches(np.arange(n), size, seed)
        assert epoch == rows(whole)[: len(epoch)]

    @given(n=lengths, size=sizes)
    def test_keep_the_order_if_not_shuffled(self, n: int, size: int) -> None:
        batches = minibatches(np.arange(n), size, 0, shuffle=False)
        for _ in range(2):
            assert list(itertools.chain(*rows(batches))) == list(range(n))

    def test_differ_from_each_other_and_by_seed(self) -> None:
        orders = []
        for seed in (0, 1):
            batches = minibatches(np.arange(100), 100, seed)
            orders += [tuple(next(iter(batches))) for _ in range(4) for _ in [rows(batches)]]
        assert len(set(orders)) == 8

    def test_are_counted(self) -> None:
        batches = minibatches(np.arange(5), 2, 0)
        seen = [(batches.epoch, batches.position)]
        for _ in range(2):
            seen += [(batches.epoch, batches.position) for _ in batches]
        assert seen == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]
        assert (batches.epoch, batches.position) == (2, 0)
        assert repr(batches) == "<minibatches: 5 rows by 2, seed 0, epoch 2, batch 0 of 3>"

    def test_go_on_for_ever(self) -> None:
        batches, same = (minibatches(np.arange(5), 2, 0) for _ in range(2))
        stream = batches.forever()
        found = [next(stream).tolist() for _ in range(8)]
        assert found == (rows(same) + rows(same) + rows(same))[:8]
        assert (batches.epoch, batches.position) == (2, 2)


class TestReproducible:
    def test_orders_are_those_recorded(self) -> None:
        batches = minibatches(np.arange(8), 8, seed=20)
        assert rows(batches) + rows(batches) == RECORDED

    def test_an_epoch_needs_none_before_it(self) -> None:
        batches = minibatches(np.arange(50), 7, 3)
        epochs = [rows(batches) for _ in range(5)]
        for epoch in (4, 1, 3):
            state = batches.state_dict() | {"epoch": epoch, "position": 0}
            batches.load_state_dict(state)
            assert rows(batches) == epochs[epoch]

    @given(n=lengths, size=sizes, seed=seeds, steps=st.integers(0, 60), shuffle=st.booleans())
    def test_a_run_goes_on_where_it_was_saved(
        self, n: int, size: int, seed: int, steps: int, shuffle: bool
    ) -> None:
        batches = minibatches(np.arange(n), size, seed, shuffle=shuffle)
        stream = batches.forever()
        for _ in range(steps):
            next(stream)
        saved = json.dumps(batches.state_dict())
        others = minibatches(np.arange(n), size, 0, shuffle=shuffle)
        others.load_state_dict(json.loads(saved))
        assert (others.epoch, others.position) == (batches.epoch, batches.position)
        again = others.forever()
        for _ in range(2 * len(batches)):
            assert next(stream).tolist() == next(again).tolist()

    def test_a_loop_over_epochs_goes_on_after_a_state_saved_in_its_last_batch(self) -> None:
        def train(batches: Any, log: list[Any], stop: int | None = None) -> Any:
            for _ in range(batches.epoch, 3):
                for batch in batches:
                    log.append(batch.tolist())
                    if len(log) == stop:
                        return batches.state_dict()
            return None

        whole: list[Any] = []
        train(minibatches(np.arange(5), 2, 0), whole)
        for stop in range(1, 10):
            log: list[Any] = []
            state = train(minibatches(np.arange(5), 2, 0), log, stop)
            resumed = minibatches(np.arange(5), 2, 99)
            resumed.load_state_dict(state)
            train(resumed, log)
            assert log == whole

    def test_a_loop_that_was_left_goes_on(self) -> None:
        batches = minibatches(np.arange(6), 2, 0)
        whole = rows(minibatches(np.arange(6), 2, 0))
        first = next(iter(batches)).tolist()
        assert [first, *rows(batches)] == whole

    def test_states_are_plain_numbers(self) -> None:
        state = minibatches(np.arange(6), np.int64(4), np.int64(5)).state_dict()
        assert state == {
            "seed": 5,
            "epoch": 0,
            "position": 0,
            "length": 6,
            "batch_size": 4,
            "shuffle": True,
            "drop_last": False,
        }
        assert {type(value) for value in state.values()} == {int, bool}


class TestForms:
    X = np.arange(12.0).reshape(6, 2)
    y = np.arange(6)

    @pytest.mark.parametrize("shuffle", [True, False])
    def test_are_those_of_the_arrays(self, shuffle: bool) -> None:
        nested = {"data": Data(self.X, self.y), "list": [self.y], "pair": (self.y, {"X": self.X})}
        for batch in minibatches(nested, 4, 0, shuffle=shuffle):
            X, y = batch["data"]
            assert isinstance(batch["data"], Data)
            assert isinstance(batch["list"], list)
            assert isinstance(batch["pair"], tuple)
            assert (self.X[y] == X).all()
            assert (batch["list"][0] == y).all()
            assert (batch["pair"][1]["X"] == X).all()

    def test_of_any_dtype(self) -> None:
        words = np.array(list("abcdef"))
        for batch, places in minibatches((words, self.y), 4, 0):
            assert batch.tolist() == words[places].tolist()

    def test_shuffled_batches_are_copies_and_others_cannot_be_written(self) -> None:
        X = self.X.copy()
        for batch in minibatches(X, 4, 0):
            batch[...] = -1
        for batch in minibatches(X, 4, 0, shuffle=False):
            assert np.shares_memory(batch, X)
            with pytest.raises(ValueError, match="read-only"):
                batch[...] = -1
        assert (X == self.X).all()
        assert X.flags.writeable

    @pytest.mark.parametrize("shuffle", [True, False])
    def test_memory_maps_are_read_by_the_batch(self, tmp_path: Any, shuffle: bool) -> None:
        X = np.memmap(tmp_path / "X", np.float64, "w+", shape=(100, 100_000))  # 80 MB
        X[:, 0] = np.arange(100)
        y = np.arange(100)
        tracemalloc.start()
        for batch, places in itertools.islice(minibatches((X, y), 2, 0, shuffle=shuffle), 5):
            assert type(batch) is np.ndarray
            assert (batch[:, 0] == places).all()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 10e6


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            (
                {"arrays": (np.ones(3), np.ones(4))},
                ValueError,
                ["arrays[0] has 3", "arrays[1] has 4"],
            ),
            (
                {"arrays": {"X": np.ones(3), "y": [np.ones(2)]}},
                ValueError,
                ["arrays['y'][0] has 2"],
            ),
            ({"arrays": ()}, ValueError, ["arrays: found no array"]),
            ({"arrays": np.ones((0, 2))}, ValueError, ["no rows"]),
            ({"arrays": np.array(1.0)}, ValueError, ["arrays: has no axis"]),
            ({"arrays": [1.0, 2.0]}, TypeError, ["arrays[0]: got float"]),
            ({"arrays": (np.ones(3), "abc")}, TypeError, ["arrays[1]: got str"]),
            ({"arrays": {"y": None}}, TypeError, ["arrays['y']: got NoneType"]),
            ({"arrays": np.ma.ones(3)}, TypeError, ["arrays: got a MaskedArray"]),
            ({"arrays": (csr_array(np.eye(3)),)}, TypeError, ["arrays[0]", "sparse"]),
            ({"batch_size": 0}, ValueError, ["batch_size: got 0", "at least 1"]),
            ({"batch_size": -1}, ValueError, ["batch_size: got -1", "at least 1"]),
            ({"batch_size": 2.0}, TypeError, ["batch_size: got 2.0", "integer"]),
            ({"batch_size": True}, TypeError, ["batch_size"]),
            ({"batch_size": 4, "drop_last": True}, ValueError, ["batch_size: got 4", "3 rows"]),
            ({"seed": -1}, ValueError, ["seed: got -1"]),
            ({"seed": None}, TypeError, ["seed: got None"]),
            ({"seed": 1.5}, TypeError, ["seed"]),
            ({"shuffle": 1}, TypeError, ["shuffle"]),
            ({"drop_last": "no"}, TypeError, ["drop_last"]),
        ],
        ids=str,
    )
    def test_say_what_was_expected(self, change: Any, error: Any, said: Any) -> None:
        call = {"arrays": np.ones(3), "batch_size": 2, "seed": 0}
        with refused(error, *said):
            minibatches(**(call | change))

    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            ({"position": 4}, ValueError, ["position is 4", "3 batches"]),
            ({"position": -1}, ValueError, ["position"]),
            ({"epoch": 1.5}, TypeError, ["epoch"]),
            ({"seed": "0"}, TypeError, ["seed"]),
            ({"length": 6}, ValueError, ["length was 6, expected 5"]),
            ({"batch_size": 3}, ValueError, ["batch_size was 3, expected 2"]),
            ({"shuffle": False}, ValueError, ["shuffle was False"]),
            ({"more": 1}, ValueError, ["more"]),
        ],
        ids=str,
    )
    def test_of_a_state_change_nothing(self, change: Any, error: Any, said: Any) -> None:
        batches = minibatches(np.arange(5), 2, 0)
        next(iter(batches))
        state = batches.state_dict()
        with refused(error, "state", *said):
            batches.load_state_dict(state | {"epoch": 7} | change)
        assert batches.state_dict() == state

    def test_of_a_state_that_lacks_something(self) -> None:
        batches = minibatches(np.arange(5), 2, 0)
        state = batches.state_dict()
        del state["epoch"]
        with refused(ValueError, "state", "'epoch'"):
            batches.load_state_dict(state)
        with refused(TypeError, "state: got list"):
            batches.load_state_dict([1])  # type: ignore[arg-type]
