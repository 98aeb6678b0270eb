"""MD374: were texts cut off, and are some far longer than others?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.texts import Texts, evidence_of, texts_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD374.

    Args:
        cut_share: Share of the texts that have exactly the greatest length, from which they were cut.
        least: Fewer such texts than this are chance.
        times: A text is far too long from so many times the longest 1 %.
        characters: Shorter texts are never far too long.
    """

    cut_share: float = 0.02
    least: int = 5
    times: float = 20.0
    characters: int = 10_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD374",
    slug="text-length",
    title="Were texts cut off, and are some far longer than others?",
    detects=(
        "At least {cut_share:.0%} of the texts with exactly the greatest length (cut off there); texts of "
        "{characters:,} letters or more that are {times:g} times as long as the longest 1 % begin."
    ),
    why="What tells the label may stand behind the cut; a text that is far too long is often a whole file.",
    fix="Get the whole texts; leave out or split what is far too long.",
    source="deepchecks 0.19: outliers of text length, a property of its text suite.",
    thresholds=THRESHOLDS,
)


def judge(subject: Any) -> Finding | None:
    """Look at the lengths of the texts."""
    found = texts_of(subject)
    if not found:
        return None
    n = sum(texts.n for texts in found)
    lengths = {id(t): np.array([len(x) for x in t.train.texts]) for t in found}
    cut = [(t, "train", _cut(lengths[id(t)])) for t in found]
    long = [(t, "train", _long(lengths[id(t)])) for t in found]
    cuts, longs = (sum(len(p) for _, _, p in named) for named in (cut, long))
    if not cuts and not longs:
        return CHECK.finding(
            "passed", f"The lengths of {n:,} texts look natural", evidence={"n": n}
        )
    told_of = []
    if cuts:
        at = ", ".join(str(int(lengths[id(t)].max())) for t, _, p in cut if p)
        told_of.append(f"{told(cuts, n)} end after exactly {at} letters")
    if longs:
        told_of.append(f"{told(longs, n)} are far longer than all others")
    return CHECK.finding(
        "advice",
        "; ".join(told_of),
        explanation=_middle(found, lengths),
        evidence=evidence_of([*cut, *long], n),
        action=Action(
            "clean_data", "Get the whole texts, and look at those that are far too long."
        ),
    )


def _cut(lengths: np.ndarray) -> list[int]:
    if not len(lengths):
        return []
    greatest, same = int(lengths.max()), int((lengths == lengths.max()).sum())
    often = Counter(lengths.tolist()).most_common(2)
    usual = next((count for length, count in often if length != greatest), 0)
    enough = same >= max(THRESHOLDS.least, THRESHOLDS.cut_share * len(lengths), 2 * usual)
    return np.flatnonzero(lengths == greatest).tolist() if enough and greatest >= 40 else []


def _long(lengths: np.ndarray) -> list[int]:
    if len(lengths) < 20:
        return []
    limit = max(
        THRESHOLDS.characters, THRESHOLDS.times * float(np.quantile(lengths, 0.99, method="lower"))
    )
    return np.flatnonzero(lengths > limit).tolist()


def _middle(found: tuple[Texts, ...], lengths: dict[int, np.ndarray]) -> str:
    parts = [
        f"{t.column or 'A text'} has {int(np.median(lengths[id(t)])):,} letters in the middle"
        for t in found
        if len(lengths[id(t)])
    ]
    return "; ".join(parts) + "."
