"""MD376: does a word in the text give the label away?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import Texts, texts_of
from mldiag.wording import listed

_WORD = re.compile(r"\w[\w'-]*|\[[^\]\s]{1,40}\]|<[^>\s]{1,40}>")


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD376.

    Args:
        precision: Share of the texts with the word that have the label.
        recall: Share of the texts with the label that have the word, for any word.
        named_recall: The same for the label's own name.
        problem_recall: From which it is a problem.
        least: Texts of a label there must be.
    """

    precision: float = 0.98
    recall: float = 0.6
    named_recall: float = 0.25
    problem_recall: float = 0.9
    least: int = 20


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD376",
    slug="label-in-text",
    title="Does a word in the text give the label away?",
    detects=(
        "A word in at least {recall:.0%} of the texts of a label (its own name: {named_recall:.0%}), and in "
        "next to no others: {precision:.0%} of the texts with it have the label. A problem from "
        "{problem_recall:.0%} of them."
    ),
    why="A model learns that word instead of the text, and new texts do not have it.",
    fix="Take the word out: a heading, a tag or a path that was written together with the label.",
    source="Kaufman et al. (2012), Leakage in data mining; deepchecks 0.19 counts frequent substrings.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look for words that stand for labels."""
    found = [t for t in texts_of(subject) if any(label is not None for label in t.train.labels)]
    if not found:
        return None
    given = [(texts, *word) for texts in found for word in _words(texts)]
    n = sum(len(t.train.texts) for t in found)
    if not given:
        return CHECK.finding("passed", "No single word gives a label away", evidence={"n": n})
    shown = [f"{word!r} for {label}" for _, label, word, _, _ in given]
    severe = any(recall >= THRESHOLDS.problem_recall for *_, recall in given)
    return CHECK.finding(
        "problem" if severe else "advice",
        f"A word in the text gives the label away: {listed(shown)}",
        explanation="It is in most texts of that label and in hardly any other.",
        evidence={
            "n": n,
            "columns": list(dict.fromkeys(t.column for t, *_ in given if t.column)),
            "words": [
                {"label": label, "word": word, "precision": precision, "recall": recall}
                for _, label, word, precision, recall in given
            ],
        },
        action=Action("fix_leak", f"Take {listed(shown)} out of the texts."),
    )


def _words(texts: Texts) -> list[tuple[str, str, float, float]]:
    """Label, word, precision and recall of the words that stand for labels, the surest of each label."""
    labels = texts.train.labels
    totals = Counter(label for label in labels if label is not None)
    if len(totals) < 2 or len(totals) > 100:
        return []
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text, label in zip(texts.train.texts, labels, strict=True):
        if label is not None:
            for word in {match.casefold() for match in _WORD.findall(text[:20_000])}:
                counts[word][label] += 1
    best: dict[str, tuple[str, str, float, float]] = {}
    for word, by_label in counts.items():
        label, count = by_label.most_common(1)[0]
        precision, recall = count / sum(by_label.values()), count / totals[label]
        wanted = THRESHOLDS.named_recall if word == label.casefold() else THRESHOLDS.recall
        enough = totals[label] >= THRESHOLDS.least
        if enough and precision >= THRESHOLDS.precision and recall >= wanted:
            best[label] = max(
                best.get(label, ("", "", 0.0, 0.0)), (label, word, precision, recall), key=_recall
            )
    return list(best.values())


def _recall(found: tuple[str, str, float, float]) -> float:
    return found[3]
