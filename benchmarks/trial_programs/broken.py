"""Programs with one bug each."""

from __future__ import annotations

import time
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
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import mldiag
from trial_programs.augmentations import BROKEN
from trial_programs.common import Data, Program, declared, scored


def trains_on_everything(data: Data, draw: int) -> Any:
    """Cross-validation forgotten: the scoring rows are trained on too."""

    def train(trial: Any) -> Any:
        X = np.vstack([trial.X_train, trial.X_valid])
        y = np.concatenate([trial.y_train, trial.y_valid])
        return scored(trial, DecisionTreeClassifier(random_state=trial.seed), X, y)

    return declared(data, train)


def encodes_targets_of_all(data: Data, draw: int) -> Any:
    """A column of mean targets by group, computed with the scoring rows' own targets."""

    def encoded(X: Any, y: Any) -> Any:
        bins = np.round(X[:, 0], 3)
        means = {b: np.mean(y[bins == b]) for b in np.unique(bins)}
        return np.column_stack([X[:, :1], [means[b] for b in bins]])

    def train(trial: Any) -> Any:
        model = DecisionTreeClassifier(max_depth=6, random_state=trial.seed)
        X = encoded(trial.X_train, trial.y_train)
        model.fit(X, trial.y_train)
        predicted = model.predict(encoded(trial.X_valid, trial.y_valid))
        trial.predictions(predicted)
        return {"accuracy": accuracy_score(trial.y_valid, predicted)}

    return declared(data, train)


def scores_training_rows(data: Data, draw: int) -> Any:
    """Reports the training accuracy under the name of the validation accuracy."""

    def train(trial: Any) -> Any:
        model = DecisionTreeClassifier(random_state=trial.seed)
        model.fit(trial.X_train, trial.y_train)
        trial.predictions(model.predict(trial.X_valid))
        return accuracy_score(trial.y_train, model.predict(trial.X_train))

    return declared(data, train)


def scores_training_rows_silently(data: Data, draw: int) -> Any:
    """The same without predictions: only permuted labels, or rows never read, can tell."""

    def train(trial: Any) -> Any:
        model = DecisionTreeClassifier(random_state=trial.seed)
        model.fit(trial.X_train, trial.y_train)
        return accuracy_score(trial.y_train, model.predict(trial.X_train))

    return declared(data, train)


def misaligned(data: Data, draw: int) -> Any:
    """Labels are shuffled on the way, the features are not."""

    def train(trial: Any) -> Any:
        y = np.random.default_rng(trial.seed).permutation(trial.y_train)
        return scored(trial, LogisticRegression(max_iter=500), trial.X_train, y)

    return declared(data, train)


def ignores_features(data: Data, draw: int) -> Any:
    """A preprocessing step that overwrites the features with a constant."""

    def train(trial: Any) -> Any:
        model = LogisticRegression().fit(np.ones((len(trial.y_train), 3)), trial.y_train)
        trial.X_train  # noqa: B018 - read, and then lost
        predicted = model.predict(np.ones((len(trial.X_valid), 3)))
        trial.predictions(predicted)
        return {"accuracy": accuracy_score(trial.y_valid, predicted)}

    return declared(data, train)


def wrong_axis(data: Data, draw: int) -> Any:
    """The largest probability is looked for along the rows, not along the classes."""

    def train(trial: Any) -> Any:
        model = LogisticRegression(max_iter=500).fit(trial.X_train, trial.y_train)
        chances = model.predict_proba(trial.X_valid)
        best = chances.argmax(axis=0) % chances.shape[1]
        predicted = np.resize(best, len(trial.X_valid))
        trial.predictions(predicted)
        return {"accuracy": accuracy_score(trial.y_valid, predicted)}

    return declared(data, train)


def labels_shifted(data: Data, draw: int) -> Any:
    """Classes from 1 on, predictions from 0 on."""

    def train(trial: Any) -> Any:
        model = LogisticRegression(max_iter=500).fit(trial.X_train, trial.y_train)
        predicted = model.predict(trial.X_valid) + 1
        trial.predictions(predicted)
        return {"accuracy": accuracy_score(trial.y_valid, predicted)}

    return declared(data, train)


def own_split(data: Data, draw: int) -> Any:
    """Splits its data itself and never looks at the trial's rows."""
    X, y = data

    def train(trial: Any) -> Any:
        a, b, ya, yb = train_test_split(X, y, random_state=trial.seed)
        return KNeighborsClassifier().fit(a, ya).score(b, yb)

    return declared(data, train)


def own_test_set(data: Data, draw: int) -> Any:
    """Trains on the trial's rows, but scores on rows of its own."""
    X, y = data
    test = np.arange(0, len(y), 5)

    def train(trial: Any) -> Any:
        model = KNeighborsClassifier().fit(X[trial.train], y[trial.train])
        return model.score(X[test], y[test])

    return declared(data, train)


def unseeded(data: Data, draw: int) -> Any:
    """The forest takes its randomness from the clock."""

    def train(trial: Any) -> Any:
        seed = time.time_ns() % 2**31
        model = RandomForestClassifier(10, random_state=seed)
        return scored(trial, model, trial.X_train, trial.y_train)

    return declared(data, train)


