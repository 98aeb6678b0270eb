import pandas as pd

from mldiag.steps.audit.checks.table import near_train_test_overlap
from tests.steps.audit.tables import augmented, healthy, judged


def test_test_rows_that_nearly_trained_are_named():
    frame, test = healthy(400, columns=6), healthy(100, seed=1, columns=6)
    again = frame.iloc[:8].copy()
    again.loc[:, "x0":"x5"] += 0.003
    found = judged(near_train_test_overlap, frame, pd.concat([test, again], ignore_index=True))
    assert found.outcome == "problem"
    assert found.evidence["rows"] == {"train": list(range(8)), "test": list(range(100, 108))}


def test_fresh_rows_are_not_near():
    found = [
        judged(
            near_train_test_overlap,
            healthy(300, seed=s, columns=5),
            healthy(100, seed=s + 100, columns=5),
        ).outcome
        for s in range(20)
    ]
    assert found.count("passed") >= 19


def test_without_a_test_table_it_does_not_apply():
    assert judged(near_train_test_overlap, healthy()).outcome == "not_applicable"


def test_copies_of_training_rows_are_found_where_every_row_has_some():
    made = augmented(150, 4)
    found = judged(near_train_test_overlap, made.iloc[:400], made.iloc[400:].reset_index(drop=True))
    assert found.outcome == "problem"
    assert found.evidence["share"] > 0.9
