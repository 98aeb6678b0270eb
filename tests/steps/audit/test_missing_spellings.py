import numpy as np

from mldiag.steps.audit.checks.table import missing_spellings
from tests.steps.audit.tables import healthy, judged


def test_a_question_mark_among_numbers_is_a_problem():
    frame = healthy()
    frame["x1"] = [f"{v:.2f}" for v in frame["x1"]]
    frame.loc[[3, 7], "x1"] = "?"
    found = judged(missing_spellings, frame)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x1"])
    assert found.evidence["rows"] == {"train": [3, 7]}


def test_several_spellings_of_one_category_are_advice():
    frame = healthy()
    frame.loc[3, "city"], frame.loc[5, "city"] = "N/A", "-"
    found = judged(missing_spellings, frame)
    assert (found.outcome, found.evidence["spellings"]["city"]) == ("advice", {"N/A": 1, "-": 1})


def test_codes_of_countries_are_no_missing_values():
    frame = healthy().assign(land=np.resize(["DE", "NA", "US", "FR"], 200))
    assert judged(missing_spellings, frame).outcome == "passed"


def test_what_every_reader_takes_for_missing_is_no_finding():
    frame = healthy()
    frame.loc[4, "city"] = "NA"
    assert judged(missing_spellings, frame).outcome == "passed"
