import numpy as np
import pytest

from mldiag.steps.probe.checks.overfitting import judge
from tests.steps.probe.recordings import EVALUATIONS, signals

RISES = np.linspace(0.3, 0.95, EVALUATIONS)
FALLS = np.concatenate([np.linspace(0.3, 0.8, 4), np.linspace(0.78, 0.5, EVALUATIONS - 4)])


def told(scores):
    return {"eval/score": scores, "eval/valid/accuracy": scores}


@pytest.mark.parametrize("over", [40.0, 150.0])
def test_a_score_that_falls_while_the_loss_goes_on_falling_is_a_problem(over):
    found = judge(signals(arrays=told(FALLS), over=over))
    assert (found.outcome, found.action.kind) == ("problem", "more_regularization")


def test_a_score_that_is_better_where_it_is_lower_counts_the_other_way_round():
    errors = {"eval/score": 1.0 - RISES, "eval/valid/accuracy": RISES}
    assert judge(signals(arrays=errors, facts={"maximize": False})).outcome == "passed"
    worse = {"eval/score": 1.0 - FALLS, "eval/valid/accuracy": FALLS}
    assert judge(signals(arrays=worse, facts={"maximize": False})).outcome == "problem"


def test_rows_known_by_heart_are_a_problem_without_any_fall():
    level = np.full(EVALUATIONS, 0.5)
    found = judge(signals(arrays=told(level), learned=0.99))
    assert found.outcome == "problem"
    assert "by heart" in found.title


def test_a_score_that_rises_or_wavers_passes():
    assert judge(signals(arrays=told(RISES))).outcome == "passed"
    wavers = 0.9 + np.random.default_rng(0).normal(0, 0.02, EVALUATIONS)
    assert judge(signals(arrays=told(wavers))).outcome == "passed"


def test_a_held_out_loss_that_rises_by_confidence_alone_passes():
    rises = np.concatenate([np.linspace(2.0, 0.2, 4), np.linspace(0.2, 0.9, EVALUATIONS - 4)])
    assert judge(signals(arrays={"eval/valid/loss": rises})).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(without=("eval/",))).outcome == "not_applicable"
    three = {"eval/score": np.array([0.5, 0.6, 0.4]), "eval/valid/loss": np.ones(3)}
    assert judge(signals(arrays=three, without=("eval/valid",))).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize("labels", ["random", "true"])
def test_a_real_network_that_learns_random_labels_by_heart(labels):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import blobs, mlp, trained

    x, y = blobs(240)
    if labels == "random":
        y = torch.randint(0, 3, (240,), generator=torch.Generator().manual_seed(1))
    net = mlp(8, 128, 128, 3)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    recorded = trained(net, optimizer, (x[:120], y[:120]), held=(x[120:], y[120:]), epochs=40)
    assert (judge(Signals(recorded)).outcome == "problem") == (labels == "random")
