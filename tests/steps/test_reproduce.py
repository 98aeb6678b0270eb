"""The reproduction: its looks, its verdicts on made-up runs, and the bug checks on real small programs."""

import time

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

import mldiag
from mldiag import MldiagError
from mldiag.steps import step_named
from mldiag.steps.reproduce.runs import AGAIN, check_spec, run_specs, twin_specs
from mldiag.steps.reproduce.settings import Settings
from tests.steps.made_up import answer, made_up_experiment, noise

STEP = step_named("reproduce")


def first(diagnosis, code):
    return next((f for f in diagnosis.findings if f.code == code), None)


def runs_at(level, sd=0.002):
    def score(spec, rows):
        again = any(change.kind == "run_again" for change in spec.interventions)
        if again or (spec.rows.size is not None):
            return level
        return level + noise(spec, sd, shared=0.0)

    return score


@pytest.mark.parametrize(
    ("expected", "verdict", "outcome", "headline"),
    [
        (0.951, "reproduced", "passed", "REPRODUCED"),
        (0.97, "not_reproduced", "problem", "NOT REPRODUCED, worse"),
        (0.935, "not_reproduced", "advice", "NOT REPRODUCED, better"),
        (0.80, "not_reproduced", "problem", "SUSPICIOUS"),
    ],
)
def test_the_report_is_judged(expected, verdict, outcome, headline):
    settings = Settings(expected=expected, tolerance=0.01)
    diagnosis, _ = answer(STEP, made_up_experiment(), settings, runs_at(0.95))
    assert diagnosis.result()["verdict"] == verdict
    assert first(diagnosis, "MD111").outcome == outcome
    assert diagnosis.headline == headline


def test_an_open_report_says_how_many_runs_would_settle_it():
    settings = Settings(expected=0.951, tolerance=0.01)
    diagnosis, _ = answer(STEP, made_up_experiment(), settings, runs_at(0.95, sd=0.02))
    finding = first(diagnosis, "MD111")
    assert finding.outcome == "inconclusive"
    assert f"--seeds {finding.evidence['runs_needed']}" in finding.explanation
    assert finding.evidence["runs_needed"] > 5


def test_a_clear_answer_needs_no_second_look():
    settings = Settings(expected=0.95, tolerance=0.02, repeats=10)
    experiment = made_up_experiment()
    _, clear = answer(STEP, experiment, settings, runs_at(0.95))
    _, unclear = answer(STEP, experiment, settings, runs_at(0.95, sd=0.03))
    runs = {spec.digest for spec in run_specs(experiment, settings)}
    assert sum(result.spec.digest in runs for result in clear) == 5
    assert sum(result.spec.digest in runs for result in unclear) == 10


def test_a_declared_split_varies_the_seed_alone():
    X, y = load_wine(return_X_y=True)
    experiment = mldiag.Experiment.from_estimator(
        DecisionTreeClassifier(max_features=3), X[::2], y[::2], valid=(X[1::2], y[1::2]),
        metric="accuracy",
    )  # fmt: skip
    specs = run_specs(experiment, Settings(expected=0.9))
    assert {spec.rows.repeat for spec in specs} == {0}
    assert [spec.seed for spec in specs] == [0, 1, 2, 3, 4]


def test_a_twin_that_differs_is_not_deterministic():
    def score(spec, rows):
        return 0.5 + 0.1 * any(change.kind == "run_again" for change in spec.interventions)

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), score)
    finding = first(diagnosis, "MD112")
    assert finding.outcome == "advice"
    assert "0.5 against 0.6" in finding.title


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tolerance": -1}, "--tolerance"),
        ({"reported_sd": 0.1}, "no reported score is given"),
        ({"expected": 0.9, "against": "abc"}, "an earlier run"),
        ({"expected": 0.9, "reported_sd": 0.1}, "number of runs behind it"),
        ({"repeats": 0}, "at least 1"),
    ],
)
def test_settings_that_cannot_be_meant(given, says):
    with pytest.raises(MldiagError, match=says):
        Settings(**given)


# The bug checks, on real data


def reproduced(experiment, tmp_path, **options):
    return mldiag.reproduce(
        experiment, tracking_uri=False, store=tmp_path, engine="inline", repeats=3, **options
    )


