import numpy as np
import pytest

from mldiag.steps.probe.checks.saturated_units import judge
from tests.steps.probe.recordings import LAYERS, layer, recording, signals

TANH = {"layers": [layer(name, kind.replace("relu", "tanh")) for name, kind in LAYERS]}


def full(share, early=None):
    """Shares of the first hidden layer's values that are at an end of the range."""
    values = np.array(recording().series("output/full"))
    values[:, 1] = share
    values[:4, 1] = share if early is None else early
    return {"output/full": values}


def test_a_layer_at_the_ends_of_its_range_from_the_start_is_a_problem():
    found = judge(signals(facts=TANH, arrays=full(0.8)))
    assert (found.outcome, found.action.kind) == ("problem", "change_activation_or_init")
    assert "80%" in found.title


def test_a_trained_network_may_end_there():
    assert judge(signals(facts=TANH, arrays=full(0.8, early=0.02))).outcome == "passed"
    assert (
        judge(signals(facts=TANH, arrays=full(0.95, early=0.02), learned=0.2)).outcome == "problem"
    )


def test_gates_that_begin_shut_are_a_problem():
    shut = {"gates": [{"layer": "lstm", "kind": "LSTM", "shut": 1.0}]}
    found = judge(signals(facts=shut))
    assert found.outcome == "problem"
    assert "forget gate" in found.action.text
    usual = {"gates": [{"layer": "lstm", "kind": "LSTM", "shut": 0.0}]}
    assert judge(signals(facts=usual)).outcome == "not_applicable"


def test_a_layer_in_its_range_passes_and_others_do_not_apply():
    assert judge(signals(facts=TANH)).outcome == "passed"
    assert judge(signals()).outcome == "not_applicable"
    assert judge(signals(steps=8, facts=TANH)).outcome == "inconclusive"


@pytest.mark.torch
@pytest.mark.parametrize(("factor", "outcome"), [(40.0, "problem"), (1.0, "passed")])
def test_a_real_tanh_layer_with_large_weights(factor, outcome):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import mlp, sgd, trained

    net = mlp(8, 16, 16, 3, act=torch.nn.Tanh)
    with torch.no_grad():
        net[0].weight.mul_(factor)
    assert judge(Signals(trained(net, sgd(net)))).outcome == outcome
