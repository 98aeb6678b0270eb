"""A trial in an interpreter of its own: the same result, its own hash seed, and what becomes of a crash."""

import os

import numpy as np

import mldiag
from mldiag.adapters.targets import load_experiment
from mldiag.demo import demo_experiment
from mldiag.run.worker import run_trial
from mldiag.trial_spec import Intervention

AGAIN = (Intervention("run_again"),)


def in_memory(body):
    return mldiag.experiment(
        data=(np.arange(40.0)[:, None], np.arange(40) % 2), metric="accuracy", name="memory"
    )(body)


def test_a_built_in_experiment_gives_the_same_in_another_process():
    digits = demo_experiment("digits")
    here = run_trial(digits, digits.spec(size=100), threads=1)
    there = run_trial(digits, digits.spec(size=100, interventions=AGAIN), threads=1)
    assert there.status == "ok"
    assert there.metrics == here.metrics
    assert there.history == here.history
    assert there.spec.interventions == AGAIN


def test_an_experiment_in_memory_travels_with_its_data_and_brings_its_predictions():
    def body(trial):
        trial.predictions(trial.X_valid[:, 0])
        return float(os.getpid() != parent)

    parent = os.getpid()
    experiment = in_memory(body)
    result = run_trial(experiment, experiment.spec(interventions=AGAIN), threads=1)
    assert result.metrics == {"accuracy": 1.0}
    assert result.predictions.values.tolist() == result.predictions.rows.tolist()
    assert (result.predictions.truth == result.predictions.rows % 2).all()


def test_a_process_that_dies_is_a_lost_trial_with_its_last_words():
    def body(trial):
        os.write(2, b"the last words\n")
        os._exit(7)

    experiment = in_memory(body)
    result = run_trial(experiment, experiment.spec(interventions=AGAIN), threads=1)
    assert result.status == "lost_worker"
    assert "code 7" in result.error
    assert "the last words" in result.error


def test_an_exception_there_is_told_as_one_here():
    def body(trial):
        raise ValueError("no such thing")

    experiment = in_memory(body)
    result = run_trial(experiment, experiment.spec(interventions=AGAIN), threads=1)
    assert result.status == "failed"
    assert "no such thing" in result.error


def test_another_interpreter_trains_what_this_one_has_loaded(tmp_path):
    file = tmp_path / "experiment.py"
    written = (
        "import mldiag\n\n"
        "@mldiag.experiment(rows=40, metric='accuracy')\n"
        "def edited(trial):\n    return SCORE\n\nSCORE = {score}\n"
    )
    file.write_text(written.format(score=0.25))
    experiment = load_experiment(str(file))
    file.write_text(written.format(score=0.75) + "# another size\n")
    result = run_trial(experiment, experiment.spec(interventions=AGAIN), threads=1)
    assert result.metrics == {"accuracy": 0.25}, result.error
