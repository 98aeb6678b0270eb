"""MD450: confused pairs and lost classes, against a healthy confusion and too few rows."""

import numpy as np

from mldiag.steps.probe.mistakes.mistakes_of_classes import expected_mistakes, judge
from tests.steps.probe.evaluated import changed, classes


def test_a_calibrated_classifier_passes_and_names_its_commonest_mistake():
    found = judge(classes())
    assert found.outcome == "passed"
    assert "is taken for" in found.title
    assert found.evidence["n"] == 1000


def test_a_class_that_is_never_named_is_a_problem():
    healthy = classes()
    chances = healthy.arrays["eval/probabilities"].copy()
    chances[:, 2] = 1e-6
    found = judge(changed(healthy, eval__probabilities=chances / chances.sum(1, keepdims=True)))
    assert found.outcome == "problem"
    assert found.evidence["classes"] == ["2"]
    assert found.action.kind == "balance_classes"


def test_a_rare_class_that_is_lost_is_advice():
    random = np.random.default_rng(0)
    targets = np.where(random.random(1000) < 0.04, 2, random.integers(0, 2, 1000))
    chances = np.eye(3)[np.where(targets == 2, 0, targets)] * 0.8 + 0.2 / 3
    found = judge(changed(classes(kinds=3), eval__probabilities=chances, eval__targets=targets))
    assert found.outcome == "advice"
    assert found.evidence["classes"] == ["2"]


def test_one_pair_with_most_mistakes_is_named():
    random = np.random.default_rng(1)
    targets = random.integers(0, 6, 900)
    said = np.where((targets == 3) & (random.random(900) < 0.5), 5, targets)
    said = np.where(random.random(900) < 0.05, random.integers(0, 6, 900), said)
    chances = np.eye(6)[said] * 0.7 + 0.05
    found = judge(changed(classes(kinds=6), eval__probabilities=chances, eval__targets=targets))
    assert found.outcome == "advice"
    assert found.evidence["classes"] == ["3", "5"]
    assert found.evidence["pairs"][0]["rows"] > 40


def test_few_rows_or_a_network_that_learned_nothing_say_nothing():
    assert judge(classes(rows=30)).outcome == "inconclusive"
    healthy = classes()
    shuffled = np.random.default_rng(0).permutation(healthy.arrays["eval/targets"])
    assert judge(changed(healthy, eval__targets=shuffled)).outcome == "not_applicable"


def test_expected_mistakes_keep_the_sums_of_the_true_classes():
    table = np.array([[0.0, 5, 1], [2, 0, 2], [4, 1, 0]])
    expected = expected_mistakes(table)
    np.testing.assert_allclose(expected.sum(axis=1), table.sum(axis=1))
    assert not np.diag(expected).any()
