"""scikit-learn's multilayer perceptrons, with the steps of any optimizer."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any

from sklearn import neural_network

from ...arrays import Array
from ...log import logger
from ...optimizer import Optimizer
from .optimizers import descending, optimizer_class, revived


class MLPOptimizer:
    """What scikit-learn's perceptrons step with: an optimizer with the methods they call.

    Parameters
    ----------
    optimizer : class or str
        One of the family, as ``steepest.Adam``, or its name, ``"adam"``. It always descends.
    **options
        Its options: ``lr=0.01``, a number or a schedule, which counts steps, not epochs.

    Attributes
    ----------
    optimizer : Optimizer or None
        The optimizer over the live weights, from the first step on; after loading from the next one.

    Raises
    ------
    TypeError, ValueError
        If there is no such optimizer; at the first step if an option is not one of its own, or out of range.

    Examples
    --------
    :class:`MLPClassifier` and :class:`MLPRegressor` of this module make one themselves. scikit-learn's own
    keep one that is given before the first ``partial_fit``; ``fit`` would replace it:

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from steepest.clients.sklearn import MLPOptimizer
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((20,), random_state=0)
    >>> network._optimizer = MLPOptimizer("lion", lr=0.003)
    >>> for epoch in range(200):
    ...     network = network.partial_fit(X, y, classes=[0, 1, 2])
    >>> network.score(X, y) > 0.95
    True
    """

    def __init__(self, optimizer: type[Optimizer] | str, **options: Any) -> None:
        self._class = optimizer_class(optimizer)
        self._options = options
        self._params: list[Array] = []
        self._saved: dict[str, Any] | None = None
        self.optimizer: Optimizer | None = None

    def __getstate__(self) -> dict[str, Any]:
        saved = self._saved if self.optimizer is None else self.optimizer.__getstate__()
        return {**vars(self), "_params": [], "_saved": saved, "optimizer": None}

    def update_params(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """One step of the weights, in place; scikit-learn calls this after every batch."""
        if self._saved is not None:
            self._revive(params)
        is_same = len(params) == len(self._params) and all(map(operator.is_, params, self._params))
        self._params[:] = params
        if self.optimizer is None:
            self.optimizer = descending(self._class, self._params, self._options)
        elif not is_same:  # weights assigned by hand: states stay where shapes do
            self.optimizer.rebind()
        # Of float32 data scikit-learn makes some gradients in float64.
        pairs = zip(params, grads, strict=True)
        self.optimizer.step([grad.astype(param.dtype, copy=False) for param, grad in pairs])

    def iteration_ends(self, time_step: int) -> None:
        """Nothing: rates follow the steps."""

    def trigger_stopping(self, msg: str, verbose: bool) -> bool:
        """Always stop, as scikit-learn's own does with a constant rate; ``msg`` is logged, never printed."""
        if verbose:
            logger.info("%s Stopping.", msg)
        return True

    def _revive(self, params: Sequence[Array]) -> None:
        """After loading: the optimizer that was saved, over these weights."""
        assert self._saved is not None
        self._params[:] = params
        self.optimizer, self._saved = revived(self._class, self._saved, self._params), None


class _AnyOptimizer:
    """Puts our optimizer where ``fit`` puts its own: both assign ``self._optimizer``."""

    optimizer: Any
    optimizer_params: Any
    learning_rate_init: float
    coefs_: list[Array]
    intercepts_: list[Array]

    @property
    def optimizer_(self) -> Optimizer | None:
        """The optimizer of the last fit, over the live weights; None if it was scikit-learn's."""
        found = vars(self).get("_optimizer")
        if not isinstance(found, MLPOptimizer):
            return None
        if found._saved is not None:  # joblib may load weights that nothing can step
            weights = [*self.coefs_, *self.intercepts_]
            found._revive([w if w.flags.writeable else w.copy() for w in weights])
        return found.optimizer

    @property
    def _optimizer(self) -> Any:
        try:
            return vars(self)["_optimizer"]
        except KeyError:
            raise AttributeError("_optimizer: not fitted") from None

    @_optimizer.setter
    def _optimizer(self, made: Any) -> None:
        if not isinstance(made, MLPOptimizer):
            self._check_options()
        if self.optimizer is not None and not isinstance(made, MLPOptimizer):
            options = {"lr": self.learning_rate_init, **(self.optimizer_params or {})}
            made = MLPOptimizer(self.optimizer, **options)
        vars(self)["_optimizer"] = made

    def _check_options(self) -> None:
        if self.optimizer is None and self.optimizer_params is not None:
            raise ValueError(
                f"optimizer_params: got {self.optimizer_params!r} without an optimizer, expected None"
            )


