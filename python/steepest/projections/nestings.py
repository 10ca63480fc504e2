"""Products of sets: one for each array of a nesting, or for its parts by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..arrays import described
from ..parameters import Leaf
from .projection import Projection

_Done = Callable[[Sequence[Leaf]], None]


def each(projection: Projection) -> Projection:
    """The same set for every array by itself, where a set of vectors would take all of them as one.

    Parameters
    ----------
    projection : Projection
        One of this module.

    Returns
    -------
    Projection
        Onto the product of the sets.

    Raises
    ------
    TypeError
        If it is not a projection of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import each, l2_ball
    >>> each(l2_ball())([np.array([3.0, 4.0]), np.array([0.0, 2.0])])
    [array([0.6, 0.8]), array([0., 1.])]
    """
    _refuse_others("projection", projection)
    return Projection(
        f"each({projection})",
        partial(_of_each, projection._project),
        partial(_of_each, projection._check),
    )


def _of_each(do: _Done, leaves: Sequence[Leaf]) -> None:
    for leaf in leaves:
        do([leaf])


def parts(projections: Mapping[Any, Projection]) -> Projection:
    """Different sets for different arrays of a nesting, by name; the others stay as they are.

    Parameters
    ----------
    projections : dict of Projection
        By the name of an array, ``"layers.0.W"``, or of what holds several, ``"layers"``, which its set
        takes as one vector. An integer is the place in a list.

    Returns
    -------
    Projection
        Onto the product of the sets.

    Raises
    ------
    TypeError
        If it is not a dict of projections of this module.
    ValueError
        If it is empty; on a call if there is no such part, or an array is in two.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.projections import parts, nonnegative, simplex
    >>> project = parts({"weights": simplex(), "scale": nonnegative()})
    >>> project({"weights": np.array([2.0, 1.5]), "scale": -1.0, "mean": -1.0})
    {'weights': array([0.75, 0.25]), 'scale': np.float64(0.0), 'mean': np.float64(-1.0)}
    """
    if not isinstance(projections, Mapping):
        raise TypeError(f"projections: got {described(projections)}, expected a dict of them")
    if not projections:
        raise ValueError("projections: got an empty dict, expected at least one")
    by_name = {str(name): projection for name, projection in projections.items()}
    for name, projection in by_name.items():
        _refuse_others(f"projections[{name!r}]", projection)
    return Projection(
        f"parts({by_name})", partial(_project_parts, by_name), partial(_check_parts, by_name)
    )


def _part(name: str, leaves: Sequence[Leaf]) -> list[Leaf]:
    return [leaf for leaf in leaves if f"{leaf.name}.".startswith(f"{name}.")]


def _check_parts(projections: Mapping[str, Projection], leaves: Sequence[Leaf]) -> None:
    taken: dict[str, str] = {}
    for name, projection in projections.items():
        part = _part(name, leaves)
        if not part:
            names = [leaf.name for leaf in leaves]
            raise ValueError(f"x: has no part {name!r}, expected one of {names}")
        for leaf in part:
            if leaf.name in taken:
                raise ValueError(
                    f"projections: {leaf.name!r} is in {taken[leaf.name]!r} and in {name!r}, expected one"
                )
            taken[leaf.name] = name
        projection._check(part)


def _project_parts(projections: Mapping[str, Projection], leaves: Sequence[Leaf]) -> None:
    for name, projection in projections.items():
        projection._project(_part(name, leaves))


def _refuse_others(name: str, projection: Any) -> None:
    if not isinstance(projection, Projection):
        raise TypeError(
            f"{name}: got {described(projection)}, expected one of steepest.projections"
        )
