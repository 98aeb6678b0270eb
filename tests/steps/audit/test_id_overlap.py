from mldiag.steps.audit.checks.table import id_overlap
from tests.steps.audit.tables import healthy, judged


def test_an_id_on_both_sides_is_named():
    frame = healthy().assign(patient=[f"p{i:04d}" for i in range(200)])
    test = healthy(50, seed=1).assign(patient=[f"p{i:04d}" for i in range(195, 245)])
    found = judged(id_overlap, frame, test)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["patient"])
    assert found.evidence["rows"] == {"train": [195, 196, 197, 198, 199], "test": [0, 1, 2, 3, 4]}


def test_row_numbers_that_begin_anew_name_nothing():
    frame, test = healthy().assign(row_id=range(200)), healthy(50, seed=1).assign(row_id=range(50))
    assert judged(id_overlap, frame, test).outcome == "not_applicable"


def test_ids_of_their_own_pass():
    frame = healthy().assign(patient=[f"p{i:04d}" for i in range(200)])
    test = healthy(50, seed=1).assign(patient=[f"p{i:04d}" for i in range(200, 250)])
    assert judged(id_overlap, frame, test).outcome == "passed"
