"""MD306: do cells of two kinds stand in one column?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.spellings import is_plain_number
from mldiag.data.audited.table import AuditedTable, TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import listed, named_rows, stands

ODD: tuple[str, ...] = ("number", "date", "boolean", "id")


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD306.

    Args:
        few: Numbers among words are strays up to this share of the rows.
        levels: Columns with more different words than this are not looked at for numbers among them.
    """

    few: float = 0.1
    levels: int = 20_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD306",
    slug="mixed-types",
    title="Do cells of two kinds stand in one column?",
    detects=(
        "Words among numbers or dates that say no missing value, or numbers in at most {few:.0%} of the "
        "rows of a column of words without digits."
    ),
    why="Read as it stands, such a column of numbers is text: every number becomes a category.",
    fix="Mend or empty the cells; read the column with a type.",
    source="AUDIT, integrity.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for cells that do not fit their column, in both tables."""
    strays: dict[str, dict[str, NDArray[np.int64]]] = {side: {} for side, _ in subject.sides}
    for side, table in subject.sides:
        for name, column in table.columns.items():
            rows = (
                stray_rows(column) if name != subject.target or subject.task == "regression" else ()
            )
            if len(rows):
                strays[side][name] = np.asarray(rows)
    named = list(dict.fromkeys(name for found in strays.values() for name in found))
    n = len(subject.train)
    if not named:
        return CHECK.finding("passed", "Every column holds cells of one kind", evidence={"n": n})
    every = {
        side: np.unique(np.concatenate(list(found.values()))) if found else ()
        for side, found in strays.items()
    }
    examples = {name: _examples(subject.train, name, strays["train"].get(name)) for name in named}
    spoiled = [name for name in named if subject.train[name].kind != "category"]
    shown = listed(sorted({repr(e) for found in examples.values() for e in found}), 3)
    total = sum(len(rows) for rows in every.values())
    return CHECK.finding(
        "problem" if spoiled else "advice",
        f"{stands(named, 'mixes', 'mix')} words and numbers ({total:,} "
        f"rows{': ' + shown if shown else ''})",
        explanation=f"{listed(named, 8)}. "
        + (
            f"Read as it stands, {listed(spoiled)} is text, and each number a category."
            if spoiled
            else ""
        ),
        evidence={"n": n, "columns": named, "examples": examples, **named_rows(**every)},
        action=Action("clean_data", f"Mend or empty these cells of {listed(named, 6)}."),
    )


def stray_rows(column: Column) -> NDArray[np.int64]:
    """Positions of the cells that do not fit."""
    if column.kind in ODD or len(column.strays):
        return column.strays
    if column.kind != "category" or column.n_unique > THRESHOLDS.levels:
        return np.empty(0, dtype=np.int64)
    texts = [str(level) for level in column.levels]
    numeric = np.array([is_plain_number(text) for text in texts], dtype=bool)
    if not numeric.any() or numeric.all():
        return np.empty(0, dtype=np.int64)
    rows = int(column.counts[numeric].sum())
    with_digits = [
        any(c.isdigit() for c in t)
        for t, is_number in zip(texts, numeric, strict=True)
        if not is_number
    ]
    if rows > THRESHOLDS.few * len(column) or np.mean(with_digits) > 0.2:
        return np.empty(0, dtype=np.int64)
    hit = (column.codes >= 0) & numeric[np.maximum(column.codes, 0)]
    return np.flatnonzero(hit).astype(np.int64)


def _examples(table: AuditedTable, name: str, rows: NDArray[np.int64] | None) -> list[str]:
    if rows is None:
        return []
    return list(dict.fromkeys(table[name].shown(int(row)) for row in rows[:200]))[:3]
