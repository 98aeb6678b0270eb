"""MD373: was text decoded with the wrong encoding?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import evidence_of, quoted, texts_of, told

_DAMAGE = re.compile(
    "\ufffd|[ÃÂ][\u0080-\u00bf]|â€[\u0080-\uffff™œ“”¦]|Ã[©¨¤¶¼Ÿ±³¡­]|ï»¿|[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f]"
)
"""The replacement character, UTF-8 read as Latin-1 or Windows-1252, and control characters."""

_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,5});")


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD373.

    Args:
        share: Share of the texts from which it is told.
        problem_share: Share from which it is a problem.
    """

    share: float = 0.002
    problem_share: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD373",
    slug="damaged-encoding",
    title="Was text decoded with the wrong encoding?",
    detects=(
        "Replacement characters, UTF-8 read as Latin-1 (`Ã©` for `é`), control characters, HTML entities, in "
        "{share:.1%} of the texts; a problem from {problem_share:.0%}."
    ),
    why="A damaged word is another word to a model, and one that new text will not have.",
    fix="Read the source again with its own encoding; `html.unescape` for entities.",
    source="The Unicode Standard, section 5.22, on U+FFFD.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look for traces of a wrong encoding."""
    found = texts_of(subject)
    if not found:
        return None
    n = sum(texts.n for texts in found)
    named = [(t, s, _damaged(side.texts)) for t in found for s, side in t.sides]
    count = sum(len(places) for _, _, places in named)
    if count < max(1.0, THRESHOLDS.share * n):
        return CHECK.finding(
            "passed", f"No text is damaged among {n:,}", evidence={"n": n, "count": count}
        )
    shown = [
        _around((t.train if s == "train" else t.test).texts[i]) for t, s, p in named for i in p[:2]
    ]
    return CHECK.finding(
        "problem" if count >= THRESHOLDS.problem_share * n else "advice",
        f"{told(count, n)} show a wrong encoding",
        explanation=f"Such as {quoted(shown)}.",
        evidence=evidence_of(named, n),
        action=Action("clean_data", "Read the source again with its own encoding."),
    )


def _damaged(texts: tuple[str, ...]) -> list[int]:
    return [
        i
        for i, text in enumerate(texts)
        if _DAMAGE.search(text) or len(_ENTITY.findall(text[:5000])) > 1
    ]


def _around(text: str) -> str:
    place = _DAMAGE.search(text) or _ENTITY.search(text)
    return text[max(0, place.start() - 15) : place.end() + 20] if place else text[:40]
