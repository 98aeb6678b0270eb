import numpy as np
import pytest

from mldiag.steps.probe.checks.underfitting import judge
from tests.steps.probe.recordings import falling, signals

AT_REST = falling(400, to=1.9)


@pytest.mark.parametrize(
    ("learned", "outcome"), [(0.1, "problem"), (0.35, "advice"), (0.8, "passed")]
)
def test_a_training_at_rest_is_judged_by_what_it_explains(learned, outcome):
    found = judge(signals(learned=learned, loss=AT_REST))
    assert found.outcome == outcome
    assert f"{learned:.0%}" in found.title
    if outcome != "passed":
        assert found.action.kind == "larger_model"


def test_one_that_is_still_learning_or_hardly_moves_passes():
    slope = np.linspace(2.3, 1.5, 400)
    assert judge(signals(learned=0.1, loss=slope)).outcome == "passed"
    assert judge(signals(learned=0.1, loss=AT_REST, update=-6.0)).outcome == "passed"


def test_of_values_nobody_knows_how_much_can_be_explained():
    error = {"batch/error": np.full(54, 0.85), "batch/target_sd": np.ones(54)}
    facts = {"task": "regression"}
    gone = ("batch/right", "batch/rows", "batch/true", "batch/predicted")
    found = judge(signals(arrays=error, facts=facts, loss=AT_REST, without=gone))
    assert found.outcome == "passed"
    assert found.evidence["explained"] == pytest.approx(1 - 0.85**2)


def test_too_little():
    assert judge(signals(steps=50)).outcome == "inconclusive"
    assert judge(signals(without=("batch/", "eval/"))).outcome == "not_applicable"
    assert judge(signals(facts={"task": "gan"})).outcome == "not_applicable"
