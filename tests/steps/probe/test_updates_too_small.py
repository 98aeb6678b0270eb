import pytest

from mldiag.steps.probe.checks.updates_too_small import judge
from tests.steps.probe.recordings import falling, signals

STILL = {
    "update": -7.0,
    "travel": 0.001,
    "straight": 0.98,
    "learned": 0.02,
    "loss": falling(400, 2.28),
}


def test_a_gradient_that_is_small_before_the_rate_is_applied_is_a_problem():
    found = judge(signals(**STILL, gradient=-6.0))
    assert (found.outcome, found.action.kind) == ("problem", "stabilize_training")
    assert "divided by" in found.action.text


def test_usual_gradients_pass():
    assert judge(signals(**STILL)).outcome == "passed"  # it is the rate
    assert judge(signals(gradient=-6.0)).outcome == "passed"  # it learns
    assert judge(signals()).outcome == "passed"


def test_few_steps_are_inconclusive():
    assert judge(signals(steps=20)).outcome == "inconclusive"


@pytest.mark.torch
def test_a_real_loss_that_is_divided_twice():
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import mlp, sgd, trained

    def tiny(outputs, targets):
        return torch.nn.functional.cross_entropy(outputs, targets) / 1e6

    net = mlp(8, 16, 3)
    assert (
        diagnose_recording(trained(net, sgd(net, 0.01), loss_fn=tiny, epochs=12)).headline
        == "STUCK"
    )
