import numpy as np
import pytest

from mldiag.steps.probe.checks.not_finite import judge
from tests.steps.probe.recordings import recording, signals

BIRTH = {"step": 7, "optimizer": 0, "network": "network"}


@pytest.mark.parametrize(
    ("where", "said", "remedy"),
    [
        ({"where": "input", "count": 2, "rows": [3, 9]}, "batch itself", "missing values"),
        (
            {"where": "module", "module": "norm", "kind": "Root", "inputs": 0.0},
            "norm (Root)",
            "root",
        ),
        ({"where": "parameters", "parameters": ["0.weight"]}, "0.weight", "clip"),
        ({"where": "loss"}, "loss or its gradient", "cross_entropy"),
        ({"where": "device"}, "not finite", "detect_anomaly"),
    ],
)
def test_the_place_of_birth_is_named_with_its_remedy(where, said, remedy):
    found = judge(signals(facts={"birth": BIRTH | where}))
    assert (found.outcome, found.action.kind) == ("problem", "fix_bug")
    assert said in found.title
    assert "step 7" in found.title
    assert remedy in found.action.text


def test_losses_that_are_nan_are_a_problem_without_a_birth_and_their_step_is_told():
    broken = np.zeros(400)
    broken[120:] = 1
    found = judge(signals(arrays={"loss/broken": broken}))
    assert found.outcome == "problem"
    assert (found.evidence["step"], found.evidence["losses_not_finite"]) == (120, 280)


def test_weights_that_are_lost_at_the_end_are_a_problem():
    lost = np.array(recording().series("weight/norm"))
    lost[-1, 2] = np.nan
    assert judge(signals(arrays={"weight/norm": lost}, without=("loss/",))).outcome == "problem"
    lost[-1, 2] = np.inf
    assert judge(signals(arrays={"weight/norm": lost})).outcome == "problem"


def test_an_optimizer_that_did_not_step_in_the_last_look_has_lost_nothing():
    gaps = np.array(recording().series("weight/norm"))
    gaps[-1] = np.nan
    assert judge(signals(arrays={"weight/norm": gaps})).outcome == "passed"


def test_a_column_that_was_never_measured_is_no_nan():
    gaps = np.array(recording().series("weight/norm"))
    gaps[:, 5] = np.nan
    assert judge(signals(arrays={"weight/norm": gaps})).outcome == "passed"


def test_a_finite_training_passes_even_a_short_one():
    assert judge(signals()).outcome == "passed"
    assert judge(signals(steps=1)).outcome == "passed"


@pytest.mark.torch
def test_a_real_logarithm_of_zero_is_traced_to_its_module():
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.diagnose import diagnose_recording
    from tests.steps.probe.trainings import blobs, mlp, sgd, trained

    class Logarithm(torch.nn.Module):
        def forward(self, x):
            return torch.log(x)

    net = torch.nn.Sequential(*mlp(8, 16, 3), Logarithm())
    answer = diagnose_recording(trained(net, sgd(net), blobs(), epochs=3))
    assert answer.headline == "NaN"
    assert answer.findings[0].evidence["module"] == "3"
    assert answer.findings[0].evidence["step"] == 0
