import numpy as np

from mldiag.steps.probe.checks.plateau import judge
from tests.steps.probe.recordings import falling, sampled, signals

OVER = {
    "rates": np.where(sampled(400) < 120, 0.01, 1e-6),
    "loss": falling(400, 1.5),
    "learned": 0.4,
}


def test_a_schedule_that_is_over_too_soon_is_a_problem():
    found = judge(signals(**OVER))
    assert (found.outcome, found.action.param) == ("problem", "lr")
    assert "of 400" in found.title
    assert found.evidence["share_over"] > 0.6


def test_a_schedule_that_ends_with_the_training_passes():
    cosine = 0.005 * (1 + np.cos(np.pi * sampled(400) / 400))
    assert judge(signals(**OVER | {"rates": cosine})).outcome == "passed"
    assert judge(signals(rates=OVER["rates"])).outcome == "passed"  # it had learned by then
    assert judge(signals()).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=30)).outcome == "inconclusive"
    assert judge(signals(without=("lr",))).outcome == "not_applicable"
