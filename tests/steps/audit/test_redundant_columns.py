import numpy as np

from mldiag.steps.audit.checks.table import redundant_columns
from tests.steps.audit.tables import healthy, judged


def test_copies_negated_scaled_and_recoded_columns_are_found():
    frame = healthy().assign(
        minus=lambda f: -f["x0"],
        inches=lambda f: f["x1"] / 2.54 + 3,
        town=lambda f: f["city"].map({"Rome": "r", "Bonn": "b", "Paris": "p"}),
    )
    found = judged(redundant_columns, frame)
    assert set(found.evidence["redundant"]) == {"minus", "inches", "town"}
    assert found.outcome == "advice"


def test_a_sum_of_others_is_found():
    frame = healthy().assign(total=lambda f: f["x0"] + f["x1"] + f["x2"])
    assert judged(redundant_columns, frame).evidence["sums"] == ["total"]


def test_strongly_correlated_measurements_are_two():
    random = np.random.default_rng(9)
    frame = healthy().assign(again=lambda f: f["x0"] + random.normal(0, 0.1, 200))
    assert judged(redundant_columns, frame).outcome == "passed"


def test_two_columns_of_ids_do_not_stand_for_one_another():
    frame = healthy().assign(
        a=[f"a{i}" for i in range(200)], b=[f"b{i * 7 % 200}" for i in range(200)]
    )
    assert judged(redundant_columns, frame).outcome == "passed"


def test_of_a_date_and_its_number_the_number_is_kept():
    months = np.random.default_rng(3).integers(1, 40, 200)
    frame = healthy().assign(
        since=[f"{2020 + m // 12}-{1 + m % 12:02}-01" for m in months], months=months
    )
    assert judged(redundant_columns, frame).evidence["pairs"] == [("months", "since")]
