import numpy as np

from mldiag.steps.probe.checks.loss_spikes import judge
from tests.steps.probe.recordings import falling, signals

LEAPS = [90, 150, 210, 280, 350]


def spiky(places=LEAPS, height=40.0):
    loss = falling(400)
    loss[list(places)] = height
    return loss


def test_batches_on_which_the_loss_leaps_are_named_by_their_steps():
    found = judge(signals(loss=spiky()))
    assert (found.outcome, found.action.kind) == ("problem", "clean_data")
    assert found.evidence["steps"] == LEAPS


def test_few_or_low_leaps_pass():
    assert judge(signals()).outcome == "passed"
    assert judge(signals(loss=spiky(LEAPS[:1]))).outcome == "passed"
    assert judge(signals(loss=spiky(height=1.5))).outcome == "passed"  # below where it began


def test_a_loss_that_is_heavy_tailed_all_along_has_no_spikes():
    loss = np.random.default_rng(0).lognormal(0, 0.5, 400)
    assert judge(signals(loss=loss)).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=40)).outcome == "inconclusive"
    assert judge(signals(without=("loss/",))).outcome == "not_applicable"
    assert judge(signals(facts={"task": "gan"}, loss=spiky())).outcome == "not_applicable"
