"""MD330: one label written in several ways."""

import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import label_variants


def table(labels):
    return pd.DataFrame({"x": range(len(labels)), "y": labels})


def test_case_blanks_and_typing_errors_are_named():
    labels = ["benign", "malignant"] * 30 + ["Benign", "malignant ", "maligant"]
    found = label_variants.judge(audited(table(labels), target="y"))
    assert found.outcome == "problem"
    assert found.evidence["merge"] == {
        "Benign": "benign", "malignant ": "malignant", "maligant": "malignant"
    }  # fmt: skip
    assert found.evidence["rows"] == {"train": [60, 61, 62]}


def test_another_spelling_in_the_test_rows():
    found = label_variants.judge(
        audited(table(["yes", "no"] * 20), table(["Yes", "no", "NO"]), target="y")
    )
    assert (found.outcome, found.evidence["rows"]) == ("problem", {"test": [0, 2]})


def test_true_and_false_in_other_letters():
    found = label_variants.judge(audited(table(["True", "False"] * 20 + ["true"]), target="y"))
    assert (found.outcome, found.evidence["rows"]) == ("problem", {"train": [40]})


def test_classes_that_look_alike_pass():
    for labels in (["type 1", "type 2", "type 12"], ["A", "B", "C"], ["low", "slow"], ["C", "C++"]):
        assert label_variants.judge(audited(table(labels * 20), target="y")).outcome == "passed"


def test_numbers_and_no_target_say_nothing():
    assert label_variants.judge(audited(table([0, 1] * 20), target="y")) is None
    assert label_variants.judge(audited(table(["a", "b"]))) is None
