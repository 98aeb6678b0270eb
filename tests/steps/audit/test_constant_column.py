import numpy as np

from mldiag.steps.audit.checks.table import constant_column
from tests.steps.audit.tables import healthy, judged


def test_a_column_of_one_value_and_an_empty_one_are_named():
    found = judged(constant_column, healthy().assign(unit="kg", note=None))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["unit", "note"])
    assert found.action.kind == "clean_data"


def test_one_value_beside_missing_ones_is_not_constant():
    frame = healthy()
    frame["seen"] = np.where(np.arange(len(frame)) % 3, 1.0, np.nan)
    assert judged(constant_column, frame).outcome == "passed"


def test_one_row_cannot_tell():
    assert judged(constant_column, healthy().head(1)).outcome == "not_applicable"


def test_an_empty_column_is_called_empty():
    assert judged(constant_column, healthy().assign(note=None)).title == (
        "Column note is empty in all 200 rows"
    )
    both = judged(constant_column, healthy().assign(unit="kg", note=None)).title
    assert (
        both == "Column unit holds the same in all 200 rows; column note is empty in all 200 rows"
    )
