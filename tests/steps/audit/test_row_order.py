from mldiag.steps.audit.checks.table import row_order
from tests.steps.audit.tables import healthy, judged


def test_sorted_and_drifting_features_are_named():
    frame = healthy(300).sort_values("x1").reset_index(drop=True)
    found = judged(row_order, frame)
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["x1"])


def test_shuffled_rows_pass_over_many_draws():
    assert all(judged(row_order, healthy(200, seed=s)).outcome == "passed" for s in range(30))


def test_a_declared_time_and_few_rows_do_not_apply():
    frame = healthy(100).assign(t=range(100))
    assert judged(row_order, frame, time="t").outcome == "not_applicable"
    assert judged(row_order, healthy(30)).outcome == "not_applicable"


def test_declared_groups_are_split_whole_and_not_shuffled_apart():
    frame = healthy(300).sort_values("x1").reset_index(drop=True).assign(patient=range(300))
    assert "GroupKFold" in judged(row_order, frame, group="patient").action.text
    assert judged(row_order, frame).action.text.startswith("Shuffle")
