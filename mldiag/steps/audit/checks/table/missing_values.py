"""MD303: where are values missing, and how many?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import stands
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD303.

    Args:
        told_share: Share of missing cells from which a column is named.
        mostly_share: Share from which a column is mostly missing.
        least_rows: A column with fewer missing cells than this is not named.
    """

    told_share: float = 0.04
    mostly_share: float = 0.5
    least_rows: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD303",
    slug="missing-values",
    title="Where are values missing, and how many?",
    detects=(
        "Features with at least {told_share:.0%} of their cells missing, spelled ones (`?`, `N/A`) "
        "counted; from {mostly_share:.0%} on a feature is mostly missing."
    ),
    why="Many learners refuse missing values, and each way to fill them says something about the rows.",
    fix="Fill them from the training rows with a marker column beside, or use a learner that takes them.",
    source="scikit-learn, User Guide, Imputation of missing values.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Count the cells without a value."""
    n = len(subject.train)
    counts = {
        c: int(subject.train[c].missing.sum())
        for c in subject.features
        if subject.train[c].kind != "empty"
    }
    named = sorted(
        (
            c
            for c, k in counts.items()
            if k >= max(THRESHOLDS.least_rows, THRESHOLDS.told_share * n)
        ),
        key=lambda c: -counts[c],
    )
    total = sum(counts.values())
    evidence = {
        "n": n,
        "columns": named,
        "share": {c: counts[c] / n for c in named},
        "missing_cells": total,
    }
    if not named:
        told = (
            f"only {total:,} of {n * len(counts):,} cells are empty"
            if total
            else "every cell of the features has a value"
        )
        return CHECK.finding(
            "passed",
            f"Hardly anything is missing: {told}" if total else "Nothing is missing: " + told,
            evidence=evidence,
        )
    mostly = [c for c in named if counts[c] >= THRESHOLDS.mostly_share * n]
    shown = [f"{c} {counts[c] / n:.0%}" for c in named]
    upto = "up to " if len(named) > 1 else ""
    title = (
        f"{stands(named, 'lacks', 'lack')} values in {upto}{counts[named[0]] / n:.0%} of the rows"
    )
    text = (
        "Fill them from the training rows, with a marker column beside, or use a learner that takes "
        f"missing values ({listed(named)})."
    )
    if mostly:
        be = "is" if len(mostly) == 1 else "are"
        text = f"Leave out {listed(mostly)}, which {be} mostly missing, or try both. {text}"
    return CHECK.finding(
        "advice",
        title,
        explanation=f"Missing: {listed(shown, 8)}.",
        evidence=evidence,
        action=Action("clean_data", text),
    )
