"""MD342: do neighbouring rows resemble one another?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.checks.table.id_like_column import names_rows
from mldiag.steps.audit.evidence import stands
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD342.

    Args:
        correlation: Rank correlation of a row with the next one, from which it is told.
        error: Error over all columns.
        rows: Rows looked at: the first so many.
        least_rows: Fewer rows than this say nothing.
    """

    correlation: float = 0.3
    error: float = 0.001
    rows: int = 50_000
    least_rows: int = 50


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD342",
    slug="row-order",
    title="Do neighbouring rows resemble one another?",
    detects=(
        "Features (or a target that is a quantity) whose ranks correlate with those of the next row by "
        "{correlation:g} or more, surely so over all columns; not where --time is declared. The first "
        "{rows:,} rows are looked at."
    ),
    why="A split at a row number, or batches in the order of the file, then see other cases than the rest.",
    fix=(
        "Shuffle before splitting and before every epoch; where --group is declared, split by whole groups; "
        "if the order is time, declare --time."
    ),
    source="cleanlab 2.9, Datalab's non-iid issue.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for an order in the training rows."""
    n = len(subject.train)
    if subject.time is not None:
        return CHECK.finding(
            "not_applicable", f"The rows have an order by {subject.time}, as declared"
        )
    if n < THRESHOLDS.least_rows:
        return CHECK.finding("not_applicable", f"{n} rows are too few to see an order")
    wanted = [
        c
        for c in subject.features
        if subject.train[c].kind in ("number", "date") and not names_rows(subject.train[c])
    ]
    found = {c: neighbour_correlation(subject.train[c]) for c in wanted}
    limit = -float(ndtri(THRESHOLDS.error / max(1, len(found)))) / np.sqrt(min(n, THRESHOLDS.rows))
    named = sorted(
        (c for c, r in found.items() if r >= max(THRESHOLDS.correlation, limit)),
        key=lambda c: -found[c],
    )
    evidence = {"n": n, "columns": named, "correlation": {c: found[c] for c in named}}
    if not found:
        return CHECK.finding("not_applicable", "No feature is a number or a date")
    if not named:
        return CHECK.finding(
            "passed", "The features show no order among the rows", evidence=evidence
        )
    shown = [f"{c} ({found[c]:.2f})" for c in named]
    return CHECK.finding(
        "advice",
        f"The rows are in an order: {stands(named, 'changes', 'change').lower()} little from one row to "
        "the next",
        explanation=f"{listed(shown, 6)}: rank correlation with the next row.",
        evidence=evidence,
        action=Action("fix_split", _remedy(subject.group)),
    )


def _remedy(group: str | None) -> str:
    """Shuffled single rows would tear declared groups apart."""
    if group is None:
        return "Shuffle before you split, or declare --time if the order is time."
    return (
        f"Split by whole groups of {group} (GroupKFold), never at a row number, and shuffle before every "
        "epoch only; declare --time if the order is time."
    )


def neighbour_correlation(column: Column) -> float:
    """Rank correlation of each row with the next one; 0 where it is not known.

    Example:
        >>> import pandas as pd
        >>> from mldiag.data.audited.guess import guessed_column
        >>> round(neighbour_correlation(guessed_column("day", pd.Series(range(100)))), 2)
        1.0
    """
    values: NDArray[np.float64] = column.values[: THRESHOLDS.rows]
    known = np.isfinite(values[:-1]) & np.isfinite(values[1:])
    if known.sum() < THRESHOLDS.least_rows or column.n_unique < 3:
        return 0.0
    ranks = rankdata(values[:-1][known]), rankdata(values[1:][known])
    spread = np.std(ranks[0]) * np.std(ranks[1])
    return (
        float(np.mean((ranks[0] - ranks[0].mean()) * (ranks[1] - ranks[1].mean())) / spread)
        if spread
        else 0.0
    )
