"""A scikit-learn pipeline on a real CSV: 569 tumours, 30 measurements each, benign or malignant.

    mldiag learning-curve breast_cancer_svm.py
    mldiag sweep breast_cancer_svm.py --all

The training rows of every trial are drawn anew; the estimator, its scaler included, only ever fits those.
"""

from importlib.resources import files

import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mldiag

# The file that scikit-learn ships has no column names: its first line holds the counts and the classes.
with (files("sklearn.datasets.data") / "breast_cancer.csv").open() as file:
    _, _, *classes = file.readline().strip().split(",")
    table = pd.read_csv(file, header=None)

tumours = mldiag.Experiment.from_estimator(
    # The scaler belongs into the pipeline: fitted before, it would have seen the rows that score.
    make_pipeline(StandardScaler(), SVC()),
    table.iloc[:, :-1].to_numpy(),
    table.iloc[:, -1].map(dict(enumerate(classes))),
    metric="roc_auc",  # any scikit-learn scorer, or a function (y_true, y_pred) -> float
    params={
        # Names as in set_params. mldiag knows that a larger C regularises less.
        "svc__C": mldiag.Float(1e-2, 1e3, default=1, log=True),
        "svc__gamma": mldiag.Float(1e-5, 1, default=0.03, log=True),
        "svc__class_weight": mldiag.Categorical([None, "balanced"], default=None),
    },
    name="tumours",
)
