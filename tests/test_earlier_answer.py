"""A question asked again is answered without a new figure or a second run in MLflow."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import mldiag
from mldiag.run.store.trial_store import Store
from mldiag.tracking import writer_process

X = np.arange(300.0).reshape(-1, 1) % 7


@mldiag.experiment(
    data=(X, (X[:, 0] > 3).astype(int)),
    metric="accuracy",
    params={"cut": mldiag.Float(0.0, 6.0, default=2.5)},
)
def threshold(trial):
    right = (trial.X_valid[:, 0] > trial.params["cut"]).astype(int) == trial.y_valid
    noise = np.random.default_rng(trial.seed).random(len(right)) < 0.05
    return {"accuracy": float(np.mean(right & ~noise))}


@pytest.fixture
def ask(tmp_path):
    def asked(**options):
        options = {
            "tracking_uri": False,
            "store": tmp_path,
            "repeats": 2,
            "values": 2,
            "design": "full",
            **options,
        }
        return mldiag.sweep(threshold, param="cut", engine="inline", **options)

    return asked


def runs_in(folder):
    with Store.open(folder / "trials.db") as store:
        return store.runs()


def test_the_same_question_gives_the_same_run(ask, tmp_path):
    first, again = ask(), ask()
    assert again.figures == first.figures
    assert again.headline == first.headline
    assert (again.trials.run, again.trials.cached) == (0, 6)
    assert len(runs_in(tmp_path)) == 1


def test_another_question_on_stored_trials_is_a_run_of_its_own(ask, tmp_path):
    first, other = ask(), ask(gain=0.2)
    assert other.figures != first.figures
    assert other.trials.run == 0
    assert len(runs_in(tmp_path)) == 2


def test_trials_that_were_trained_again_make_a_new_run(ask, tmp_path):
    ask()
    ask(fresh=True)
    assert len(runs_in(tmp_path)) == 2


def test_a_figure_that_was_deleted_is_drawn_again(ask):
    first = ask()
    Path(first.figures[0]).unlink()
    again = ask()
    assert again.figures != first.figures
    assert all(Path(file).is_file() for file in again.figures)


def test_mlflow_is_told_once_and_again_where_it_has_lost_the_run(ask, tmp_path, monkeypatch):
    file = tmp_path / "mlflow.db"
    uri = f"sqlite:///{file}"
    first = ask(tracking_uri=uri)

    with monkeypatch.context() as no_process:
        no_process.setattr(writer_process, "take", None)
        assert ask(tracking_uri=uri).mlflow == first.mlflow

    with closing(sqlite3.connect(file)) as database:
        database.execute("DELETE FROM latest_metrics")
        database.execute("UPDATE runs SET lifecycle_stage = 'deleted'")
        database.commit()
    restored = ask(tracking_uri=uri)
    assert restored.mlflow["run_id"] != first.mlflow["run_id"]
    assert restored.figures == first.figures


def test_a_run_without_mlflow_is_shown_there_when_asked_for(ask, tmp_path):
    assert ask().mlflow is None
    tracked = ask(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}").mlflow
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        (children,) = database.execute(
            "SELECT count(*) FROM tags WHERE key = 'mlflow.parentRunId' AND value = ?",
            (tracked["run_id"],),
        ).fetchone()
    assert children == 6
    assert len(runs_in(tmp_path)) == 1
