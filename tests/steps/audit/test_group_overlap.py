import numpy as np

from mldiag.steps.audit.checks.table import group_overlap
from tests.steps.audit.tables import healthy, judged


def test_a_group_on_both_sides_is_a_problem():
    frame = healthy().assign(patient=np.arange(200) // 4)
    test = healthy(50, seed=1).assign(patient=48 + np.arange(50) // 4)
    found = judged(group_overlap, frame, test, group="patient")
    assert (found.outcome, found.evidence["groups"]) == ("problem", 2)
    assert found.evidence["rows"] == {"train": list(range(192, 200)), "test": list(range(8))}


def test_whole_groups_pass_and_undeclared_ones_are_asked_for():
    frame = healthy().assign(patient=np.arange(200) // 4)
    test = healthy(50, seed=1).assign(patient=100 + np.arange(50) // 4)
    assert judged(group_overlap, frame, test, group="patient").outcome == "passed"
    assert "--group" in judged(group_overlap, frame, test).title


def lasting(people=60, rows=240, seed=0):
    """Rows of people who differ: what is known of one tells nothing of the next number."""
    random = np.random.default_rng(seed)
    person = random.integers(0, people, rows)
    own = random.normal(0, 2, people)
    frame = healthy(rows, seed).assign(person=1000 + 7 * person)
    return frame.assign(y=own[person] + random.normal(0, 1, rows))


def test_a_number_that_is_a_persons_name_is_told_where_none_is_declared():
    frame = lasting()
    found = judged(group_overlap, frame.iloc[:180], frame.iloc[180:])
    assert (found.outcome, found.action.kind) == ("advice", "fix_split")
    assert found.evidence["columns"] == ["person"]
    known = frame["person"].iloc[180:].isin(frame["person"].iloc[:180]).sum()
    assert len(found.evidence["rows"]["test"]) == known
    unsplit = judged(group_overlap, frame)
    assert unsplit.outcome == "advice"
    assert "both sides" in unsplit.title


def test_new_persons_in_the_test_rows_are_no_overlap():
    frame = lasting()
    old = frame["person"] < 1000 + 7 * 45
    assert judged(group_overlap, frame[old], frame[~old]).outcome == "not_applicable"


def test_a_quantity_that_tells_as_much_as_its_neighbours_names_nobody():
    random = np.random.default_rng(0)
    age = random.integers(20, 80, 300)
    frame = healthy(300).assign(age=age, y=0.2 * age + random.normal(0, 1, 300))
    assert judged(group_overlap, frame).outcome == "not_applicable"


def test_a_number_that_says_nothing_of_the_target_names_nobody():
    frame = lasting().assign(person=np.random.default_rng(1).integers(0, 60, 240))
    assert judged(group_overlap, frame).outcome == "not_applicable"
