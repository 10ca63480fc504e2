"""The base of every optimizer: parameters, groups, state, logging, checkpoints.

A subclass names its law, its options and its states; the step itself is `Stepper.step` of the backend,
which calls back here for what needs words: nesting, explanations, reports.
"""

from __future__ import annotations

import copy
import os
import weakref
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, NoReturn, TypeVar

import numpy as np

from . import arrays, checkpoint, gradients, options
from .arrays import Array
from .backend import kernels
from .groups import ParamGroup, as_groups, check_keys
from .parameters import Leaf, Nesting, name_apart

if TYPE_CHECKING:
    from logging import Logger

    from ._kernels import _Counters

T = TypeVar("T")

#: Items (an object's dict, name, value) that are assigned in one go with what the kernels are given.
Commit = list[tuple[dict[str, Any], str, Any]]
#: logging.INFO, which takes an import.
_INFO = 20


@cache
def _logger() -> Logger:
    """The logger; an import within the method would cost every tenth step as much as three steps."""
    from .log import logger

    return logger


class StepInfo(NamedTuple):
    """What a callback is told after a step.

    Attributes
    ----------
    step : int
        Completed steps.
    lr : float or tuple of float
        The rate α this step used; a tuple, one a group, where they differ.
    grad_norm : float
        The norm of all gradients together, before clipping.
    clipped : bool
        Whether clip_norm shortened them.
    skipped : bool
        Whether the step did not happen because a gradient was not finite.
    """

    step: int
    lr: float | tuple[float, ...]
    grad_norm: float
    clipped: bool
    skipped: bool


class _Setting(Generic[T]):
    """An option of the optimizer as a whole: checked when written, counting from the next step."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Optimizer, owner: type) -> T:
        found: T = optimizer._settings[self.name] if optimizer is not None else self
        return found

    def __set__(self, optimizer: Optimizer, value: T) -> None:
        checked = options.GLOBAL[self.name](self.name, value)

        def write(version: int) -> None:
            settings = {**optimizer._settings, self.name: checked}
            group_options = [group.options for group in optimizer._groups]
            commit: Commit = [(vars(optimizer), "_settings", settings)]
            optimizer._take_options(version, group_options, commit, settings)

        optimizer._undisturbed(write)


class _GroupOption:
    """An option of the groups, where all have the same; writing it sets it in all of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__doc__ = f"{name} of all groups, ValueError if they differ; writing sets it in all."

    def __get__(self, optimizer: Optimizer | None, owner: type) -> Any:
        if optimizer is None:
            return self
        found = [group[self.name] for group in optimizer._groups]
        if any(value != found[0] for value in found):
            raise ValueError(
                f"{self.name}: the groups differ ({found}); read param_groups[i][{self.name!r}]"
            )
        return found[0]

    def __set__(self, optimizer: Optimizer, value: Any) -> None:
        optimizer._write({self.name: value})


