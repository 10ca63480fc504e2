"""Any optimizer in scikit-learn: `python examples/clients/sklearn_estimators.py`.

Three places where scikit-learn lets an optimizer in: estimators of our own in its pipelines and searches, the
kernel search of its Gaussian processes, and the steps of its multilayer perceptrons.
"""

from functools import partial
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from steepest import Adam
from steepest.clients.sklearn import (
    MLPClassifier,
    SoftmaxClassifier,
    gaussian_process_optimizer,
)


def digits() -> Any:
    """Training and test images, training and test digits."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=0)


def search() -> tuple[GridSearchCV, float]:
    """The best strength of the penalty, and the accuracy it gives on the test images."""
    train, test, train_digits, test_digits = digits()
    pipeline = make_pipeline(StandardScaler(), SoftmaxClassifier())
    grid = GridSearchCV(pipeline, {"softmaxclassifier__alpha": [1e-4, 1e-3, 1e-2]}, cv=3)
    grid.fit(train, train_digits)
    return grid, grid.score(test, test_digits)


def network(seed: int = 0) -> tuple[MLPClassifier, float]:
    """scikit-learn's perceptron stepped by Lion, and its accuracy on the test images."""
    train, test, train_digits, test_digits = digits()
    classifier = MLPClassifier(
        (64,),
        optimizer="lion",
        learning_rate_init=1e-3,
        optimizer_params={"weight_decay": 0.1},
        random_state=seed,
    )
    classifier.fit(train / 16, train_digits)
    return classifier, classifier.score(test / 16, test_digits)


def process(seed: int = 0, optimizer: Any = gaussian_process_optimizer) -> GaussianProcessRegressor:
    """A Gaussian process of noisy values of a sine, its kernel found by ascent of the likelihood."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, (40, 1))
    y = np.sin(x[:, 0]) + 0.1 * rng.normal(size=40)
    kernel = 1.0 * RBF(1.0) + WhiteKernel(0.1)
    return GaussianProcessRegressor(
        kernel, optimizer=optimizer, n_restarts_optimizer=1, random_state=0
    ).fit(x, y)


def main() -> None:
    grid, accuracy = search()
    print(f"Softmax, {grid.best_params_}: accuracy {accuracy:.3f}")

    classifier, accuracy = network()
    print(f"Perceptron by {type(classifier.optimizer_).__name__}: accuracy {accuracy:.3f}")

    by_adam = partial(gaussian_process_optimizer, optimizer=Adam, lr=0.1)
    for name, optimizer in (("Rprop", gaussian_process_optimizer), ("Adam", by_adam)):
        found = process(optimizer=optimizer)
        print(f"{name}: {found.kernel_}, {found.log_marginal_likelihood_value_:.4f}")


if __name__ == "__main__":
    main()
