"""MD341: are there enough test rows, and not too many?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD341.

    Args:
        least_rows: Fewer test rows than this tell scores apart too badly.
        least_share: Fewer test rows than this share of the training rows, below `enough_rows` of them.
        enough_rows: So many test rows are enough whatever the training rows.
        most_ratio: More test rows than so many times the training rows are lost to training.
    """

    least_rows: int = 25
    least_share: float = 0.03
    enough_rows: int = 500
    most_ratio: float = 1.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD341",
    slug="split-sizes",
    title="Are there enough test rows, and not too many?",
    detects=(
        "Fewer than {least_rows} test rows; fewer than {least_share:.0%} of the training rows where there "
        "are not at least {enough_rows}; or more than {most_ratio:g} times the training rows."
    ),
    why="With few test rows luck decides which model looks better; rows that test cannot train.",
    fix="Split anew, or use cross-validation where there are few rows.",
    source="deepchecks 0.19, size of train and test.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Judge how many rows each side has."""
    if subject.test is None:
        return CHECK.finding("not_applicable", "There are no test rows (--test FILE)")
    train, test = len(subject.train), len(subject.test)
    evidence = {"n_train": train, "n_test": test}
    half = 1.28 * math.sqrt(0.25 / max(1, test))
    few = test < THRESHOLDS.least_rows or (
        test < THRESHOLDS.enough_rows and test < THRESHOLDS.least_share * train
    )
    if few:
        return CHECK.finding(
            "advice",
            f"{test:,} test rows beside {train:,} training rows are few: an accuracy is known to "
            f"{half:.0%} at best",
            explanation="Two models that differ by less cannot be told apart with these test rows.",
            evidence=evidence,
            action=Action("fix_split", "Keep more rows for the test, or use cross-validation."),
        )
    if test > THRESHOLDS.most_ratio * train:
        return CHECK.finding(
            "advice",
            f"More rows test ({test:,}) than train ({train:,})",
            explanation="Rows that test cannot train.",
            evidence=evidence,
            action=Action("fix_split", "Train on more of the rows, if nothing speaks against it."),
        )
    return CHECK.finding("passed", f"{train:,} rows train and {test:,} test", evidence=evidence)
