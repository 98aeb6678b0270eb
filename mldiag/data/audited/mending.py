"""Mends a table as the findings of an audit say: columns, cells, rows, each with a line of log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mldiag.data.audited.kinds import DECLARED
from mldiag.data.audited.table import AuditedTable
from mldiag.findings import Finding
from mldiag.wording import plural


@dataclass(frozen=True)
class Change:
    """One line of the log.

    Args:
        code: Code of the finding.
        slug: Its name.
        what: What was done.
        columns: Columns that changed or left.
        cells: Cells that changed.
        rows: Rows that left, as positions in the original.
    """

    code: str
    slug: str
    what: str
    columns: tuple[str, ...] = ()
    cells: int = 0
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Mended:
    """A mended table with its log.

    Args:
        frame: The rows that stayed; the column of positions in the original is not among them.
        kept: Positions of these rows in the original, shape (n,).
        log: What was changed, in order.
        left: Findings that only a person can mend, as slugs.
    """

    frame: pd.DataFrame
    kept: np.ndarray
    log: tuple[Change, ...]
    left: tuple[str, ...]


def mended(table: AuditedTable, findings: Sequence[Finding]) -> Mended:
    """Mend what findings name; the table given is not changed.

    Cells first, then rows, then columns, so that positions stay those of the original.

    Args:
        table: The table.
        findings: Findings of its audit; only problems and advice are mended.

    Example:
        >>> table = AuditedTable.of(pd.DataFrame({"a": [1, 2], "b": [7, 7]}))
        >>> found = Finding("MD301", "constant-column", "advice", "", evidence={"columns": ["b"]})
        >>> list(mended(table, [found]).frame.columns)
        ['a']
    """
    told = [f for f in findings if f.outcome in ("problem", "advice")]
    frame = table.frame.copy()
    log: list[Change] = []
    for finding in told:
        change = _CELLS.get(finding.slug, _nothing)(frame, table, finding)
        log += [change] if change is not None else []
    dropped: set[int] = set()
    for finding in told:
        rows = _rows_of(finding)
        new = tuple(sorted(set(rows) - dropped))
        if new:
            dropped |= set(new)
            log.append(
                Change(finding.code, finding.slug, f"{plural(len(new), 'row')} left out", rows=new)
            )
    for finding in told:
        named = [c for c in _columns_of(finding) if c in frame.columns]
        columns = tuple(c for c in named if table[c].why != DECLARED)
        if columns:
            frame = frame.drop(columns=list(columns))
            log.append(Change(finding.code, finding.slug, "left out", columns=columns))
    kept = np.setdiff1d(np.arange(len(frame)), np.array(sorted(dropped), dtype=np.int64))
    done = {change.slug for change in log}
    left = tuple(dict.fromkeys(f.slug for f in told if f.slug not in done))
    return Mended(frame.iloc[kept], kept, tuple(log), left)


_ROWS = ("missing-labels", "train-test-overlap")

MOST_CHANCE = 0.05
"""Copies are left to a person where more than this share of them may be equal by chance."""
_COLUMNS = (
    "constant-column",
    "target-leakage",
    "order-predicts-target",
    "id-like-column",
)


def _rows_of(finding: Finding) -> Sequence[int]:
    by_chance = float(finding.evidence.get("by_chance") or 0.0)
    if finding.slug in ("duplicate-rows", "train-test-overlap"):
        equal = float(finding.evidence.get("equal_rows") or 0.0)
        if by_chance > MOST_CHANCE * equal:
            return ()
    if finding.slug == "duplicate-rows":
        return list(finding.evidence.get("copies") or ())
    if finding.slug in _ROWS:
        return list((finding.evidence.get("rows") or {}).get("train", ()))
    return ()


def _columns_of(finding: Finding) -> Sequence[str]:
    if finding.slug == "redundant-columns":  # it also names the columns that they repeat
        return list(finding.evidence.get("redundant") or ())
    return list(finding.evidence.get("columns") or ()) if finding.slug in _COLUMNS else ()


def _nothing(frame: pd.DataFrame, table: AuditedTable, finding: Finding) -> Change | None:
    return None


def _as_kinds(frame: pd.DataFrame, table: AuditedTable, finding: Finding) -> Change | None:
    """Columns as what they were taken for: spelled and stray cells become missing, numbers numbers."""
    columns = [c for c in finding.evidence.get("columns") or () if c in frame.columns]
    cells = 0
    for name in columns:
        column = table[name]
        cells += sum(column.spellings.values()) + len(column.strays)
        if column.kind == "date":
            days = pd.to_timedelta(np.asarray(column.numbers), unit="D")
            frame[name] = pd.Timestamp(0) + pd.Series(days, index=frame.index)
        else:
            frame[name] = pd.Series(column.values, index=frame.index)
    if not columns:
        return None
    what = f"{plural(cells, 'cell')} made missing"
    return Change(finding.code, finding.slug, what, tuple(columns), cells)


def _without_infinities(
    frame: pd.DataFrame, table: AuditedTable, finding: Finding
) -> Change | None:
    columns = [c for c in finding.evidence.get("columns") or () if c in frame.columns]
    cells = 0
    for name in columns:
        numbers = np.array(table[name].numbers, dtype=np.float64)
        cells += int(np.isinf(numbers).sum())
        frame[name] = np.where(np.isinf(numbers), np.nan, numbers)
    if not cells:
        return None
    return Change(
        finding.code,
        finding.slug,
        f"{plural(cells, 'infinite cell')} made missing",
        tuple(columns),
        cells,
    )


def _edited(frame: pd.DataFrame, table: AuditedTable, finding: Finding) -> Change | None:
    """Cells multiplied by the factor that makes the units alike, or made missing without one."""
    edits: Sequence[dict[str, Any]] = finding.evidence.get("edits") or ()
    cells = 0
    for edit in edits:
        name, rows = str(edit["column"]), np.asarray(edit["rows"], dtype=np.int64)
        numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        factor = edit.get("factor")
        numbers[rows] = np.nan if factor is None else numbers[rows] * float(factor)
        frame[name] = numbers
        cells += len(rows)
    if not cells:
        return None
    done = "made missing" if any(e.get("factor") is None for e in edits) else "brought to one unit"
    columns = tuple(dict.fromkeys(str(edit["column"]) for edit in edits))
    return Change(finding.code, finding.slug, f"{plural(cells, 'cell')} {done}", columns, cells)


def _merged(frame: pd.DataFrame, table: AuditedTable, finding: Finding) -> Change | None:
    """Spellings of one value brought to the most frequent one: `merge` is {column: {variant: kept}}."""
    merge: dict[str, dict[str, str]] = finding.evidence.get("merge") or {}
    cells = 0
    for name, spellings in merge.items():
        if name in frame.columns:
            found = frame[name].isin(list(spellings))
            cells += int(found.sum())
            frame[name] = frame[name].astype(object).replace(spellings)
    if not cells:
        return None
    return Change(
        finding.code, finding.slug, f"{plural(cells, 'cell')} respelled", tuple(merge), cells
    )


_CELLS: dict[str, Callable[[pd.DataFrame, AuditedTable, Finding], Change | None]] = {
    "missing-spellings": _as_kinds,
    "mixed-types": _as_kinds,
    "infinite-values": _without_infinities,
    "numeric-sentinel": _edited,
    "unit-mix-up": _edited,
    "category-variants": _merged,
    "label-variants": _merged,
}
