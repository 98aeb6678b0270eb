"""More patients made of scikit-learn's estimators, written without knowledge of how a check-up decides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVC, SVR

from mldiag import Float, Int
from patients import fourth_tables as tables
from patients.common import Patient, with_part
from patients.makers import estimator

JITTERED = 4
"""Copies that an augmentation makes of every row."""

JITTER = 0.02
"""Standard deviation of what is added to the features of a copy; theirs is 1."""


def jittered_before_the_split(
    X: NDArray[Any], y: NDArray[Any], random: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any], None]:
    """Every row is augmented to several, and whoever splits them splits the copies too."""
    copies = np.repeat(X, JITTERED, axis=0)
    copies = copies + random.normal(0, JITTER, copies.shape)
    order = random.permutation(len(copies))
    return copies[order], np.repeat(y, JITTERED)[order], None


PATIENTS = with_part("fourth", (
    Patient("few_planes", "little data", "fourth", tables.plane_makers, 75,
            estimator(lambda: GradientBoostingClassifier(n_estimators=60, max_depth=2),
                      "accuracy", max_depth=Int(1, 4, default=2),
                      learning_rate=Float(0.03, 0.3, default=0.1, log=True)),
            family="boosting"),
    Patient("mislabelled_pieces", "label noise", "fourth", tables.picture_pieces, 1500,
            estimator(lambda: SVC(C=1, gamma=0.04), "accuracy",
                      C=Float(0.1, 10, default=1, log=True),
                      gamma=Float(0.005, 0.1, default=0.04, log=True)),
            flipped=0.3, family="kernel"),
    Patient("told_the_days_followed", "leak", "fourth", tables.followed_patients, 1000,
            estimator(lambda: RandomForestClassifier(100, min_samples_leaf=3), "accuracy",
                      min_samples_leaf=Int(1, 32, default=3, log=True),
                      max_features=Float(0.1, 1.0, default=0.3)), only=("fix_leak",)),
    Patient("jittered_men", "copies on both sides", "fourth", tables.young_men, 250,
            estimator(lambda: ExtraTreesRegressor(80), "r2",
                      min_samples_leaf=Int(1, 32, default=1, log=True),
                      max_features=Float(0.2, 1.0, default=0.6)),
            sicken=jittered_before_the_split, only=("fix_split",)),
    Patient("distances_by_heart", "overfit", "fourth", tables.distances, 1800,
            estimator(lambda: SVR(C=30, gamma=30, epsilon=0.05), "r2",
                      C=Float(1, 100, default=30, log=True),
                      gamma=Float(0.1, 30, default=30, log=True)), family="kernel"),
    Patient("neighbours_on_prices", "wrong family", "fourth", tables.prices, 1500,
            estimator(lambda: BaggingRegressor(KNeighborsRegressor(8), 20), "r2",
                      estimator__n_neighbors=Int(2, 32, default=8, log=True),
                      max_samples=Float(0.3, 1.0, default=1.0)), family="neighbours"),
))  # fmt: skip
