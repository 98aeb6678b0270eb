"""MD129: models that cannot fit what they train on, and models that are limited on purpose."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

import mldiag
from mldiag.findings import Finding
from mldiag.steps.reproduce.checks import overfits_small_batch
from mldiag.steps.reproduce.memory import fit_of_runs, memory_specs
from mldiag.steps.reproduce.runs import run_specs
from mldiag.steps.reproduce.settings import Settings
from tests.steps.made_up import made_up_experiment, made_up_result

DIGITS = tuple(part[:400] for part in load_digits(return_X_y=True))
WINE = load_wine(return_X_y=True)


def finding(experiment, folder):
    report = mldiag.reproduce(
        experiment, tracking_uri=False, store=folder, engine="inline", repeats=3
    )
    return next(f for f in report.findings if f.code == "MD129")


def estimator(model, data=DIGITS, **options):
    return mldiag.Experiment.from_estimator(model, *data, metric="accuracy", **options)


def test_what_fits_its_rows_needs_no_trial(tmp_path):
    found = finding(estimator(DecisionTreeClassifier()), tmp_path)
    assert found.outcome == "passed"
    assert "1.000" in found.title
    assert "fewer rows are not tried" in found.explanation


def written(body):
    return mldiag.experiment(data=DIGITS, metric="accuracy", name="written")(body)


def test_labels_that_belong_to_other_rows(tmp_path):
    def body(trial):
        labels = np.random.default_rng(trial.seed).permutation(trial.y_train)
        model = LogisticRegression(max_iter=50, C=1e-4).fit(trial.X_train, labels)
        return model.score(trial.X_valid, trial.y_valid)

    found = finding(written(body), tmp_path)
    assert found.outcome == "problem"
    assert found.caused_by == "MD121"
    assert found.evidence["share"] < 0.1
    assert found.evidence["n"] == 64


def test_half_of_the_classes_merged_is_told_though_it_beats_a_dummy(tmp_path):
    def body(trial):
        model = DecisionTreeClassifier(random_state=0).fit(trial.X_train, trial.y_train % 5)
        return model.score(trial.X_valid, trial.y_valid)

    assert finding(written(body), tmp_path).outcome == "advice"


@pytest.mark.parametrize(
    "model", [GaussianNB(), RidgeClassifier(alpha=1e5), LogisticRegression(C=1e-3)], ids=str
)
def test_models_that_are_limited_on_purpose_are_no_problem(model, tmp_path):
    found = finding(estimator(model, (WINE[0][:, :2], WINE[1])), tmp_path)
    assert found.outcome in ("passed", "inconclusive")


def test_without_data_or_rows_it_says_why():
    found = overfits_small_batch.judge(made_up_experiment(), Settings(), (), beside_dummy=None)
    assert found.outcome == "not_applicable"
    assert "does not hold the data" in found.explanation


def test_before_any_score_nothing_is_planned_and_nothing_said():
    experiment = estimator(DecisionTreeClassifier())
    lost = [
        made_up_result(experiment, s, lambda *_: None) for s in run_specs(experiment, Settings())
    ]
    assert memory_specs(experiment, Settings(), lost) == []
    assert fit_of_runs(experiment, Settings(), lost) is None
    assert overfits_small_batch.judge(experiment, Settings(), lost, beside_dummy=None) is None


def test_a_trial_without_a_score_leaves_it_open():
    experiment = estimator(DecisionTreeClassifier(max_depth=1))
    runs = [
        made_up_result(experiment, s, lambda *_: 0.2) for s in run_specs(experiment, Settings())
    ]
    specs = memory_specs(experiment, Settings(), runs)
    failed = [made_up_result(experiment, spec, lambda *_: None) for spec in specs]
    beside = Finding("MD121", "beats-a-dummy", "problem", "worse")
    found = overfits_small_batch.judge(
        experiment, Settings(), [*runs, *failed], beside_dummy=beside
    )
    assert found.outcome == "inconclusive"
    assert "gave no score" in found.explanation
