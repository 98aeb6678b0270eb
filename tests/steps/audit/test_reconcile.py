"""Findings that follow from another one stand under it."""

from mldiag.findings import Finding
from mldiag.steps.audit.reconcile import reconciled


def told(slug, *columns):
    return Finding(f"MD-{slug}", slug, "advice", "", evidence={"columns": list(columns)})


def cause_of(finding, *causes):
    return reconciled([*causes, finding])[-1].caused_by


def test_skew_and_outliers_of_a_column_with_a_code_or_in_two_units_are_told_once():
    for slug in ("skewed-features", "outliers"):
        for cause in ("numeric-sentinel", "unit-mix-up"):
            assert cause_of(told(slug, "height"), told(cause, "height")) == f"MD-{cause}"
            assert cause_of(told(slug, "height", "age"), told(cause, "height")) is None
    assert cause_of(told("skewed-features", "pay"), told("outliers", "pay")) == "MD-outliers"


def test_a_consequence_says_what_it_follows_from():
    found = reconciled([told("unit-mix-up", "a"), told("outliers", "a")])
    assert found[1].explanation.startswith("Follows from MD-unit-mix-up unit-mix-up: mend that")
    assert not found[0].explanation


def test_two_causes_explain_a_column_each():
    causes = told("numeric-sentinel", "age"), told("unit-mix-up", "height")
    assert cause_of(told("outliers", "age", "height"), *causes) == "MD-numeric-sentinel"
    assert cause_of(told("outliers", "age", "height", "pay"), *causes) is None
