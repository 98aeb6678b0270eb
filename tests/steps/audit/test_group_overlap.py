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
