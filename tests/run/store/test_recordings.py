"""Recordings in the store: back as they went in, in old stores too, and asked for only with predictions."""

import sqlite3
from dataclasses import replace

import numpy as np

import mldiag
from mldiag.data.fingerprint import Fingerprint
from mldiag.recording.recorded import Recording
from mldiag.run.code.digest import CodeDigest
from mldiag.run.fresh_process import run_in_fresh_process
from mldiag.run.identity import Identity
from mldiag.run.store.trial_store import Store
from mldiag.run.worker import run_trial
from mldiag.trial import WATCH
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Intervention, TrialSpec

IDENTITY = Identity("demo", CodeDigest({"a": "1"}), Fingerprint({"X": "1"}, "X"))
SPEC = TrialSpec("a.py", interventions=(Intervention(WATCH),))
RECORDING = Recording(
    {"steps": 3, "task": None, "layers": [{"name": "0"}], "loss": float("inf")},
    {
        "loss/mean": np.array([1.0, np.nan, np.inf]),
        "output/on": np.full((2, 3, 4), np.nan, dtype=np.float32),
        "eval/right": np.array([[True, False]]),
        "eval/targets": np.arange(5),
        "empty": np.empty((0, 7)),
    },
)


def put(store, result):
    key = IDENTITY.key(result.spec)
    store.put(key, IDENTITY, result)
    return key


def test_a_recording_comes_back_equal(tmp_path):
    result = TrialResult(SPEC, "ok", {"accuracy": 0.5}, recording=RECORDING)
    with Store.open(tmp_path) as store:
        key = put(store, result)
    with Store.open(tmp_path) as store:
        assert store.get_many([key]) == {key: result}
        assert store.get_many([key], with_predictions=False)[key].recording is None
        found = store.get_many([key])[key].recording
        assert {name: a.dtype for name, a in found.arrays.items()} == {
            name: a.dtype for name, a in RECORDING.arrays.items()
        }


def test_a_watched_trial_has_a_key_of_its_own():
    assert IDENTITY.key(SPEC) != IDENTITY.key(replace(SPEC, interventions=()))


def test_a_store_from_before_recordings_opens_and_takes_them(tmp_path):
    plain = TrialResult(replace(SPEC, interventions=()), "ok", {"accuracy": 0.5})
    with Store.open(tmp_path) as store:
        old = put(store, plain)
        path = store.path
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE recordings")
    connection.close()
    watched = TrialResult(SPEC, "ok", {"accuracy": 0.5}, recording=RECORDING)
    with Store.open(tmp_path) as store:
        assert store.notices == []
        assert store.get_many([old]) == {old: plain}
        new = put(store, watched)
        assert store.get_many([old, new]) == {old: plain, new: watched}


@mldiag.experiment(rows=40, metric="accuracy")
def reported(trial):
    trial.report(0, accuracy=0.5)


def test_fresh_and_stored_are_equal(tmp_path):
    result = run_trial(
        reported, replace(reported.spec(), interventions=SPEC.interventions), threads=1
    )
    assert result.recording.series("eval/score").tolist() == [0.5]
    with Store.open(tmp_path) as store:
        key = put(store, result)
        assert store.get_many([key])[key] == result


def test_a_recording_comes_back_from_a_process_of_its_own():
    spec = replace(reported.spec(), interventions=SPEC.interventions)
    result = run_in_fresh_process(reported, spec, threads=1, seconds=None)
    assert result.status == "ok", result.error
    assert result.recording.series("eval/score").tolist() == [0.5]
