import numpy as np

from mldiag.steps.audit.checks.table import infinite_values
from tests.steps.audit.tables import healthy, judged


def test_infinite_numbers_are_a_problem_in_either_table():
    frame, test = healthy(), healthy(seed=1)
    frame.loc[3, "x0"], test.loc[9, "x2"] = np.inf, -np.inf
    found = judged(infinite_values, frame, test)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x0", "x2"])
    assert found.evidence["rows"] == {"train": [3], "test": [9]}


def test_missing_is_not_infinite():
    frame = healthy()
    frame.loc[3, "x0"] = np.nan
    assert judged(infinite_values, frame).outcome == "passed"
