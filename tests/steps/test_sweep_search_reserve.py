"""Real searches: the reserve is used once and its use kept; fixed validation rows; time."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import mldiag
from mldiag.run.identity import identify
from mldiag.run.store.trial_store import Store

X, Y = load_digits(return_X_y=True)
ASKED = {"search": "tpe", "trials": 8, "repeats": 3, "tracking_uri": False, "engine": "inline"}


def neighbours(rows=500, **options):
    params = {"n_neighbors": mldiag.Int(1, 200, default=150, log=True)}
    return mldiag.Experiment.from_estimator(
        KNeighborsClassifier(), X[:rows], Y[:rows], metric="accuracy", params=params, **options
    )


def first(report, code):
    return next(f for f in report.findings if f.code == code)


def test_the_winner_is_confirmed_once_and_a_second_use_is_told(tmp_path):
    experiment = neighbours()
    report = mldiag.sweep(experiment, store=tmp_path, **ASKED)
    told = first(report, "MD513")
    assert told.outcome == "passed"
    assert "chosen 0." in told.title
    assert "confirmed 0." in told.title
    again = mldiag.sweep(experiment, store=tmp_path, **ASKED)
    assert again.trials.run == 0
    with Store.open(tmp_path / "trials.db") as store:
        assert len(store.reserve_uses(identify(experiment))) == 1
    heard = []

    class Listener:
        planned = finished = looking = lambda *_: None

        def notice(self, text):
            heard.append(text)

    from mldiag.diagnosis import CommonSettings, diagnose_experiment
    from mldiag.steps import step_named
    from mldiag.steps.sweep.settings import Settings

    common = CommonSettings(tracking_uri=False, engine="inline", store=tmp_path, fresh=True)
    settings = Settings(search="tpe", trials=8, repeats=3)
    diagnose_experiment(step_named("sweep"), experiment, settings, common, Listener())
    assert any("was used 1 time before" in text for text in heard)


def test_fixed_validation_rows_are_the_sample_and_leave_no_reserve(tmp_path):
    experiment = neighbours(valid=(X[500:800], Y[500:800]))
    report = mldiag.sweep(experiment, store=tmp_path, **ASKED)
    assert "so there is no reserve" in first(report, "MD513").title
    assert "fixed validation rows" in report.result["uncertainty"]
    assert first(report, "MD511").action.gain.low > 0


def test_a_declared_test_set_confirms_beside_fixed_rows(tmp_path):
    experiment = neighbours(valid=(X[500:800], Y[500:800]), test=(X[800:1100], Y[800:1100]))
    report = mldiag.sweep(experiment, store=tmp_path, **ASKED)
    assert first(report, "MD513").evidence["gain_on_reserve"].low > 0


@pytest.mark.parametrize("repeats", [3, 7])
def test_rows_in_time_have_as_many_fresh_blocks_as_there_are(tmp_path, repeats):
    experiment = neighbours(time=np.arange(500))
    report = mldiag.sweep(experiment, store=tmp_path, **{**ASKED, "repeats": repeats})
    assert first(report, "MD511").evidence["n"] == min(2 * repeats, 10)
