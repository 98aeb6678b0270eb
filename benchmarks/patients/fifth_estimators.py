"""Yet more patients of scikit-learn's estimators, written without knowledge of how a check-up decides."""

from __future__ import annotations

from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVR

from mldiag import Categorical, Float, Int
from patients import fifth_tables as tables
from patients.common import Patient, with_part
from patients.makers import estimator

PATIENTS = with_part("fifth", (
    Patient("few_order_lines", "little data", "fifth", tables.products, 400,
            estimator(lambda: RandomForestClassifier(100), "accuracy",
                      min_samples_leaf=Int(1, 16, default=1, log=True),
                      max_features=Int(1, 3, default=2)), family="forest"),
    Patient("told_the_profit", "leak", "fifth", tables.told_profit, 1200,
            estimator(lambda: RandomForestRegressor(60), "r2",
                      min_samples_leaf=Int(1, 32, default=1, log=True),
                      max_features=Float(0.2, 1.0, default=0.7)), only=("fix_leak",)),
    Patient("countries_on_both_sides", "the same country on both sides", "fifth", tables.countries,
            3000,
            estimator(lambda: ExtraTreesRegressor(60), "r2",
                      min_samples_leaf=Int(1, 32, default=1, log=True),
                      max_features=Float(0.2, 1.0, default=1.0)), only=("fix_split",)),
    Patient("hasty_ride", "learning rate far off", "fifth", tables.ride_power, 1200,
            estimator(lambda: MLPRegressor(hidden_layer_sizes=(50, 50), max_iter=60,
                                           n_iter_no_change=60, learning_rate_init=0.3), "r2",
                      learning_rate_init=Float(1e-4, 1.0, default=0.3, log=True),
                      alpha=Float(1e-5, 1.0, default=1e-4, log=True)), family="network"),
    Patient("plane_on_returns", "wrong family", "fifth", tables.returns_on_sales, 2000,
            estimator(lambda: SVR(kernel="linear", C=1, epsilon=0.05), "r2",
                      C=Float(0.01, 10, default=1, log=True),
                      epsilon=Float(0.01, 0.5, default=0.05, log=True)), family="linear"),
    Patient("rare_low_sugar", "imbalance", "fifth", tables.low_sugar, 3000,
            estimator(lambda: RandomForestClassifier(100, min_samples_leaf=15),
                      "balanced_accuracy",
                      min_samples_leaf=Int(8, 64, default=15, log=True),
                      class_weight=Categorical([None, "balanced"], default=None)),
            family="forest"),
    Patient("aimless_quantities", "pure noise", "fifth", tables.quantities, 2000,
            estimator(lambda: HistGradientBoostingClassifier(
                          learning_rate=0.05, max_iter=60, max_leaf_nodes=8,
                          early_stopping=False), "roc_auc",
                      max_leaf_nodes=Int(3, 31, default=8, log=True),
                      learning_rate=Float(0.01, 0.3, default=0.05, log=True)), family="boosting"),
))  # fmt: skip
