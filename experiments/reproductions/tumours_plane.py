"""A report by repeated cross-validation: one plane between the tumours, 97.5 %.

    mldiag reproduce experiments/reproductions/tumours_plane.py --expected 0.975 --tolerance 0.01 --seeds 30

Wolberg, Street and Mangasarian (1995): a plane in three features (worst area, worst smoothness, mean
texture), found by linear programming, scored by ten-fold cross-validation. A linear SVM stands for it.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mldiag

X, y = load_breast_cancer(return_X_y=True, as_frame=True)

tumours_plane = mldiag.Experiment.from_estimator(
    make_pipeline(StandardScaler(), SVC(kernel="linear")),
    X[["worst area", "worst smoothness", "mean texture"]],
    y,
    metric="accuracy",
    params={"svc__C": mldiag.Float(1e-2, 1e2, default=1, log=True)},
)
