"""MD319: do training rows come after test rows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD319.

    Args:
        share: Share of the test rows that may lie before the last training row.
    """

    share: float = 0.005


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD319",
    slug="time-overlap",
    title="Do training rows come after test rows?",
    detects="A time (--time) before that of the last training row, in over {share:.1%} of the test rows.",
    why="A model that has seen the future predicts it well, and fails in use.",
    fix="Train on what came first, test on what came after.",
    source="Kaufman et al. (2012), Leakage in data mining: no time machine.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for test rows from before the end of training."""
    test, time = subject.test, subject.time
    if time is None:
        return CHECK.finding("not_applicable", "No column of times is named (--time COLUMN)")
    if test is None or time not in test.columns:
        return CHECK.finding(
            "not_applicable", f"There are no test rows with {time} to compare with"
        )
    ours, theirs = subject.train[time], test[time]
    if not (ours.is_numeric and theirs.is_numeric and len(ours.present) and len(theirs.present)):
        return CHECK.finding(
            "inconclusive", f"{time} holds no dates or numbers: it was taken for {ours.kind}"
        )
    last = float(ours.present.max())
    early = theirs.values < last
    share = float(early.mean())
    evidence = {"n": len(test), "columns": [time], "share": share}
    if share <= THRESHOLDS.share:
        return CHECK.finding(
            "passed", f"The test rows come after the training rows in {time}", evidence=evidence
        )
    later = np.flatnonzero(ours.values > float(theirs.present.min()))
    return CHECK.finding(
        "problem",
        f"{int(early.sum()):,} of {len(test):,} test rows ({share:.0%}) come before the last training row "
        f"in {time}",
        explanation="The model is trained on the future of what it is tested on.",
        evidence=evidence | named_rows(train=later, test=np.flatnonzero(early)),
        action=Action(
            "fix_split", f"Train on the rows that came first in {time}, test on those after."
        ),
    )
