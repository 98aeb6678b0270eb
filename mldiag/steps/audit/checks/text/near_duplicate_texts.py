"""MD371: do texts share nearly all of their wording?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.data.texts.read import plain_words
from mldiag.data.texts.similar import similar_pairs
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import Texts, evidence_of, quoted, texts_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD371.

    Args:
        similarity: Share of five-letter pieces that two texts have in common.
        share: Share of the texts from which it is told.
        problem_share: Share from which it is a problem.
        letters: Texts with fewer letters in the middle of the collection are not compared.
    """

    similarity: float = 0.8
    share: float = 0.01
    problem_share: float = 0.03
    letters: int = 40


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD371",
    slug="near-duplicate-texts",
    title="Do texts share nearly all of their wording?",
    detects=(
        "Texts that are not equal and have {similarity:.0%} of their five-letter pieces in common, in "
        "{share:.0%} of the training texts or of the test texts; a problem from {problem_share:.0%}."
    ),
    why="A form letter or a quoted text on both sides of a split is remembered, not understood.",
    fix="Leave out all but one, or split by what they share.",
    source="Broder (1997), On the resemblance and containment of documents.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look for nearly equal texts within train and across the split."""
    found = [t for t in texts_of(subject) if _long(t)]
    if not found:
        return (
            None
            if not texts_of(subject)
            else CHECK.finding("not_applicable", "The texts are too short")
        )
    n = sum(texts.n for texts in found)
    named = [place for texts in found for place in _near(texts)]
    sizes = {("train", id(t)): len(t.train.texts) for t in found} | {
        ("test", id(t)): len(t.test.texts) for t in found
    }
    share = max((len(p) / max(1, sizes[s, id(t)]) for t, s, p in named), default=0.0)
    count = sum(len(p) for _, _, p in named)
    if share < THRESHOLDS.share:
        return CHECK.finding(
            "passed", f"No texts nearly repeat one another among {n:,}", evidence={"n": n}
        )
    shown = [(t.train if s == "train" else t.test).texts[p[0]] for t, s, p in named if p]
    across = any(s == "test" and p for _, s, p in named)
    return CHECK.finding(
        "problem" if share >= THRESHOLDS.problem_share else "advice",
        f"{told(count, n)} nearly repeat a training text",
        explanation=f"Such as {quoted(shown)}.",
        evidence=evidence_of(named, n) | {"share": share},
        action=Action(
            "fix_split" if across else "clean_data",
            "Leave out all but one of each, or split by what they share.",
        ),
    )


def _long(texts: Texts) -> bool:
    lengths = sorted(len(text) for text in texts.train.texts)
    return bool(lengths) and lengths[len(lengths) // 2] >= THRESHOLDS.letters


def _near(texts: Texts) -> list[tuple[Texts, str, list[int]]]:
    """Later training texts, and test texts, that nearly repeat a training text and are not equal to it."""
    everything = [*texts.train.texts, *texts.test.texts]
    first_test = len(texts.train.texts)
    train: set[int] = set()
    test: set[int] = set()
    for a, b in similar_pairs(everything, similarity=THRESHOLDS.similarity).tolist():
        if a >= first_test or plain_words(everything[a]) == plain_words(everything[b]):
            continue
        if b >= first_test:
            test.add(b - first_test)
        else:
            train.add(b)
    return [(texts, "train", sorted(train)), (texts, "test", sorted(test))]
