import numpy as np
import pytest

from mldiag.steps.probe.checks.vanishing_gradients import judge
from tests.steps.probe.recordings import recording, signals

FADING = {"gradient": (-6.0, -3.0, -1.0), "update": (-7.0, -4.5, -2.5)}


def test_gradients_that_fade_towards_the_input_are_a_problem():
    found = judge(signals(**FADING, learned=0.2))
    assert (found.outcome, found.action.kind) == ("problem", "change_activation_or_init")
    assert "0.weight" in found.title
    assert found.evidence["decades"] == pytest.approx(5.0)


def test_first_layers_that_move_all_the_same_are_an_adaptive_optimizer_s():
    assert judge(signals(gradient=FADING["gradient"], learned=0.2)).outcome == "passed"


def test_a_network_that_has_learned_passes():
    assert judge(signals(**FADING)).outcome == "passed"
    assert judge(signals()).outcome == "passed"


def test_a_true_zero_is_dead_or_frozen_not_faded():
    gradient = np.array(recording().series("gradient/norm"))
    gradient[:, 0] = 0.0
    assert judge(signals(arrays={"gradient/norm": gradient}, learned=0.2)).outcome == "passed"


def test_nothing_to_compare():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(without=("gradient/",))).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize("deep", [True, False])
def test_a_real_stack_of_sigmoids(deep):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import mlp, sgd, trained

    wide = (8, *[16] * 8, 3) if deep else (8, 16, 3)
    net = mlp(*wide, act=torch.nn.Sigmoid)
    answer = diagnose_recording(trained(net, sgd(net, 0.02), epochs=12))
    assert (answer.headline == "VANISHING") == deep
