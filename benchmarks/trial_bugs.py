"""Seeded bugs and healthy programs as experiments: which bug checks of `mldiag reproduce` see which.

    OMP_NUM_THREADS=1 python benchmarks/trial_bugs.py > benchmarks/trial_bugs.txt

Each program is run on several draws of its data. A bug counts as found where one of the codes that name its
cause is a problem or advice; a healthy program is wronged by any problem. The programs marked as unseen were
written before the checks were tuned and first run after.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from augmentation_programs import BROKEN, SOUND
from real_draws import print_table
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
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import mldiag
from mldiag.steps.reproduce import plan
from mldiag.steps.reproduce.checks import augmentation_breaks_labels
from mldiag.steps.reproduce.runs import reference_specs
from mldiag.steps.reproduce.settings import Settings

Data = tuple[Any, Any]
Make = Callable[[Data, int], Any]


@dataclass(frozen=True)
class Program:
    """An experiment of the benchmark.

    Args:
        name: What it is.
        load: Its data.
        make: The experiment on a draw of the data.
        codes: Codes that name the cause; none for a healthy program.
        unseen: Whether it was kept from the tuning.
        rows: Rows of a draw.
    """

    name: str
    load: Callable[..., Data]
    make: Make
    codes: tuple[str, ...] = ()
    unseen: bool = False
    rows: int = 500


def declared(data: Data, train: Callable[[Any], Any], metric: str = "accuracy", **more: Any) -> Any:
    return mldiag.experiment(data=data, metric=metric, name="program", **more)(train)


def scored(trial: Any, model: Any, X: Any, y: Any) -> dict[str, float]:
    """Fit, predict, score: what a healthy program does."""
    model.fit(X, y)
    predicted = model.predict(trial.X_valid)
    trial.predictions(predicted)
    return {
        "accuracy": accuracy_score(trial.y_valid, predicted),
        "train_accuracy": accuracy_score(y, model.predict(X)),
    }


# ---- bugs


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


# ---- healthy programs


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


def drawn(program: Program, draw: int) -> Data:
    """A draw of the rows, features scaled where columns differ by orders of magnitude."""
    X, y = program.load(return_X_y=True)
    rows = np.random.default_rng([draw, 5]).permutation(len(y))[: program.rows]
    return X[rows] / np.maximum(np.abs(X).max(0), 1e-12), y[rows]


def run(program: Program, draw: int) -> tuple[set[str], set[str], float]:
    """Codes that were advice or problems, those that were problems, and seconds."""
    experiment = program.make(drawn(program, draw), draw)
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        report = mldiag.reproduce(
            experiment, tracking_uri=False, store=Path(folder), engine="inline"
        )
    told = {f.code for f in report.findings if f.outcome in ("problem", "advice")}
    problems = {f.code for f in report.findings if f.outcome == "problem"}
    return told, problems, time.time() - started


OF_INTEREST = ("MD128", "MD129")
"""Checks whose false alarms are counted apart."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seen", action="store_true", help="leave the unseen programs out")
    parser.add_argument("--only", default="", help="programs whose name holds this")
    parser.add_argument(
        "--kind", default="", choices=("", "bugs", "healthy", "augmentations", "memory")
    )
    given = parser.parse_args()
    for title, programs in (("bugs", BUGS), ("healthy", HEALTHY)):
        if given.kind and given.kind != title:
            continue
        chosen = [p for p in programs if not (given.seen and p.unseen) and given.only in p.name]
        told_of(title, chosen, given.draws)
    if given.kind in ("", "augmentations"):
        judged_alone(20)
    if given.kind in ("", "memory"):
        memory_alone(4)


