import numpy as np
import pytest

from mldiag.steps.probe.checks.exploding_gradients import judge
from tests.steps.probe.recordings import falling, recording, sampled, signals

# Medians of columns that were never measured; `diagnose_recording` silences them too.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

COUNT = len(sampled(400))


def test_first_gradients_far_longer_than_their_weights_are_a_problem():
    broken = np.zeros(400)
    broken[50:] = 1
    found = judge(signals(gradient=4.0, learned=0.0, arrays={"loss/broken": broken}))
    assert (found.outcome, found.action.kind) == ("problem", "stabilize_training")
    assert "Clip" in found.action.text
    assert found.evidence["at_start"] is True


def test_long_first_gradients_that_do_no_harm_pass():
    assert judge(signals(gradient=4.0)).outcome == "passed"


def test_gradients_that_grow_with_the_loss_are_a_problem():
    powers = np.full((COUNT, 3), -1.0)
    powers[-3:] = 5.0
    loss = falling(400)
    loss[-20:] = 80.0
    found = judge(signals(gradient=powers, loss=loss))
    assert found.outcome == "problem"
    assert "and the loss with them" in found.title
    assert judge(signals(gradient=powers)).outcome == "passed"  # the loss did not go up


def test_infinite_gradients():
    infinite = np.array(recording().series("gradient/norm"))
    infinite[0] = np.inf
    assert judge(signals(arrays={"gradient/norm": infinite})).outcome == "problem"
    infinite[:] = np.inf
    assert judge(signals(arrays={"gradient/norm": infinite})).outcome == "problem"


def test_usual_and_unknown_gradients():
    assert judge(signals()).outcome == "passed"
    assert judge(signals(steps=2)).outcome == "passed"
    assert judge(signals(without=("gradient/",))).outcome == "not_applicable"
