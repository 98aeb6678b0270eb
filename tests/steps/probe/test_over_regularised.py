import pytest

from mldiag.steps.probe.checks.over_regularised import judge
from tests.steps.probe.recordings import NAMES, SHAPES, network, parameter, signals


def decay(value):
    known = [parameter(n, s, weight_decay=value) for n, s in zip(NAMES, SHAPES, strict=True)]
    return {"parameters": known}


def dropout(*shares):
    return {"networks": [network(dropout=list(shares))]}


def test_weights_that_shrink_to_nothing_get_a_smaller_decay():
    found = judge(signals(shrunk=0.05, learned=0.1, facts=decay(0.1)))
    assert (found.outcome, found.action.kind) == ("problem", "less_regularization")
    assert (found.action.param, found.action.value) == ("weight_decay", pytest.approx(0.01))


def test_without_a_decay_it_is_a_penalty_in_the_loss():
    found = judge(signals(shrunk=0.001, learned=0.1))
    assert found.outcome == "problem"
    assert "penalty in the loss" in found.title
    assert found.action.param is None


def test_dropout_of_nearly_everything_is_a_problem_where_little_is_learned():
    found = judge(signals(facts=dropout(0.9, 0.9), learned=0.3))
    assert (found.outcome, found.action.param) == ("problem", "dropout")
    assert judge(signals(facts=dropout(0.9, 0.9))).outcome == "passed"
    assert judge(signals(facts=dropout(0.2, 0.5), learned=0.3)).outcome == "passed"


def test_weights_that_keep_their_length_or_learn_all_the_same_pass():
    assert judge(signals(shrunk=0.05)).outcome == "passed"
    assert judge(signals(shrunk=0.8, learned=0.1, facts=decay(0.1))).outcome == "passed"


def test_few_steps_are_inconclusive():
    assert judge(signals(steps=10)).outcome == "inconclusive"


@pytest.mark.torch
@pytest.mark.parametrize(("value", "outcome"), [(3.0, "problem"), (1e-4, "passed")])
def test_a_real_weight_decay(value, outcome):
    pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import mlp, sgd, trained

    net = mlp(8, 16, 16, 3)
    recorded = trained(net, sgd(net, 0.02, weight_decay=value))
    assert judge(Signals(recorded)).outcome == outcome
