"""MD315: are test rows also in the training table?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.rows import repeats_between
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD315.

    Args:
        share: Share of the test rows from which it is told.
        problem_share: Share from which the score is flattered enough to be a problem.
        least: Fewer rows than this are not told.
    """

    share: float = 0.005
    problem_share: float = 0.015
    least: float = 1.5


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD315",
    slug="train-test-overlap",
    title="Are test rows also in the training table?",
    detects=(
        "Test rows equal to a training row in every feature, in excess of what chance explains: advice "
        "from {share:.1%} of the test rows, a problem from {problem_share:.1%}, but not where chance "
        "explains half of them."
    ),
    why="A row that was trained on is not predicted but remembered: the test score is too good.",
    fix="Leave these rows out of the training table, and find out how they came into both.",
    source="Barz and Denzler (2020), Journal of Imaging 6.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for test rows among the training rows."""
    if subject.test is None:
        return CHECK.finding(
            "not_applicable", "There are no test rows to compare with (--test FILE)"
        )
    columns = [c for c in subject.shared if subject.train[c].kind != "id"]
    n = len(subject.test)
    if len(columns) < max(2, 0.5 * len(subject.features)) or not n:
        return CHECK.finding(
            "not_applicable", f"{n} test rows with {len(columns)} shared features say nothing here"
        )
    found, partners = repeats_between(subject.train, subject.test, columns)
    rows, share = np.flatnonzero(found.repeated), found.copies / n
    evidence = {"n": n, "equal_rows": found.count, "by_chance": found.by_chance, "share": share}
    few = share < THRESHOLDS.share or found.copies < THRESHOLDS.least
    if few or not found.beyond_chance:
        told = (
            "No test row is"
            if not found.count
            else f"Only {found.count:,} of {n:,} test rows are, no more than by chance,"
        )
        return CHECK.finding("passed", f"{told} in the training table", evidence=evidence)
    severe = share >= THRESHOLDS.problem_share and not found.mostly_chance
    about = "at least" if found.mostly_chance else "about"
    chance = f", {about} {found.by_chance:.0f} of them by chance" if found.by_chance >= 1 else ""
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{found.count:,} of {n:,} test rows ({found.count / n:.1%}) are also in the training table{chance}",
        explanation="They are remembered, not predicted: the test score is too good."
        if not found.mostly_chance
        else "The features are so coarse that different cases are often equal: look before leaving any out.",
        evidence=evidence | named_rows(train=partners, test=rows),
        action=Action("fix_split", "Leave these rows out of the training table."),
    )
