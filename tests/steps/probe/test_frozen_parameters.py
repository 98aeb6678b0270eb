import numpy as np
import pytest

from mldiag.steps.probe.checks.frozen_parameters import judge
from tests.steps.probe.recordings import NAMES, SHAPES, parameter, recording, signals


def parameters(**changes):
    """The usual ones, with changes to the first matrix."""
    rest = [parameter(n, s) for n, s in zip(NAMES[1:], SHAPES[1:], strict=True)]
    return {"parameters": [parameter(NAMES[0], SHAPES[0], **changes), *rest]}


def test_a_layer_that_no_optimizer_steps_is_a_bug():
    found = judge(signals(facts=parameters(left_out=True, optimizer=None)))
    assert (found.outcome, found.action.kind) == ("problem", "fix_bug")
    assert "0.weight get a gradient and no optimizer steps them" in found.title


def test_a_layer_that_never_gets_a_gradient_is_a_bug():
    gradient = np.array(recording().series("gradient/norm"))
    gradient[:, 0] = np.nan
    found = judge(signals(arrays={"gradient/norm": gradient}))
    assert (found.outcome, found.evidence["parameters"]) == ("problem", ["0.weight"])
    assert "detach()" in found.action.text


def test_a_gradient_of_zero_is_not_a_missing_one():
    gradient = np.array(recording().series("gradient/norm"))
    gradient[:, 0] = 0.0
    assert judge(signals(arrays={"gradient/norm": gradient})).outcome == "passed"


@pytest.mark.parametrize(("learned", "outcome"), [(0.3, "problem"), (0.97, "advice")])
def test_a_layer_frozen_at_random(learned, outcome):
    facts = parameters(trainable=False, untouched=True, optimizer=None)
    assert judge(signals(facts=facts, learned=learned)).outcome == outcome


def test_a_trained_backbone_that_is_frozen_on_purpose_passes():
    facts = parameters(trainable=False, untouched=False, optimizer=None)
    assert judge(signals(facts=facts)).outcome == "passed"
    assert judge(signals()).outcome == "passed"


def test_few_steps_are_inconclusive():
    assert judge(signals(steps=4)).outcome == "inconclusive"


@pytest.mark.torch
@pytest.mark.parametrize("forgotten", [True, False])
def test_a_head_made_after_the_optimizer_is_found(forgotten):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import mlp, sgd, trained

    net = mlp(8, 16, 16, 3)
    optimizer = sgd(net)
    if forgotten:
        net[2] = torch.nn.Linear(16, 16)
    answer = diagnose_recording(trained(net, optimizer))
    assert (answer.headline == "FROZEN") == forgotten
    if forgotten:
        assert answer.findings[0].evidence["parameters"] == ["2.weight"]
