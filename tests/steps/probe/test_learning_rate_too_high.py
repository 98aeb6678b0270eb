import numpy as np
import pytest

from mldiag.steps.probe.checks.learning_rate_too_high import judge
from tests.steps.probe.recordings import falling, recording, signals


def leapt(steps=400):
    loss = falling(steps)
    loss[3:9] = 30.0
    return loss


THROWN = {"update": 0.2, "loss": leapt(), "learned": 0.2}


def test_steps_as_long_as_the_weights_get_a_lower_rate():
    found = judge(signals(**THROWN))
    assert (found.outcome, found.action.kind, found.action.param) == ("problem", "tune", "lr")
    assert found.action.value == pytest.approx(0.01 / 100, rel=0.1)


def test_a_loss_that_ends_above_where_it_began_is_a_problem():
    loss = 2.3 + 0.02 * np.arange(400) + np.random.default_rng(0).normal(0, 0.05, 400)
    found = judge(signals(update=-1.0, loss=loss, learned=0.0))
    assert found.outcome == "problem"
    assert "above" in found.title


@pytest.mark.parametrize(
    "changes",
    [
        {"update": -2.5},  # usual steps
        {"loss": falling(400), "learned": 0.97},  # long steps that did no harm
        {"facts": {"optimizers": [{"class": "LBFGS", "groups": [{"lr": 1.0}]}]}},
        {"facts": {"task": "gan"}, "learned": 0.9},
    ],
)
def test_what_is_no_harm_passes(changes):
    assert judge(signals(**THROWN | changes)).outcome == "passed"


def test_few_steps_are_inconclusive_and_an_unknown_rate_has_no_value():
    assert judge(signals(steps=6)).outcome == "inconclusive"
    unknown = judge(signals(**THROWN, without=("lr",)))
    assert (unknown.outcome, unknown.action.value) == ("problem", None)
    lost = {"lr": np.full_like(recording().series("lr"), np.nan)}
    assert judge(signals(**THROWN, arrays=lost)).action.value is None


@pytest.mark.torch
def test_a_real_training_that_is_thrown_about():
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import mlp, trained

    net = mlp(8, 32, 32, 3)
    optimizer = torch.optim.Adam(net.parameters(), lr=1.0)
    assert diagnose_recording(trained(net, optimizer)).headline == "LR TOO HIGH"
