"""MD375: are a few texts in another language?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from mldiag.data.texts.language import language_of
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import Texts, evidence_of, texts_of, told
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD375.

    Args:
        main_share: Share of the recognised texts that the main language has at least.
        share: Share of another language from which it is told.
        least: Fewer texts than this are not told.
        looked_at: Texts of a side that are looked at.
    """

    main_share: float = 0.6
    share: float = 0.01
    least: int = 5
    looked_at: int = 5_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD375",
    slug="mixed-languages",
    title="Are a few texts in another language?",
    detects=(
        "Texts in another language or script than the main one, told by small words and letters, in at least "
        "{share:.0%} of the first {looked_at:,} texts of a side."
    ),
    why="A few texts in another language are learned by heart, and new ones are not understood.",
    fix="Leave them out, translate them, or collect enough of them.",
    source="Cavnar and Trenkle (1994) on telling languages by frequent pieces.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look for texts in another language."""
    found = texts_of(subject)
    if not found:
        return None
    named = [part for texts in found for part in _others(texts)]
    n = sum(min(len(side.texts), THRESHOLDS.looked_at) for t in found for _, side in t.sides)
    places = [(t, s, p) for t, s, p, _ in named]
    count = sum(len(p) for _, _, p in places)
    if not count:
        return CHECK.finding(
            "passed", "The texts are in one language, as far as it can be told", evidence={"n": n}
        )
    names = sorted({name for _, _, _, found_names in named for name in found_names})
    return CHECK.finding(
        "advice",
        f"{told(count, n)} are in another language ({listed(names)})",
        explanation="Told by their letters and small words.",
        evidence=evidence_of(places, n) | {"languages": names},
        action=Action("clean_data", f"Decide what to do with the texts in {listed(names)}."),
    )


def _others(texts: Texts) -> list[tuple[Texts, str, list[int], list[str]]]:
    spoken = {
        s: [language_of(x) for x in side.texts[: THRESHOLDS.looked_at]] for s, side in texts.sides
    }
    counts = Counter(name for names in spoken.values() for name in names if name)
    known = sum(counts.values())
    if known < 20:
        return []
    main, most = counts.most_common(1)[0]
    if most < THRESHOLDS.main_share * known:
        return []
    told_of = {
        name
        for name, count in counts.items()
        if name != main and count >= max(THRESHOLDS.least, THRESHOLDS.share * known)
    }
    return [
        (texts, side, [i for i, name in enumerate(names) if name in told_of], sorted(told_of))
        for side, names in spoken.items()
    ]
