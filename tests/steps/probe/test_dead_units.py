import numpy as np
import pytest

from mldiag.steps.probe.checks.dead_units import judge
from tests.steps.probe.recordings import LAYERS, layer, recording, signals


def off(share, column=1):
    """A layer of which this share of the units is off for every row, from the middle on."""
    on = np.array(recording().series("output/on"))
    half = len(on) // 2
    on[half:, column, : round(share * on.shape[2])] = 0.0
    return {"output/on": on}


@pytest.mark.parametrize(("share", "learned"), [(0.97, 0.97), (0.85, 0.2)])
def test_a_layer_that_has_died_is_named(share, learned):
    found = judge(signals(arrays=off(share), learned=learned))
    assert (found.outcome, found.action.kind) == ("problem", "change_activation_or_init")
    assert found.title.startswith("1: ")
    assert found.evidence["largest_share"] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.85])
def test_units_that_rest_while_the_network_learns_pass(share):
    assert judge(signals(arrays=off(share))).outcome == "passed"


def test_a_unit_that_was_on_once_late_is_alive():
    dying = off(1.0)
    dying["output/on"][-1, 1] = 0.1
    assert judge(signals(arrays=dying)).outcome == "passed"


def test_networks_without_such_layers_do_not_apply_and_few_steps_tell_nothing():
    smooth = [layer(name, kind.replace("relu", "gelu")) for name, kind in LAYERS]
    assert judge(signals(facts={"layers": smooth})).outcome == "not_applicable"
    assert judge(signals(without=("output/on",))).outcome == "not_applicable"
    assert judge(signals(steps=8)).outcome == "inconclusive"


@pytest.mark.torch
@pytest.mark.parametrize(("bias", "outcome"), [(-60.0, "problem"), (0.0, "passed")])
def test_a_real_layer_below_zero(bias, outcome):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import mlp, sgd, trained

    net = mlp(8, 16, 16, 3)
    torch.nn.init.constant_(net[2].bias, bias)
    assert judge(Signals(trained(net, sgd(net)))).outcome == outcome
