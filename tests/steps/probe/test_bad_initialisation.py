import numpy as np
import pytest

from mldiag.steps.probe.checks.bad_initialisation import judge
from tests.steps.probe.recordings import MATRICES, NAMES, falling, signals


def beginning(size=0.58, alike=False, columns=MATRICES):
    """What the weights began as, with changes to these columns."""
    usual = {"size": 0.58, "alike": False}
    return {
        "beginning": [
            {"size": size, "alike": alike} if k in columns else usual for k in range(len(NAMES))
        ]
    }


FAR_OFF = falling(400, start=60.0)


@pytest.mark.parametrize(("size", "said"), [(0.0, "begin at zero"), (0.5, "all rows alike")])
def test_units_that_begin_alike_are_a_problem(size, said):
    found = judge(signals(facts=beginning(size, alike=True)))
    assert (found.outcome, found.action.kind) == ("problem", "change_activation_or_init")
    assert said in found.title


def test_one_branch_that_begins_at_zero_on_purpose_passes():
    assert judge(signals(facts=beginning(0.0, alike=True, columns=(4,)))).outcome == "passed"


def test_weights_far_too_large_are_a_problem_where_the_first_loss_is_far_off():
    loud = {"batch/logit_size": np.full(100, 50.0)}
    found = judge(signals(facts=beginning(12.0), loss=FAR_OFF, arrays=loud))
    assert found.outcome == "problem"
    assert "20.7 times" in found.title
    assert (
        judge(signals(facts=beginning(12.0))).outcome == "passed"
    )  # the first loss is that of chance


def test_weights_far_too_small_are_a_problem_where_little_is_learned():
    found = judge(signals(facts=beginning(0.001), learned=0.1))
    assert found.outcome == "problem"
    assert "hardly anything comes through" in found.title
    assert judge(signals(facts=beginning(0.001))).outcome == "passed"  # it has learned well


def test_usual_sizes_pass_and_unknown_layers_do_not_apply():
    assert judge(signals()).outcome == "passed"
    assert judge(signals(facts={"beginning": []})).outcome == "not_applicable"
    assert judge(signals(facts=beginning(size=None))).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize("zero", [True, False])
def test_a_real_network_of_zeros(zero):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import mlp, sgd, trained

    net = mlp(8, 16, 16, 3)
    if zero:
        for layer in net[::2]:
            torch.nn.init.zeros_(layer.weight)
    answer = diagnose_recording(trained(net, sgd(net)))
    assert (answer.findings[0].slug == "bad-initialisation") == zero
