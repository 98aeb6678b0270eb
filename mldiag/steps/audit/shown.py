"""The tables of an audit's report: what columns were taken for, and the first rows that findings name."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.data.audited.column import Column
from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.table import AuditedTable, TableAudit
from mldiag.findings import Finding, Table
from mldiag.wording import plural

MOST_COLUMNS = 60
"""Columns of the overview; all of them are in the report's JSON only where a finding names them."""

SHOWN_FINDINGS = 4
"""Findings whose rows are shown."""

SHOWN_ROWS = 3
"""Rows shown of each; `--rows` writes all of them."""

SHOWN_CELLS = 6
"""Columns shown of a row."""


def tables_of(inspected: Inspected, findings: Sequence[Finding]) -> tuple[Table, ...]:
    """Tables for a person; of files there are none yet that a figure does not show better."""
    subject = inspected.subject
    if not isinstance(subject, TableAudit):
        return file_tables(findings)
    return (*row_tables(subject, findings), column_table(subject))


def column_table(subject: TableAudit) -> Table:
    """What each column was taken for, with what speaks for it."""
    roles = {subject.target: "target", subject.group: "group", subject.time: "time"}
    told = [c for c in subject.train.columns.values() if c.name in roles or not _is_plain(c)]
    shown = told[:MOST_COLUMNS]
    plain = len(subject.train.columns) - len(told)
    left = f"; {plural(plain, 'other')} hold plain numbers, none missing" if plain else ""
    more = f", the first {len(shown)} of {len(told)}" if len(shown) < len(told) else ""
    rows = tuple(_column_row(column, roles.get(column.name, "")) for column in shown)
    title = f"What the columns were taken for{more} (--type NAME=KIND changes it){left}"
    return Table(title, ("column", "kind", "role", "missing", "different", "why"), rows)


def _is_plain(column: Column) -> bool:
    """Whether a column is what everybody would take it for."""
    stored = column.raw.dtype.kind in "iuf"
    return column.kind == "number" and stored and not column.missing.any()


def _column_row(column: Column, role: str) -> tuple[str, ...]:
    missing = int(column.missing.sum())
    share = f"{missing / max(1, len(column)):.1%}" if missing else ""
    return (column.name, column.kind, role, share, f"{column.n_unique:,}", column.why)


def row_tables(subject: TableAudit, findings: Sequence[Finding]) -> tuple[Table, ...]:
    """The first rows of the first findings that name rows."""
    named = [f for f in findings if f.outcome in ("problem", "advice") and f.evidence.get("rows")]
    made = [_row_table(subject, finding) for finding in named]
    return tuple(table for table in made if table is not None)[:SHOWN_FINDINGS]


def _row_table(subject: TableAudit, finding: Finding) -> Table | None:
    sides = dict(subject.sides)
    columns = _shown_columns(subject, finding)
    rows: list[tuple[str, ...]] = []
    total = 0
    for side, numbers in finding.evidence["rows"].items():
        table: AuditedTable | None = sides.get(side)
        total += len(numbers)
        for row in list(numbers)[: SHOWN_ROWS if table is not None else 0]:
            cells = (
                table[c].shown(int(row)) if table and c in table.columns else "" for c in columns
            )
            rows.append((side, str(int(row)), *cells))
    if not rows:
        return None
    title = f"{finding.code} {finding.slug}: {plural(total, 'row')} (--rows FILE writes all)"
    return Table(title, ("side", "row", *columns), tuple(rows))


def _shown_columns(subject: TableAudit, finding: Finding) -> tuple[str, ...]:
    """The columns that a finding names, else the target and the first features."""
    named = [c for c in finding.evidence.get("columns") or () if c in subject.train.columns]
    target = [subject.target] if subject.target else []
    first = [name for name in subject.features if name not in named]
    return tuple(dict.fromkeys([*named, *target, *first]))[:SHOWN_CELLS]


def file_tables(findings: Sequence[Finding]) -> tuple[Table, ...]:
    """The first files of the findings that name files."""
    rows = [
        (f.code, f.slug, name)
        for f in findings
        if f.outcome in ("problem", "advice")
        for name in list(f.evidence.get("files") or ())[:SHOWN_ROWS]
    ]
    if not rows:
        return ()
    return (
        Table(
            "Files that findings name (--rows FILE writes all)",
            ("code", "finding", "file"),
            tuple(rows),
        ),
    )
