"""MD701: when there is nothing to gain, and when that is not known."""

import pytest

from mldiag.metrics import named_metric
from mldiag.steps.checkup.checks import nothing_would_help
from tests.steps.checkup.made import weighed

ACCURACY = named_metric("accuracy")


def judged(*ranked, **parts):
    given = {"worth": 0.005, "compared": True, "broken": False} | parts
    return nothing_would_help.judge(ranked, ACCURACY, **given)


def test_where_something_is_claimed_or_broken_it_says_nothing():
    assert judged(weighed("tune", 0.05)) is None
    assert judged(weighed("tune", 0.05, claimed=False), broken=True) is None


def test_what_may_gain_leaves_it_open_and_what_may_not_is_the_ceiling():
    assert judged(weighed("tune", 0.05, claimed=False)).outcome == "inconclusive"
    assert judged(weighed("tune", 0.001, claimed=False)).outcome == "passed"
    assert judged(weighed("tune", 0.001, claimed=False), compared=False).outcome == "inconclusive"


@pytest.mark.parametrize("gain", [0.001, 0.05])
def test_where_nobody_is_better_than_a_guess_chance_is_not_followed(gain):
    found = judged(weighed("change_model", gain, claimed=False), no_signal=True)
    assert (found.outcome, found.action.kind) == ("passed", "none")
    assert "guess" in found.explanation


def test_labels_that_could_not_be_judged_are_named_before_one_stops():
    small = weighed("tune", 0.001, claimed=False)
    plain, doubted = (judged(small, labels_unknown=unknown) for unknown in (False, True))
    assert "MD326" not in plain.explanation
    assert "checked by a second person" in doubted.explanation
