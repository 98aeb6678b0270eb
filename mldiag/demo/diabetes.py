"""Built-in experiment: a regression on a small, noisy table."""

from __future__ import annotations

from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from mldiag.declaration import Experiment
from mldiag.parameters import Float, Int

features, progress = load_diabetes(return_X_y=True, as_frame=True)

diabetes = Experiment.from_estimator(
    GradientBoostingRegressor(subsample=0.8),
    features,
    progress,
    metric="rmse",
    params={
        "learning_rate": Float(1e-3, 1.0, default=0.1, log=True),
        "max_depth": Int(1, 8, default=3),
        "n_estimators": Int(10, 200, default=100, log=True),
    },
    name="diabetes",
)
