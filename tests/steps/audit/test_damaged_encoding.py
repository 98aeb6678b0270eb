from mldiag.steps.audit.checks.text import damaged_encoding
from tests.steps.audit.sentences import judged, sentences


def test_utf8_read_as_latin_is_seen():
    frame = sentences()
    frame.loc[4, "text"] += " " + "café à la crème".encode().decode("cp1252", errors="replace")
    frame.loc[6, "text"] += " lost \ufffd letter"
    found = judged(damaged_encoding, frame)
    assert (found.outcome, found.evidence["rows"]) == ("advice", {"train": [4, 6]})


def test_accents_and_symbols_are_no_damage():
    frame = sentences()
    frame["text"] += " São Paulo, Ærø, naïve, 20 °C, €5 – “good”"
    assert judged(damaged_encoding, frame).outcome == "passed"
