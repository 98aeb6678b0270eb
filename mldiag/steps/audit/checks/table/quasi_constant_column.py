"""MD302: which columns hold one value in nearly every row?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import stands
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD302.

    Args:
        share: Share of the rows that hold one value.
        least_rows: Fewer rows than this say nothing of rare values.
        least_others: With this many rows of other values a rare value can be learned from.
        alike: Share of the features from which on the table is made so (pixels, counts of words).
    """

    share: float = 0.98
    least_rows: int = 100
    least_others: int = 200
    alike: float = 0.2


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD302",
    slug="quasi-constant-column",
    title="Which columns hold one value in nearly every row?",
    detects=(
        "One value in at least {share:.0%} of the training rows ({least_rows} rows or more), and fewer "
        "than {least_others} rows with another. Where more than {alike:.0%} of the features are so, the "
        "table is made like that (pixels, counts), which is no finding."
    ),
    why="The few rows that differ are too few to learn from, and a split may have none of them.",
    fix="Leave the column out, or join it with others that say the same.",
    source="Evidently 0.7 flags above 95 %, ydata-profiling 4.18 by imbalance.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for features that hardly vary."""
    n = len(subject.train)
    if n < THRESHOLDS.least_rows:
        return CHECK.finding(
            "not_applicable",
            f"{n} rows are too few to call a value rare (from {THRESHOLDS.least_rows})",
        )
    shares = {c: _share(subject.train[c]) for c in subject.features}
    named = [
        c
        for c, share in shares.items()
        if share >= THRESHOLDS.share and (1 - share) * n < THRESHOLDS.least_others
    ]
    evidence = {"n": n, "columns": named, "share": {c: shares[c] for c in named}}
    if len(named) > max(3, THRESHOLDS.alike * len(shares)):
        return CHECK.finding(
            "passed",
            f"{len(named):,} of {len(shares):,} features hardly vary: this kind of table is made so",
            evidence=evidence | {"columns": []},
        )
    if not named:
        return CHECK.finding(
            "passed", "No feature holds one value in nearly every row", evidence=evidence
        )
    worst = max(shares[c] for c in named)
    return CHECK.finding(
        "advice",
        f"{stands(named, 'holds', 'hold')} one value in {'up to ' if len(named) > 1 else ''}{worst:.1%} of "
        "the rows",
        explanation=f"{listed(named, 8)}: the few rows that differ are hardly enough to learn from.",
        evidence=evidence,
        action=Action(
            "clean_data", f"Leave out {listed(named, 8)}, or join it with another column."
        ),
    )


def _share(column: Column) -> float:
    """Share of the rows with the most frequent value; 0 where the column is constant or empty."""
    if column.n_unique < 2:
        missing = float(column.missing.mean())
        return 0.0 if column.n_unique == 0 or missing == 0 else 1 - missing
    return float(np.max(column.counts) / max(1, len(column)))
