"""MD370: are texts there more than once?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from mldiag.data.texts.read import plain_words
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import Texts, evidence_of, quoted, texts_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD370.

    Args:
        share: Share of the texts from which copies within train are told.
        problem_share: Share from which they are a problem, and of test texts that trained.
        letters: Texts of fewer letters may well be equal.
        frequent: A text that stands more often than this is a phrase, such as "n/a" or a greeting.
    """

    share: float = 0.01
    problem_share: float = 0.03
    letters: int = 20
    frequent: int = 50


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD370",
    slug="duplicate-texts",
    title="Are texts there more than once?",
    detects=(
        "Texts of {letters} letters or more that are equal but for case and blanks: within train from "
        "{share:.0%} of them, a problem from {problem_share:.0%} there or of the test texts."
    ),
    why="A text that was trained on is not understood but remembered: the test score is too good.",
    fix="Leave out the copies before splitting.",
    source="Lee et al. (2022), Deduplicating training data makes language models better.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look for copies within the training texts and across the split."""
    found = texts_of(subject)
    if not found:
        return None
    n = sum(texts.n for texts in found)
    copies = [(texts, "train", _copies(texts)) for texts in found]
    across = [(texts, "test", _trained_on(texts)) for texts in found]
    within = max(len(p) / max(1, len(t.train.texts)) for t, _, p in copies)
    overlap = max(len(p) / max(1, len(t.test.texts)) for t, _, p in across)
    if within < THRESHOLDS.share and overlap < THRESHOLDS.share:
        return CHECK.finding("passed", f"No text occurs twice among {n:,}", evidence={"n": n})
    named = [
        *(copies if within >= THRESHOLDS.share else ()),
        *(across if overlap >= THRESHOLDS.share else ()),
    ]
    severe = max(within, overlap) >= THRESHOLDS.problem_share
    count = sum(len(places) for _, _, places in named)
    shown = [(t.train if s == "train" else t.test).texts[p[0]] for t, s, p in named if p]
    split = "; test texts were trained on" if overlap >= THRESHOLDS.share else ""
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{told(count, n)} are copies{split}",
        explanation=f"Such as {quoted(shown)}.",
        evidence=evidence_of(named, n) | {"share_within": within, "share_of_test": overlap},
        action=Action(
            "fix_split" if overlap >= THRESHOLDS.share else "clean_data",
            "Leave out the copies before any split.",
        ),
    )


def _copies(texts: Texts) -> list[int]:
    """Places of training texts equal to an earlier one."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts.train.texts):
        words = plain_words(text)
        if len(words) >= THRESHOLDS.letters:
            places[words].append(place)
    repeated = [same[1:] for same in places.values() if len(same) <= THRESHOLDS.frequent]
    return sorted(place for same in repeated for place in same)


def _trained_on(texts: Texts) -> list[int]:
    known = {plain_words(text) for text in texts.train.texts}
    return [
        place
        for place, text in enumerate(texts.test.texts)
        if len(words := plain_words(text)) >= THRESHOLDS.letters and words in known
    ]
