import numpy as np

from mldiag.steps.audit.checks.table import outliers
from tests.steps.audit.tables import healthy, judged


def with_outliers(count=3, distance=12.0, rows=300):
    frame = healthy(rows)
    frame.loc[: count - 1, "x1"] = 10 + distance * 2
    return frame


def test_values_far_outside_are_named_with_their_rows():
    found = judged(outliers, with_outliers())
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["x1"])
    assert found.evidence["rows"] == {"train": [0, 1, 2]}
    assert found.action.kind == "clean_data"


def test_a_value_that_takes_the_variance_over_is_a_problem():
    assert judged(outliers, with_outliers(2, 5000)).outcome == "problem"


def test_healthy_columns_of_any_shape():
    random = np.random.default_rng(0)
    frame = healthy(600).assign(
        heavy=random.lognormal(0, 1.5, 600),
        counts=random.poisson(3, 600),
        zeros=np.where(random.random(600) < 0.6, 0, random.exponential(5, 600)),
        tails=random.standard_t(3, 600),
        twin=np.r_[random.normal(0, 1, 400), random.normal(8, 1, 200)],
    )
    assert judged(outliers, frame).outcome == "passed"


def test_a_case_that_is_large_in_related_columns_too_is_no_error():
    frame = healthy(400)
    frame["x2"] = 3 * frame["x1"] + np.random.default_rng(1).normal(0, 0.5, 400)
    frame.loc[:2, "x1"], frame.loc[:2, "x2"] = 40.0, 120.0
    assert judged(outliers, frame).outcome == "passed"


def test_missing_cells_and_few_rows():
    frame = with_outliers()
    frame.loc[50:90, "x1"] = np.nan
    assert judged(outliers, frame).evidence["rows"] == {"train": [0, 1, 2]}
    assert judged(outliers, healthy(30)) is None
