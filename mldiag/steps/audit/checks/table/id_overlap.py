"""MD317: is the same id in both tables?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.column import Column
from mldiag.data.audited.rows import cell_hashes
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.checks.table.id_like_column import names_rows
from mldiag.steps.audit.evidence import named_rows
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD317.

    Args:
        share: Share of the test rows whose id stands among the training rows.
        least: Fewer rows than this are not told.
    """

    share: float = 0.005
    least: int = 2


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD317",
    slug="id-overlap",
    title="Is the same id in both tables?",
    detects=(
        "A column that names rows (MD309) and whose values are in both tables, in at least {share:.1%} "
        "of the test rows. Row numbers that begin anew in each table are no ids."
    ),
    why="The same person or thing is trained on and scored: the test score is too good.",
    fix="Keep all rows of one id on one side of the split.",
    source="deepchecks 0.19, index leakage, where the index is named.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for ids that stand on both sides."""
    test = subject.test
    if test is None:
        return CHECK.finding(
            "not_applicable", "There are no test rows to compare with (--test FILE)"
        )
    ids = [
        c
        for c in subject.shared
        if names_rows(subject.train[c]) and not _numbers_rows(subject.train[c], test[c])
    ]
    if not ids:
        return CHECK.finding("not_applicable", "No column names the rows")
    hits = {
        c: np.isin(cell_hashes(test[c]), cell_hashes(subject.train[c])) & ~test[c].missing
        for c in ids
    }
    named = [c for c in ids if hits[c].sum() >= max(THRESHOLDS.least, THRESHOLDS.share * len(test))]
    evidence = {"n": len(test), "columns": named}
    if not named:
        return CHECK.finding(
            "passed", f"The tables share no value of {listed(ids)}", evidence=evidence
        )
    rows = np.flatnonzero(np.any([hits[c] for c in named], axis=0))
    known = [np.isin(cell_hashes(subject.train[c]), cell_hashes(test[c])) for c in named]
    partners = np.flatnonzero(np.any(known, axis=0))
    return CHECK.finding(
        "problem",
        f"{len(rows):,} of {len(test):,} test rows have an id ({listed(named)}) that was trained on",
        explanation="The same thing is on both sides of the split: the test score is too good.",
        evidence=evidence | named_rows(train=partners, test=rows),
        action=Action("fix_split", f"Split by {listed(named)}: all rows of one on one side."),
    )


def _numbers_rows(train: Column, test: Column) -> bool:
    """Whether the column numbers the rows of each table from the same start, rather than naming anything."""
    if not (train.is_numeric and test.is_numeric and len(train.present) and len(test.present)):
        return False
    dense = all(np.ptp(c.present) + 1 <= 1.02 * len(c.present) for c in (train, test))
    return bool(dense and abs(train.present.min() - test.present.min()) <= 1)
