import pytest

from mldiag.steps.probe.checks.learning_rate_too_low import judge
from tests.steps.probe.recordings import falling, sampled, signals

STILL = {
    "update": -6.0,
    "travel": 0.002,
    "straight": 0.98,
    "learned": 0.02,
    "loss": falling(400, 2.28),
}


def test_weights_that_hardly_move_get_a_rate_to_try():
    found = judge(signals(**STILL))
    assert (found.outcome, found.action.kind, found.action.param) == ("problem", "tune", "lr")
    assert found.action.value == pytest.approx(0.01 * 1000)  # the farthest that is advised at once
    assert "0.20% of their length" in found.title


@pytest.mark.parametrize(
    "changes",
    [
        {"learned": 0.9},  # small steps that learn all the same
        {"straight": 0.1, "agreement": 0.0},  # going nowhere, in no direction
        {"gradient": -6.0},  # it is the gradient that is small: another check's
        {"travel": 0.5},
        {"update": -2.5},
    ],
)
def test_what_is_not_the_rate_passes(changes):
    assert judge(signals(**STILL | changes)).outcome == "passed"


def test_a_schedule_that_took_the_rate_down_is_another_finding():
    looks = sampled(400)
    rates = 0.01 * 0.8**looks
    assert judge(signals(**STILL, rates=rates)).outcome == "passed"


def test_few_steps_are_inconclusive():
    assert judge(signals(**STILL | {"steps": 25, "loss": falling(25)})).outcome == "inconclusive"


def test_without_a_known_rate_there_is_no_value():
    found = judge(signals(**STILL, without=("lr",)))
    assert (found.outcome, found.action.value) == ("problem", None)


@pytest.mark.torch
@pytest.mark.parametrize(("lr", "headline"), [(1e-7, "LR TOO LOW"), (0.05, "NO FAULT SEEN")])
def test_a_real_training_at_a_tiny_rate(lr, headline):
    pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import mlp, sgd, trained

    net = mlp(8, 16, 3)
    assert diagnose_recording(trained(net, sgd(net, lr), epochs=12)).headline == headline