def outcomes(report):
    return {finding.code: finding.outcome for finding in report.findings}


def written(data, body, **options):
    """An experiment whose train function is `body`."""
    return mldiag.experiment(data=data, metric="accuracy", name="written", **options)(body)


WINE = load_wine(return_X_y=True)
WINE = (WINE[0] / np.abs(WINE[0]).max(0), WINE[1])


def test_healthy_programs_pass_every_check(tmp_path):
    tree = mldiag.Experiment.from_estimator(
        DecisionTreeClassifier(max_depth=4), *WINE, metric="accuracy"
    )
    assert set(outcomes(reproduced(tree, tmp_path)).values()) == {"passed"}
    ridge = mldiag.Experiment.from_estimator(Ridge(), *load_diabetes(return_X_y=True), metric="r2")
    assert set(outcomes(reproduced(ridge, tmp_path)).values()) == {"passed"}


def test_a_model_that_trains_on_the_scoring_rows(tmp_path):
    def body(trial):
        X = np.vstack([trial.X_train, trial.X_valid])
        y = np.concatenate([trial.y_train, trial.y_valid])
        predicted = DecisionTreeClassifier().fit(X, y).predict(trial.X_valid)
        trial.predictions(predicted)
        return accuracy_score(trial.y_valid, predicted)

    report = reproduced(written(WINE, body), tmp_path)
    assert outcomes(report)["MD122"] == "problem"
    assert report.actions[0].kind == "fix_leak"


def test_a_score_on_training_rows_without_predictions(tmp_path):
    def body(trial):
        trial.valid  # noqa: B018
        return (
            DecisionTreeClassifier()
            .fit(trial.X_train, trial.y_train)
            .score(trial.X_train, trial.y_train)
        )

    assert outcomes(reproduced(written(WINE, body), tmp_path))["MD122"] == "problem"


def test_code_that_reads_its_labels_elsewhere_is_no_leak(tmp_path):
    X, y = WINE

    def body(trial):
        return (
            KNeighborsClassifier()
            .fit(X[trial.train], y[trial.train])
            .score(X[trial.valid], y[trial.valid])
        )

    found = outcomes(reproduced(written(WINE, body), tmp_path))
    assert found["MD122"] == "not_applicable"
    assert found["MD123"] == "passed"  # it beats a dummy, so the features arrive
    assert "problem" not in found.values()
    thorough = outcomes(reproduced(written(WINE, body), tmp_path, thorough=True))
    assert thorough["MD123"] == "not_applicable"


def test_features_that_never_reach_the_model(tmp_path):
    def body(trial):
        ones = np.ones((len(trial.X_train), 1))
        model = LogisticRegression().fit(ones, trial.y_train)
        return model.score(np.ones((len(trial.X_valid), 1)), trial.y_valid)

    assert outcomes(reproduced(written(WINE, body), tmp_path))["MD123"] == "problem"


def test_worse_than_a_dummy_and_no_better_where_a_plain_model_learns(tmp_path):
    def shifted(trial):
        model = LogisticRegression(max_iter=500).fit(trial.X_train, trial.y_train)
        return accuracy_score(trial.y_valid, (model.predict(trial.X_valid) + 1) % 3)

    def guesses(trial):
        trial.X_train, trial.y_train  # noqa: B018
        predicted = np.random.default_rng(trial.seed).choice(3, len(trial.X_valid))
        return accuracy_score(trial.y_valid, predicted)

    worse = reproduced(written(WINE, shifted), tmp_path / "a")
    assert outcomes(worse)["MD121"] == "problem"
    assert "A dummy is better" in worse.findings[0].title
    guessing = reproduced(written(WINE, guesses), tmp_path / "b")
    finding = next(f for f in guessing.findings if f.code == "MD121")
    assert finding.outcome == "problem"
    assert finding.evidence["reference"] in ("linear", "boosting")


def test_labels_without_signal_are_no_bug(tmp_path):
    X, y = load_breast_cancer(return_X_y=True)
    labels = np.random.default_rng(1).permutation(y)
    experiment = mldiag.Experiment.from_estimator(
        LogisticRegression(max_iter=200), X / X.max(0), labels, metric="accuracy"
    )
    assert outcomes(reproduced(experiment, tmp_path))["MD121"] in ("advice", "inconclusive")


