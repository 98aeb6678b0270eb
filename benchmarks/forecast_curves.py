"""Real learning curves, computed here, that the forecast was not trained on: regression, losses, small nets.

A population is a data set of scikit-learn or one of its generators. A draw takes a small data set from it,
splits it five times 80/20 as mldiag does, and trains on nested subsets; the truth at every size is the mean
over independent draws, scored on rows that the draw did not train on.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from forecast_net import TorchNet
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import (
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

Floats = NDArray[np.float64]
REPEATS = 5
SCORING_ROWS = 1000
FACTORS = (2, 4, 8)


@dataclass(frozen=True)
class Metric:
    """What is measured, and how the forecast is told of it."""

    name: str
    maximize: bool
    bounds: tuple[float | None, float | None]


REGRESSION = (
    Metric("RMSE", False, (0, None)),
    Metric("R2", True, (None, 1)),
    Metric("MAE", False, (0, None)),
)
CLASSIFICATION = (
    Metric("log loss", False, (0, None)),
    Metric("accuracy", True, (0, 1)),
    Metric("error rate", False, (0, 1)),
)


@dataclass(frozen=True)
class RealCurve:
    """What one draw shows, and what the population says.

    Args:
        data: Name of the population.
        learner: Name of the learner.
        metric: The metric.
        sizes: Training rows, shape (S,).
        scores: Validation scores, shape (S, 5).
        train_scores: Training scores, shape (S, 5).
        targets: The largest size, and 2, 4 and 8 times that.
        truth: Expected scores at the targets.
    """

    data: str
    learner: str
    metric: Metric
    sizes: Floats
    scores: Floats
    train_scores: Floats
    targets: Floats
    truth: Floats


def _friedman1(rows: int, seed: int) -> tuple[Floats, Floats]:
    return datasets.make_friedman1(rows, noise=1.0, random_state=seed)


def _friedman2(rows: int, seed: int) -> tuple[Floats, Floats]:
    return datasets.make_friedman2(rows, noise=100.0, random_state=seed)


def _friedman3(rows: int, seed: int) -> tuple[Floats, Floats]:
    return datasets.make_friedman3(rows, noise=0.1, random_state=seed)


def _sparse(rows: int, seed: int) -> tuple[Floats, Floats]:
    return datasets.make_sparse_uncorrelated(rows, n_features=60, random_state=seed)


def _classes(rows: int, seed: int) -> tuple[Floats, Floats]:
    x, y = datasets.make_classification(
        20_000, n_features=30, n_informative=8, n_classes=4, flip_y=0.05, random_state=7
    )
    chosen = np.random.default_rng(seed).permutation(len(x))[:rows]
    return x[chosen], y[chosen]


def _hastie(rows: int, seed: int) -> tuple[Floats, Floats]:
    return datasets.make_hastie_10_2(rows, random_state=seed)


def _moons(rows: int, seed: int) -> tuple[Floats, Floats]:
    return datasets.make_moons(rows, noise=0.3, random_state=seed)


def _stored(
    load: Callable[..., tuple[Floats, Floats]],
) -> Callable[[int, int], tuple[Floats, Floats]]:
    def draw(rows: int, seed: int) -> tuple[Floats, Floats]:
        x, y = load(return_X_y=True)
        chosen = np.random.default_rng(seed).permutation(len(x))[:rows]
        return x[chosen], y[chosen]

    return draw


# name: (draw, rows of a draw, rows to score the truth on)
POPULATIONS: dict[str, tuple[Callable[[int, int], tuple[Floats, Floats]], tuple[int, ...], int]] = {
    "friedman1": (_friedman1, (60, 250), SCORING_ROWS),
    "friedman2": (_friedman2, (100,), SCORING_ROWS),
    "friedman3": (_friedman3, (150,), SCORING_ROWS),
    "sparse": (_sparse, (120,), SCORING_ROWS),
    "diabetes": (_stored(datasets.load_diabetes), (50,), 120),
    "classes": (_classes, (100, 300), SCORING_ROWS),
    "hastie": (_hastie, (150,), SCORING_ROWS),
    "moons": (_moons, (80,), SCORING_ROWS),
    "digits": (_stored(datasets.load_digits), (150,), 500),
    "breast cancer": (_stored(datasets.load_breast_cancer), (60,), 180),
}
REGRESSIONS = {"friedman1", "friedman2", "friedman3", "sparse", "diabetes"}


def _scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


REGRESSORS: dict[str, Callable[[], Any]] = {
    "ridge": lambda: _scaled(Ridge(1.0)),
    "lasso": lambda: _scaled(Lasso(0.1, max_iter=300)),
    "5-NN": lambda: _scaled(KNeighborsRegressor(5)),
    "tree": lambda: DecisionTreeRegressor(min_samples_leaf=3, random_state=0),
    "forest": lambda: RandomForestRegressor(15, random_state=0),
    "boosting": lambda: GradientBoostingRegressor(n_estimators=40, random_state=0),
    "SVM": lambda: _scaled(SVR(C=10.0)),
    "perceptron": lambda: _scaled(
        MLPRegressor(hidden_layer_sizes=(32,), solver="lbfgs", max_iter=60, random_state=0)
    ),
    "torch net": lambda: TorchNet(classes=0),
}
CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: _scaled(LogisticRegression(C=0.5, max_iter=150)),
    "Bayes": lambda: GaussianNB(var_smoothing=1e-3),
    "10-NN": lambda: _scaled(KNeighborsClassifier(10)),
    "tree": lambda: DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
    "forest": lambda: RandomForestClassifier(15, random_state=0),
    "torch net": lambda: TorchNet(classes=10),
}


def curve_sizes(full: int, points: int = 8, smallest: int = 12) -> NDArray[np.int_]:
    """Halves of the full size, then sizes half-way between from the top, as the step draws them."""
    halvings = min(int(np.log2(full / smallest)), points - 1)
    sizes = {round(full / 2**k) for k in range(halvings + 1)}
    for k in range(halvings):
        if len(sizes) < points:
            sizes.add(round(full / 2 ** (k + 0.5)))
    return np.array(sorted(sizes))


def scores_of(
    model: Any, x: Floats, y: Floats, labels: Floats | None, *, piece: int | None = None
) -> list[float]:
    """The three metrics of a fitted model, in the order of `REGRESSION` or `CLASSIFICATION`.

    Args:
        model: Fitted.
        x: Features.
        y: Truth.
        labels: All classes, or None in regression.
        piece: Rows to score at a time, the mean over pieces being the score; all rows by default. R2 and
            RMSE of few rows differ from those of many, so that a truth is taken in pieces of the size of
            the validation rows.
    """
    if labels is None:
        piece = piece or len(y)
        whole = len(y) // piece * piece
        parts = y[:whole].reshape(-1, piece)
        error = parts - np.asarray(model.predict(x))[:whole].reshape(-1, piece)
        squares, spread = (error**2).mean(axis=1), parts.var(axis=1)
        return [
            float(np.sqrt(squares).mean()),
            float((1 - squares / spread).mean()),
            float(np.abs(error).mean()),
        ]
    known = np.asarray(model.classes_)
    probabilities = np.full(
        (len(x), len(labels)), 1e-3
    )  # a class not seen is unlikely, not impossible
    probabilities[:, np.searchsorted(labels, known)] = np.clip(model.predict_proba(x), 1e-3, 1)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    right = labels[probabilities.argmax(axis=1)] == y
    truth = probabilities[np.arange(len(y)), np.searchsorted(labels, y)]
    return [float(-np.log(truth).mean()), float(right.mean()), float(1 - right.mean())]


def _observed(
    make: Callable[[], Any], x: Floats, y: Floats, labels: Floats | None, seed: int
) -> tuple[NDArray[np.int_], Floats, Floats]:
    full = round(0.8 * len(x))
    sizes = curve_sizes(full)
    valid = np.full((len(sizes), REPEATS, 3), np.nan)
    train = valid.copy()
    for repeat in range(REPEATS):
        order = np.random.default_rng([seed, repeat]).permutation(len(x))
        for i, size in enumerate(sizes):
            rows = order[:size]
            if labels is not None and len(np.unique(y[rows])) < 2:
                continue
            model = make().fit(x[rows], y[rows])
            valid[i, repeat] = scores_of(model, x[order[full:]], y[order[full:]], labels)
            train[i, repeat] = scores_of(model, x[rows], y[rows], labels)
    return sizes, valid, train


def _truth(
    make: Callable[[], Any],
    draw: Callable[[int, int], tuple[Floats, Floats]],
    targets: Floats,
    scoring_rows: int,
    labels: Floats | None,
) -> Floats:
    truth = np.zeros((len(targets), 3))
    piece = max(2, round(targets[0] / 4))
    for j, rows in enumerate(targets.astype(int)):
        count = max(5, 32 >> j)
        for seed in range(count):
            x, y = draw(rows + scoring_rows, 10_000 + seed)
            model = make().fit(x[:rows], y[:rows])
            truth[j] += np.array(scores_of(model, x[rows:], y[rows:], labels, piece=piece)) / count
    return truth


def real_curves(draws: int = 4) -> Iterator[RealCurve]:
    """Every population with every learner that fits it, `draws` data sets of each size.

    Args:
        draws: Data sets of every population and size.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data, (draw, row_counts, scoring_rows) in POPULATIONS.items():
            regression = data in REGRESSIONS
            labels = None if regression else np.unique(draw(1500, 0)[1])
            for rows in row_counts:
                learners = REGRESSORS if regression else CLASSIFIERS
                for number, (learner, make) in enumerate(learners.items()):
                    full = round(0.8 * rows)
                    targets = np.array([full, *(f * full for f in FACTORS)], dtype=float)
                    truth = _truth(make, draw, targets, scoring_rows, labels)
                    for seed in range(number * draws, (number + 1) * draws):
                        x, y = draw(rows, seed)
                        sizes, valid, train = _observed(make, x, y, labels, seed)
                        for m, metric in enumerate(REGRESSION if regression else CLASSIFICATION):
                            yield RealCurve(
                                data, learner, metric, sizes.astype(float), valid[..., m],
                                train[..., m], targets, truth[:, m],
                            )  # fmt: skip