class Optimizer(kernels.Stepper):
    """What all optimizers have in common; see :class:`GradientAscent`."""

    _law: ClassVar[str]
    _table: ClassVar[options.Table]

    #: The learning rate of all groups, a number or a schedule; as any option of the groups.
    lr: Any

    def __init_subclass__(cls) -> None:
        for name in cls._table.checks if hasattr(cls, "_table") else ():
            setattr(cls, name, _GroupOption(name))

    def __init__(self, parameters: Any, arguments: Mapping[str, Any]) -> None:
        """Take the parameters, and of a constructor's arguments the options, by name."""
        chosen = {**arguments, **self._table.fixed}
        self._start(
            {name: chosen[name] for name in self._table.checks},
            {name: arguments[name] for name in options.GLOBAL},
        )
        specs = as_groups(parameters)
        if specs is None:
            groups = [self._group({"params": parameters})]
        else:
            groups = [self._group(spec, i) for i, spec in enumerate(specs)]
        self._bind_groups(self._version(), groups, is_grouped=specs is not None)

    _defaults: Mapping[str, Any]
    _settings: dict[str, Any]
    _groups: list[ParamGroup]
    _is_grouped: bool
    _leaves: list[Leaf]
    _states: dict[str, dict[str, Array]]

    def _start(self, defaults: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Check the options; there are no parameters yet."""
        defaults = self._table.checked(defaults)
        settings = options.checked(settings, options.GLOBAL)
        own = vars(self)
        commit: Commit = [
            *((own, "_defaults", defaults), (own, "_settings", settings)),
            *((own, "_groups", []), (own, "_is_grouped", False)),
            *((own, "_leaves", []), (own, "_states", {})),
        ]
        self._install(
            self._version(), self._law, [], settings, ([], [], [], None), (0, 0, [], []), commit
        )

    def _group(self, spec: Mapping[str, Any], index: int | None = None) -> ParamGroup:
        """A group from a dict with "params" and any options; messages name its index."""
        given = {key: value for key, value in spec.items() if key != "params"}
        try:
            check_keys(given, self._table.checks)
            nesting = Nesting(spec["params"])
            chosen = self._table.checked({**self._defaults, **given}, nesting.dtypes())
        except (TypeError, ValueError) as error:
            if index is None:
                raise
            raise type(error)(f"group {index}: {error}") from error
        return ParamGroup(nesting, chosen, weakref.WeakMethod(self._apply))

    # -- binding ------------------------------------------------------------------------------

    def _undisturbed(self, act: Callable[[int], T]) -> T:
        """What `act` gives, which is to look at the optimizer and at most, last of all, to change it.

        It is done again if another thread has changed the optimizer meanwhile, as its version tells.
        """
        while True:
            version = self._version()
            try:
                return act(version)
            except (TypeError, ValueError, LookupError, RuntimeError):  # no interrupt of any kind
                if self._version() == version:
                    raise

    def _bind_groups(self, version: int, groups: list[ParamGroup], is_grouped: bool) -> None:
        """Take these groups, after checking their parameters against each other."""
        self._bind_nestings(
            version,
            [group.nesting for group in groups],
            [group.options for group in groups],
            [(vars(self), "_groups", groups), (vars(self), "_is_grouped", is_grouped)],
        )

    def _bind_nestings(
        self,
        version: int,
        nestings: list[Nesting],
        group_options: list[dict[str, Any]],
        commit: Commit,
    ) -> None:
        """Bind these parameters: those that had states keep them, the others get zeros."""
        leaves = name_apart(nestings)
        for leaf in leaves:
            leaf.check_unchanged()
        held = [(repr(leaf.name), leaf.array) for leaf in leaves]
        held += [(f"{n!r} (state)", a) for n, kinds in self._states.items() for a in kinds.values()]
        pair = arrays.overlapping([array for _, array in held])
        if pair is not None:
            first, second = (held[i][0] for i in pair)
            raise ValueError(
                f"parameters {first} and {second} share memory, expected separate arrays"
            )
        counts = self._counters()[2]
        old = {
            (i, leaf.path): (self._states[leaf.name], count)
            for (i, leaf), count in zip(self._leaves_by_group(), counts, strict=True)
        }
        states: dict[str, dict[str, Array]] = {}
        steps: dict[str, int] = {}
        counted, carried = self._table.counted, self._table.carried
        for i, (nesting, chosen) in enumerate(zip(nestings, group_options, strict=True)):
            kinds = self._table.states_for(chosen)
            for leaf in nesting.leaves:
                had, count = old.get((i, leaf.path), ({}, 0))
                restarts = counted in kinds and not leaf.fits(had.get(counted))
                steps[leaf.name] = 0 if restarts else count
                states[leaf.name] = {
                    kind: leaf.state_like(had.get(kind)) for kind in kinds if kind != carried
                }
                if carried is not None:
                    number = np.ones(()) if restarts else had[carried]
                    states[leaf.name][carried] = number
        self._take_arrays(version, nestings, group_options, states, steps, commit)

    def _take_arrays(
        self,
        version: int,
        nestings: list[Nesting],
        group_options: list[dict[str, Any]],
        states: dict[str, dict[str, Array]],
        steps: Mapping[str, int],
        commit: Commit,
        settings: dict[str, Any] | None = None,
        counters: _Counters | None = None,
    ) -> None:
        """Hand arrays and options to the kernels, and assign what belongs to them in the same call."""
        leaves = [leaf for nesting in nestings for leaf in nesting.leaves]
        carried = self._table.carried

        def row(i: int, leaf: Leaf) -> tuple[Array, list[Array], Array | None, int, int]:
            arrays = dict(states[leaf.name])
            number = arrays.pop(carried) if carried is not None else None
            return leaf.array, list(arrays.values()), number, i, steps[leaf.name]

        bound = (
            [row(i, leaf) for i, nesting in enumerate(nestings) for leaf in nesting.leaves],
            [bond for nesting in nestings for bond in nesting.bonds],
            [size for nesting in nestings for size in nesting.sizes],
            nestings[0].keys if len(nestings) == 1 else None,
        )
        commit = [*commit, (vars(self), "_leaves", leaves), (vars(self), "_states", states)]
        settings = settings or self._settings
        self._install(version, self._law, group_options, settings, bound, counters, commit)

    def _take_options(
        self,
        version: int,
        group_options: list[dict[str, Any]],
        commit: Commit,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Hand options to the kernels; the arrays stay."""
        settings = settings or self._settings
        self._install(version, self._law, group_options, settings, None, None, commit)

    def _leaves_by_group(self) -> list[tuple[int, Leaf]]:
        return [(i, leaf) for i, g in enumerate(self._groups) for leaf in g.nesting.leaves]

    def _apply(self, group: ParamGroup, changes: Mapping[str, Any]) -> None:
        """A write to a group."""
        self._write(changes, group)

    def _write(self, changes: Mapping[str, Any], only: ParamGroup | None = None) -> None:
        """Options for one group or all of them: check them, then let them count."""

        def write(version: int) -> None:
            new = [
                self._table.checked({**group.options, **changes}, group.nesting.dtypes())
                if only is None or group is only
                else group.options
                for group in self._groups
            ]
            pairs = list(zip(self._groups, new, strict=True))
            commit: Commit = [
                (vars(group), "options", chosen)
                for group, chosen in pairs
                if chosen is not group.options
            ]
            states_for = self._table.states_for
            if all(states_for(group.options) == states_for(chosen) for group, chosen in pairs):
                self._take_options(version, new, commit)
            else:
                nestings = [group.nesting for group in self._groups]
                self._bind_nestings(version, nestings, new, commit)

        self._undisturbed(write)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own.

        Parameters
        ----------
        group : dict
            ``"params"``: any nesting of arrays; any option of the constructor's groups, by default as there.

        Raises
        ------
        TypeError, ValueError
            As the constructor; the optimizer is unchanged then.
        """
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError('group: expected a dict with key "params"')
        added = self._group(group, len(self._groups))

        def bind(version: int) -> None:
            added.nesting = added.nesting.again()  # names apart from those that are there now
            self._bind_groups(version, [*self._groups, added], is_grouped=True)

        self._undisturbed(bind)

    def rebind(self) -> None:
        """Read the containers handed over again, after an entry was replaced, added or removed.

        A parameter of the same name, shape and dtype keeps its state; any other starts with zeros.
        """

        def bind(version: int) -> None:
            pairs = [(group, group.nesting.again()) for group in self._groups]
            nestings = [nesting for _, nesting in pairs]
            group_options = [
                self._table.checked(group.options, nesting.dtypes()) for group, nesting in pairs
            ]
            commit: Commit = [(vars(group), "nesting", nesting) for group, nesting in pairs]
            self._bind_nestings(version, nestings, group_options, commit)

        self._undisturbed(bind)

    # -- what a step calls back for -----------------------------------------------------------

    def _lrs_at(self, t: int) -> list[float]:
        """Every group's learning rate in step t: its number, or what its schedule says."""

        def asked(i: int, group: ParamGroup) -> float:
            lr: Any = group.options["lr"]
            if not callable(lr):
                return float(lr)
            name = f"param_groups[{i}]: lr" if len(self._groups) > 1 else "lr"
            return options.rate_at(name, lr, t, group.nesting.dtypes())

        return [asked(i, group) for i, group in enumerate(self._groups)]

    def _arrange(self, grads: Any) -> list[Any]:
        """Gradients in any form as a flat list; each parameter's own where none are given."""
        if grads is None:
            return gradients.own(self._leaves)
        return gradients.arranged([g.nesting for g in self._groups], self._is_grouped, grads)

    def _check(self, grads: list[Any], zero_grads: bool) -> list[Array | None]:
        """Plain arrays that the kernels accept, or the error that says why there are none."""
        placed = self._arrange(grads)
        for group in self._groups:
            group.nesting.check_bonds()
        plain = gradients.checked(self._leaves, placed)
        if zero_grads:
            gradients.check_zeroable(self._leaves, plain, self._bound_arrays())
        return plain

    def _overlaps(self, gradient: Array) -> bool:
        """Whether a gradient shares memory with a parameter or a state."""
        return arrays.overlaps_any(gradient, self._bound_arrays())

    def _bound_arrays(self) -> list[Array]:
        states = [array for state in self._states.values() for array in state.values()]
        return [leaf.array for leaf in self._leaves] + states

    def _nonfinite(self, index: int, gradient: Array) -> NoReturn:
        gradients.raise_nonfinite(self._leaves[index], gradient)

    def _wants_log(self) -> bool:
        return _logger().isEnabledFor(_INFO)

    def _report(self, norm: float | None, clipped: bool, skipped: bool) -> None:
        """Log the step if it is due, and call the callback."""
        step = self.step_count
        interval, callback = self._settings["logging_interval"], self._settings["callback"]
        if skipped:
            _logger().warning("step %d skipped: a gradient is not finite", step + 1)
        elif interval and step % interval == 0:
            _logger().info("step %d: lr %s, gradient norm %.6g", step, self.effective_lr, norm)
        if callback is not None and norm is not None:
            callback(StepInfo(step, self.effective_lr, norm, clipped, skipped))

    # -- options ------------------------------------------------------------------------------

    @property
    def param_groups(self) -> tuple[ParamGroup, ...]:
        """The parameter groups, each a mapping of options that can be written: ``group["lr"] = 0.1``."""
        return tuple(self._groups)

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The options a group has where it does not say otherwise."""
        return MappingProxyType(self._defaults)

    @property
    def effective_lr(self) -> float | tuple[float, ...]:
        """The rate α of the last step, before the first one lr; a tuple, one a group, where they differ.

        Of a schedule that is before the first step what it gives for t = 1.
        """
        step_count, _, _, rates = self._counters()
        if None in rates:
            lrs = self._lrs_at(step_count + 1)
            rates = [lr if rate is None else rate for lr, rate in zip(lrs, rates, strict=True)]
        found = tuple(rate for rate in rates if rate is not None)
        return found if len(set(found)) > 1 else found[0]

    @property
    def state(self) -> Mapping[str, Mapping[str, Array]]:
        """The live state arrays, by parameter and name: ``opt.state["W"]["velocity"]``."""
        return MappingProxyType(
            {
                name: MappingProxyType({key: array.view() for key, array in state.items()})
                for name, state in self._states.items()
            }
        )

    clip_norm = _Setting[float | None](
        "The most the norm of all gradients together may be, or None."
    )
    nonfinite = _Setting[str]('"raise", "skip" or "propagate".')
    logging_interval = _Setting[int]("Steps between two log records; 0 for none.")
    callback = _Setting[Callable[[StepInfo], Any] | None](
        "Called with a StepInfo after every step."
    )

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Set the ``.grad`` of every parameter to zero, in place.

        Parameters
        ----------
        set_to_none : bool, default False
            Set it to None instead.

        Raises
        ------
        TypeError
            If a parameter is a bare array, which has no ``.grad``.
        ValueError
            If a gradient is read-only.
        """
        set_to_none = options.switch("set_to_none", set_to_none)
        own = gradients.own(self._leaves)
        if set_to_none:
            for leaf in self._leaves:
                leaf.owner.grad = None
            return
        given = [
            (leaf, arrays.gradient_array(leaf.label, gradient))
            for leaf, gradient in zip(self._leaves, own, strict=True)
            if gradient is not None
        ]
        for leaf, array in given:
            if not array.flags.writeable or self._overlaps(array):
                raise ValueError(
                    f"{leaf.label}: gradient is read-only or shares memory with a parameter or a "
                    "state; expected a writable array of its own"
                )
        for _, array in given:
            array[...] = 0

    # -- checkpoints --------------------------------------------------------------------------

    # checkpoint_file is imported where there is a file: zipfile takes as long as all of steepest.

    def state_dict(self) -> dict[str, Any]:
        """A copy of options, counters and state; the parameters' values are not in it.

        Returns
        -------
        dict
            ``"version"``, ``"optimizer"``, ``"step_count"``, ``"skipped_steps"``, the optimizer's own
            options, ``"param_groups"`` (each with the names of its ``"params"`` and its
            ``"effective_lr"``) and ``"state"`` (by parameter: its arrays, and ``"steps"``, its tᵢ).
            Schedules are copied; a callable of yours is itself.
        """
        return self._undisturbed(
            lambda _: self._state_dict(checkpoint.copied_rates([g["lr"] for g in self._groups]))
        )

    def _state_dict(self, lrs: list[Any]) -> dict[str, Any]:
        step_count, skipped_steps, steps, rates = self._counters()
        settings = {key: value for key, value in self._settings.items() if key != "callback"}
        return {
            "version": checkpoint.VERSION,
            "optimizer": type(self).__name__,
            "step_count": step_count,
            "skipped_steps": skipped_steps,
            **settings,
            "param_groups": [
                {
                    **copy.deepcopy({**group.options, "lr": None}),
                    "lr": lr,
                    "params": [leaf.name for leaf in group.nesting.leaves],
                    "effective_lr": rate,
                }
                for group, lr, rate in zip(self._groups, lrs, rates, strict=True)
            ],
            "state": {
                leaf.name: {
                    **{k: a.copy(order="K") for k, a in self._states[leaf.name].items()},
                    "steps": count,
                }
                for leaf, count in zip(self._leaves, steps, strict=True)
            },
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options, counters and state from what :meth:`state_dict` returned; arrays are copied.

        Parameters go by name. The next step has the bits it would have had without the interruption.
        Where the schedules are those that were saved they stay, so that a Plateau that you hold goes on
        where the saved one stood.

        Raises
        ------
        TypeError, ValueError
            If anything in it does not fit this optimizer; nothing has changed then.
        """
        self._load(self._checked(state_dict))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write options, counters, state AND the parameters' values to one ``.npz`` file.

        The file is written under another name and renamed, so that it is whole or not there. A schedule
        that is a callable of yours is not in it: give it again before :meth:`load`.

        Parameters
        ----------
        path : str or path
            The file, exactly as named.

        Raises
        ------
        TypeError
            If a group holds an extra option that JSON has no form for.
        ValueError
            If an entry of a container handed over is another array now.
        OSError
            If the file cannot be written.
        """
        from . import checkpoint_file

        self._check_arrays()
        checkpoint_file.write(
            path, self.state_dict(), {leaf.name: leaf.array for leaf in self._leaves}
        )

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read a file of :meth:`save`: options, counters and state, and the parameters' values in place.

        Raises
        ------
        ValueError
            If the file is damaged or does not fit this optimizer; nothing has changed then.
        OSError
            If the file cannot be read.
        """
        from . import checkpoint_file

        self._check_arrays()
        state_dict, values = checkpoint_file.read(path, self._leaves, self._table.carried)
        try:
            found = self._checked(state_dict)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{os.fspath(path)}: does not fit this optimizer: {error}") from error
        self._load(found)
        for leaf in self._leaves:
            leaf.array[...] = values[leaf.name]

    def _checked(self, state_dict: Mapping[str, Any]) -> checkpoint.Checkpoint:
        for leaf in self._leaves:
            leaf.check_unchanged()
        return checkpoint.checked(state_dict, type(self).__name__, self._groups, self._table)

    def _check_arrays(self) -> None:
        """ValueError if a parameter is not where it was handed over, or not as it was."""
        for group in self._groups:
            group.nesting.check_bonds()
        for leaf in self._leaves:
            leaf.check_unchanged()

    def _load(self, found: checkpoint.Checkpoint) -> None:
        def take(version: int) -> None:
            if list(found.steps) != [leaf.name for leaf in self._leaves]:
                raise RuntimeError("another thread gave this optimizer other parameters meanwhile")
            settings = {**self._settings, **found.settings}
            pairs = zip(self._groups, found.group_options, strict=True)
            commit: Commit = [(vars(group), "options", chosen) for group, chosen in pairs]
            self._take_arrays(
                version,
                [group.nesting for group in self._groups],
                found.group_options,
                found.states,
                found.steps,
                [*commit, (vars(self), "_settings", settings)],
                settings,
                (found.step_count, found.skipped_steps, list(found.steps.values()), found.rates),
            )

        self._undisturbed(take)
        for plateau, state in found.plateaus:
            plateau._go_on(state)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: everything but the callback."""
        self._check_arrays()
        own = ("_defaults", "_settings", "_groups", "_leaves", "_states", "_is_grouped", "_engine")
        return {
            "sources": [group.nesting.source for group in self._groups],
            "is_grouped": self._is_grouped,
            "defaults": self._defaults,
            # The schedules themselves: whoever else holds one is copied together with them.
            "state_dict": self._state_dict([group["lr"] for group in self._groups]),
            "attributes": {key: value for key, value in vars(self).items() if key not in own},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        state_dict = state["state_dict"]
        settings = {name: state_dict.get(name) for name in options.GLOBAL}  # no callback
        self._start(state["defaults"], settings)
        vars(self).update(state["attributes"])
        groups = [
            self._group({"params": source, **{name: saved[name] for name in self._table.checks}})
            for source, saved in zip(state["sources"], state_dict["param_groups"], strict=True)
        ]
        self._bind_groups(self._version(), groups, state["is_grouped"])
        self._load(self._checked(state_dict))

    def __repr__(self) -> str:
        import inspect  # an older NumPy does without it

        def shown(options: Mapping[str, Any], usual: Mapping[str, Any], form: str) -> list[str]:
            return [
                form % (key, value)
                for key, value in options.items()
                if value != usual.get(key, value)
            ]

        signature = inspect.signature(type(self)).parameters
        usual = {name: None if name == "lr" else signature[name].default for name in signature}
        if self._is_grouped:
            common = self._defaults
            groups = [
                ", ".join([f"'params': {_shown(g.nesting)}", *shown(g.options, common, "%r: %r")])
                for g in self._groups
            ]
            parameters = "[" + ", ".join(f"{{{group}}}" for group in groups) + "]"
        else:
            common = self._groups[0].options
            parameters = _shown(self._groups[0].nesting)
        arguments = shown({**common, **self._settings}, usual, "%s=%r")
        return f"{type(self).__name__}({', '.join([parameters, *arguments])})"


def _shown(nesting: Nesting) -> str:
    """The parameters by name, dtype and shape."""
    arrays = [f"{leaf.name}: {leaf.dtype}{list(leaf.shape)}" for leaf in nesting.leaves]
    return "{" + ", ".join(arrays) + "}"
