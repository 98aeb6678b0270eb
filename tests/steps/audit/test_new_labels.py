"""MD329: labels that only the test rows have."""

import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import new_labels


def table(labels):
    return pd.DataFrame({"x": range(len(labels)), "y": labels})


def test_a_class_that_was_never_trained_on_is_a_problem():
    found = new_labels.judge(
        audited(table(["cat", "dog"] * 20), table(["cat", "bird", "dog"]), target="y")
    )
    assert (found.outcome, found.evidence["labels"]) == ("problem", ["bird"])
    assert found.evidence["rows"] == {"test": [1]}


def test_whole_numbers_as_classes():
    found = new_labels.judge(audited(table([0, 1] * 20), table([0, 1, 2, 1]), target="y"))
    assert (found.outcome, found.evidence["rows"]) == ("problem", {"test": [2]})


def test_a_rare_count_is_advice():
    train = table(list(range(15)) * 10)
    found = new_labels.judge(audited(train, table([*range(15), 21] * 1 + [1] * 40), target="y"))
    assert found.outcome == "advice"


def test_another_spelling_is_left_to_label_variants():
    found = new_labels.judge(
        audited(table(["cat", "dog"] * 20), table(["Cat", "dog "]), target="y")
    )
    assert found.outcome == "passed"


def test_known_labels_pass_and_no_labels_say_nothing():
    train = table(["cat", "dog"] * 20)
    assert new_labels.judge(audited(train, table(["dog"]), target="y")).outcome == "passed"
    assert new_labels.judge(audited(train, table(["dog"]).drop(columns="y"), target="y")) is None
    assert new_labels.judge(audited(train, table([None, None]), target="y")) is None
    assert new_labels.judge(audited(train, target="y")) is None
    assert new_labels.judge(audited(train, table(["dog"]))) is None
