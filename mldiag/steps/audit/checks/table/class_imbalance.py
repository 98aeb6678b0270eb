"""MD328: is a class too rare to be learned or judged?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.drift import shown_level
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD328.

    Args:
        ratio: Rows of the commonest class for each row of the rare one, from which it is told.
        few_rows: A class with fewer rows than this is told at any ratio above `few_ratio`: a fold of ten
            would not have one of each.
        few_ratio: See `few_rows`.
        enough_rows: A rare class with so many rows is learned well enough at up to ten times `ratio`.
    """

    ratio: float = 15.0
    few_rows: int = 10
    few_ratio: float = 4.0
    enough_rows: int = 5000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD328",
    slug="class-imbalance",
    title="Is a class too rare?",
    detects=(
        "A class with {ratio:g} times fewer rows than the commonest one, or with fewer than "
        "{few_rows} rows and {few_ratio:g} times fewer: advice. A class with {enough_rows} rows "
        "or more is rare from ten times that ratio on."
    ),
    why=(
        "Accuracy hardly notices a rare class: always saying the common one scores well. A score "
        "of few rows is also very uncertain."
    ),
    fix="Score with balanced accuracy or average precision; weigh the classes; collect more of the rare one.",
    source="He and Garcia (2009), Learning from Imbalanced Data, IEEE TKDE 21.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Count the classes of the training rows; None for quantities or without a target."""
    if subject.target is None or subject.task != "classification":
        return None
    column = subject.train[subject.target]
    counts = column.counts
    if len(counts) < 2:
        only = (
            f"There is only one class, {shown_level(column.levels[0])[:40]!r}"
            if len(counts)
            else "There is no label"
        )
        return CHECK.finding(
            "problem",
            only,
            explanation="Nothing can be learned from it.",
            evidence={"n": len(subject.train), "columns": [subject.target]},
            action=Action("fix_labels", "Find out where the other classes are."),
        )
    most = int(counts.max())
    ratios = most / counts
    limit = np.where(counts >= THRESHOLDS.enough_rows, 10 * THRESHOLDS.ratio, THRESHOLDS.ratio)
    rare = (ratios >= limit) | ((counts < THRESHOLDS.few_rows) & (ratios >= THRESHOLDS.few_ratio))
    n = int(counts.sum())
    order = np.argsort(counts, kind="stable")
    shown = {shown_level(column.levels[i])[:40]: int(counts[i]) for i in order[:20]}
    evidence = {"n": n, "columns": [subject.target], "counts": shown, "largest": most}
    if not rare.any():
        least = int(counts.min())
        return CHECK.finding(
            "passed",
            f"No class is rare: the smallest has {plural(least, 'row')} of {n:,}",
            evidence=evidence | {"columns": []},
        )
    names = [shown_level(column.levels[i]) for i in order if rare[i]]
    first = int(counts[order[0]])
    return CHECK.finding(
        "advice",
        f"Class {listed(names[:1])} has {plural(first, 'row')} of {n:,} ({first / n:.1%})"
        + (f", and {len(names) - 1} more are as rare" if len(names) > 1 else ""),
        explanation=(
            f"The commonest class has {plural(most, 'row')}: always saying it gives an accuracy of "
            f"{most / n:.3f}. Judge by a score that counts classes alike."
        ),
        evidence=evidence,
        action=Action(
            "balance_classes",
            "Score with balanced accuracy or average precision, and weigh the classes.",
        ),
    )
