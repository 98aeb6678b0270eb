"""MD304: is "missing" written in words, or in several ways?"""

from __future__ import annotations

from mldiag.data.audited.column import Column
from mldiag.data.audited.spellings import DOUBTFUL_WORDS, MISSING_WORDS
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows, stands
from mldiag.wording import listed

USUAL = frozenset({"", "na", "nan", "n/a", "null", "<na>", "none"})
"""Spellings that the usual readers of tables take for missing by themselves."""

CHECK = Check(
    code="MD304",
    slug="missing-spellings",
    title='Is "missing" written in words, or in several ways?',
    detects=(
        "Cells of text that say that a value is missing, such as `?`, `-` or `N/A`, in a column that has "
        "other values; more than one spelling in a column, or one that readers of tables take for a value."
    ),
    why="Read as a value, it turns a column of numbers into text, or becomes a category of its own.",
    fix="Make them missing when the file is read (`na_values=`).",
    source="deepchecks 0.19, mixed nulls; of six audit tools it alone found an injected `?`.",
)


def judge(subject: TableAudit) -> Finding:
    """Look for spelled missing values in features and target."""
    columns = [c for c in subject.train.columns.values() if _odd(c)]
    named = [column.name for column in columns]
    spelled = {c.name: dict(c.spellings) for c in columns}
    rows = sorted({int(r) for c in columns for r in _rows(c)})
    evidence = {
        "n": len(subject.train),
        "columns": named,
        "spellings": spelled,
        **named_rows(train=rows),
    }
    if not named:
        return CHECK.finding(
            "passed", "Nowhere is a missing value spelled in words", evidence=evidence
        )
    words = sorted({repr(word) for found in spelled.values() for word in found})
    spoiled = [c.name for c in columns if c.is_numeric and c.raw.dtype.kind not in "iuf"]
    why = (
        f"Read as it stands, {listed(spoiled)} is text instead of "
        f"{'numbers' if len(spoiled) == 1 else 'numbers or dates'}."
        if spoiled
        else "Read as it stands, it is one more category."
    )
    return CHECK.finding(
        "problem" if spoiled else "advice",
        f"{stands(named, 'spells', 'spell')} missing values as {listed(words, 4)}, in {len(rows):,} rows",
        explanation=f"{listed(named, 8)}. {why}",
        evidence=evidence,
        action=Action("clean_data", f"Read {listed(words, 6)} as missing (na_values=)."),
    )


def _odd(column: Column) -> bool:
    """Whether the spellings would be taken for values, or differ."""
    if not column.spellings or column.kind == "empty":
        return False
    folded = {word.strip().casefold() for word in column.spellings}
    unusual = folded - USUAL
    several = len(folded - {""}) > 1
    held = column.raw.dtype == object and any(not isinstance(x, str) for x in column.raw.dropna())
    return (
        bool(unusual & (MISSING_WORDS | DOUBTFUL_WORDS)) or several or (held and column.is_numeric)
    )


def _rows(column: Column) -> list[int]:
    found = column.raw.isin(list(column.spellings))
    return [int(i) for i in found.to_numpy().nonzero()[0]]
