from mldiag.steps.audit.checks.text import label_in_text
from tests.steps.audit.sentences import judged, sentences


def test_a_tag_written_with_the_label_is_a_problem():
    frame = sentences()
    frame["text"] = [
        f"[class-{y[0]}] {text}" for text, y in zip(frame["text"], frame["y"], strict=True)
    ]
    frame["text"] = frame["text"].str.replace(" the ", " ").str.replace(" and ", " ")
    found = judged(label_in_text, frame)
    assert (found.outcome, found.action.kind) == ("problem", "fix_leak")
    assert "[class-s]" in {word["word"] for word in found.evidence["words"]}


def test_words_that_both_labels_share_pass():
    frame = sentences()
    frame["text"] = sentences(seed=3)["text"]
    assert judged(label_in_text, frame).outcome == "passed"


def test_without_labels_it_has_nothing_to_say():
    frame = sentences().drop(columns="y")
    frame["y"] = [0.1 * i for i in range(len(frame))]
    assert judged(label_in_text, frame) is None
