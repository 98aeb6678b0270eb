"""MD327: rows without a label."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import missing_labels


def table(labels):
    return pd.DataFrame({"x": np.arange(len(labels), dtype=float), "y": labels})


def test_empty_labels_are_named_on_both_sides():
    train, test = table(["a", None, "b", "a", "b", "a", "b"]), table(["a", "b", None])
    found = missing_labels.judge(audited(train, test, target="y"))
    assert found.outcome == "advice"
    assert found.evidence["rows"] == {"train": [1], "test": [2]}
    assert found.action.kind == "clean_labels"


def test_a_spelled_gap_is_a_problem_because_it_becomes_a_class():
    found = missing_labels.judge(audited(table(["a", "b", "?"] + ["a", "b"] * 5), target="y"))
    assert (found.outcome, found.evidence["spelled"]) == ("problem", {"?": 1})
    assert found.evidence["rows"] == {"train": [2]}


def test_an_infinite_quantity_is_a_problem():
    values = [*np.linspace(0, 1, 80), np.inf]
    found = missing_labels.judge(audited(table(values), target="y"))
    assert (found.outcome, found.evidence["rows"]["train"]) == ("problem", [80])


def test_a_test_table_to_predict_is_no_finding():
    train, test = table(["a", "b"] * 5), table([None] * 4)
    assert missing_labels.judge(audited(train, test, target="y")).outcome == "passed"
    assert (
        missing_labels.judge(audited(train, test.drop(columns="y"), target="y")).outcome == "passed"
    )


def test_without_a_target_there_is_nothing_to_say():
    assert missing_labels.judge(audited(table(["a", "b"]))) is None
