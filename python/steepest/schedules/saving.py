"""Schedules in a file, from their form in JSON, and copied: what checkpoints do with a rate of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .chains import Sequential, WarmUp
from .cycles import Cosine, CosineWarmRestarts, Cyclic, OneCycle
from .decays import (
    Constant,
    Exponential,
    InverseSqrt,
    Linear,
    MultiStep,
    Piecewise,
    Polynomial,
    Step,
)
from .plateau import Plateau, PlateauState
from .schedule import Schedule

KINDS: Mapping[str, type[Schedule]] = {
    kind.__name__: kind
    for kind in (
        *(Constant, Linear, Exponential, Step, MultiStep, Piecewise, InverseSqrt, Polynomial),
        *(Cosine, CosineWarmRestarts, Cyclic, OneCycle),
        *(WarmUp, Sequential, Plateau),
    )
}

#: What stands in a checkpoint for a callable that is not one of these.
_YOURS = "callable"
#: What stands there for one that is another group's.
_GROUPS = "group"


def from_dict(saved: Mapping[str, Any]) -> Schedule:
    """The schedule that gave this dict by ``to_dict``.

    Parameters
    ----------
    saved : dict
        ``"schedule"``: the name of the class; and its arguments, schedules among them as such dicts.

    Raises
    ------
    TypeError, ValueError
        If it is not such a dict, or an argument is refused.

    Examples
    --------
    >>> from steepest.schedules import Cosine, from_dict
    >>> Cosine(0.1, T_max=50).to_dict()
    {'schedule': 'Cosine', 'lr': 0.1, 'T_max': 50, 'eta_min': 0.0}
    >>> from_dict(Cosine(0.1, T_max=50).to_dict())
    Cosine(lr=0.1, T_max=50)
    """
    try:
        return _from_dict("schedule", saved)
    except RecursionError:
        raise ValueError("schedule: schedules within schedules are nested too deep") from None


def _from_dict(label: str, saved: Any) -> Schedule:
    if not isinstance(saved, Mapping):
        raise TypeError(f"{label}: got {saved!r} ({type(saved).__name__}), expected a dict")
    given = dict(saved)
    name = given.pop("schedule", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"{label}: got {name!r}, expected one of {list(KINDS)}")
    expected = list(kind._defaults())
    if sorted(map(str, given)) != sorted(expected):
        raise ValueError(f"{label}: {name} with {list(given)}, expected {expected}")
    return kind(**{key: _revived(key, value) for key, value in given.items()})


def _revived(name: str, value: Any) -> Any:
    """An argument, the schedules in it made of their dicts."""
    if isinstance(value, Mapping) and "schedule" in value:
        return _from_dict(name, value)
    if isinstance(value, list):
        return [_revived(f"{name}[{i}]", item) for i, item in enumerate(value)]
    return value


def to_json(lr: float | Callable[[int], float]) -> Any:
    """What a file holds for a rate: a number, a schedule's dict, or the name of a callable of yours.

    A callable that is not one of these, or a schedule that has one in it, cannot be saved: only a note that
    there was one, so that :func:`from_json` can ask for it, and where each Plateau in it stands.
    """
    if not callable(lr):
        return lr
    if all(_is_ours(part) or not callable(part) for part in _parts(lr)):
        schedule: Any = lr
        return schedule.to_dict()
    return {
        "schedule": _YOURS,
        "name": getattr(lr, "__qualname__", type(lr).__qualname__),
        "plateaus": [plateau.to_dict()["state"] for plateau in plateaus(lr)],
    }


def from_json(saved: Any, given: float | Callable[[int], float]) -> Any:
    """The rate of a file.

    Parameters
    ----------
    saved : number or dict
        What :func:`to_json` returned.
    given : float or callable t → lr
        The rate that the loading optimizer has. It stays if what was saved was a callable of yours.

    Raises
    ------
    TypeError, ValueError
        If it is not such a thing; or if a callable of yours was saved, and none is given.
    """
    if not isinstance(saved, Mapping):
        return saved
    if saved.get("schedule") != _YOURS:
        return from_dict(saved)
    states = saved.get("plateaus", [])
    if not callable(given) or not isinstance(states, list) or len(plateaus(given)) != len(states):
        raise ValueError(
            f"lr: was a callable, {saved.get('name')}, which a file cannot hold; got {given!r}, "
            "expected it to be given again: opt.lr = …, then load"
        )
    if not states:
        return given
    (again,) = copies([given])
    for plateau, state in zip(plateaus(again), states, strict=True):
        plateau._go_on(replace(plateau, state=state).state)
    return again


def all_to_json(rates: Sequence[Any]) -> list[Any]:
    """What a file holds for the rates of all groups: one that is another's is so again."""
    found: list[Any] = []
    for rate in rates:
        first = next(i for i, other in enumerate(rates) if other is rate)
        is_anothers = callable(rate) and first < len(found)
        found.append({"schedule": _GROUPS, "index": first} if is_anothers else to_json(rate))
    return found


