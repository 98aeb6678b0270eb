"""The twins of trials with augmentation on: what they train on, and under which key they are kept."""

import importlib
import sys

import cloudpickle
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import mldiag
from mldiag.errors import MldiagError
from mldiag.run.identity import identify
from mldiag.run.store.trial_store import Store
from mldiag.run.worker import run_trial
from mldiag.trial import NOT_AUGMENTED
from mldiag.trial_result import TrialResult

X = np.random.default_rng(0).normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def mirrored(X, y, rng):
    return np.vstack([X, -X]), np.concatenate([y, 1 - y])


def declared(train, **options):
    options.setdefault("augment", mirrored)
    return mldiag.experiment(data=(X, Y), metric="accuracy", name="test", **options)(train)


def run(experiment, spec=None):
    return run_trial(experiment, spec or experiment.augmented(experiment.spec()), threads=1)


def read_all(trial):
    return {
        "accuracy": 0.5,
        "train": len(trial.X_train),
        "targets": len(trial.y_train),
        "valid": len(trial.X_valid),
    }


def test_the_twin_trains_on_augmented_rows_alone():
    experiment = declared(read_all)
    plain, twin = (
        run(experiment, experiment.spec(size=20)),
        run(experiment, experiment.augmented(experiment.spec(size=20))),
    )
    assert plain.metrics["train"] == 20
    assert twin.metrics["train"] == twin.metrics["targets"] == 40
    assert twin.metrics["valid"] == plain.metrics["valid"] == twin.valid_rows
    assert twin.train_rows == 20
    assert twin.rows_digest == plain.rows_digest
    assert (twin.spec.rows, twin.spec.seed, twin.spec.params) == (
        plain.spec.rows,
        plain.spec.seed,
        plain.spec.params,
    )
    assert twin.notices == ()
    assert experiment.augmented(twin.spec) == twin.spec


def test_rows_that_stop_training_are_not_augmented():
    def train(trial):
        return {"accuracy": len(trial.X_stop) / 100, "train": len(trial.X_train)}

    result = run(declared(train))
    stop = round(100 * result.metrics["accuracy"])
    assert result.metrics["train"] == 2 * (result.train_rows - stop)
    assert stop == round(0.1 * result.train_rows)


def test_a_function_that_reads_row_numbers_only_is_noticed():
    by_number = declared(lambda trial: float(len(trial.train)) / 100)
    assert run(by_number).notices == (NOT_AUGMENTED,)
    assert run(by_number, by_number.spec()).notices == ()


def test_a_parameter_is_switched_on():
    experiment = mldiag.experiment(
        rows=60,
        name="flips",
        metric="accuracy",
        params={"flip": mldiag.Categorical([False, True], default=False)},
        augment="flip",
    )(lambda trial: float(trial.params["flip"]))
    twin = experiment.augmented(experiment.spec(size=20))
    assert dict(twin.params) == {"flip": True}
    assert twin.interventions == ()
    result = run(experiment, twin)
    assert result.metrics["accuracy"] == 1.0
    assert result.notices == ()


def test_asked_for_but_not_declared():
    experiment = declared(read_all, augment=None)
    with pytest.raises(MldiagError, match="declares no augmentation") as error:
        experiment.augmented(experiment.spec())
    assert "augment=" in error.value.hint


def test_a_function_that_returns_nonsense_fails_the_trial_with_our_words():
    result = run(declared(read_all, augment=lambda X, y, rng: (X[:2], y)))
    assert result.status == "failed"
    assert "one target for every row of X" in result.error


def test_an_estimator_is_fitted_on_the_augmented_rows():
    experiment = mldiag.Experiment.from_estimator(LogisticRegression(), X, 1 - Y, augment=mirrored)
    assert not experiment.in_process  # the augment function is the user's own code
    plain, twin = run(experiment, experiment.spec()), run(experiment)
    assert twin.status == plain.status == "ok"
    assert twin.metrics != plain.metrics
    assert np.array_equal(twin.predictions.truth, plain.predictions.truth)
    assert mldiag.Experiment.from_estimator(LogisticRegression(), X, Y).in_process


def test_a_learner_without_randomness_is_augmented_differently_in_every_repeat():
    experiment = mldiag.Experiment.from_estimator(KNeighborsClassifier(), X, Y, augment=mirrored)
    plain = [experiment.spec(repeat=repeat) for repeat in range(3)]
    assert [spec.seed for spec in plain] == [0, 0, 0]
    assert [experiment.augmented(spec).seed for spec in plain] == [0, 1, 2]


def test_estimators_refuse_a_wrong_declaration():
    with pytest.raises(MldiagError, match="unknown parameter 'flip'"):
        mldiag.Experiment.from_estimator(KNeighborsClassifier(), X, Y, augment="flip")
    with pytest.raises(MldiagError, match="unknown option 'augmnet'") as error:
        mldiag.Experiment.from_estimator(KNeighborsClassifier(), X, Y, augmnet=mirrored)
    assert error.value.nearest == "augment"


def test_an_experiment_travels_with_its_function():
    experiment = declared(read_all, augment=lambda X, y, rng: mirrored(X, y, rng))
    there = cloudpickle.loads(cloudpickle.dumps(experiment))
    assert run(there).metrics == run(experiment).metrics


SOURCE = """
import numpy as np
import mldiag

SHIFT = {shift}

def moved(X):
    return X + SHIFT

def augment(X, y, rng):
    return moved(X), y

@mldiag.experiment(data=(np.arange(80.0).reshape(20, 4), np.arange(20) % 2), metric="accuracy"{augment})
def train(trial):
    return float(trial.X_train.mean() > 0)
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Write a version of the experiment's file, import it and give the experiment."""
    count = 0

    def write_and_import(shift=1, augment=", augment=augment"):
        nonlocal count
        count += 1
        folder = tmp_path / f"v{count}"
        folder.mkdir()
        (folder / "augmented_file.py").write_text(SOURCE.format(shift=shift, augment=augment))
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "augmented_file", raising=False)
        return importlib.import_module("augmented_file").train

    return write_and_import


def test_the_key_of_a_plain_trial_knows_nothing_of_augmentation(load):
    other = ", augment=lambda X, y, rng: (X, y)"
    experiments = [load(), load(shift=2), load(augment=""), load(augment=other)]
    keys = {identify(experiment).key(experiment.spec()) for experiment in experiments}
    assert len(keys) == 1


def test_the_key_of_a_twin_follows_the_functions_code(load):
    first, again, edited = load(), load(), load(shift=2)
    keys = [identify(e).key(e.augmented(e.spec())) for e in (first, again, edited)]
    assert keys[0] == keys[1]  # the same code in another file
    assert keys[2] != keys[0]  # a constant that the function reaches
    assert keys[0] != identify(first).key(first.spec())


def test_an_edited_function_is_named_as_the_reason_to_run_again(load, tmp_path):
    first, edited = load(), load(shift=2)
    before, now = identify(first), identify(edited)
    twin = first.augmented(first.spec())
    with Store.open(tmp_path) as store:
        store.put(before.key(twin), before, TrialResult(twin, "ok", {"accuracy": 1.0}))
        assert store.why(before, twin) == []
        assert store.why(now, twin) == ["the augment function changed"]
