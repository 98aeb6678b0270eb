"""A regression on one feature: scikit-learn's "Ordinary Least Squares" example tells R2 0.47.

    mldiag reproduce experiments/reproductions/diabetes_line.py --expected 0.47 --tolerance 0.005

The body mass index alone, and the last 20 patients to score on.
"""

from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import mldiag

X, y = load_diabetes(return_X_y=True)
BODY_MASS_INDEX = [2]

diabetes_line = mldiag.Experiment.from_estimator(
    LinearRegression(),
    X[:-20, BODY_MASS_INDEX],
    y[:-20],
    valid=(X[-20:, BODY_MASS_INDEX], y[-20:]),
    metric="r2",
)
