import numpy as np

from mldiag.steps.audit.checks.table import missing_values
from tests.steps.audit.tables import healthy, judged


def test_missing_cells_are_counted_spelled_ones_too():
    frame = healthy()
    frame.loc[:19, "x1"] = np.nan
    frame["age"] = ["?" if i < 120 else str(i) for i in range(200)]
    found = judged(missing_values, frame)
    assert found.evidence["columns"] == ["age", "x1"]
    assert found.evidence["share"] == {"age": 0.6, "x1": 0.1}
    assert "mostly missing" in found.action.text


def test_a_few_missing_cells_are_not_worth_a_word():
    frame = healthy()
    frame.loc[:1, "x1"] = np.nan
    found = judged(missing_values, frame)
    assert (found.outcome, found.evidence["missing_cells"]) == ("passed", 2)


def test_an_empty_column_is_constant_not_missing():
    assert judged(missing_values, healthy().assign(note=None)).outcome == "passed"
