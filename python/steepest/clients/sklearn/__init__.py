"""scikit-learn: estimators trained by any optimizer, and optimizers for its own estimators.

Linear models of this package, and multilayer perceptrons of scikit-learn's::

    SoftmaxClassifier, LinearRegressor
    MLPClassifier, MLPRegressor, MLPOptimizer

and the search for a Gaussian process's kernel::

    GaussianProcessRegressor(optimizer=gaussian_process_optimizer)

Examples
--------
>>> from sklearn.datasets import load_iris
>>> from steepest.clients.sklearn import SoftmaxClassifier
>>> X, y = load_iris(return_X_y=True)
>>> round(SoftmaxClassifier().fit(X, y).score(X, y), 2)
0.98
"""

from ... import extras

try:
    import sklearn as _sklearn  # noqa: F401
except ModuleNotFoundError as missing:
    raise extras.missing("steepest.clients.sklearn", "scikit-learn", "sklearn") from missing

from .gaussian_process import gaussian_process_optimizer
from .perceptrons import MLPClassifier, MLPOptimizer, MLPRegressor
from .regression import LinearRegressor
from .softmax import SoftmaxClassifier

__all__ = [
    "LinearRegressor",
    "MLPClassifier",
    "MLPOptimizer",
    "MLPRegressor",
    "SoftmaxClassifier",
    "gaussian_process_optimizer",
]
