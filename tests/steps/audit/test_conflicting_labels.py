import numpy as np
import pandas as pd

from mldiag.steps.audit.checks.table import conflicting_labels
from tests.steps.audit.tables import healthy, judged


def test_equal_rows_with_different_labels_are_named():
    frame = healthy()
    other = frame.iloc[:6].assign(y=lambda f: np.where(f["y"] == "yes", "no", "yes"))
    found = judged(conflicting_labels, pd.concat([frame, other], ignore_index=True))
    assert (found.outcome, found.action.kind) == ("problem", "clean_labels")
    assert found.evidence["rows"]["train"] == [*range(6), *range(200, 206)]


def test_quantities_conflict_where_they_are_far_apart():
    frame = healthy().drop(columns="y").assign(y=lambda f: f["x0"] * 3)
    near, far = frame.iloc[:6].copy(), frame.iloc[:6].copy()
    near["y"] += 0.1
    far["y"] += 20
    assert judged(conflicting_labels, pd.concat([frame, near])).outcome == "passed"
    assert judged(conflicting_labels, pd.concat([frame, far])).outcome == "problem"


def test_coarse_features_have_honest_conflicts():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 3, (300, 4)), columns=list("abcd"))
    frame["y"] = random.integers(0, 2, 300)
    assert judged(conflicting_labels, frame).outcome == "passed"


def test_without_a_target_there_is_nothing_to_compare():
    assert judged(conflicting_labels, healthy(), target=None).outcome == "not_applicable"
