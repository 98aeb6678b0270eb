"""A check-up from beginning to end, on small experiments."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import mldiag
from mldiag import checklist_budget, whole_checklist
from mldiag.errors import MldiagError, UserCodeError
from mldiag.run.store.trial_store import Store
from mldiag.wording import gain

X, y = load_digits(return_X_y=True)
X, y = X[:360] / 16, y[:360]
ETA = mldiag.Float(1e-6, 10.0, default=1e-6, log=True)


def learner(eta0=1e-6, columns=X, **given):
    model = SGDClassifier(learning_rate="constant", eta0=eta0, max_iter=20, tol=None)
    params = {"eta0": mldiag.Float(1e-6, 10.0, default=eta0, log=True)}
    return mldiag.Experiment.from_estimator(
        model, columns, y, metric="accuracy", params=params, name="learner", **given
    )


def check_up(experiment, store, **given):
    return mldiag.checkup(
        experiment, **{"tracking_uri": False, "store": store, "engine": "inline", **given}
    )


@pytest.fixture(scope="module")
def far_off(tmp_path_factory):
    store = tmp_path_factory.mktemp("far")
    return check_up(learner(), store), store


def test_a_learning_rate_that_is_far_off_comes_first_with_its_gain(far_off):
    report, _ = far_off
    first = report.actions[0]
    assert (first.kind, first.param) == ("tune", "eta0")
    assert first.value > 1e-4
    assert first.gain.low > 0.1
    assert report.headline.startswith("TUNE eta0=")
    assert report.outcome == "problem"


def test_a_title_tells_the_gain_that_its_action_tells(far_off):
    report, _ = far_off
    first = report.findings[0]
    assert gain(learner().metric, first.action.gain) in first.title
    assert first.evidence["fresh_repeats"] > 0
    assert "sweep alone saw" in first.explanation


def test_every_step_says_what_it_cost_and_why_it_was_asked(far_off):
    report, _ = far_off
    steps = {step["name"]: step for step in report.result["steps"]}
    assert {"audit", "reproduce", "probe", "sweep"} <= set(steps)
    assert all(step["why"] for step in steps.values())
    spent = report.result["spent_trainings"] * report.result["training_seconds"]
    assert spent < 1.5 * report.result["budget_seconds"]
    checklist = ["reproduce", "learning-curve", "audit", "probe", "sweep", "capacity"]
    places = [checklist.index(one.step) for one in report.steps]
    assert places == sorted(places)


def test_the_report_is_strict_json_with_the_steps_inside(far_off):
    report, _ = far_off
    whole = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert whole["schema"] == "mldiag/1"
    assert {step["step"] for step in whole["steps"]} >= {"audit", "sweep"}
    assert whole["result"]["ranked"][0]["claimed"]


def test_the_fix_is_looked_back_at(far_off):
    report, store = far_off
    value = report.actions[0].value
    again = check_up(learner(eta0=value), store, steps="reproduce,probe")
    since = again.result["since_last"]
    assert since["action"].startswith("Set eta0")
    assert since["inside"], since
    assert any(finding.code == "MD702" for finding in again.findings)


def test_a_column_that_is_the_answer_ends_it_before_the_costly_steps(tmp_path):
    leaking = np.column_stack([X, y * 2.0])
    report = check_up(learner(eta0=0.1, columns=leaking), tmp_path)
    assert report.actions[0].kind == "fix_leak"
    assert report.result["stopped_by"] == report.findings[0].code
    skipped = {s["name"] for s in report.result["steps"] if s["status"] == "skipped"}
    assert {"sweep", "capacity", "learning-curve"} <= skipped
    assert any(finding.code == "MD703" for finding in report.findings)


def test_code_that_fails_everywhere_is_told_as_such(tmp_path):
    @mldiag.experiment(data=(X, y), metric="accuracy")
    def broken(trial):
        raise ValueError("no")

    with pytest.raises(UserCodeError):
        check_up(broken, tmp_path)


def test_without_data_the_audit_is_told_to_be_impossible(tmp_path):
    @mldiag.experiment(rows=100, metric="accuracy")
    def rows_only(trial):
        return {"accuracy": 0.5 + 0.01 * (trial.seed % 3)}

    report = check_up(rows_only, tmp_path, steps="audit,reproduce")
    status = {step["name"]: step["status"] for step in report.result["steps"]}
    assert status["audit"] == "not_applicable"
    assert any("audit was not judged" in notice for notice in report.notices)
    assert report.outcome in ("inconclusive", "advice", "problem")


def test_a_step_that_there_is_none_of_is_told_with_the_nearest(tmp_path):
    with pytest.raises(MldiagError) as told:
        check_up(learner(), tmp_path, steps="sweeep")
    assert told.value.nearest == "sweep"
    with pytest.raises(MldiagError, match="every step"):
        check_up(learner(), tmp_path, steps="sweep", skip="sweep")


def test_its_trials_are_those_of_the_steps(far_off):
    report, store = far_off
    with Store.open(store / "trials.db") as opened:
        before = sum(opened.summary()[0].trials.values())
    mldiag.sweep(learner(), all=True, budget="1s", tracking_uri=False, store=store, engine="inline")
    with Store.open(store / "trials.db") as opened:
        after = sum(opened.summary()[0].trials.values())
    assert after - before < 40
    assert report.trials.cached > 0


def test_an_interruption_gives_the_answer_so_far_and_how_to_go_on(tmp_path, monkeypatch):
    for module in (whole_checklist, checklist_budget):
        monkeypatch.setattr(module, "was_interrupted", lambda one: one.name == "reproduce")
    report = check_up(learner(eta0=0.1), tmp_path, skip="audit", budget="60x")
    assert report.result["interrupted"]
    assert "to go on: mldiag.checkup(learner, skip=('audit',), budget='60x'" in report.notices[-1]
    status = {step["name"]: step["status"] for step in report.result["steps"]}
    assert status["sweep"] == "skipped"
    assert report.trials.run == 0


@mldiag.experiment(rows=40, metric="accuracy", params={"rate": mldiag.Float(0.1, 1.0, default=0.5)})
def exact(trial):
    return 0.9 - (trial.params["rate"] - 0.7) ** 2 + 0 * len(trial.train)


def test_a_gain_whose_noise_nobody_knows_is_open_and_no_ceiling(tmp_path):
    report = mldiag.checkup(exact, steps="sweep", tracking_uri=False, store=tmp_path)
    assert (report.headline, report.outcome) == ("OPEN", "inconclusive")
    assert "nothing is known of the noise" in report.findings[0].explanation
