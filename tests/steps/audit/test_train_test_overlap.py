import numpy as np
import pandas as pd

from mldiag.steps.audit.checks.table import train_test_overlap
from tests.steps.audit.tables import healthy, judged


def test_test_rows_that_trained_are_named_on_both_sides():
    frame, test = healthy(), healthy(seed=1).head(80)
    test = pd.concat([test, frame.iloc[:8]], ignore_index=True)
    found = judged(train_test_overlap, frame, test)
    assert (found.outcome, found.action.kind) == ("problem", "fix_split")
    assert found.evidence["rows"] == {"train": list(range(8)), "test": list(range(80, 88))}


def test_different_cases_of_few_values_are_no_overlap():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 3, (400, 4)), columns=list("abcd")).assign(y=0)
    found = judged(train_test_overlap, frame.iloc[:300], frame.iloc[300:].reset_index(drop=True))
    assert found.outcome == "passed"


def test_a_column_that_differs_in_every_row_tells_copies_from_chance():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 3, (460, 3)), columns=list("abc")).assign(y=0)
    frame["name"] = [f"somebody by the name of {i}" for i in range(460)]
    test = pd.concat([frame.iloc[400:], frame.iloc[:6]], ignore_index=True)
    found = judged(train_test_overlap, frame.iloc[:400], test)
    assert (found.outcome, found.evidence["by_chance"]) == ("problem", 0)


def test_without_a_test_table_it_says_how():
    found = judged(train_test_overlap, healthy())
    assert found.outcome == "not_applicable"
    assert "--test" in found.title


def test_customers_of_one_street_on_both_sides_are_no_problem():
    from tests.data.audited.test_chance import streets

    frame = streets(1600)
    found = judged(train_test_overlap, frame.head(1200), frame.tail(400), target=None)
    assert found.outcome in ("passed", "advice")
    fine = frame.assign(weight=np.random.default_rng(0).normal(size=1600))
    copied = pd.concat([fine.tail(400), fine.head(20)], ignore_index=True)
    assert judged(train_test_overlap, fine.head(1200), copied, target=None).outcome == "problem"
