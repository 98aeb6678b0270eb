"""Trainings that are cut on their way: the rule, the trial, the worker, the store."""

from contextlib import suppress
from dataclasses import replace

import pytest

import mldiag
from mldiag.run.worker import run_trial
from mldiag.stop_rule import StopRule, would_cut
from mldiag.trial_spec import TrialSpec


def history(*values):
    return [(step, {"accuracy": value}) for step, value in enumerate(values)]


RULE = StopRule("accuracy", True, ((1, 0.5), (3, 0.7)), steps=6)


@pytest.mark.parametrize(
    ("reported", "cut"),
    [
        (history(0.1), False),
        (history(0.1, 0.4), True),
        (history(0.1, 0.5, 0.1, 0.6), True),
        (history(0.1, 0.6, 0.1, 0.7, 0.0), False),
        (history(0.1, float("nan"), 0.4), True),
        ([(5, {"accuracy": 0.6})], True),  # only the last threshold that was passed counts
        ([(0, {"loss": 0.1}), (5, {"loss": 9.0})], False),
    ],
)
def test_a_report_must_reach_the_threshold_of_its_step(reported, cut):
    assert would_cut(RULE, reported) is cut


def test_losses_must_stay_below():
    rule = replace(RULE, maximize=False)
    assert would_cut(rule, history(0.9, 0.6))
    assert not would_cut(rule, history(0.9, 0.4, 0.4, 0.6))


def test_a_rule_is_no_part_of_what_a_trial_is():
    plain = TrialSpec("a.py")
    ruled = replace(plain, stop=RULE)
    assert plain == ruled
    assert hash(plain) == hash(ruled)
    assert plain.digest == ruled.digest
    assert plain.to_json() == ruled.to_json()


@mldiag.experiment(rows=40, metric="accuracy")
def by_epochs(trial):
    for epoch in trial.epochs(6):
        trial.report(epoch, accuracy=0.1 * epoch)
    return {"accuracy": 0.1 * epoch, "epochs": epoch + 1}


@mldiag.experiment(rows=40, metric="accuracy")
def by_hand(trial):
    for epoch in range(6):
        with suppress(Exception):  # as careless as people are
            trial.report(epoch, accuracy=0.1 * epoch)
    return 0.9


def test_epochs_end_where_the_rule_cuts():
    result = run_trial(by_epochs, replace(by_epochs.spec(), stop=RULE), threads=1)
    assert result.status == "cut"
    assert result.metrics == {"accuracy": 0.1, "epochs": 2}
    assert result.fidelity_reached == pytest.approx(2 / 6)


def test_a_training_that_counts_by_itself_is_ended_too():
    result = run_trial(by_hand, replace(by_hand.spec(), stop=RULE), threads=1)
    assert result.status == "cut"
    assert [step for step, _ in result.history] == [0, 1]
    assert 0 < result.fidelity_reached < 1


@pytest.mark.parametrize("experiment", [by_epochs, by_hand])
def test_a_good_training_is_left_alone(experiment):
    rule = StopRule("accuracy", True, ((1, 0.05), (3, 0.2)), steps=6)
    result = run_trial(experiment, replace(experiment.spec(), stop=rule), threads=1)
    assert result.status == "ok"
    assert result.fidelity_reached == 1.0
