import numpy as np

from mldiag.steps.audit.checks.table import feature_drift
from tests.steps.audit.tables import healthy, judged


def shifted(size, train_rows=400, test_rows=150, seed=0):
    test = healthy(test_rows, seed + 1)
    return healthy(train_rows, seed), test.assign(x2=test["x2"] + size * 2)


def test_shifts_of_half_and_one_standard_deviation():
    half, whole = (judged(feature_drift, *shifted(size)) for size in (0.5, 1))
    assert (half.outcome, half.evidence["columns"]) == ("advice", ["x2"])
    assert (whole.outcome, whole.evidence["columns"]) == ("problem", ["x2"])
    assert "higher" in whole.title


def test_the_verdict_does_not_turn_with_the_number_of_rows():
    told = [judged(feature_drift, *shifted(0.05, n, n, seed=4)).outcome for n in (200, 2000, 20000)]
    assert told == ["passed"] * 3
    told = [judged(feature_drift, *shifted(1, n, n)).outcome for n in (200, 2000, 20000)]
    assert told == ["problem"] * 3


def test_other_shares_of_categories():
    train, test = healthy(400), healthy(150, 1)
    test.loc[:89, "city"] = "Rome"
    assert judged(feature_drift, train, test).evidence["columns"] == ["city"]


def test_a_random_split_is_hardly_ever_called_drift():
    told = [
        judged(feature_drift, healthy(200, s), healthy(40, 1000 + s)).outcome for s in range(80)
    ]
    assert told.count("problem") == 0
    assert told.count("advice") <= 9  # 5 % of 80, and 2.5 standard deviations


def grouped(groups, seed, rows=20):
    random = np.random.default_rng(seed)
    frame = healthy(groups * rows, seed)
    return frame.assign(
        x2=np.repeat(random.normal(10, 2, groups), rows) + random.normal(0, 0.3, groups * rows),
        patient=np.repeat(np.arange(groups), rows) + 1000 * seed,
    )


def test_groups_are_what_is_counted():
    told = [
        judged(feature_drift, grouped(30, s), grouped(12, 500 + s), group="patient").outcome
        for s in range(20)
    ]
    assert told.count("problem") == 0
    assert told.count("advice") <= 4
    far = grouped(12, 7).assign(x2=lambda frame: frame["x2"] + 6)
    assert judged(feature_drift, grouped(30, 1), far, group="patient").outcome == "problem"


def test_three_groups_are_inconclusive():
    far = grouped(3, 7).assign(x2=lambda frame: frame["x2"] + 6)
    found = judged(feature_drift, grouped(30, 1), far, group="patient")
    assert (found.outcome, found.evidence["columns"]) == ("inconclusive", ["x2"])


def test_later_rows_are_expected_to_differ():
    train, test = shifted(1)
    train["day"], test["day"] = np.arange(400.0), 400 + np.arange(150.0)
    found = judged(feature_drift, train, test, time="day")
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["x2"])


def test_too_few_rows():
    assert judged(feature_drift, *shifted(1, 200, 10)).outcome == "not_applicable"
    assert judged(feature_drift, *shifted(3, 200, 24)).outcome == "advice"
    assert judged(feature_drift, healthy()) is None
