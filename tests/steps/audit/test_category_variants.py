import numpy as np

from mldiag.steps.audit.checks.table import category_variants
from tests.steps.audit.tables import healthy, judged


def test_case_blanks_and_typing_errors_are_named():
    frame = healthy()
    frame.loc[[0, 1], "city"] = "rome "
    frame.loc[2, "city"] = "Pariss"
    found = judged(category_variants, frame)
    assert found.evidence["merge"] == {"city": {"rome ": "Rome", "Pariss": "Paris"}}
    assert found.evidence["rows"] == {"train": [0, 1, 2]}
    assert found.outcome == "advice"


def test_many_such_rows_are_a_problem():
    frame = healthy()
    frame.loc[:29, "city"] = "ROME"
    assert judged(category_variants, frame).outcome == "problem"


def test_words_that_are_near_but_frequent_are_words():
    frame = healthy().assign(sign=np.resize(["positive", "negative", "Slovakia", "Slovenia"], 200))
    assert judged(category_variants, frame).outcome == "passed"


def test_versions_and_ranges_differ_by_their_punctuation():
    frame = healthy().assign(span=np.resize(["1-5", "15", "1.5"], 200))
    assert judged(category_variants, frame).outcome == "passed"
