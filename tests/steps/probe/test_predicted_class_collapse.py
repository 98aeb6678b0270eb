import numpy as np
import pytest

from mldiag.steps.probe.checks.predicted_class_collapse import judge
from tests.steps.probe.recordings import CLASSES, ROWS, falling, sampled, signals

COUNT = len(sampled(400))


def said(shares, true=None):
    """Predictions of the batches, and their targets."""
    arrays = {"batch/predicted": ROWS * np.broadcast_to(shares, (COUNT, len(shares)))}
    if true is not None:
        arrays["batch/true"] = ROWS * np.broadcast_to(true, (COUNT, len(true)))
    return arrays


ALL_OF_THREE = np.eye(CLASSES)[3]
FOUR_OF_TEN = np.array([0.25] * 4 + [0.0] * 6)


@pytest.mark.parametrize(
    ("shares", "title"),
    [(ALL_OF_THREE, "100% of the predictions are class 3"), (FOUR_OF_TEN, "6 of 10")],
)
def test_predictions_of_few_classes_are_a_problem(shares, title):
    found = judge(signals(arrays=said(shares), learned=0.05))
    assert (found.outcome, found.action.kind) == ("problem", "tune")  # the classes are even
    assert title in found.title


def test_rare_classes_that_are_never_predicted_are_to_be_balanced():
    found = judge(signals(arrays=said(np.array([1.0, 0.0]), np.array([0.9, 0.1])), learned=0.05))
    assert (found.outcome, found.action.kind) == ("problem", "balance_classes")


def test_rare_classes_that_are_predicted_as_rarely_pass():
    rare = np.array([0.9, 0.1])
    assert judge(signals(arrays=said(rare, rare))).outcome == "passed"
    assert judge(signals()).outcome == "passed"


def test_a_language_model_that_knows_the_shares_alone_is_another_finding():
    found = judge(
        signals(
            arrays=said(ALL_OF_THREE),
            facts={"task": "language_model"},
            learned=0.02,
            loss=falling(400, 2.2),
        )
    )
    assert found.outcome == "passed"


def test_evaluations_alone_are_enough():
    told = {"eval/valid/predicted": np.broadcast_to(40.0 * CLASSES * ALL_OF_THREE, (12, CLASSES))}
    assert judge(signals(arrays=told, without=("batch/",))).outcome == "problem"


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(facts={"task": "regression"})).outcome == "not_applicable"
    gone = ("batch/predicted", "eval/valid/predicted")
    assert judge(signals(without=gone)).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize(
    ("weights", "outcome"), [([1000.0, 1.0, 1.0], "problem"), ([1.0] * 3, "passed")]
)
def test_a_real_training_with_class_weights_turned_round(weights, outcome):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import blobs, mlp, sgd, trained

    def weighted(outputs, targets):
        return torch.nn.functional.cross_entropy(outputs, targets, torch.tensor(weights))

    net = mlp(8, 16, 3)
    recorded = trained(net, sgd(net, 0.02), blobs(apart=0.2), loss_fn=weighted)
    assert judge(Signals(recorded)).outcome == outcome
