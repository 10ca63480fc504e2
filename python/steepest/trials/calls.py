"""The same objective under several optimizers and rates."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from ..arrays import described
from ..family import SGD, Adam, GradientAscent, RMSprop
from ..maximization import Status, minimize
from ..maximization.defaults import build
from ..maximization.iterate import Iterate
from ..optimizer import Optimizer
from ..options import switch
from .comparison import Comparison, Row
from .trial import Tries

#: What is compared if nothing is said: minimize's own choice, which needs no rate, and four that do.
USUAL: dict[str, dict[str, Any]] = {
    "default": {},
    "SGD": {"optimizer": SGD},
    "SGD, momentum 0.9": {"optimizer": SGD, "momentum": 0.9},
    "GradientAscent": {"optimizer": GradientAscent},
    "RMSprop": {"optimizer": RMSprop},
    "Adam": {"optimizer": Adam},
}
RATES = (0.001, 0.01, 0.1)
#: The names of minimize's own arguments; all others are the optimizer's.
_OF_RUN = frozenset(inspect.signature(minimize).parameters)


def compare(
    f: Callable[..., Any],
    x0: Any,
    grad: Callable[..., Any] | Literal[True] | None = None,
    optimizers: Iterable[Any] | None = None,
    *,
    lr: Any = RATES,
    maximize: bool = False,
    max_iter: int | None = 1000,
    **options: Any,
) -> Comparison:
    r"""Run several optimizers at several rates from the same x0: one table, and one picture.

    Parameters
    ----------
    f, x0, grad
        As for :func:`minimize`.
    optimizers : sequence of classes, or dict, or None, default None
        Classes of the family, as ``[SGD, Adam]``; or for each name in a dict such a class or the arguments of
        :func:`minimize` that are its own: ``{"heavy ball": {"optimizer": SGD, "momentum": 0.9,
        "lr": [0.01, 0.1]}}``. None: minimize's own choice, SGD without and with momentum, GradientAscent,
        which goes down, too, RMSprop and Adam.
    lr : float or sequence of float, default (0.001, 0.01, 0.1)
        The rates of all that name none of their own; each is a run. None among them is the optimizer's
        default. Not for one without a class, which takes its own.
    maximize : bool, default False
        Climb f instead of descending it.
    max_iter : int or None, default 1000
        The most steps of a run.
    **options
        Other arguments of :func:`minimize`, for every run: ``target=0.1``, ``batches=…``.

    Returns
    -------
    Comparison
        With ``rows``, the best first, each with its ``result``; ``best``; and ``plot()``. As a string it is a
        table.

    Raises
    ------
    TypeError, ValueError
        As :func:`minimize` for arguments; or if there is nothing to compare. A run that diverges is a row
        that says so; so is one in which f raises ArithmeticError or ValueError after its first value.
    Exception
        What else f, grad or a callback raises; also KeyboardInterrupt. Its ``comparison`` has the runs that
        had ended. With ``on_interrupt="return"`` an interrupted run is the last row, and says so.

    Notes
    -----
    No optimizer is the best everywhere: averaged over all objectives, all do the same (Wolpert and Macready,
    "No free lunch theorems for optimization", 1997). On yours they do not.

    Runs within 1e-6 · max(1, \|f\|) of the best value count as equal, and are in the order of their
    evaluations; the others are in the order of their values, and what was cut short comes last. Batches with
    ``state_dict()`` begin where they are for every run, and are there again in the end.

    Examples
    --------
    >>> from steepest import SGD, Adam, compare
    >>> found = compare(lambda x: x**2, 3.0, lambda x: 2 * x, [SGD, Adam], lr=[0.4, 1.5])
    >>> [(row.optimizer, row.lr, row.status) for row in found.rows]
    [('SGD', 0.4, 'GTOL'), ('Adam', 1.5, 'GTOL'), ('Adam', 0.4, 'GTOL'), ('SGD', 1.5, 'DIVERGED')]
    >>> round(found.best.x, 6)
    np.float64(0.0)
    """
    maximize = switch("maximize", maximize)
    chosen = _chosen(USUAL if optimizers is None else optimizers, lr)
    tries = Tries(maximize, f, x0, grad, {**options, "max_iter": max_iter})
    if "optimizer" in options:
        raise TypeError("optimizer: is said by optimizers, one or several")
    for _, own in chosen:
        _check(own, options, x0, maximize)
    names = [Row.called(name, own.get("lr")) for name, own in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"optimizers: {twice[0]} is there twice; give both names, in a dict")
    rows: list[Row] = []
    for name, own in chosen:
        try:
            found = tries.run(**own)
        except BaseException as error:
            with contextlib.suppress(Exception):
                error.comparison = Comparison(rows, maximized=maximize)  # type: ignore[attr-defined]
            raise
        rows.append(Row.of(name, own.get("lr"), found))
        if found.status == Status.INTERRUPTED:
            break
    return Comparison(rows, maximized=maximize)


def _chosen(optimizers: Any, lr: Any) -> list[tuple[str, dict[str, Any]]]:
    """For each run the optimizer's name, and its own arguments."""
    if isinstance(optimizers, (type, str)):
        raise TypeError(f"optimizers: got {described(optimizers)}, expected a list or a dict")
    if isinstance(optimizers, Mapping):
        entries = [(str(name), entry) for name, entry in optimizers.items()]
    elif isinstance(optimizers, Iterable):
        entries = [(getattr(entry, "__name__", ""), entry) for entry in optimizers]
    else:
        raise TypeError(f"optimizers: got {described(optimizers)}, expected a list or a dict")
    if not entries:
        raise ValueError("optimizers: there are none, expected at least one")
    found = []
    for name, entry in entries:
        own = dict(entry) if isinstance(entry, Mapping) and name else {"optimizer": entry}
        if "optimizer" in own and not _is_optimizer(own["optimizer"]):
            raise TypeError(
                f"optimizers: got {described(own['optimizer'])}, expected classes such as SGD, "
                "or by name in a dict their arguments"
            )
        rates = own.pop("lr", lr if "optimizer" in own else None)
        found += [(name, own if r is None else {**own, "lr": r}) for r in _rates(rates)]
    return found


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Optimizer)


def _rates(lr: Any) -> list[Any]:
    """One rate or several as a list."""
    if isinstance(lr, (str, bytes)) or not (isinstance(lr, Sequence) or hasattr(lr, "tolist")):
        return [lr]
    rates = list(lr.tolist() if hasattr(lr, "tolist") else lr) if not _is_scalar(lr) else [lr]
    if not rates:
        raise ValueError("lr: there is no rate, expected at least one")
    return rates


def _is_scalar(value: Any) -> bool:
    return getattr(value, "shape", None) == ()


def _check(own: Mapping[str, Any], common: Mapping[str, Any], x0: Any, maximize: bool) -> None:
    """Refuse wrong options of an optimizer before the first run."""
    given = {**common, **own}
    options = {k: v for k, v in given.items() if k == "lr" or k not in _OF_RUN}
    build(
        own.get("optimizer"),
        options,
        Iterate(x0),
        maximize=maximize,
        with_batches=given.get("batches") is not None,
        projected=given.get("project") is not None,
    )
