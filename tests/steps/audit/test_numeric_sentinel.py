import numpy as np

from mldiag.steps.audit.checks.table import numeric_sentinel
from tests.steps.audit.tables import healthy, judged


def test_a_code_far_from_all_values_is_a_problem_with_its_rows():
    frame = healthy()
    frame.loc[[1, 5, 9, 20], "x2"] = -999
    found = judged(numeric_sentinel, frame)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x2"])
    assert found.evidence["rows"] == {"train": [1, 5, 9, 20]}
    (edit,) = found.evidence["edits"]
    assert abs(edit["fill"] - frame["x2"].median()) < 0.2


def test_zeros_in_what_cannot_be_zero_are_advice():
    frame = healthy().assign(weight=lambda f: 60 + 5 * f["x3"])
    frame.loc[:9, "weight"] = 0
    assert judged(numeric_sentinel, frame).outcome == "advice"


def test_counts_and_sums_of_money_may_be_zero():
    random = np.random.default_rng(1)
    frame = healthy().assign(children=random.poisson(2, 200), gain=random.lognormal(5, 2, 200))
    frame.loc[::2, "gain"] = 0
    assert judged(numeric_sentinel, frame).outcome == "passed"


def test_ninety_nine_among_such_numbers_is_a_number():
    frame = healthy().assign(share=np.resize(np.arange(0, 100), 200))
    assert judged(numeric_sentinel, frame).outcome == "passed"


def test_a_column_of_few_values_says_nothing():
    frame = healthy().assign(grade=np.resize([1, 2, 9], 200))
    assert judged(numeric_sentinel, frame).outcome == "passed"
