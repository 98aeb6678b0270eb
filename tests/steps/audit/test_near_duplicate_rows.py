import numpy as np
import pandas as pd

from mldiag.steps.audit.checks.table import near_duplicate_rows
from tests.steps.audit.tables import healthy, judged


def test_rows_measured_twice_are_found():
    frame = healthy(400, columns=6)
    again = frame.iloc[:20].copy()
    again.loc[:, "x0":"x5"] += np.random.default_rng(1).normal(0, 0.002, (20, 6))
    found = judged(near_duplicate_rows, pd.concat([frame, again], ignore_index=True))
    assert found.outcome == "problem"
    assert found.evidence["rows"] == {"train": list(range(400, 420))}


def test_different_cases_are_not_near_over_many_draws():
    alarms = [
        judged(near_duplicate_rows, healthy(300, seed=seed, columns=5)).outcome != "passed"
        for seed in range(30)
    ]
    assert sum(alarms) <= 1


def test_categories_alone_cannot_tell():
    frame = pd.DataFrame({"a": np.resize(["x", "y"], 200), "y": np.resize([0, 1, 1], 200)})
    assert judged(near_duplicate_rows, frame).outcome == "not_applicable"
