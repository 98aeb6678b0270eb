from mldiag.steps.audit.checks.text import mixed_languages
from tests.steps.audit.sentences import judged, sentences

GERMAN = "das ist nicht der hund und die katze, den wir mit dem kind auf der strasse für sich sahen"


def test_a_few_texts_in_another_language_are_named():
    frame = sentences()
    for row in range(6):
        frame.loc[row, "text"] = f"{GERMAN} {row}"
    found = judged(mixed_languages, frame)
    assert (found.outcome, found.evidence["languages"]) == ("advice", ["German"])
    assert found.evidence["rows"] == {"train": list(range(6))}


def test_one_language_passes():
    assert judged(mixed_languages, sentences()).outcome == "passed"
