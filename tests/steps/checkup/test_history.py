"""Whether predictions came true."""

import math

import pytest

from mldiag.findings import Interval
from mldiag.metrics import named_metric
from mldiag.steps.checkup.checks import prediction_came_true
from mldiag.steps.checkup.gathered import Gathered
from mldiag.steps.checkup.history import came_true

ACCURACY = named_metric("accuracy", maximize=True)
UNKNOWN = Interval(math.nan, math.nan, math.nan)


def made(score, gain=None, *, changed=(), started=0.0, sd=0.0):
    ranked = [] if gain is None else [{"text": "Set lr = 0.1.", "gain": gain}]
    baseline = {"score": score, "sd": sd, "n": 5}
    result = {"baseline": baseline, "ranked": ranked, "changed_since_last": list(changed)}
    return {"started": started, "result": result}


def predicted(estimate, low, high):
    return {"estimate": estimate, "low": low, "high": high}


def now(score):
    return Interval(score, score, score)


def test_a_prediction_that_came_true():
    earlier = made(0.80, predicted(0.018, 0.011, 0.026))
    gathered = Gathered(earlier=(earlier,), changed=("lr: 0.01 -> 0.1",))
    (came,) = came_true(gathered, ACCURACY, now(0.821), 0.0, 5)
    assert came.inside
    assert came.got == pytest.approx(0.021)
    assert came.text == "predicted +1.8 points (+1.1 to +2.6), got +2.1 points"
    assert prediction_came_true.judge([came]).outcome == "passed"


def test_a_prediction_that_did_not():
    gathered = Gathered(earlier=(made(0.8, predicted(0.05, 0.04, 0.06)),), changed=("the code",))
    (came,) = came_true(gathered, ACCURACY, now(0.79), 0.0, 5)
    assert not came.inside
    assert prediction_came_true.judge([came]).outcome == "advice"


def test_where_nothing_was_changed_nothing_was_tried():
    gathered = Gathered(earlier=(made(0.8, predicted(0.05, 0.04, 0.06)),))
    assert came_true(gathered, ACCURACY, now(0.8), 0.0, 5) == []


def test_earlier_ones_are_looked_back_at_too():
    first = made(0.80, predicted(0.05, 0.04, 0.06))
    second = made(0.85, predicted(0.01, 0.0, 0.02), changed=("the data",), started=1.0)
    gathered = Gathered(earlier=(first, second), changed=("the code",))
    came = came_true(gathered, ACCURACY, now(0.86), 0.0, 5)
    assert [one.inside for one in came] == [True, True]
    assert [one.started for one in came] == [0.0, 1.0]


def test_less_is_better_where_the_metric_says_so():
    loss = named_metric("rmse", maximize=False)
    gathered = Gathered(earlier=(made(10.0, predicted(2.0, 1.0, 3.0)),), changed=("the code",))
    (came,) = came_true(gathered, loss, now(8.0), 0.0, 5)
    assert came.got == pytest.approx(2.0)
    assert came.inside


def test_the_noise_of_the_scores_widens_the_prediction():
    earlier = made(0.80, predicted(0.02, 0.01, 0.03), sd=0.02)
    gathered = Gathered(earlier=(earlier,), changed=("the code",))
    (came,) = came_true(gathered, ACCURACY, now(0.838), 0.02, 5)
    assert came.inside


def test_without_a_score_or_a_gain_there_is_nothing_to_tell():
    for earlier in (made(None, predicted(0.1, 0.0, 0.2)), made(0.8), {"result": {}}):
        gathered = Gathered(earlier=(earlier,), changed=("the code",))
        assert came_true(gathered, ACCURACY, now(0.9), 0.0, 5) == []
    assert prediction_came_true.judge([]) is None
