"""Patients made of scikit-learn's estimators, kept for the final count."""

from __future__ import annotations

from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import RidgeCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from mldiag import Float, Int
from patients import tables
from patients.common import Patient, with_part
from patients.makers import estimator

PATIENTS = with_part("kept", (
    Patient("few_riders", "little data", "kept", tables.plain_bikes, 250,
            estimator(lambda: HistGradientBoostingRegressor(max_iter=120, min_samples_leaf=8,
                                                            early_stopping=False), "r2",
                      min_samples_leaf=Int(2, 64, default=8, log=True),
                      max_leaf_nodes=Int(4, 64, default=31, log=True)), family="boosting"),
    Patient("mislabelled_cells", "label noise", "kept", tables.cells, 240,
            estimator(lambda: MLPClassifier((50,), max_iter=120, learning_rate_init=3e-3),
                      "accuracy", alpha=Float(1e-3, 10, default=0.1, log=True),
                      learning_rate_init=Float(3e-4, 3e-2, default=3e-3, log=True)),
            flipped=0.25, family="network"),
    Patient("told_the_registered", "leak", "kept", tables.bikes, 1000,
            estimator(lambda: RandomForestRegressor(60), "r2",
                      min_samples_leaf=Int(1, 64, default=1, log=True),
                      max_features=Float(0.1, 1.0, default=0.6)), only=("fix_leak",)),
    Patient("plane_on_riders", "wrong family", "kept", tables.plain_bikes, 1500,
            estimator(lambda: make_pipeline(PolynomialFeatures(2), StandardScaler(),
                                            RidgeCV([0.1, 1, 10, 100], cv=5)), "r2",
                      polynomialfeatures__degree=Int(1, 3, default=2)), family="linear"),
    Patient("known_affairs", "at the ceiling", "kept", tables.affairs, 3400,
            estimator(lambda: HistGradientBoostingClassifier(
                          learning_rate=0.035, max_iter=150, max_leaf_nodes=3,
                          early_stopping=False), "accuracy",
                      max_leaf_nodes=Int(2, 12, default=3, log=True),
                      l2_regularization=Float(1e-2, 10, default=1, log=True)), family="boosting"),
    Patient("aimless_hours", "pure noise", "kept", tables.aimless_hours, 1000,
            estimator(lambda: MLPClassifier((20,), max_iter=60, alpha=1.0), "accuracy",
                      alpha=Float(1e-2, 10, default=1, log=True),
                      learning_rate_init=Float(3e-4, 1e-2, default=1e-3, log=True)), family="network"),
))  # fmt: skip
