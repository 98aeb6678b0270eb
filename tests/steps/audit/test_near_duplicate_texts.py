from mldiag.steps.audit.checks.text import near_duplicate_texts
from tests.steps.audit.sentences import judged, sentences


def test_texts_that_differ_in_a_word_are_named():
    frame = sentences()
    for row in range(100, 106):
        frame.loc[row, "text"] = frame.loc[row - 100, "text"] + " again"
    found = judged(near_duplicate_texts, frame)
    assert found.outcome == "problem"
    assert found.evidence["rows"] == {"train": list(range(100, 106))}


def test_texts_on_one_topic_are_not_near():
    assert judged(near_duplicate_texts, sentences(300)).outcome == "passed"


def test_short_texts_cannot_tell():
    frame = sentences()
    frame["text"] = [" ".join(text.split()[:3]) + f" {i}" for i, text in enumerate(frame["text"])]
    assert judged(near_duplicate_texts, frame).outcome == "not_applicable"
