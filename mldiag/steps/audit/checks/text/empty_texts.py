"""MD372: which texts say nothing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import evidence_of, texts_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD372.

    Args:
        letters: A text with fewer letters or digits says nothing.
        problem_share: Share of the texts from which it is a problem.
    """

    letters: int = 2
    problem_share: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD372",
    slug="empty-texts",
    title="Which texts say nothing?",
    detects="Texts with fewer than {letters} letters or digits; a problem from {problem_share:.0%} of them.",
    why="A label without a text teaches a model to guess the most frequent class.",
    fix="Leave them out, or find what was lost.",
    source="A plain count: what has no word says nothing of its label.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look for texts without words."""
    found = texts_of(subject)
    if not found:
        return None
    n = sum(texts.n for texts in found)
    named = [(t, s, _empty(side.texts)) for t in found for s, side in t.sides]
    count = sum(len(places) for _, _, places in named)
    if not count:
        return CHECK.finding(
            "passed", f"Every one of {n:,} texts says something", evidence={"n": n}
        )
    return CHECK.finding(
        "problem" if count >= THRESHOLDS.problem_share * n else "advice",
        f"{told(count, n)} say nothing",
        evidence=evidence_of(named, n),
        action=Action("clean_data", "Leave them out, or find what was lost."),
    )


def _empty(texts: tuple[str, ...]) -> list[int]:
    return [
        i for i, text in enumerate(texts) if sum(map(str.isalnum, text[:1000])) < THRESHOLDS.letters
    ]
