"""Augmentations that break labels and such that keep them, and models that cannot fit what they train on.

An entry is (name, data, experiment, codes, unseen).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import accuracy_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import mldiag

Rows = tuple[Any, Any]
Augment = Callable[[Any, Any, np.random.Generator], Rows]
Make = Callable[[Rows, int], Any]
Entry = tuple[str, Callable[..., Rows], Make, tuple[str, ...], bool]


def augmented(function: Augment, model: Any = None, metric: str = "accuracy") -> Make:
    def make(data: Rows, draw: int) -> Any:
        return mldiag.Experiment.from_estimator(
            model or KNeighborsClassifier(3), *data, metric=metric, augment=function, name="program"
        )

    return make


def images(change: Callable[[Any, np.random.Generator], Any]) -> Augment:
    """Changes every 8 x 8 image."""

    def function(X: Any, y: Any, rng: np.random.Generator) -> Rows:
        return np.stack([change(row.reshape(8, 8), rng).ravel() for row in X]), y

    return function


def shifted(pixels: int) -> Augment:
    return images(lambda x, rng: ndimage.shift(x, rng.integers(-pixels, pixels + 1, 2), order=1))


def turned(degrees: float) -> Augment:
    return images(
        lambda x, rng: ndimage.rotate(x, rng.uniform(-degrees, degrees), reshape=False, order=1)
    )


def noisy(share: float) -> Augment:
    def function(X: Any, y: Any, rng: np.random.Generator) -> Rows:
        return X + rng.normal(0, share, X.shape) * X.std(axis=0), y

    return function


def appended(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """Twice the rows, the second half with noise."""
    return np.vstack([X, noisy(0.2)(X, y, rng)[0]]), np.concatenate([y, y])


def between_equals(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """Points between a row and another one of its class."""
    other = np.array([rng.choice(np.flatnonzero(y == label)) for label in y])
    return X + 0.3 * (X[other] - X), y


def mixed_quantities(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """Mixup, of the targets too."""
    other, share = rng.permutation(len(y)), rng.beta(0.4, 0.4, len(y))
    return X + share[:, None] * (X[other] - X), y + share * (y[other] - y)


def some_blank(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    return X * (rng.random(X.shape) > 0.1), y


def bootstrap(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    rows = rng.integers(0, len(y), len(y))
    return X[rows], y[rows]


def labels_shuffled(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    return X, rng.permutation(y)


def rows_shuffled(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """The rows change places, and the labels stay."""
    return noisy(0.1)(X[rng.permutation(len(y))], y, rng)


def tiled(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """Each row twice in a row, but the labels one after the other: np.repeat against np.tile."""
    return np.repeat(X, 2, axis=0), np.tile(y, 2)


def mixed_features(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """Mixup that forgets the targets."""
    return 0.5 * X + 0.5 * X[rng.permutation(len(y))], y


def some_relabelled(X: Any, y: Any, rng: np.random.Generator) -> Rows:
    """A tenth of the labels is drawn anew."""
    return noisy(0.05)(X, np.where(rng.random(len(y)) < 0.1, rng.permutation(y), y), rng)


def merged_classes(data: Rows, draw: int) -> Any:
    """Labels lose their second half on the way: 5 becomes 0, 6 becomes 1."""

    def train(trial: Any) -> Any:
        model = LogisticRegression(max_iter=500).fit(trial.X_train, trial.y_train % 5)
        predicted = model.predict(trial.X_valid)
        trial.predictions(predicted)
        return {"accuracy": accuracy_score(trial.y_valid, predicted)}

    return mldiag.experiment(data=data, metric="accuracy", name="program")(train)


def hardly_trained(data: Rows, draw: int) -> Any:
    """A learning rate a thousand times too small."""

    def train(trial: Any) -> Any:
        model = MLPClassifier((32,), learning_rate_init=1e-6, random_state=trial.seed)
        for epoch in trial.epochs(8):
            model.partial_fit(trial.X_train, trial.y_train, classes=np.unique(data[1]))
            trial.report(epoch, accuracy=model.score(trial.X_valid, trial.y_valid))
        trial.predictions(model.predict(trial.X_valid))
        return model.score(trial.X_valid, trial.y_valid)

    return mldiag.experiment(data=data, metric="accuracy", name="program")(train)


def two_features(data: Rows, draw: int) -> Any:
    """A linear model that sees two of the features."""
    X, y = data
    return mldiag.Experiment.from_estimator(
        LogisticRegression(), X[:, :2], y, metric="accuracy", name="program"
    )


def plain(model: Any, metric: str = "accuracy") -> Make:
    return lambda data, draw: mldiag.Experiment.from_estimator(
        model, *data, metric=metric, name="program"
    )


UPSIDE_DOWN = images(lambda x, rng: np.rot90(x, 2))
HALF_UPSIDE_DOWN = images(lambda x, rng: np.rot90(x, 2) if rng.random() < 0.5 else x)
MIRRORED = images(lambda x, rng: x[:, ::-1])

BROKEN: tuple[Entry, ...] = (
    ("augments: digits upside down", load_digits, augmented(UPSIDE_DOWN), ("MD128",), False),
    ("augments: half upside down", load_digits, augmented(HALF_UPSIDE_DOWN), ("MD128",), True),
    ("augments: digits mirrored", load_digits, augmented(MIRRORED), ("MD128",), True),
    ("augments: labels shuffled", load_wine, augmented(labels_shuffled), ("MD128",), False),
    ("augments: rows shuffled", load_breast_cancer, augmented(rows_shuffled), ("MD128",), False),
    ("augments: repeat against tile", load_digits, augmented(tiled), ("MD128",), False),
    ("augments: mixup without targets", load_wine, augmented(mixed_features), ("MD128",), True),
    ("augments: a tenth relabelled", load_digits, augmented(some_relabelled), ("MD128",), True),
    ("augments: quantities shuffled", load_diabetes,
     augmented(rows_shuffled, Ridge(), "r2"), ("MD128",), True),
    ("half of the classes merged", load_digits, merged_classes, ("MD129",), False),
    ("learning rate far too small", load_digits, hardly_trained, ("MD121", "MD129"), True),
)  # fmt: skip

SOUND: tuple[Entry, ...] = (
    ("augments: shift by 1", load_digits, augmented(shifted(1)), (), False),
    ("augments: shift by 2", load_digits, augmented(shifted(2)), (), True),
    ("augments: turn by 10 degrees", load_digits, augmented(turned(10)), (), False),
    ("augments: turn by 25 degrees", load_digits, augmented(turned(25)), (), True),
    ("augments: noise .1 on tumours", load_breast_cancer, augmented(noisy(0.1)), (), False),
    ("augments: noise .5 on wine", load_wine, augmented(noisy(0.5)), (), True),
    ("augments: noise .3 on quantities", load_diabetes, augmented(noisy(0.3), Ridge(), "r2"), (), True),
    ("augments: rows appended", load_wine, augmented(appended), (), False),
    ("augments: between equals", load_breast_cancer, augmented(between_equals), (), True),
    ("augments: mixup with targets", load_diabetes,
     augmented(mixed_quantities, Ridge(), "r2"), (), True),
    ("augments: some pixels blank", load_digits, augmented(some_blank), (), False),
    ("augments: bootstrap", load_wine, augmented(bootstrap), (), True),
    ("naive Bayes", load_digits, plain(GaussianNB()), (), False),
    ("ridge, strong penalty", load_digits, plain(RidgeClassifier(alpha=1e4)), (), True),
    ("ridge on quantities, strong penalty", load_diabetes, plain(Ridge(alpha=100.0), "r2"), (), True),
    ("linear on two features", load_wine, two_features, (), False),
    ("a stump", load_digits, plain(DecisionTreeClassifier(max_depth=1)), (), True),
    ("linear, log loss, strong penalty", load_wine,
     plain(make_pipeline(StandardScaler(), LogisticRegression(C=1e-3)), "neg_log_loss"), (), True),
)  # fmt: skip
