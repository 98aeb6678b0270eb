"""MD316: do test rows nearly equal training rows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.near_rows import LIMITS, near_between


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD316.

    Args:
        share: Share of the test rows looked at, from which it is told.
        problem_share: Share from which it is a problem.
        least: Fewer rows than this are not told.
    """

    share: float = 0.01
    problem_share: float = 0.02
    least: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD316",
    slug="near-train-test-overlap",
    title="Do test rows nearly equal training rows?",
    detects=(
        "Test rows much nearer to a training row than different cases of this table are to one another, in "
        "at least {share:.0%} of the test rows; a problem from {problem_share:.0%}. Where nearly all rows "
        "are copies: rows of one target with a gap behind them."
    ),
    why="The same case measured twice is remembered, not predicted, and equality does not find it.",
    fix="Split by what the pairs share (group=), or leave them out of the training table.",
    source="Levina and Bickel (2004), on the dimension that points fill.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for test rows that nearly equal a training row."""
    if subject.test is None:
        return CHECK.finding(
            "not_applicable", "There are no test rows to compare with (--test FILE)"
        )
    found = near_between(subject)
    if found is None or not found.looked_at:
        return CHECK.finding(
            "not_applicable",
            "Too few features of numbers to tell nearly equal rows from different cases",
        )
    rows, share = np.unique(found.second), len(np.unique(found.second)) / found.looked_at
    evidence = {
        "n": found.looked_at,
        "share": share,
        "within": found.within,
        "usual_distance": found.usual,
    }
    sampled = " (a sample was compared)" if len(subject.train) > LIMITS.rows else ""
    if share < THRESHOLDS.share or len(rows) < THRESHOLDS.least:
        return CHECK.finding(
            "passed",
            f"No test rows are suspiciously near to training rows{sampled}",
            evidence=evidence,
        )
    severe = share >= THRESHOLDS.problem_share
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{len(rows):,} test rows ({share:.1%}) are nearly equal to a training row{sampled}",
        explanation=(
            "They are copies with small changes, remembered and not predicted: the test score is too good."
            if found.all_copied
            else "They seem to be the same cases, rounded differently: the test score is too good."
        ),
        evidence=evidence | named_rows(train=np.unique(found.first), test=rows),
        action=Action(
            "fix_split", "Split by what the pairs share (group=), or leave them out of training."
        ),
    )
