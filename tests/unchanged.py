"""Whole step or nothing: what a refused call must leave byte for byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest


def frozen(value: Any) -> Any:
    """`value` with every array replaced by its bytes and every number by its spelling (NaN == NaN)."""
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [frozen(item) for item in value]
    return repr(value)


def photograph(opt: Any, *arrays: Any) -> Any:
    """Everything a refusal must not change: the arrays given, the live state, the saved one."""
    live = {name: {kind: a.tobytes() for kind, a in opt.state[name].items()} for name in opt.state}
    buffers = [(array.shape, np.asarray(array).tobytes()) for array in arrays]
    return frozen(opt.state_dict()), live, buffers, len(opt.param_groups)


@contextmanager
def refused(error: Any, *words: Any, opt: Any = None, keeps: Any = ()) -> Iterator[Any]:
    """The block raises `error`, its message says every word, and nothing in the optimizer changed."""
    before = photograph(opt, *keeps) if opt is not None else [a.tobytes() for a in keeps]
    with pytest.raises(error) as caught:
        yield
    after = photograph(opt, *keeps) if opt is not None else [a.tobytes() for a in keeps]
    assert after == before
    message = str(caught.value)
    missing = [word for word in words if word not in message]
    assert not missing, f"the message {message!r} does not say {missing}"


def stepped(library: Any, **options: Any) -> Any:
    """An optimizer three steps old over two arrays, so that it has something to lose."""
    parameters = {"W": np.linspace(-1, 1, 12).reshape(3, 4), "b": np.linspace(0, 1, 4)}
    opt = library.GradientAscent(parameters, **options)
    for _ in range(3):
        opt.step({"W": np.full((3, 4), 0.3), "b": np.full(4, -0.2)})
    return opt, parameters