def test_the_same_rows_on_both_sides(tmp_path):
    X, y = WINE
    doubled = mldiag.Experiment.from_estimator(
        KNeighborsClassifier(1), np.vstack([X, X]), np.concatenate([y, y]), metric="accuracy"
    )
    report = reproduced(doubled, tmp_path)
    assert outcomes(report)["MD124"] == "problem"
    assert report.actions[0].kind == "fix_split"


def test_flowers_that_measure_the_same_are_not_the_same_flower(tmp_path):
    iris = mldiag.Experiment.from_estimator(
        KNeighborsClassifier(), *load_iris(return_X_y=True), metric="accuracy"
    )
    assert outcomes(reproduced(iris, tmp_path))["MD124"] in ("passed", "not_applicable")


def test_predictions_in_another_order(tmp_path):
    def body(trial):
        model = DecisionTreeClassifier(max_depth=3).fit(trial.X_train, trial.y_train)
        order = np.argsort(trial.X_valid[:, 0])
        predicted = model.predict(trial.X_valid[order])
        trial.predictions(predicted)
        return accuracy_score(trial.y_valid[order], predicted)

    assert outcomes(reproduced(written(WINE, body), tmp_path))["MD126"] == "problem"


def test_a_split_of_its_own(tmp_path):
    X, y = WINE

    def body(trial):
        return KNeighborsClassifier().fit(X[::2], y[::2]).score(X[1::2], y[1::2])

    assert outcomes(reproduced(written(WINE, body), tmp_path))["MD127"] == "problem"


def test_rows_for_early_stopping_are_not_missed(tmp_path):
    def body(trial):
        model = KNeighborsClassifier().fit(trial.X_train, trial.y_train)
        assert len(trial.stop)
        return model.score(trial.X_valid, trial.y_valid)

    def in_order(trial):
        stop = trial.stop
        model = KNeighborsClassifier().fit(trial.X_train, trial.y_train)
        return model.score(trial.X_valid, trial.y_valid) - 0 * len(stop)

    for number, train in enumerate((body, in_order)):
        report = reproduced(written(WINE, train), tmp_path / str(number))
        assert outcomes(report)["MD127"] == "passed"


def test_a_score_from_the_clock_is_not_deterministic(tmp_path):
    def body(trial):
        trial.X_train, trial.y_train, trial.X_valid  # noqa: B018
        return (time.time_ns() % 1000) / 1000

    assert outcomes(reproduced(written(WINE, body), tmp_path))["MD112"] == "advice"


def test_a_fresh_process_has_its_own_order_of_sets(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)

    def body(trial):
        trial.X_train, trial.y_train, trial.X_valid  # noqa: B018
        return (hash("a text") % 10_000) / 10_000

    assert outcomes(reproduced(written(WINE, body), tmp_path))["MD112"] == "advice"


def test_an_earlier_run_is_compared_pair_by_pair_and_what_differs_is_told(tmp_path):
    def experiment(depth):
        return mldiag.Experiment.from_estimator(
            DecisionTreeClassifier(max_depth=depth), *WINE, metric="accuracy", name="trees"
        )

    reproduced(experiment(4), tmp_path)
    (run,) = (tmp_path / "runs").iterdir()
    same = reproduced(experiment(4), tmp_path, against=run.name)
    assert same.result["verdict"] == "reproduced"
    assert same.result["difference"] == 0
    stump = reproduced(experiment(1), tmp_path, against=run.name)
    assert stump.result["verdict"] == "not_reproduced"
    assert stump.result["side"] == "worse"
    assert any("estimator changed" in change for change in stump.result["differs"])
    with pytest.raises(MldiagError, match="there is no run"):
        reproduced(experiment(4), tmp_path, against="20200101-000000-aaaaaa")


def test_thorough_checks_train_on_every_row():
    experiment = mldiag.Experiment.from_estimator(
        Ridge(), *load_diabetes(return_X_y=True), metric="r2"
    )
    assert check_spec(experiment, Settings(thorough=True)).rows.size is None
    reduced = check_spec(experiment, Settings(), AGAIN)
    assert reduced.rows.size < experiment.splits.train_size_of(0) / 3
    first, again = twin_specs(experiment, Settings(thorough=True))
    assert first == run_specs(experiment, Settings())[0]
    assert again.rows.size is None
