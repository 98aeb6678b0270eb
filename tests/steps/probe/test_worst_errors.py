"""MD456: wild rows and stretched predictions, against an honest regression."""

import numpy as np
import pytest

from mldiag.steps.probe.mistakes.worst_errors import judge
from tests.steps.probe.evaluated import changed, classes, values


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_regression_passes(seed):
    assert judge(values(seed=seed)).outcome == "passed"


def test_a_heavy_tail_is_no_outlier():
    healthy = values()
    rest = 2.0 * np.random.default_rng(0).standard_t(4, (800, 1))
    found = judge(changed(healthy, eval__targets=healthy.arrays["eval/outputs"] + rest))
    assert found.outcome == "passed"


def test_a_few_wild_rows_are_named():
    healthy = values()
    targets = healthy.arrays["eval/targets"].copy()
    targets[[5, 77, 400]] += 60.0
    found = judge(changed(healthy, eval__targets=targets))
    assert found.outcome == "advice"
    assert sorted(found.evidence["rows"]["evaluated"]) == [5, 77, 400]
    assert found.evidence["outlier_share"] > 0.5


def test_predictions_that_are_spread_too_little_are_told():
    healthy = values()
    shrunk = 20 + 0.4 * (healthy.arrays["eval/outputs"] - 20)
    found = judge(changed(healthy, eval__outputs=shrunk))
    assert found.outcome == "advice"
    assert "spread too little" in found.title
    assert found.evidence["slope"] == pytest.approx(2.5, rel=0.1)


def test_predictions_that_are_shifted_are_told_in_the_targets_own_unit():
    healthy = values()
    found = judge(changed(healthy, eval__outputs=healthy.arrays["eval/outputs"] - 3.0))
    assert found.outcome == "advice"
    assert "too low by" in found.title


def test_few_rows_are_inconclusive_and_classes_are_not_judged():
    assert judge(values(rows=30)).outcome == "inconclusive"
    assert judge(classes()) is None