def depends_on_hashes(data: Data, draw: int) -> Any:
    """Features in the order of a set of strings, which differs from process to process."""

    def train(trial: Any) -> Any:
        names = {f"column {i}" for i in range(trial.X_train.shape[1])}
        chosen = [int(name.split()[1]) for name in names][: max(2, len(names) // 3)]
        model = DecisionTreeClassifier(random_state=trial.seed)
        model.fit(trial.X_train[:, chosen], trial.y_train)
        return model.score(trial.X_valid[:, chosen], trial.y_valid)

    return declared(data, train)


def predictions_sorted(data: Data, draw: int) -> Any:
    """Predictions come back in another order than the rows that they are kept for."""

    def train(trial: Any) -> Any:
        model = LogisticRegression(max_iter=500).fit(trial.X_train, trial.y_train)
        order = np.argsort(trial.X_valid.sum(axis=1))
        predicted = model.predict(trial.X_valid[order])
        trial.predictions(predicted)
        return {"accuracy": accuracy_score(trial.y_valid[order], predicted)}

    return declared(data, train)


def mean_of_batches(data: Data, draw: int) -> Any:
    """Accuracy averaged over batches of different sizes, the last of them small."""

    def train(trial: Any) -> Any:
        model = KNeighborsClassifier(15).fit(trial.X_train, trial.y_train)
        predicted = model.predict(trial.X_valid)
        trial.predictions(predicted)
        hits = predicted == trial.y_valid
        return {"accuracy": float(np.mean([b.mean() for b in np.split(hits, [len(hits) - 3])]))}

    return declared(data, train)


def duplicated_rows(data: Data, draw: int) -> Any:
    """The table was appended to itself before the split."""
    X, y = data
    twice = (np.vstack([X, X]), np.concatenate([y, y]))
    return mldiag.Experiment.from_estimator(
        KNeighborsClassifier(1), *twice, metric="accuracy", name="program"
    )


def best_epoch(data: Data, draw: int) -> Any:
    """Returns the best of many epochs on the rows that score."""

    def train(trial: Any) -> Any:
        model = SGDClassifier(learning_rate="constant", eta0=0.3, random_state=trial.seed)
        scores = []
        for epoch in trial.epochs(15):
            model.partial_fit(trial.X_train, trial.y_train, classes=np.unique(data[1]))
            scores.append(model.score(trial.X_valid, trial.y_valid))
            trial.report(epoch, accuracy=scores[-1])
        return max(scores)

    return declared(data, train)


def noisy_train_score(data: Data, draw: int) -> Any:
    """The training score is taken with the augmentation noise still on."""

    def train(trial: Any) -> Any:
        X, y = trial.X_train, trial.y_train
        noisy = X + np.random.default_rng(trial.seed).normal(0, X.std(0), X.shape)
        model = LogisticRegression(max_iter=500).fit(X, y)
        predicted = model.predict(trial.X_valid)
        trial.predictions(predicted)
        return {
            "accuracy": accuracy_score(trial.y_valid, predicted),
            "train_accuracy": model.score(noisy, y),
        }

    return declared(data, train)


def negated_regression(data: Data, draw: int) -> Any:
    """A sign lost in the loss: the predictions run the other way."""

    def train(trial: Any) -> Any:
        model = Ridge().fit(trial.X_train, trial.y_train)
        predicted = 2 * trial.y_train.mean() - model.predict(trial.X_valid)
        trial.predictions(predicted)
        return {"rmse": float(np.sqrt(np.mean((trial.y_valid - predicted) ** 2)))}

    return declared(data, train, metric="rmse")


BUGS = (
    Program("trains on the scoring rows", load_wine, trains_on_everything, ("MD122",)),
    Program("target encoding of all rows", load_breast_cancer, encodes_targets_of_all, ("MD122",)),
    Program("scores training rows", load_breast_cancer, scores_training_rows, ("MD122", "MD126")),
    Program("scores training rows, silent", load_iris, scores_training_rows_silently,
            ("MD122", "MD127"), unseen=True),
    Program("labels shuffled on the way", load_digits, misaligned, ("MD121", "MD122", "MD123")),
    Program("features overwritten", load_iris, ignores_features, ("MD123",)),
    Program("argmax along the rows", load_digits, wrong_axis, ("MD121",)),
    Program("classes off by one", load_wine, labels_shifted, ("MD121",), unseen=True),
    Program("its own split", load_wine, own_split, ("MD127",)),
    Program("its own test set", load_digits, own_test_set, ("MD127",), unseen=True),
    Program("random from the clock", load_breast_cancer, unseeded, ("MD112",)),
    Program("order of a set", load_breast_cancer, depends_on_hashes, ("MD112",), unseen=True),
    Program("predictions in another order", load_digits, predictions_sorted, ("MD126",)),
    Program("mean over uneven batches", load_digits, mean_of_batches, ("MD126",), unseen=True),
    Program("every row twice", load_digits, duplicated_rows, ("MD124",)),
    Program("best epoch returned", load_digits, best_epoch, ("MD101",)),
    Program("train score with noise on", load_digits, noisy_train_score, ("MD125",)),
    Program("regression, sign lost", load_diabetes, negated_regression, ("MD121",), unseen=True),
    *(Program(*entry) for entry in BROKEN),
)  # fmt: skip
