from mldiag.steps.audit.checks.table import split_sizes
from tests.steps.audit.tables import healthy, judged


def test_few_test_rows_and_too_many_are_told():
    assert judged(split_sizes, healthy(), healthy(12)).outcome == "advice"
    assert "More rows test" in judged(split_sizes, healthy(100), healthy(300)).title


def test_a_usual_split_passes():
    assert judged(split_sizes, healthy(150), healthy(38)).outcome == "passed"


def test_without_a_test_table_it_does_not_apply():
    assert judged(split_sizes, healthy()).outcome == "not_applicable"
