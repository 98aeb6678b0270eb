"""MD346: a target that is computed from columns, and columns that only explain it well."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from mldiag.steps.audit.checks.table import target_formula
from tests.steps.audit.tables import judged


def diabetes():
    frame = load_diabetes(as_frame=True, scaled=False).data.copy()
    return frame.assign(y=load_diabetes().target)


@pytest.mark.parametrize(
    "leak",
    [
        lambda frame: frame["y"] / frame["bmi"],
        lambda frame: frame["y"] - 3 * frame["bmi"],
        lambda frame: frame["y"] * frame["bmi"],
        lambda frame: (
            (frame["y"] / frame["bmi"] - 5) / 2
        ),  # standardised, so that it has no logarithm
    ],
)
def test_what_was_computed_from_the_target_gives_it_away_with_the_other_column(leak):
    frame = diabetes()
    found = judged(target_formula, frame.assign(late=leak(frame)))
    assert (found.outcome, found.action.kind) == ("problem", "fix_leak")
    assert set(found.evidence["columns"]) == {"bmi", "late"}


def test_a_share_of_a_target_on_a_log_scale_is_found_too():
    frame = diabetes()
    late = np.exp(frame["y"] / 50) / frame["bmi"]
    found = judged(target_formula, frame.assign(late=late))
    assert found.outcome == "problem"
    assert set(found.evidence["columns"]) == {"bmi", "late"}


def test_a_rounded_share_is_advice_at_least():
    frame = diabetes()
    late = (frame["y"] / frame["bmi"]).round(1)
    assert judged(target_formula, frame.assign(late=late)).outcome in ("advice", "problem")


def test_columns_that_explain_well_are_no_formula():
    assert judged(target_formula, diabetes()).outcome == "passed"
    flowers = load_iris(as_frame=True).data
    found = judged(target_formula, flowers, target="petal length (cm)")
    assert found.outcome == "passed"
    assert found.evidence["columns"] == []


def test_one_column_alone_is_left_to_the_check_of_single_columns():
    frame = diabetes()
    found = judged(target_formula, frame.assign(late=2 * frame["y"] + 1))
    assert (found.outcome, found.evidence["columns"]) == ("passed", ["late"])


def test_many_related_columns_are_advice_at_most():
    tumours = load_breast_cancer(as_frame=True).data
    found = judged(target_formula, tumours.drop(columns="mean radius"), target="mean perimeter")
    assert found.outcome == "advice"
    assert len(found.evidence["columns"]) > 4


def test_few_rows_and_noise_are_never_fitted():
    random = np.random.default_rng(0)
    for rows in (40, 70, 200):
        frame = diabetes().sample(rows, random_state=0).assign(y=random.normal(0, 1, rows))
        assert judged(target_formula, frame).outcome in ("passed", "not_applicable")


def test_classes_and_tables_without_numbers_are_not_asked():
    frame = diabetes()
    assert judged(target_formula, frame.assign(y=frame["y"] > 150)) is None
    words = frame[["y"]].assign(word=np.where(frame["bmi"] > 25, "big", "small"))
    assert judged(target_formula, words).outcome == "not_applicable"
