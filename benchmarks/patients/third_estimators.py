"""Patients made of scikit-learn's estimators, written without knowledge of how a check-up decides."""

from __future__ import annotations

from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel
from sklearn.svm import SVC, SVR

from mldiag import Categorical, Float, Int
from patients import third_tables as tables
from patients.common import Patient, with_part
from patients.makers import estimator

PATIENTS = with_part("third", (
    Patient("few_airfields", "little data", "third", tables.airfields, 90,
            estimator(lambda: GaussianProcessRegressor(Matern(nu=1.5) + WhiteKernel(0.1),
                                                       n_restarts_optimizer=10), "r2",
                      alpha=Float(1e-6, 0.3, default=1e-3, log=True, role="regularization")),
            family="kernel"),
    Patient("mislabelled_airports", "label noise", "third", tables.regions, 1250,
            estimator(lambda: RandomForestClassifier(150, min_samples_leaf=2), "accuracy",
                      min_samples_leaf=Int(1, 5, default=2),
                      max_features=Int(1, 2, default=1)),
            flipped=0.35, family="forest"),
    Patient("raw_listings", "unscaled", "third", tables.raw_listings, 3500,
            estimator(lambda: SVR(C=30, gamma=0.1), "r2",
                      C=Float(0.3, 100, default=30, log=True),
                      epsilon=Float(0.02, 0.5, default=0.1, log=True)), family="kernel"),
    Patient("told_the_share", "leak", "third", tables.told_share, 2000,
            estimator(lambda: GradientBoostingRegressor(n_estimators=150), "r2",
                      max_depth=Int(1, 6, default=3),
                      learning_rate=Float(0.03, 0.3, default=0.1, log=True)),
            only=("fix_leak",)),
    Patient("men_on_both_sides", "the same person on both sides", "third", tables.men, 2600,
            estimator(lambda: GradientBoostingRegressor(n_estimators=150, max_depth=6,
                                                        subsample=0.5), "r2",
                      max_depth=Int(2, 8, default=6),
                      min_samples_leaf=Int(1, 64, default=1, log=True)), only=("fix_split",)),
    Patient("rare_poor_health", "imbalance", "third", tables.poor_health, 2500,
            estimator(lambda: RandomForestClassifier(150, min_samples_leaf=10), "f1",
                      min_samples_leaf=Int(5, 40, default=10, log=True),
                      class_weight=Categorical([None, "balanced"], default=None)),
            family="forest"),
    Patient("known_landings", "at the ceiling", "third", tables.landings, 7000,
            estimator(lambda: SVC(C=1), "accuracy", C=Float(0.1, 10, default=1, log=True),
                      gamma=Float(0.1, 1, default=0.33, log=True)), family="kernel"),
    Patient("aimless_share", "pure noise", "third", tables.trading_days, 1500,
            estimator(lambda: GradientBoostingClassifier(n_estimators=100, max_depth=2),
                      "accuracy", max_depth=Int(1, 4, default=2),
                      learning_rate=Float(0.01, 0.3, default=0.1, log=True)), family="boosting"),
))  # fmt: skip
