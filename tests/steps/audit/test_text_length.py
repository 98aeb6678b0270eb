from mldiag.steps.audit.checks.text import text_length
from tests.steps.audit.sentences import judged, sentences


def test_a_cut_at_a_length_is_seen():
    frame = sentences()
    frame["text"] = frame["text"].str[:100]
    found = judged(text_length, frame)
    assert found.outcome == "advice"
    assert "end after exactly 100 letters" in found.title


def test_a_text_far_longer_than_all_others_is_named():
    frame = sentences()
    frame.loc[9, "text"] = "word " * 20_000
    assert judged(text_length, frame).evidence["rows"] == {"train": [9]}


def test_natural_lengths_pass():
    assert judged(text_length, sentences(300)).outcome == "passed"
