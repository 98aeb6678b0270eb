"""MD314: do equal rows have different targets?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.rows import repeats_within, row_hashes
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD314.

    Args:
        share: Share of the rows from which it is told.
        problem_share: Share from which it is a problem.
        apart: Distance of two targets that are quantities, in standard deviations, from which they conflict.
        chance: Not told where so large a part of the equal rows are different cases that happen to be equal.
    """

    share: float = 0.005
    problem_share: float = 0.02
    apart: float = 0.5
    chance: float = 0.5


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD314",
    slug="conflicting-labels",
    title="Do equal rows have different targets?",
    detects=(
        "Rows equal in every feature whose targets differ (quantities: by more than {apart:g} standard "
        "deviations), from {share:.1%} of the rows; a problem from {problem_share:.0%}. Not told where "
        "more than {chance:.0%} of equal rows are so by chance."
    ),
    why="No model can be right on both: the score has a ceiling below its best.",
    fix="Look at the rows: keep the right label, or add the feature that tells them apart.",
    source="deepchecks 0.19, conflicting labels: the one of ten audit tools that looks for them.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for equal rows with different targets."""
    table, n = subject.train, len(subject.train)
    if subject.target is None:
        return CHECK.finding(
            "not_applicable", "Without a target there are no labels (--target COLUMN)"
        )
    columns = [c for c in subject.features if table[c].kind != "id"]
    if n < 10 or not columns:
        return CHECK.finding(
            "not_applicable", f"{n} rows of {len(columns)} features say nothing here"
        )
    rows = _conflicting(subject, columns)
    share = len(rows) / n
    evidence = {"n": n, "share": share}
    if share < THRESHOLDS.share or len(rows) < 4:
        return CHECK.finding("passed", "Equal rows have equal targets", evidence=evidence)
    equal = repeats_within(table, columns)
    if equal.by_chance > THRESHOLDS.chance * equal.count:
        return CHECK.finding(
            "passed",
            f"{len(rows):,} rows have equals with another target, but these features are equal by chance "
            "as often",
            evidence=evidence | {"by_chance": equal.by_chance},
        )
    severe = share >= THRESHOLDS.problem_share
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{len(rows):,} of {n:,} rows ({share:.1%}) have an equal row with another target",
        explanation="No model can be right on both of such a pair.",
        evidence=evidence | named_rows(train=rows),
        action=Action(
            "clean_labels", "Look at these rows, and keep the right target of each pair."
        ),
    )


def _conflicting(subject: TableAudit, columns: list[str]) -> NDArray[np.int64]:
    """Positions of rows with an equal row of another target."""
    import pandas as pd

    target = subject.train[str(subject.target)]
    keys = row_hashes(subject.train, columns)
    if subject.task == "regression" and target.is_numeric:
        values = pd.Series(target.values)
        spread = float(np.nanstd(target.present)) or 1.0
        reach = values.groupby(keys).transform("max") - values.groupby(keys).transform("min")
        return np.flatnonzero((reach > THRESHOLDS.apart * spread).to_numpy()).astype(np.int64)
    codes = pd.Series(target.codes).where(target.codes >= 0)
    different = codes.groupby(keys).transform("nunique")
    return np.flatnonzero((different > 1).to_numpy() & (target.codes >= 0)).astype(np.int64)
