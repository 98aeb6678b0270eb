import numpy as np

from mldiag.steps.audit.checks.table import mixed_types
from tests.steps.audit.tables import healthy, judged


def test_words_among_numbers_are_a_problem():
    frame = healthy()
    frame["x1"] = frame["x1"].astype(object)
    frame.loc[[2, 8], "x1"] = "about ten"
    found = judged(mixed_types, frame)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x1"])
    assert found.evidence["rows"] == {"train": [2, 8]}


def test_numbers_among_words_are_advice_and_the_test_table_is_looked_at():
    frame, test = healthy(), healthy(seed=1)
    test.loc[4, "city"] = "17"
    found = judged(mixed_types, frame, test)
    assert (found.outcome, found.evidence["rows"]) == ("advice", {"test": [4]})


def test_words_with_digits_in_them_are_words():
    frame = healthy().assign(room=np.resize(["A1", "B2", "C3", "4"], 200))
    assert judged(mixed_types, frame).outcome == "passed"
