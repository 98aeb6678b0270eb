"""The live trial, its description and its result."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldiag.trial import Trial
from mldiag.trial_result import Predictions, final_metrics
from mldiag.trial_spec import Intervention, RowRecipe, TrialSpec

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
values = plain | st.tuples(plain, plain)
specs = st.builds(
    TrialSpec,
    target=st.text(max_size=8),
    rows=st.builds(
        RowRecipe, repeat=st.integers(0, 9), size=st.none() | st.integers(1, 99), digest=st.none()
    ),
    params=st.dictionaries(st.text(max_size=5), values, max_size=4).map(
        lambda d: tuple(sorted(d.items()))
    ),
    seed=st.integers(0, 9),
    fidelity=st.sampled_from([0.1, 0.5, 1.0]),
    interventions=st.lists(
        st.builds(
            Intervention, st.text(max_size=5), st.tuples(st.tuples(st.text(max_size=4), values))
        ),
        max_size=2,
    ).map(tuple),
)


@given(specs)
def test_specs_survive_json_and_pickle(spec):
    assert TrialSpec.from_json(spec.to_json()) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert hash(spec) == hash(TrialSpec.from_json(spec.to_json()))


@given(specs, specs)
def test_digests_differ_exactly_where_specs_do(first, second):
    same = first.to_json().replace(first.target, "") == second.to_json().replace(second.target, "")
    if first.digest == second.digest:
        assert TrialSpec(
            "x", first.rows, first.params, first.seed, first.fidelity, first.interventions
        ) == TrialSpec(
            "x", second.rows, second.params, second.seed, second.fidelity, second.interventions
        )
    elif first.target == second.target:
        assert not same


def test_the_target_is_no_part_of_the_digest():
    assert TrialSpec("a.py").digest == TrialSpec("/b/c.py:x").digest


def _trial(fidelity=1.0, seconds=None, recorder=None):
    spec = TrialSpec("t", params=(("lr", 0.1),), seed=3, fidelity=fidelity)
    return Trial(spec, np.arange(100), np.arange(100, 120), seconds=seconds, recorder=recorder)


def test_epochs_honour_fidelity():
    trial = _trial(fidelity=0.3)
    assert list(trial.epochs(10)) == [0, 1, 2]
    assert trial.fidelity_reached == 0.3
    whole = _trial()
    assert list(whole.epochs(4)) == [0, 1, 2, 3]
    assert whole.fidelity_reached == 1.0
    longer = _trial(fidelity=2.0)
    assert list(longer.epochs(10)) == list(range(20))
    assert longer.fidelity_reached == 2.0


def test_epochs_end_when_the_time_is_spent_but_never_before_the_first():
    trial = _trial(seconds=0.0)
    assert list(trial.epochs(50)) == [0]
    assert trial.fidelity_reached == pytest.approx(0.02)


def test_stop_rows_are_training_rows_and_no_longer_train():
    trial = _trial()
    assert np.isin(trial.stop, np.arange(100)).all()
    assert len(trial.stop) == 10
    assert not np.isin(trial.stop, trial.train).any()
    assert np.array_equal(trial.stop, _trial().stop)
    assert not trial.notices


def test_stop_read_after_train_is_said():
    trial = _trial()
    assert len(trial.train) == 100
    assert len(trial.stop) == 10
    assert "read trial.stop first" in trial.notices[0]


def test_the_digest_of_rows_tells_what_was_read():
    unread, read, same = _trial(), _trial(), _trial()
    assert unread.rows_digest() == ""
    assert len(read.train) == len(same.train)
    assert read.rows_digest() == same.rows_digest() != ""


def test_params_cannot_be_changed():
    with pytest.raises(TypeError):
        _trial().params["lr"] = 1


def test_data_without_data_says_what_to_do():
    with pytest.raises(AttributeError, match="declares rows="):
        _ = _trial().X_train


def test_predictions_must_match_the_scoring_rows():
    trial = _trial()
    with pytest.raises(ValueError, match="expected 20 rows"):
        trial.predictions([1, 2])
    trial.predictions(np.ones(20))
    assert trial.kept_predictions.truth is None


def test_reports_take_numbers_of_any_library():
    trial = _trial()
    trial.report(0, loss=np.float32(0.5), accuracy=1)
    assert trial.history == [(0, {"loss": 0.5, "accuracy": 1.0})]
    with pytest.raises(TypeError, match="must be a number"):
        trial.report(1, loss="low")


def test_watch_costs_nothing_outside_a_probe_and_attaches_inside():
    with _trial().watch(object()):
        pass
    attached = []

    class Recorder:
        def attach(self, networks, optimizers, **options):
            attached.append((networks, options))

    _trial(recorder=Recorder()).watch("net", every=5)
    assert attached == [("net", {"every": 5})]


@pytest.mark.parametrize(
    ("returned", "expected"),
    [({"accuracy": 1}, 1.0), (0.25, 0.25), (None, 0.75), ({"accuracy": math.nan}, math.nan)],
)
def test_what_is_returned_wins_over_the_last_report(returned, expected):
    history = [(0, {"accuracy": 0.9}), (1, {"accuracy": 0.75})]
    assert final_metrics(returned, history, "accuracy")["accuracy"] == pytest.approx(
        expected, nan_ok=True
    )


def test_a_missing_metric_names_what_was_given():
    with pytest.raises(TypeError, match="it gave loss"):
        final_metrics({"loss": 1.0}, [], "accuracy")
    with pytest.raises(TypeError, match="it gave nothing"):
        final_metrics(None, [], "accuracy")


@pytest.mark.parametrize("truth", [None, np.array(["a", "b"]), np.array([0.5, np.nan])])
def test_predictions_are_equal_where_their_arrays_are(truth):
    values = np.array([[0.1, 0.9], [1.0, 0.0]])
    kept = Predictions(np.array([3, 4]), values, truth, "predict_proba")
    assert kept == Predictions(np.array([3, 4]), values.copy(), truth, "predict_proba")
    assert kept != Predictions(np.array([3, 5]), values, truth, "predict_proba")
    assert kept != Predictions(np.array([3, 4]), 1 - values, truth, "predict_proba")
    assert kept != Predictions(np.array([3, 4]), values, np.array([1, 2]), "predict_proba")
    assert kept != Predictions(np.array([3, 4]), values, truth)


def test_rows_that_stop_stay_in_training_where_the_training_rows_score():
    scored = TrialSpec("t", interventions=(Intervention("score_training_rows"),))
    rows = np.arange(50)
    trial = Trial(scored, rows, rows)
    assert len(trial.stop) == 5
    assert trial.train.tolist() == rows.tolist()
