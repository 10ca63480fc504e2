"""Minibatches: the rows of arrays in batches, in an order that follows from a seed and can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from . import options
from .arrays import Array, described, refuse_sparse

_COUNT = options.count("an integer of at least 0")
_SIZE = options.count("an integer of at least 1")


class Minibatches:
    """Batches of arrays; made by :func:`minibatches`, which describes them.

    Attributes
    ----------
    epoch : int
        The epoch it is in, from 0: how many are complete.
    position : int
        How many batches of this epoch it has given.
    """

    def __init__(
        self, arrays: Any, batch_size: int, seed: int, shuffle: bool, drop_last: bool
    ) -> None:
        self._arrays = _mapped(_as_rows, arrays, "arrays")
        lengths: dict[str, int] = {}
        _mapped(lambda rows, path: lengths.setdefault(path, len(rows)), self._arrays, "arrays")
        self._length = _common(lengths)
        self._batch_size: int = _SIZE("batch_size", batch_size)
        if self._batch_size < 1:
            raise ValueError(f"batch_size: got {batch_size}, expected an integer of at least 1")
        if drop_last and self._batch_size > self._length:
            raise ValueError(
                f"batch_size: got {batch_size} with drop_last, expected at most the {self._length} rows"
            )
        self._seed: int = _COUNT("seed", seed)
        self._shuffle = options.switch("shuffle", shuffle)
        self._drop_last = options.switch("drop_last", drop_last)
        self._epoch = self._position = 0
        self._order: tuple[tuple[int, int], Array] | None = None

    @property
    def epoch(self) -> int:
        """The epoch it is in, from 0."""
        return self._epoch

    @property
    def position(self) -> int:
        """How many batches of this epoch it has given."""
        return self._position

    def __len__(self) -> int:
        """How many batches an epoch has."""
        if self._drop_last:
            return self._length // self._batch_size
        return -(-self._length // self._batch_size)

    def __iter__(self) -> Iterator[Any]:
        """The batches that remain of this epoch."""
        while self._position < len(self):
            start = self._position * self._batch_size
            batch = self._batch(slice(start, min(start + self._batch_size, self._length)))
            # Counted before it is used: a state that is saved in the loop goes on with the next one.
            self._position += 1
            yield batch
        self._epoch, self._position = self._epoch + 1, 0

    def forever(self) -> Iterator[Any]:
        """The batches of this epoch and of all that follow.

        Examples
        --------
        >>> import numpy as np
        >>> from steepest import minibatches
        >>> batches = minibatches(np.arange(4), 3, seed=0, shuffle=False)
        >>> stream = batches.forever()
        >>> [next(stream).tolist() for _ in range(3)]
        [[0, 1, 2], [3], [0, 1, 2]]
        """
        while True:
            yield from self

    def state_dict(self) -> dict[str, int | bool]:
        """Where it is, in plain numbers: seed, epoch, position, and what the batches depend on."""
        return {
            "seed": self._seed,
            "epoch": self._epoch,
            "position": self._position,
            **self._fixed(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another was: the next batch is the one it would have given next.

        Parameters
        ----------
        state : dict
            What :meth:`state_dict` gave, for as many rows and the same options but for the seed.

        Raises
        ------
        TypeError
            If it is not a dict of numbers.
        ValueError
            If something is missing or unexpected, or if the batches would be others.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state: got {described(state)}, expected a dict")
        wanted = self.state_dict().keys()
        if state.keys() != wanted:
            raise ValueError(f"state: found the keys {sorted(state)}, expected {sorted(wanted)}")
        for name, ours in self._fixed().items():
            if state[name] != ours:
                raise ValueError(f"state: {name} was {state[name]!r}, expected {ours!r} as here")
        seed, epoch, position = (
            _COUNT(f"state[{name!r}]", state[name]) for name in ("seed", "epoch", "position")
        )
        if position > len(self):
            raise ValueError(
                f"state: position is {position}, expected at most the {len(self)} batches of an epoch"
            )
        self._seed, self._epoch, self._position = seed, epoch, position

    def __repr__(self) -> str:
        return (
            f"<minibatches: {self._length} rows by {self._batch_size}, seed {self._seed}, "
            f"epoch {self._epoch}, batch {self._position} of {len(self)}>"
        )

    def _fixed(self) -> dict[str, int | bool]:
        return {
            "length": self._length,
            "batch_size": self._batch_size,
            "shuffle": self._shuffle,
            "drop_last": self._drop_last,
        }

    def _batch(self, places: slice) -> Any:
        if not self._shuffle:
            return _mapped(lambda rows, path: _read_only(rows[places]), self._arrays, "arrays")
        chosen = self._shuffled()[places]
        return _mapped(lambda rows, path: rows[chosen], self._arrays, "arrays")

    def _shuffled(self) -> Array:
        """The order of this epoch, made from seed and epoch alone."""
        key = self._seed, self._epoch
        if self._order is None or self._order[0] != key:
            source = np.random.SeedSequence(self._seed, spawn_key=(self._epoch,))
            order = np.random.Generator(np.random.PCG64(source)).permutation(self._length)
            self._order = key, order
        return self._order[1]


def minibatches(
    arrays: Any, batch_size: int, seed: int, *, shuffle: bool = True, drop_last: bool = False
) -> Minibatches:
    """Go through arrays in batches of rows, epoch by epoch.

    Parameters
    ----------
    arrays : array, or nesting of arrays
        One array, or any nesting in tuples, lists and dicts, of any dtypes, whose first axes have one
        length. A memory-mapped one is read batch by batch. Not changed.
    batch_size : int
        Rows in a batch, at least 1; the last one of an epoch has what is left.
    seed : int
        At least 0. The order of an epoch follows from the seed and the number of the epoch.
    shuffle : bool, default True
        A new order every epoch; otherwise that of the arrays.
    drop_last : bool, default False
        Leave out a last batch that is smaller than the others.

    Returns
    -------
    Minibatches
        ``for batch in batches`` goes through what remains of an epoch, and leaves it at the beginning of
        the next; ``batches.forever()`` goes on from epoch to epoch. A batch is nested as the arrays are:
        copies if shuffled, else read-only views. ``len(batches)`` is the number of batches in an epoch,
        ``batches.epoch`` and ``batches.position`` where it is, ``batches.state_dict()`` the same to be
        saved and given to ``load_state_dict``.

    Raises
    ------
    TypeError
        If something is not an array, or an option of the wrong kind.
    ValueError
        If there is no array, none has a row, their lengths differ, or an option is out of its range.

    Notes
    -----
    After a ``break`` the next ``for`` goes on with the batch after it, in the same epoch. Epoch k's order is
    ``Generator(PCG64(SeedSequence(seed, spawn_key=(k,)))).permutation(n)``, so no epoch needs those before.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest import minibatches
    >>> X, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> batches = minibatches((X, y), 2, seed=0)
    >>> for epoch in range(2):
    ...     for rows, labels in batches:
    ...         assert (rows[:, 0] == 2 * labels).all()
    >>> batches.epoch, batches.position, len(batches)
    (2, 0, 3)
    """
    return Minibatches(arrays, batch_size, seed, shuffle, drop_last)


def _mapped(function: Any, nested: Any, path: str) -> Any:
    """The same nesting of what a function makes of the arrays and their paths."""
    if isinstance(nested, Mapping):
        return {key: _mapped(function, value, f"{path}[{key!r}]") for key, value in nested.items()}
    if isinstance(nested, (list, tuple)):
        items = [_mapped(function, value, f"{path}[{i}]") for i, value in enumerate(nested)]
        if hasattr(nested, "_fields"):
            return type(nested)(*items)
        return tuple(items) if isinstance(nested, tuple) else items
    return function(nested, path)


def _as_rows(array: Any, path: str) -> Array:
    refuse_sparse(path, array)
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{path}: got a MaskedArray, whose mask would be lost; expected an array")
    if not hasattr(array, "__array__"):
        raise TypeError(f"{path}: got {described(array)}, expected an array")
    rows = np.asarray(array)
    if rows.ndim == 0:
        raise ValueError(f"{path}: has no axis, expected an array of rows")
    return rows


def _common(lengths: Mapping[str, int]) -> int:
    if not lengths:
        raise ValueError("arrays: found no array, expected at least one")
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{path} has {length}" for path, length in lengths.items())
        raise ValueError(f"arrays: got different numbers of rows ({found}), expected the same")
    length = next(iter(lengths.values()))
    if length == 0:
        raise ValueError("arrays: have no rows, expected at least one")
    return length


def _read_only(rows: Array) -> Array:
    rows.flags.writeable = False
    return rows
