"""The capacity step on real trainings, through the Python functions."""

import json
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mldiag


def run(experiment, tmp_path, **options):
    common = {"engine": "inline", "tracking_uri": False, "store": tmp_path / "store"}
    return mldiag.capacity(experiment, **(common | options))


def digits_by(train, rows=300, **params):
    X, y = load_digits(return_X_y=True)
    declare = mldiag.experiment(data=(X[:rows] / 16, y[:rows]), metric="accuracy", params=params)
    return declare(train)


def fitted(trial, epochs, width=16):
    network = MLPClassifier(
        (width,), learning_rate_init=1e-2, batch_size=32, random_state=trial.seed
    )
    for epoch in trial.epochs(epochs):
        network.partial_fit(trial.X_train, trial.y_train, classes=range(10))
        trial.report(epoch, accuracy=network.score(trial.X_valid, trial.y_valid))
    trial.predictions(network.predict(trial.X_valid))
    return float(network.score(trial.X_valid, trial.y_valid))


def test_a_held_back_estimator_is_let_loose(tmp_path):
    experiment = mldiag.Experiment.from_estimator(
        make_pipeline(StandardScaler(), LogisticRegression()),
        *load_breast_cancer(return_X_y=True),
        metric="accuracy",
        params={"logisticregression__C": mldiag.Float(1e-5, 1e2, default=1e-5, log=True)},
        name="held back",
    )
    report = run(experiment, tmp_path, families="linear,dummy")
    assert report.actions[0].kind == "less_regularization"
    assert report.actions[0].gain.low > 0
    assert report.headline.startswith("LOOSEN +")
    assert all(Path(figure).exists() for figure in report.figures)
    json.dumps(report.to_dict(), allow_nan=False)
    again = run(experiment, tmp_path, families="linear,dummy")
    assert again.trials.run == 0
    assert again.headline == report.headline


def test_two_epochs_are_too_few(tmp_path):
    def train(trial):
        return fitted(trial, 2)

    report = run(digits_by(train), tmp_path, families="none", memorise=0)
    assert report.actions[0].kind == "train_longer"


def test_targets_of_other_rows_are_a_bug(tmp_path):
    def train(trial):
        network = MLPClassifier((32,), learning_rate_init=1e-2, random_state=trial.seed)
        shown = trial.y_train[::-1]
        for _ in trial.epochs(3):
            network.partial_fit(trial.X_train, shown, classes=range(10))
        return float(network.score(trial.X_valid, trial.y_valid))

    report = run(digits_by(train), tmp_path, families="linear,dummy")
    assert report.headline == "FIX BUG"
    assert report.actions[0].kind == "fix_bug"


def test_an_edited_model_does_not_train_the_references_again(tmp_path):
    def first(trial):
        return fitted(trial, 3)

    def second(trial):
        return fitted(trial, 3, width=12)

    options = {"families": "linear,neighbours", "memorise": 0, "repeats": 2}
    one = run(digits_by(first).renamed(name="same"), tmp_path, **options)
    two = run(digits_by(second).renamed(name="same"), tmp_path, **options)
    assert one.trials.cached == 0
    assert two.trials.cached == 2 * 2  # the references alone


def test_fixed_validation_rows_make_intervals_of_rows(tmp_path):
    X, y = load_breast_cancer(return_X_y=True)
    experiment = mldiag.Experiment.from_estimator(
        make_pipeline(StandardScaler(), LogisticRegression()), X[:300], y[:300], metric="accuracy",
        params={"logisticregression__C": mldiag.Float(1e-5, 1e2, default=1, log=True)},
        valid=(X[300:], y[300:]),
    )  # fmt: skip
    report = run(experiment, tmp_path, families="linear,forest,dummy")
    lines = report.result["lines"]
    assert "fixed validation rows" in lines["references"]["uncertainty"]
    low, high = (lines["references"]["difference"][2][end] for end in ("low", "high"))
    assert low < high


@pytest.mark.parametrize("name", ["digits"])
def test_the_plan_names_references_apart(name):
    from mldiag.demo import demo_experiment
    from mldiag.report.plan import varied
    from mldiag.steps import step_named
    from mldiag.steps.capacity.settings import Settings

    specs = step_named("capacity").plan(demo_experiment(name), Settings())
    pairs = dict(varied(specs))
    assert pairs["references"].startswith("linear, neighbours")
    assert pairs["data changes"] == "score_training_rows"
    assert "None" not in pairs["width"]
