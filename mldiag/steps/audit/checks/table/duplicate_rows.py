"""MD312: are rows in the training table more than once?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.rows import Repeats, repeats_within
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import MOST_ROWS, named_rows


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD312.

    Args:
        share: Share of rows that are copies, from which it is told.
        problem_share: Share from which a random split leaks.
        least_copies: Fewer copies than this are not told.
    """

    share: float = 0.005
    problem_share: float = 0.03
    least_copies: float = 2.5


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD312",
    slug="duplicate-rows",
    title="Are rows in the training table more than once?",
    detects=(
        "Rows equal to an earlier one in every feature and the target, in excess of what chance explains "
        "(rows equal in a part of the columns tell that): advice from {share:.1%} of the rows, a problem "
        "from {problem_share:.0%}, but not where chance explains half of them."
    ),
    why="A random split puts copies on both sides: the score then counts rows that were learned by heart.",
    fix="Leave out the copies before splitting; where they are the same case measured again, declare group=.",
    source="Barz and Denzler (2020), Journal of Imaging 6, on duplicates in CIFAR.",
    thresholds=THRESHOLDS,
)


def _told(found: Repeats) -> str:
    """What rows that equal earlier ones are called, by how many of them chance explains."""
    if found.mostly_chance:
        return f"equal earlier ones, at least {found.by_chance:.0f} of them by chance"
    chance = f", about {found.by_chance:.0f} of them by chance" if found.by_chance >= 1 else ""
    return f"are copies of earlier ones{chance}"


def judge(subject: TableAudit) -> Finding:
    """Look for copies within the training rows."""
    table, n = subject.train, len(subject.train)
    columns = [
        c for c in (*subject.features, subject.target) if c is not None and table[c].kind != "id"
    ]
    if n < 10 or len(columns) < 2:
        return CHECK.finding(
            "not_applicable", f"{n} rows of {len(columns)} columns cannot tell copies from chance"
        )
    found = repeats_within(table, columns)
    rows = np.flatnonzero(found.repeated)
    share = found.copies / n
    evidence = {
        "n": n,
        "copies": [],
        "equal_rows": found.count,
        "by_chance": found.by_chance,
        "share": share,
    }
    few = share < THRESHOLDS.share or found.copies < THRESHOLDS.least_copies
    if few or not found.beyond_chance:
        told = (
            f"{found.count:,} of {n:,} rows equal an earlier one, no more than by chance"
            if found.count
            else f"All {n:,} rows differ"
        )
        return CHECK.finding("passed", told, evidence=evidence)
    severe = share >= THRESHOLDS.problem_share and not found.mostly_chance
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{found.count:,} of {n:,} rows ({found.count / n:.1%}) {_told(found)}",
        explanation="A random split puts copies on both sides, and the score is too good."
        if severe
        else "",
        evidence=evidence | {"copies": rows[:MOST_ROWS].tolist()} | named_rows(train=rows),
        action=Action(
            "clean_data",
            "Leave out the copies before any split, or declare what they share as group=."
            if found.by_chance < 0.05 * found.count
            else "Find out which of the equal rows are the same case: many are equal by chance.",
        ),
    )
