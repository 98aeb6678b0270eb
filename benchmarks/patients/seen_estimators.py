"""Patients made of scikit-learn's estimators, on which the ranking may be tuned."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from mldiag import Categorical, Float, Int
from patients import tables
from patients.common import Patient, take, with_part
from patients.makers import estimator

COPIED = 0.6


def copied_into_validation(X: Any, y: Any, random: np.random.Generator) -> Any:
    """A fifth validates, and three in five of these rows train as well."""
    count = len(y) // 5
    copies = count + random.permutation(len(y) - count)[: int(COPIED * count)]
    fresh = np.arange(count - len(copies))
    rows = random.permutation(np.concatenate([copies, fresh]))
    train = np.arange(count, len(y))
    return take(X, train), y[train], (take(X, rows), y[rows])


def shifted_by_one(X: Any, y: Any, random: np.random.Generator) -> Any:
    """Every row has the label of the row before it: a header was lost in one of two files."""
    return X, np.roll(y, 1), None


LEAF = Int(1, 64, default=1, log=True)

PATIENTS = with_part("seen", (
    Patient("few_digits", "little data", "seen", tables.digits, 130,
            estimator(lambda: ExtraTreesClassifier(150), "accuracy", min_samples_leaf=LEAF,
                      max_features=Float(0.02, 1.0, default=0.12, log=True)), family="forest"),
    Patient("mislabelled_digits", "label noise", "seen", tables.digits, 700,
            estimator(lambda: MLPClassifier((60,), max_iter=50, learning_rate_init=3e-3,
                                            alpha=0.1), "accuracy",
                      alpha=Float(1e-2, 3, default=0.1, log=True),
                      learning_rate_init=Float(3e-4, 3e-2, default=3e-3, log=True)),
            flipped=0.4, family="network"),
    Patient("raw_weather", "unscaled", "seen", tables.raw_middling_hours, 1500,
            estimator(lambda: MLPClassifier((40,), max_iter=100, learning_rate_init=5e-3,
                                            n_iter_no_change=100),
                      "accuracy", alpha=Float(1e-5, 1, default=1e-4, log=True),
                      learning_rate_init=Float(3e-4, 3e-2, default=5e-3, log=True)),
            family="network"),
    Patient("held_down_weather", "over-regularised", "seen", tables.scaled_humidity, 1000,
            estimator(lambda: MLPRegressor(hidden_layer_sizes=(50,), alpha=100.0,
                                           max_iter=80, learning_rate_init=3e-3), "r2",
                      alpha=Float(1e-4, 100, default=100, log=True),
                      learning_rate_init=Float(3e-4, 3e-2, default=3e-3, log=True)),
            family="network"),
    Patient("told_the_delay", "leak", "seen", tables.late_flights, 1500,
            estimator(lambda: RandomForestClassifier(100), "accuracy", min_samples_leaf=LEAF,
                      max_features=Float(0.1, 1.0, default=0.4)), only=("fix_leak",)),
    Patient("copied_riders", "duplicates across the split", "seen", tables.plain_bikes, 900,
            estimator(lambda: RandomForestRegressor(60), "r2", min_samples_leaf=LEAF,
                      max_features=Float(0.1, 1.0, default=0.5)),
            sicken=copied_into_validation, only=("fix_split",)),
    Patient("labels_of_the_neighbour", "shifted labels", "seen", tables.digits, 700,
            estimator(lambda: RandomForestClassifier(80), "accuracy", min_samples_leaf=LEAF,
                      max_features=Float(0.02, 1.0, default=0.12, log=True)),
            sicken=shifted_by_one, only=("fix_labels",)),
    Patient("rare_caravans", "imbalance", "seen", tables.caravans, 2500,
            estimator(lambda: HistGradientBoostingClassifier(
                          max_iter=60, max_leaf_nodes=6, early_stopping=False),
                      "balanced_accuracy", max_leaf_nodes=Int(2, 24, default=6, log=True),
                      class_weight=Categorical([None, "balanced"], default=None)),
            family="boosting"),
    Patient("wages_by_heart", "overfit", "seen", tables.wages, 700,
            estimator(lambda: HistGradientBoostingRegressor(
                          learning_rate=0.1, max_iter=150, min_samples_leaf=2,
                          early_stopping=False), "r2",
                      min_samples_leaf=Int(1, 120, default=2, log=True),
                      max_leaf_nodes=Int(2, 64, default=31, log=True)), family="boosting"),
    Patient("plane_on_odd_digits", "wrong family", "seen", tables.odd_digits, 900,
            estimator(lambda: make_pipeline(StandardScaler(),
                                            LogisticRegression(C=0.3, max_iter=1500, tol=1e-5,
                                                               solver="saga")),
                      "accuracy", logisticregression__C=Float(3e-3, 10, default=0.3, log=True)),
            family="linear"),
    Patient("known_defaults", "at the ceiling", "seen", tables.defaults, 3500,
            estimator(lambda: HistGradientBoostingClassifier(
                          learning_rate=0.02, max_iter=200, max_leaf_nodes=4,
                          early_stopping=False), "accuracy",
                      max_leaf_nodes=Int(2, 16, default=4, log=True),
                      l2_regularization=Float(1e-2, 10, default=1, log=True)), family="boosting"),
    Patient("sound_flights", "healthy", "seen", tables.air_times, 3500,
            estimator(lambda: SVR(C=10, gamma=0.02, epsilon=0.1), "r2",
                      C=Float(1, 100, default=10, log=True),
                      gamma=Float(2e-3, 0.2, default=0.02, log=True))),
    Patient("aimless_flights", "pure noise", "seen", tables.aimless_flights, 1500,
            estimator(lambda: RandomForestClassifier(100, min_samples_leaf=30), "accuracy",
                      min_samples_leaf=Int(10, 100, default=30, log=True),
                      max_features=Float(0.1, 1.0, default=0.4)), family="forest"),
))  # fmt: skip
