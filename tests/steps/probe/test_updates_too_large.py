import numpy as np

from mldiag.steps.probe.checks.updates_too_large import judge
from tests.steps.probe.recordings import falling, recording, signals

ONE_LEAPS = {"update": (-2.5, -2.5, 0.3), "learned": 0.05, "loss": falling(400, 2.2)}


def test_one_layer_that_leaps_is_named():
    found = judge(signals(**ONE_LEAPS))
    assert (found.outcome, found.action.param) == ("problem", "lr")
    assert found.evidence["parameters"] == ["4.weight"]


def test_leaps_that_do_no_harm_and_equal_layers_pass():
    assert judge(signals(update=ONE_LEAPS["update"])).outcome == "passed"
    assert judge(signals(learned=0.05)).outcome == "passed"
    assert judge(signals()).outcome == "passed"


def test_a_matrix_that_begins_at_zero_has_no_length_to_compare_with():
    weight = np.array(recording().series("weight/norm"))
    weight[0, 4] = 0.0
    assert judge(signals(**ONE_LEAPS, arrays={"weight/norm": weight})).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=5)).outcome == "inconclusive"
    assert judge(signals(without=("update/", "weight/"))).outcome == "not_applicable"
