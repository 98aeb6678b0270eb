from mldiag.steps.audit.checks.table import missing_columns
from tests.steps.audit.tables import healthy, judged


def test_a_test_table_without_a_feature_is_a_problem():
    found = judged(missing_columns, healthy(), healthy(50, seed=1).drop(columns=["x1", "city"]))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x1", "city"])


def test_a_test_table_without_labels_is_usual_and_said():
    found = judged(missing_columns, healthy(), healthy(50, seed=1).drop(columns="y"))
    assert found.outcome == "passed"
    assert "no y" in found.explanation


def test_columns_of_the_test_table_alone_are_advice():
    found = judged(missing_columns, healthy(), healthy(50, seed=1).assign(z=1))
    assert (found.outcome, found.evidence["only_in_test"]) == ("advice", ["z"])


def test_without_a_test_table_it_does_not_apply():
    assert judged(missing_columns, healthy()).outcome == "not_applicable"
