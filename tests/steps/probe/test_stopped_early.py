import numpy as np
import pytest

from mldiag.steps.probe.checks.stopped_early import judge
from tests.steps.probe.recordings import EVALUATIONS, sampled, signals

NOISE = np.random.default_rng(0).normal(0, 0.005, 400)
STRAIGHT = np.linspace(2.3, 1.0, 400) + NOISE
BENT = 1.0 + 1.3 * np.exp(-np.arange(400) / 240) + NOISE
CLIMBS = {"eval/score": np.linspace(0.1, 0.5, EVALUATIONS)}


@pytest.mark.parametrize(("loss", "outcome"), [(STRAIGHT, "problem"), (BENT, "advice")])
def test_a_loss_that_still_falls_asks_for_more_steps(loss, outcome):
    found = judge(signals(loss=loss, learned=0.5, arrays=CLIMBS))
    assert (found.outcome, found.action.kind) == (outcome, "train_longer")


def test_a_loss_at_rest_passes():
    assert judge(signals()).outcome == "passed"
    assert judge(signals(learned=0.5)).outcome == "passed"


def test_nothing_is_asked_where_more_steps_would_not_help():
    level = {"eval/score": np.full(EVALUATIONS, 0.5)}
    assert judge(signals(loss=STRAIGHT, learned=0.5, arrays=level)).outcome == "passed"
    assert judge(signals(loss=STRAIGHT, learned=0.99, arrays=CLIMBS)).outcome == "passed"
    cosine = 0.005 * (1 + np.cos(np.pi * np.minimum(sampled(400) / 330, 1.0)))
    assert (
        judge(signals(loss=STRAIGHT, learned=0.5, arrays=CLIMBS, rates=cosine)).outcome == "passed"
    )


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(without=("loss/",))).outcome == "not_applicable"
    assert judge(signals(facts={"task": "vae"})).outcome == "not_applicable"
