"""MD306: does one column hold cells of two kinds?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.spellings import is_plain_number
from mldiag.data.audited.table import AuditedTable, TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows, stands
from mldiag.steps.audit.tables.odd_cells import date_formats, huge_cells
from mldiag.wording import listed, plural

_NONE = np.empty(0, dtype=np.int64)

ODD: tuple[str, ...] = ("number", "date", "boolean", "id")


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD306.

    Args:
        few: Numbers among words are strays up to this share of the rows.
        other_dates: Rows, as a share, with dates in another format than most from which it is a problem.
        levels: Columns with more different words than this are not looked at for numbers among them.
    """

    few: float = 0.1
    other_dates: float = 0.05
    levels: int = 20_000


THRESHOLDS = Thresholds()


@dataclass(frozen=True, eq=False)
class OddCells:
    """Cells of one column and one table that do not fit.

    Args:
        side: Of which table.
        name: The column.
        rows: Positions.
        examples: What to show of them.
    """

    side: str
    name: str
    rows: NDArray[np.int64]
    examples: tuple[str, ...]


CHECK = Check(
    code="MD306",
    slug="mixed-types",
    title="Does one column hold cells of two kinds?",
    detects=(
        "Words among numbers or dates that say no missing value, or numbers in at most {few:.0%} of the "
        "rows of a column of words without digits; dates in several formats (a problem from "
        "{other_dates:.0%} of the rows); single cells of text a thousand times as long as the others."
    ),
    why="Read as it stands, such a column of numbers is text: every number becomes a category.",
    fix="Mend or empty the cells; read the column with a type.",
    source="deepchecks 0.19, mixed data types.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for cells that do not fit their column, in both tables."""
    kinds = {"words": _strays(subject), "dates": _dates(subject), "huge": _huge(subject)}
    n = len(subject.train)
    named = list(dict.fromkeys(odd.name for found in kinds.values() for odd in found))
    if not named:
        return CHECK.finding("passed", "Every column holds cells of one kind", evidence={"n": n})
    every = [odd for found in kinds.values() for odd in found]
    rows = {side: _union([odd for odd in every if odd.side == side]) for side, _ in subject.sides}
    told = [
        *_words_told(kinds["words"]),
        *_dates_told(kinds["dates"], subject),
        *_huge_told(kinds["huge"]),
    ]
    spoiled = {odd.name for odd in kinds["words"] if subject.train[odd.name].kind != "category"}
    late = len(_union([odd for odd in kinds["dates"] if odd.side == "train"]))
    severe = bool(spoiled) or late >= THRESHOLDS.other_dates * n
    reasons = [f"{listed(named, 8)}."]
    if spoiled:
        reasons.append(
            f"Read as it stands, {listed(sorted(spoiled))} is text, and each number a category."
        )
    if kinds["dates"]:
        reasons.append("A reader that expects one format swaps day and month, or drops the others.")
    if kinds["huge"]:
        reasons.append("A quote that is never closed swallows the rows behind it.")
    return CHECK.finding(
        "problem" if severe else "advice",
        "; ".join(told),
        explanation=" ".join(reasons),
        evidence={
            "n": n,
            "columns": named,
            "examples": {odd.name: list(odd.examples) for odd in reversed(every)},
            **named_rows(**rows),
        },
        action=Action("clean_data", f"Mend or empty these cells of {listed(named, 6)}."),
    )


def _strays(subject: TableAudit) -> list[OddCells]:
    """Words among numbers, and numbers among words."""
    found = []
    for side, table in subject.sides:
        for name, column in table.columns.items():
            judged = name != subject.target or subject.task == "regression"
            rows = stray_rows(column) if judged else _NONE
            if len(rows):
                found.append(OddCells(side, name, rows, _examples(table, name, rows)))
    return found


def _dates(subject: TableAudit) -> list[OddCells]:
    """Dates written in several formats; a format of its own in the test table too."""
    found = []
    for side, table in subject.sides:
        for name, column in table.columns.items():
            formats = date_formats(column)
            if formats is not None:
                found.append(OddCells(side, name, formats.rows, formats.examples[:3]))
    return found


def _huge(subject: TableAudit) -> list[OddCells]:
    found = []
    for side, table in subject.sides:
        for name, column in table.columns.items():
            rows, longest = huge_cells(column)
            if len(rows):
                found.append(OddCells(side, name, rows, (f"{longest:,} characters",)))
    return found


def _words_told(found: list[OddCells]) -> list[str]:
    if not found:
        return []
    named = list(dict.fromkeys(odd.name for odd in found))
    shown = listed(sorted({repr(e) for o in found for e in o.examples if o.side == "train"}), 3)
    total = plural(_cells(found), "row")
    detail = f"{total}: {shown}" if shown else total
    return [f"{stands(named, 'mixes', 'mix')} words and numbers ({detail})"]


def _dates_told(found: list[OddCells], subject: TableAudit) -> list[str]:
    if not found:
        return []
    named = list(dict.fromkeys(odd.name for odd in found))
    shown = listed([repr(example) for example in found[0].examples])
    total = f"{_cells(found):,} of {sum(len(table) for _, table in subject.sides):,} rows"
    return [
        f"{stands(named, 'writes', 'write')} dates in several formats ({shown}; {total} unlike most)"
    ]


def _huge_told(found: list[OddCells]) -> list[str]:
    if not found:
        return []
    named = list(dict.fromkeys(odd.name for odd in found))
    cells = plural(_cells(found), "cell")
    return [f"{stands(named, 'has', 'have')} {cells} of up to {found[0].examples[0]}"]


def _union(found: list[OddCells]) -> NDArray[np.int64]:
    return np.unique(np.concatenate([_NONE, *(odd.rows for odd in found)]))


def _cells(found: list[OddCells]) -> int:
    return sum(len(odd.rows) for odd in found)


def stray_rows(column: Column) -> NDArray[np.int64]:
    """Positions of the cells that do not fit."""
    if column.kind in ODD or len(column.strays):
        formats = date_formats(column) if column.kind == "date" else None
        # A date that the reader could not take is told as one in another format.
        return column.strays if formats is None else np.setdiff1d(column.strays, formats.rows)
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


def _examples(table: AuditedTable, name: str, rows: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(table[name].shown(int(row)) for row in rows[:200]))[:3]
