"""MD309: which columns only name the row?"""

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
    """Thresholds of MD309.

    Args:
        unique: Different values a row, from which on a column of codes or words is an id.
        least_rows: Fewer rows than this cannot tell.
        unique_numbers: The same for whole numbers; rows that stand there twice bring theirs again.
        dense: Such numbers are row numbers where they fill a range of at most this many times the rows.
    """

    unique: float = 0.95
    unique_numbers: float = 0.9
    least_rows: int = 30
    dense: float = 1.2


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD309",
    slug="id-like-column",
    title="Which columns only name the row?",
    detects=(
        "Codes or single words with at least {unique:.0%} different values a row, or whole numbers with at "
        "least {unique_numbers:.0%} that fill their range ({dense:g} times the rows at most); from "
        "{least_rows} rows on."
    ),
    why="A model learns rows by heart from it, and nothing for new ones.",
    fix="Leave it out; keep it to find rows again, or as group= where it repeats.",
    source="ydata-profiling 4.18, high cardinality and uniqueness.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for ids among the features."""
    n = len(subject.train)
    if n < THRESHOLDS.least_rows:
        return CHECK.finding("not_applicable", f"{n} rows are too few to tell an id from a value")
    named = [c for c in subject.features if names_rows(subject.train[c])]
    evidence = {
        "n": n,
        "columns": named,
        "different": {c: subject.train[c].n_unique for c in named},
    }
    if not named:
        return CHECK.finding("passed", "No feature merely names its row", evidence=evidence)
    return CHECK.finding(
        "advice",
        f"{stands(named, 'only numbers or names', 'only number or name')} the rows",
        explanation=f"{listed(named, 8)}: hardly any value occurs in two of {n:,} rows.",
        evidence=evidence,
        action=Action("clean_data", f"Leave {listed(named, 8)} out of the features."),
    )


def names_rows(column: Column) -> bool:
    """Whether a column is an id, a code or a row number."""
    present = int((~column.missing).sum())
    if present < THRESHOLDS.least_rows or column.kind in (
        "date",
        "boolean",
        "text",
        "empty",
        "other",
    ):
        return False
    if column.kind == "id":
        return True
    if column.kind == "category":
        few_words = np.mean([len(str(level).split()) for level in column.levels[:200]]) < 4
        return bool(column.n_unique >= THRESHOLDS.unique * present and few_words)
    values = column.present
    if column.n_unique < THRESHOLDS.unique_numbers * present or not column.is_whole:
        return False
    return bool(np.ptp(values) + 1 <= THRESHOLDS.dense * present)
