"""Reference learners with defaults that are sized for the rows they train on."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from mldiag.reference.lookup import Lookup
from mldiag.reference.neighbours import ChosenNeighbours

TREES = 100
BOOSTED_TREES = 400
"""Trees over all classes: boosting grows one a class in each round."""
BOOSTING_ROUNDS = 100
NETWORK_UPDATES = 4000
NETWORK_WIDTH = 64
NETWORK_BATCH = 32
MANY_CLASSES = 3


def learner(
    name: str, *, classes: int | None, rows: int, seed: int, absolute: bool = False
) -> BaseEstimator:
    """An unfitted learner for standardised features.

    Args:
        name: Name of the family.
        classes: Number of classes; None for quantities.
        rows: Rows that it will train on.
        seed: Where the family is seeded.
        absolute: Whether the metric is an absolute error, which the median minimises.

    Example:
        >>> type(learner("linear", classes=None, rows=100, seed=0)).__name__
        'RidgeCV'
    """
    if name == "dummy":
        if classes:
            return DummyClassifier(strategy="prior")
        return DummyRegressor(strategy="median" if absolute else "mean")
    if name == "linear":
        if classes:
            return LogisticRegression(max_iter=300)
        return RidgeCV(alphas=[10.0**power for power in range(-3, 5)])
    if name == "neighbours":
        return ChosenNeighbours(classes=bool(classes))
    if name == "lookup":
        return Lookup(classes=bool(classes), absolute=absolute)
    if name == "forest":
        if classes:
            return RandomForestClassifier(TREES, random_state=seed)
        return RandomForestRegressor(TREES, max_features=1 / 3, random_state=seed)
    return (_boosting if name == "boosting" else _network)(classes, rows, seed)


def _boosting(classes: int | None, rows: int, seed: int) -> BaseEstimator:
    per_round = classes if classes and classes >= MANY_CLASSES else 1
    rounds = min(BOOSTING_ROUNDS, max(30, BOOSTED_TREES // per_round))
    options: dict[str, Any] = {
        "max_iter": rounds,
        "learning_rate": min(0.3, 10 / rounds),
        "max_leaf_nodes": 31 if rows >= 2000 else 15,
        "min_samples_leaf": max(2, min(20, rows // 40)),
        "early_stopping": False,
        "random_state": seed,
    }
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(**options)


def _network(classes: int | None, rows: int, seed: int) -> BaseEstimator:
    updates_an_epoch = max(1, rows // NETWORK_BATCH)
    options: dict[str, Any] = {
        "hidden_layer_sizes": (NETWORK_WIDTH,),
        "alpha": 1e-2,
        "learning_rate_init": 2e-3,
        "batch_size": min(NETWORK_BATCH, rows),
        "max_iter": min(60, max(5, NETWORK_UPDATES // updates_an_epoch)),
        "random_state": seed,
    }
    if classes:
        return MLPClassifier(**options)
    return TransformedTargetRegressor(MLPRegressor(**options), transformer=StandardScaler())
