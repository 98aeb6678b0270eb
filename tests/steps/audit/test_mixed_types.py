import numpy as np

from mldiag.steps.audit.checks.table import mixed_types
from tests.steps.audit.tables import healthy, judged


def test_words_among_numbers_are_a_problem():
    frame = healthy()
    frame["x1"] = frame["x1"].astype(object)
    frame.loc[[2, 8], "x1"] = "about ten"
    found = judged(mixed_types, frame)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x1"])
    assert found.evidence["rows"] == {"train": [2, 8]}


def test_numbers_among_words_are_advice_and_the_test_table_is_looked_at():
    frame, test = healthy(), healthy(seed=1)
    test.loc[4, "city"] = "17"
    found = judged(mixed_types, frame, test)
    assert (found.outcome, found.evidence["rows"]) == ("advice", {"test": [4]})


def test_words_with_digits_in_them_are_words():
    frame = healthy().assign(room=np.resize(["A1", "B2", "C3", "4"], 200))
    assert judged(mixed_types, frame).outcome == "passed"


def test_dates_in_several_formats_are_told_by_example():
    days = np.resize(["2024-03-05", "2024-04-11 08:30", "2024-05-09"], 200).astype(object)
    assert judged(mixed_types, healthy().assign(seen=days)).outcome == "passed"
    days[:40] = "05/04/2024"
    found = judged(mixed_types, healthy().assign(seen=days))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["seen"])
    assert found.evidence["rows"] == {"train": list(range(40))}
    assert "'05/04/2024'" in found.title
    days[2:40] = "2024-03-05"
    few = judged(mixed_types, healthy().assign(seen=days))
    assert (few.outcome, few.evidence["rows"]) == ("advice", {"train": [0, 1]})


def test_a_huge_cell_is_told_and_a_column_of_long_texts_is_not():
    notes = np.resize(["fine", "as before"], 200).astype(object)
    notes[7] = "x" * 200_000
    found = judged(mixed_types, healthy().assign(note=notes))
    assert (found.outcome, found.evidence["rows"]) == ("advice", {"train": [7]})
    assert "200,000 characters" in found.title
    books = [f"{i} " + "word " * 25_000 for i in range(40)]
    assert judged(mixed_types, healthy(40).assign(book=books)).outcome == "passed"
