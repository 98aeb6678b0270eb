import numpy as np

from mldiag.steps.audit.checks.table import id_like_column
from tests.steps.audit.tables import healthy, judged


def test_codes_row_numbers_and_named_ids_are_found():
    random = np.random.default_rng(0)
    frame = healthy().assign(
        code=[f"u{i:04d}" for i in range(200)],
        number=random.permutation(200),
        patient_id=random.choice(10**6, 200, replace=False),
    )
    found = judged(id_like_column, frame)
    assert (found.outcome, found.evidence["columns"]) == (
        "advice",
        ["code", "number", "patient_id"],
    )


def test_measurements_that_all_differ_are_no_ids():
    random = np.random.default_rng(0)
    frame = healthy().assign(people=random.choice(10**6, 200, replace=False))
    assert judged(id_like_column, frame).outcome == "passed"


def test_few_rows_cannot_tell():
    assert judged(id_like_column, healthy(20)).outcome == "not_applicable"