def _with_optimizer(init: Callable[..., None]) -> Callable[..., None]:
    """A constructor with two more arguments, which `clone` and `get_params` find in its signature."""

    @functools.wraps(init)
    def longer(
        self: Any, *args: Any, optimizer: Any = None, optimizer_params: Any = None, **kwargs: Any
    ) -> None:
        init(self, *args, **kwargs)
        self.optimizer = optimizer
        self.optimizer_params = optimizer_params

    theirs = inspect.signature(init)
    ours = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in ("optimizer", "optimizer_params")
    ]
    longer.__signature__ = theirs.replace(  # type: ignore[attr-defined]
        parameters=[*theirs.parameters.values(), *ours]
    )
    return longer


def _checked(fit: Callable[..., Any]) -> Callable[..., Any]:
    """A ``fit`` that fails rather than step with another optimizer than was asked for."""

    @functools.wraps(fit)
    def checked(self: Any, X: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        self._check_options()
        if self.optimizer is not None:
            optimizer_class(self.optimizer)
            if self.solver == "lbfgs":
                raise ValueError(
                    "solver: got 'lbfgs', whose search has no steps; expected 'adam' with an optimizer"
                )
        fitted = fit(self, X, y, *args, **kwargs)
        if self.optimizer is not None and self.optimizer_ is None:
            raise RuntimeError("optimizer: this release of scikit-learn has not used it")
        return fitted

    return checked


class MLPClassifier(_AnyOptimizer, neural_network.MLPClassifier):  # type: ignore[misc]
    """scikit-learn's MLPClassifier with one more parameter: the optimizer.

    Parameters
    ----------
    hidden_layer_sizes, activation, alpha, batch_size, learning_rate_init, max_iter, shuffle, random_state, \
tol, verbose, warm_start, early_stopping, validation_fraction, n_iter_no_change, and all others
        As for `sklearn.neural_network.MLPClassifier`. Its parameters of one solver (``momentum``, ``beta_1``,
        ``learning_rate="adaptive"``, …) have no effect on another optimizer; ``solver`` may not be "lbfgs".
    optimizer : class, str or None, default None
        One of the family, as ``steepest.Lion``, or its name, ``"lion"``; its rate is ``learning_rate_init``.
        None: what ``solver`` says, as scikit-learn.
    optimizer_params : dict or None, default None
        Options of the optimizer: ``{"betas": (0.9, 0.99)}``. A schedule is given here, ``{"lr": schedule}``,
        and counts steps.

    Attributes
    ----------
    optimizer_ : Optimizer or None
        The optimizer over the live weights; None without ``optimizer``. All others are scikit-learn's.

    Raises
    ------
    TypeError, ValueError
        In ``fit``, if there is no such optimizer or option, there are options without an optimizer, or
        ``solver`` is "lbfgs".
    RuntimeError
        If a release of scikit-learn no longer asks for its optimizer where this one puts it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from steepest.clients.sklearn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((20,), optimizer="nadam", learning_rate_init=0.01, random_state=0)
    >>> network.set_params(max_iter=1000).fit(X, y).score(X, y) > 0.95
    True
    """

    __init__ = _with_optimizer(neural_network.MLPClassifier.__init__)
    fit = _checked(neural_network.MLPClassifier.fit)


class MLPRegressor(_AnyOptimizer, neural_network.MLPRegressor):  # type: ignore[misc]
    """scikit-learn's MLPRegressor with one more parameter: the optimizer.

    Parameters
    ----------
    hidden_layer_sizes, activation, learning_rate_init, and all others
        As for `sklearn.neural_network.MLPRegressor`, with the same exceptions as :class:`MLPClassifier`.
    optimizer, optimizer_params
        As for :class:`MLPClassifier`.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        As :class:`MLPClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from steepest.clients.sklearn import MLPRegressor
    >>> X = np.linspace(-2, 2, 100)[:, None]
    >>> network = MLPRegressor(optimizer="adam", learning_rate_init=0.01, random_state=0)
    >>> network.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.98
    True
    """

    __init__ = _with_optimizer(neural_network.MLPRegressor.__init__)
    fit = _checked(neural_network.MLPRegressor.fit)
