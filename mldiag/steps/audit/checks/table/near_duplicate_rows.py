"""MD313: are rows nearly equal to others?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.near_rows import LIMITS, near_within


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD313.

    Args:
        share: Share of the rows looked at, from which it is told.
        problem_share: Share from which a random split leaks.
        least: Fewer rows than this are not told.
    """

    share: float = 0.005
    problem_share: float = 0.03
    least: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD313",
    slug="near-duplicate-rows",
    title="Are rows nearly equal to others?",
    detects=(
        "Rows much nearer to another one than different cases of this table are, by the dimension that the "
        "rows fill, in at least {share:.1%} of the rows looked at; a problem from {problem_share:.0%}. "
        "Where nearly all rows are copies, as after an augmentation: rows of one target with a gap behind "
        "them. Needs three or more features of numbers with many values."
    ),
    why="The same case measured twice leaks over a random split as a copy does, and no equality finds it.",
    fix="Leave out one of each pair, or declare what they share as group=.",
    source="Levina and Bickel (2004), on the dimension that points fill.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for nearly equal rows in the training table."""
    found = near_within(subject)
    if found is None:
        return CHECK.finding(
            "not_applicable",
            "Too few features of numbers to tell nearly equal rows from different cases",
        )
    copied = np.union1d(found.first, found.second)
    later = copied if found.all_copied else np.unique(found.second)
    share = len(later) / max(1, found.looked_at)
    evidence = {
        "n": found.looked_at,
        "share": share,
        "usual_distance": found.usual,
        "within": found.within,
        "pairs": np.column_stack([found.first, found.second])[:50].tolist(),
    }
    sampled = (
        f" ({found.looked_at:,} of {len(subject.train):,} rows compared)"
        if len(subject.train) > LIMITS.rows
        else ""
    )
    if share < THRESHOLDS.share or len(later) < THRESHOLDS.least:
        return CHECK.finding(
            "passed", f"No rows are suspiciously near to one another{sampled}", evidence=evidence
        )
    severe = share >= THRESHOLDS.problem_share
    if found.all_copied and severe:
        return CHECK.finding(
            "problem",
            f"{len(later):,} rows ({share:.1%}) are copies of others with small changes{sampled}",
            explanation=(
                f"Copies are within {found.within / found.usual:.1%} of the usual distance to another case, "
                "and have one target. A random split puts them on both sides: they are remembered, not "
                "predicted."
            ),
            evidence=evidence | named_rows(train=later),
            action=Action(
                "fix_split",
                "Split before rows are augmented, or declare which rows are one case as groups=.",
            ),
        )
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{len(later):,} rows ({share:.1%}) are nearly equal to another row{sampled}",
        explanation=(
            f"They are within {found.within / found.usual:.1%} of the usual distance to the nearest row: "
            "the same cases, measured or rounded differently."
        ),
        evidence=evidence | named_rows(train=later),
        action=Action(
            "clean_data", "Leave out one of each pair, or declare what they share as group=."
        ),
    )
