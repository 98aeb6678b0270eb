from mldiag.steps.audit.checks.text import duplicate_texts
from tests.steps.audit.sentences import judged, sentences


def test_copies_and_test_texts_that_trained_are_named():
    frame, test = sentences(), sentences(40, seed=1)
    frame.loc[5, "text"] = frame.loc[2, "text"].upper() + "  "
    frame.loc[7, "text"] = frame.loc[2, "text"]
    test.loc[3:5, "text"] = frame.loc[10:12, "text"].to_numpy()
    found = judged(duplicate_texts, frame, test)
    assert (found.outcome, found.action.kind) == ("problem", "fix_split")
    assert found.evidence["rows"] == {"train": [5, 7], "test": [3, 4, 5]}
    assert found.evidence["columns"] == ["text"]


def test_texts_of_their_own_pass_and_short_phrases_may_repeat():
    frame = sentences()
    frame.loc[:5, "text"] = "thank you"
    assert judged(duplicate_texts, frame).outcome == "passed"


def test_a_table_without_text_is_not_spoken_of():
    from tests.steps.audit.tables import healthy
    from tests.steps.audit.tables import judged as judged_table

    assert judged_table(duplicate_texts, healthy()) is None
