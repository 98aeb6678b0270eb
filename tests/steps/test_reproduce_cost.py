"""What the bug checks cost beyond the runs: counted, and told before it is spent."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.tree import DecisionTreeClassifier

import mldiag
from mldiag.diagnosis import CommonSettings, diagnose_experiment
from mldiag.run.settings import SilentListener
from mldiag.steps import step_named
from mldiag.steps.reproduce.runs import run_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.steps.reproduce.thorough import cost_ahead, full_seconds
from mldiag.trial import reference_family
from tests.steps.made_up import answer, made_up_experiment, made_up_result

STEP = step_named("reproduce")
DIGITS = tuple(part[:600] for part in load_digits(return_X_y=True))


class Told(SilentListener):
    """Keeps what was told and finished, in order."""

    def __init__(self):
        self.order = []

    def finished(self, result, cached):
        self.order.append(result)

    def notice(self, text):
        self.order.append(text)


def asked(experiment, folder, **settings):
    listener = Told()
    common = CommonSettings(engine="inline", tracking_uri=False, store=folder)
    report = diagnose_experiment(STEP, experiment, Settings(**settings), common, listener)
    return report, listener.order


def own_checks(experiment, told):
    """Trials of the user's code that are none of the five runs, and their cost in whole trainings."""
    runs = set(run_specs(experiment, Settings()))
    full = experiment.splits.train_size_of(0)
    extra = [
        one.spec
        for one in told
        if not isinstance(one, str) and reference_family(one.spec) is None and one.spec not in runs
    ]
    return extra, sum(s.fidelity * (s.rows.size or full) / full for s in extra)


def a_function(data):
    @mldiag.experiment(data=data, metric="accuracy", name="function")
    def train(trial):
        model = LogisticRegression(max_iter=300).fit(trial.X_train, trial.y_train)
        return accuracy_score(trial.y_valid, model.predict(trial.X_valid))

    return train


HEALTHY = {
    "tree": lambda: mldiag.Experiment.from_estimator(
        DecisionTreeClassifier(), *DIGITS, metric="accuracy"
    ),
    "function": lambda: a_function((DIGITS[0] / 16, DIGITS[1])),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_pay_two_trials_on_few_rows(name, tmp_path):
    experiment = HEALTHY[name]()
    report, told = asked(experiment, tmp_path)
    extra, cost = own_checks(experiment, told)
    assert len(extra) == 2
    assert cost < 0.7
    codes = {finding.code for finding in report.findings}
    assert {"MD112", "MD121", "MD122", "MD123", "MD129"} <= codes
    assert report.trials.run == 5 + 2 + 5  # with the dummies, which train nothing


def test_a_model_that_is_limited_pays_one_more_on_64_rows(tmp_path):
    experiment = mldiag.Experiment.from_estimator(
        Ridge(), *load_diabetes(return_X_y=True), metric="r2"
    )
    _, told = asked(experiment, tmp_path)
    extra, cost = own_checks(experiment, told)
    assert len(extra) == 3
    assert cost < 1


def counts_epochs(data, learns):
    @mldiag.experiment(data=data, metric="accuracy", name="epochs")
    def train(trial):
        predicted = np.zeros(len(trial.valid), dtype=int)
        for epoch in trial.epochs(6):
            trial.report(epoch, accuracy=float(np.mean(trial.y_valid == predicted)))
            assert len(trial.X_train) == len(trial.y_train)
        return float(np.mean(trial.y_valid == predicted)) + 0 * learns

    return train


def test_in_the_worst_case_they_cost_less_than_two_whole_trainings(tmp_path):
    experiment = counts_epochs(DIGITS, learns=False)
    report, told = asked(experiment, tmp_path)
    extra, cost = own_checks(experiment, told)
    assert len(extra) == 4  # the twins, blank inputs, and a few rows
    assert cost <= 2
    problems = {f.code for f in report.findings if f.outcome == "problem"}
    assert {"MD121", "MD123", "MD129"} <= problems


def test_thorough_tells_its_cost_before_the_first_of_its_trials(tmp_path):
    experiment = mldiag.Experiment.from_estimator(
        DecisionTreeClassifier(), *load_wine(return_X_y=True), metric="accuracy"
    )
    _, told = asked(experiment, tmp_path, thorough=True)
    line = next(i for i, one in enumerate(told) if isinstance(one, str))
    before, after = told[:line], told[line + 1 :]
    assert {one.spec for one in before} == set(run_specs(experiment, Settings()))
    assert told[line].startswith(f"--thorough runs {len(after)} trials: 4 of your code")
    assert "about" in told[line]
    full = [o for o in after if reference_family(o.spec) is None and o.spec.rows.size is None]
    assert {change.kind for one in full for change in one.spec.interventions} == {
        "run_again", "permute_labels", "zero_inputs",
    }  # fmt: skip
    families = {reference_family(one.spec) for one in after} - {None}
    assert families == {"dummy", "linear", "boosting", "lookup"}
    _, again = asked(experiment, tmp_path, thorough=True)
    assert not [
        one for one in again if isinstance(one, str)
    ]  # all is in the store: it costs nothing


def test_the_cost_comes_from_measured_seconds():
    experiment = made_up_experiment()
    runs = run_specs(experiment, Settings())
    results = [made_up_result(experiment, spec, lambda s, n: 0.9) for spec in runs]
    assert full_seconds(experiment, results) == 0.1
    half = experiment.spec(size=experiment.splits.train_size_of(0) // 2)
    told = cost_ahead(experiment, Settings(thorough=True), [half, half], results)
    assert (
        told
        == "--thorough runs 2 trials: 2 of your code, together about 1 whole training, about 0.1 s"
    )
    assert cost_ahead(experiment, Settings(thorough=True), [half], []) == ""
    assert cost_ahead(experiment, Settings(), [half], results) == ""


def test_without_data_two_trials_are_enough():
    experiment = made_up_experiment()
    _, results = answer(STEP, experiment, Settings(), lambda spec, rows: 0.9)
    assert len(results) == 5 + 2