def judged_alone(draws: int) -> None:
    """MD128 needs no training, so that it can be asked of many draws."""
    rows = []
    for title, entries in (("broken", BROKEN), ("sound", SOUND)):
        for program in (Program(*entry) for entry in entries if entry[0].startswith("augments")):
            told = [augmentation_outcome(program, draw) for draw in range(draws)]
            counts = [str(told.count(word)) for word in ("problem", "inconclusive", "passed")]
            rows.append((program.name.removeprefix("augments: "), title, *counts))
    shown = ("augmentation", "labels are", "problem", "inconclusive", "passed")
    print_table(f"MD128 alone, {draws} draws of each", shown, rows)
    for title in ("broken", "sound"):
        problems = sum(int(row[2]) for row in rows if row[1] == title)
        print(f"  {title}: a problem in {problems} of {draws * sum(r[1] == title for r in rows)}")


def memory_alone(draws: int) -> None:
    """MD129 with the runs, a dummy and the few rows alone, so that it can be asked of many draws."""
    rows = []
    for title, programs in (("healthy", HEALTHY), ("broken", BUGS)):
        for program in programs:
            named = not program.codes or "MD129" in program.codes
            if named and not program.name.startswith("augments"):
                told = [memory_outcome(program, draw) for draw in range(draws)]
                words = ("problem", "advice", "inconclusive", "passed", "not_applicable")
                rows.append((program.name, title, *(str(told.count(word)) for word in words)))
    shown = ("program", "it is", "problem", "advice", "inconclusive", "passed", "not asked")
    print_table(f"MD129 alone, {draws} draws of each", shown, rows)
    for title in ("healthy", "broken"):
        problems = sum(int(row[2]) for row in rows if row[1] == title)
        advice = sum(int(row[3]) for row in rows if row[1] == title)
        pairs = draws * sum(row[1] == title for row in rows)
        print(f"  {title}: a problem in {problems}, advice in {advice} of {pairs}")


def memory_outcome(program: Program, draw: int) -> str:
    experiment = program.make(drawn(program, draw), draw)

    def dummies(experiment: Any, settings: Settings) -> list[Any]:
        return reference_specs(experiment, settings, "dummy")

    with tempfile.TemporaryDirectory() as folder, patch.object(plan, "check_specs", dummies):
        report = mldiag.reproduce(
            experiment, tracking_uri=False, store=Path(folder), engine="inline"
        )
    told = [finding.outcome for finding in report.findings if finding.code == "MD129"]
    return told[0] if told else "not_applicable"


def augmentation_outcome(program: Program, draw: int) -> str:
    experiment = program.make(drawn(program, draw), draw)
    found = augmentation_breaks_labels.judge(experiment, Settings(), ())
    return "none" if found is None else found.outcome


def told_of(title: str, chosen: list[Program], draws: int) -> None:
    """Run programs, and print what was told of each."""
    rows, right = [], {False: [0, 0], True: [0, 0]}
    alarms = {code: [0, 0, 0] for code in OF_INTEREST}
    for program in chosen:
        found = [run(program, draw) for draw in range(draws)]
        hits = [
            bool(told & set(program.codes)) if program.codes else not problems
            for told, problems, _ in found
        ]
        right[program.unseen][0] += sum(hits)
        right[program.unseen][1] += len(hits)
        for code, counts in alarms.items():
            counts[0] += sum(code in problems for _, problems, _ in found)
            counts[1] += sum(code in told - problems for told, problems, _ in found)
            counts[2] += len(found) * (code != "MD128" or program.name.startswith("augments"))
        codes = sorted(set().union(*(told for told, _, _ in found)))
        seconds = float(np.median([s for _, _, s in found]))
        rows.append((program.name + " (unseen)" * program.unseen, f"{sum(hits)} of {len(hits)}",
                     " ".join(program.codes), " ".join(codes), f"{seconds:.1f}"))  # fmt: skip
    print_table(title, (title, "right", "expected", "told in any draw", "seconds"), rows)
    for unseen, (hits_of, all_of) in right.items():
        if all_of:
            kept = "unseen" if unseen else "seen"
            print(f"  {kept}: {hits_of} of {all_of} right ({hits_of / all_of:.1%})")
    for code, (problems, advice, pairs) in alarms.items():
        if title == "healthy":
            print(f"  {code}: a problem in {problems}, advice in {advice} of {pairs} healthy pairs")


if __name__ == "__main__":
    main()