def all_from_json(saved: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """The rates of all groups from what :func:`all_to_json` returned; see :func:`from_json`."""
    found: list[Any] = []
    for lr, now in zip(saved, given, strict=True):
        if not isinstance(lr, Mapping) or lr.get("schedule") != _GROUPS:
            found.append(from_json(lr, now))
            continue
        index = lr.get("index")
        if type(index) is not int or not 0 <= index < len(found):
            raise ValueError(f"lr: is that of group {index!r}, expected a group before it")
        found.append(found[index])
    return found


# -- copies: a callable of yours is never one of them ---------------------------------------------


def _is_ours(value: Any) -> bool:
    """Whether it is one of the schedules here, whose arguments are all there is to it."""
    return KINDS.get(type(value).__name__) is type(value)


def _parts(rate: Any) -> Iterator[Any]:
    """A rate and everything in it, in order."""
    yield rate
    within = (
        rate if isinstance(rate, tuple) else _arguments(rate).values() if _is_ours(rate) else ()
    )
    for part in within:
        yield from _parts(part)


def _arguments(schedule: Schedule) -> dict[str, Any]:
    return {name: getattr(schedule, name) for name in schedule._defaults()}


def plateaus(rate: Any) -> list[Plateau]:
    """Every Plateau in a rate, in order."""
    return [part for part in _parts(rate) if type(part) is Plateau]


def copies(rates: Iterable[Any]) -> list[Any]:
    """The rates, their schedules copied: what two of them share these share, too."""
    memo: dict[int, Any] = {}

    def copy(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(copy, value))
        if not _is_ours(value):
            return value
        if id(value) not in memo:
            memo[id(value)] = type(value)(**{k: copy(v) for k, v in _arguments(value).items()})
        return memo[id(value)]

    return [copy(rate) for rate in rates]


def resumed(
    live: Sequence[Any], saved: Sequence[Any]
) -> tuple[list[Any], list[tuple[Plateau, PlateauState | None]]]:
    """The rates of all groups to go on with, and where each Plateau among them shall stand.

    The live schedules stay where they are those saved, but for where each Plateau stands: others may hold
    them. Where one is not, or groups share another way, all are copies of those saved.
    """
    pairs = [(mine, theirs) for mine, theirs in zip(live, saved, strict=True) if callable(theirs)]
    if not all(_are_alike(mine, theirs) for mine, theirs in pairs):
        return copies(saved), []
    mine, theirs = ([p for pair in pairs for p in plateaus(pair[side])] for side in (0, 1))
    if _first_places(mine) != _first_places(theirs):
        return copies(saved), []
    rates = [now if callable(then) else then for now, then in zip(live, saved, strict=True)]
    return rates, [(plateau, other.state) for plateau, other in zip(mine, theirs, strict=True)]


def _first_places(objects: Sequence[Any]) -> list[int]:
    """For each where it, and no equal one, is found first."""
    ids = list(map(id, objects))
    return [ids.index(one) for one in ids]


def _are_alike(a: Any, b: Any) -> bool:
    """Whether they are equal but for where each Plateau stands."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_are_alike, a, b))
    if not _is_ours(a) or type(a) is not type(b):
        return a is b or bool(a == b)
    theirs = _arguments(b)
    return all(_are_alike(v, theirs[k]) for k, v in _arguments(a).items() if k != "state")
