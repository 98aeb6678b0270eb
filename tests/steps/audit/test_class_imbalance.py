"""MD328: classes too rare to be learned or judged."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import class_imbalance


def judged(counts, task=None):
    labels = np.repeat(list(counts), list(counts.values()))
    frame = pd.DataFrame({"x": np.arange(len(labels)) % 7, "y": labels})
    return class_imbalance.judge(audited(frame, target="y", task=task))


def test_a_rare_class_is_told_with_its_rows():
    found = judged({"no": 970, "yes": 30})
    assert found.outcome == "advice"
    assert "30 rows of 1,000" in found.title
    assert found.evidence["counts"]["yes"] == 30
    assert found.action.kind == "balance_classes"


def test_very_few_rows_are_told_at_a_smaller_ratio():
    assert judged({"a": 60, "b": 50, "c": 6}).outcome == "advice"


def test_balanced_and_mildly_uneven_classes_pass():
    assert judged({"a": 100, "b": 100}).outcome == "passed"
    assert judged({"a": 700, "b": 150, "c": 90}).outcome == "passed"


def test_a_rare_class_of_many_rows_passes():
    assert judged({"a": 120_000, "b": 6_000}).outcome == "passed"


def test_one_class_is_a_problem():
    assert judged({"a": 50}).outcome == "problem"


def test_quantities_and_no_target():
    frame = pd.DataFrame({"x": range(80), "y": np.linspace(0, 1, 80)})
    assert class_imbalance.judge(audited(frame, target="y")) is None
    assert class_imbalance.judge(audited(frame)) is None


def test_classes_of_whole_numbers_are_written_without_a_point():
    found = judged({0.0: 970, 1.0: 30})
    assert found.title.startswith("Class 1 has 30 rows")
    assert found.evidence["counts"] == {"1": 30, "0": 970}
