"""What is judged on the trials of any step: MD101 and MD102."""

from mldiag.run.worker import run_trial
from mldiag.steps.trial_checks import judge_trials
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec
from tests.steps.made_up import made_up_experiment


def trained(reports, returned, seeds=3):
    """Results of a train function with these reports and this return value."""
    experiment = made_up_experiment()

    def train(trial):
        for epoch, value in enumerate(reports):
            trial.report(epoch, accuracy=value)
        return returned

    changed = experiment.renamed(train=train)
    return [run_trial(changed, changed.spec(seed=seed), threads=1) for seed in range(seeds)]


def codes(results):
    return {finding.code: finding for finding in judge_trials(results)}


def test_the_best_epoch_returned_is_found():
    finding = codes(trained([0.5, 0.9, 0.7, 0.8], {"accuracy": 0.9}))["MD101"]
    assert finding.outcome == "advice"
    assert finding.action.kind == "fix_bug"


def test_the_last_epoch_returned_is_fine():
    assert codes(trained([0.5, 0.9, 0.7, 0.8], {"accuracy": 0.8})) == {}
    assert codes(trained([0.5, 0.7, 0.8, 0.9], None)) == {}


def test_too_few_reports_tell_nothing():
    assert codes(trained([0.9, 0.8], {"accuracy": 0.9})) == {}


def test_failed_trials_are_counted_by_cause_with_the_error():
    spec = TrialSpec("x")
    results = [
        TrialResult(spec, "ok", {"accuracy": 1.0}),
        TrialResult(spec, "failed", error="Traceback\nValueError: no"),
        TrialResult(spec, "diverged", {"accuracy": float("nan")}),
    ]
    finding = codes(results)["MD102"]
    assert "2 trials of 3" in finding.title
    assert "ValueError: no" in finding.explanation


def test_a_loss_of_nan_is_divergence_whatever_the_score():
    experiment = made_up_experiment()

    def train(trial):
        trial.report(0, loss=float("nan"), accuracy=0.1)

    changed = experiment.renamed(train=train)
    assert run_trial(changed, changed.spec(), threads=1).status == "diverged"
