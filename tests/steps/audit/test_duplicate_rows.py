import numpy as np
import pandas as pd

from mldiag.steps.audit.checks.table import duplicate_rows
from tests.steps.audit.tables import healthy, judged


def test_copies_are_named_by_the_later_row():
    frame = pd.concat([healthy(), healthy().iloc[:20]], ignore_index=True)
    found = judged(duplicate_rows, frame)
    assert found.outcome == "problem"
    assert found.evidence["rows"] == {"train": list(range(200, 220))}


def test_different_cases_may_be_equal_where_features_take_few_values():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 3, (300, 4)), columns=list("abcd")).assign(y=0)
    frame["y"] = random.integers(0, 2, 300)
    found = judged(duplicate_rows, frame)
    assert found.outcome == "passed"
    assert found.evidence["equal_rows"] > 100


def test_copies_are_seen_among_rows_that_are_equal_by_chance():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 4, (300, 5)), columns=list("abcde"))
    frame["y"] = random.integers(0, 2, 300)
    assert judged(duplicate_rows, frame).outcome == "passed"
    copied = pd.concat([frame, frame.iloc[:60]], ignore_index=True)
    assert judged(duplicate_rows, copied).outcome == "problem"


def test_a_handful_of_rows_says_nothing():
    assert judged(duplicate_rows, healthy(8)).outcome == "not_applicable"


def test_rows_that_are_mostly_equal_by_chance_are_never_a_problem():
    from tests.data.audited.test_chance import streets

    for seed in range(3):
        found = judged(duplicate_rows, streets(1200, seed), target=None)
        assert found.outcome in ("passed", "advice")
        assert found.evidence["by_chance"] > 0.5 * found.evidence["equal_rows"] > 50
