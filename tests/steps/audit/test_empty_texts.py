from mldiag.steps.audit.checks.text import empty_texts
from tests.steps.audit.sentences import judged, sentences


def test_texts_without_words_are_named():
    frame = sentences()
    frame.loc[[3, 8], "text"] = ["   ", "..."]
    found = judged(empty_texts, frame)
    assert (found.outcome, found.evidence["rows"]) == ("advice", {"train": [3, 8]})


def test_many_of_them_are_a_problem_and_none_passes():
    frame = sentences()
    frame.loc[:9, "text"] = " "
    assert judged(empty_texts, frame).outcome == "problem"
    assert judged(empty_texts, sentences()).outcome == "passed"
