"""Programs without a bug: whatever is told of them as a problem is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import mldiag
from trial_programs.augmentations import SOUND
from trial_programs.common import Data, Make, Program, declared


def estimator(model: Any, metric: str = "accuracy", **options: Any) -> Make:
    def make(data: Data, draw: int) -> Any:
        return mldiag.Experiment.from_estimator(
            model, *data, metric=metric, name="program", **options
        )

    return make


def plain_function(data: Data, draw: int) -> Any:
    """A function that keeps no predictions."""

    def train(trial: Any) -> Any:
        model = LogisticRegression(max_iter=500).fit(trial.X_train, trial.y_train)
        return model.score(trial.X_valid, trial.y_valid)

    return declared(data, train)


def row_numbers(data: Data, draw: int) -> Any:
    """A function that holds its arrays itself and uses the trial's row numbers alone."""
    X, y = data

    def train(trial: Any) -> Any:
        model = KNeighborsClassifier().fit(X[trial.train], y[trial.train])
        return model.score(X[trial.valid], y[trial.valid])

    return declared(data, train)


def epochs_with_stop(data: Data, draw: int) -> Any:
    """Early stopping on rows of its own, the last epoch reported."""

    def train(trial: Any) -> Any:
        stop = trial.stop
        model = MLPClassifier((16,), random_state=trial.seed)
        classes, best, kept = np.unique(data[1]), -1.0, 0
        for epoch in trial.epochs(20):
            model.partial_fit(trial.X_train, trial.y_train, classes=classes)
            score = accuracy_score(data[1][stop], model.predict(trial.X_stop))
            best, kept = max((score, epoch), (best, kept))
            trial.report(epoch, accuracy=model.score(trial.X_valid, trial.y_valid))
            if epoch - kept > 5:
                break
        trial.predictions(model.predict(trial.X_valid))
        return {"accuracy": model.score(trial.X_valid, trial.y_valid)}

    return declared(data, train)


def no_signal(data: Data, draw: int) -> Any:
    """Labels that say nothing of the features: nothing can be learned, and nothing is broken."""
    X, y = data
    labels = np.random.default_rng(draw).permutation(y)
    return mldiag.Experiment.from_estimator(
        LogisticRegression(max_iter=300), X, labels, metric="accuracy", name="program"
    )


def imbalanced(data: Data, draw: int) -> Any:
    """A rare class, balanced accuracy."""
    X, y = data
    rare = (y == 0) & (np.random.default_rng(draw).random(len(y)) > 0.85)
    keep = rare | (y != 0)
    return mldiag.Experiment.from_estimator(
        RandomForestClassifier(30), X[keep], (y[keep] == 0).astype(int),
        metric="balanced_accuracy", name="program",
    )  # fmt: skip


def coarse_features(data: Data, draw: int) -> Any:
    """Few coarse features: rows are equal by chance."""
    X, y = data
    coarse = np.round(2 * (X[:, :3] - X[:, :3].mean(0)) / X[:, :3].std(0))
    return mldiag.Experiment.from_estimator(
        DecisionTreeClassifier(max_depth=4), coarse, y, metric="accuracy", name="program"
    )


def heavily_regularised(data: Data, draw: int) -> Any:
    """Underfits, and is right all the same."""
    return mldiag.Experiment.from_estimator(
        make_pipeline(StandardScaler(), LogisticRegression(C=1e-3)), *data,
        metric="log_loss", name="program",
    )  # fmt: skip


SCALED_SVM = make_pipeline(StandardScaler(), SVC())

HEALTHY = (
    Program("SVM on digits", load_digits, estimator(SCALED_SVM)),
    Program("forest on tumours, AUC", load_breast_cancer, estimator(RandomForestClassifier(30), "roc_auc")),
    Program("ridge on diabetes, R2", load_diabetes, estimator(Ridge(), "r2")),
    Program("boosting on diabetes, RMSE", load_diabetes,
            estimator(GradientBoostingRegressor(n_estimators=40), "neg_root_mean_squared_error"),
            unseen=True),
    Program("histogram boosting on wine", load_wine,
            estimator(HistGradientBoostingClassifier(max_iter=20)), unseen=True),
    Program("nearest neighbours on iris", load_iris, estimator(KNeighborsClassifier())),
    Program("no predictions kept", load_wine, plain_function),
    Program("row numbers only", load_digits, row_numbers),
    Program("early stopping on its own rows", load_digits, epochs_with_stop, unseen=True),
    Program("labels without signal", load_digits, no_signal),
    Program("rare class", load_digits, imbalanced, unseen=True),
    Program("coarse features", load_wine, coarse_features),
    Program("underfits on purpose, log loss", load_breast_cancer, heavily_regularised, unseen=True),
    *(Program(*entry) for entry in SOUND),
)  # fmt: skip
