"""A report in words: a random forest "can easily get about 97%" on the tumours, says scikit-learn.

    mldiag reproduce experiments/reproductions/tumours_forest.py --expected 0.97 --tolerance 0.02

From its example on permutation importance with collinear features: three quarters train, the split is fixed.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import mldiag

X, X_test, y, y_test = train_test_split(*load_breast_cancer(return_X_y=True), random_state=42)

tumours_forest = mldiag.Experiment.from_estimator(
    RandomForestClassifier(n_estimators=100),
    X,
    y,
    valid=(X_test, y_test),
    metric="accuracy",
    params={"max_depth": mldiag.Categorical([None, 2, 4, 8], default=None)},
)
