"""Which columns of a table are worth showing, and which hold numbers."""

from __future__ import annotations

import re

from mldiag.findings import Table
from mldiag.wording import MISSING


def without_empty_columns(table: Table) -> Table:
    """Drop columns without any text, such as "failed" where nothing did.

    Example:
        >>> without_empty_columns(Table("t", ("rows", "failed"), (("9", ""), ("18", "")))).columns
        ('rows',)
    """
    if not table.rows:
        return table
    shown = [place for place, cells in enumerate(zip(*table.rows, strict=True)) if any(cells)]
    return Table(
        table.title,
        tuple(table.columns[place] for place in shown),
        tuple(tuple(row[place] for place in shown) for row in table.rows),
    )


def numeric_columns(table: Table) -> tuple[bool, ...]:
    """Whether each column holds numbers only; those stand to the right.

    Example:
        >>> rows = (("1,150", "a", "1 to 2"), ("-9 points (-10 to -8)", "b", "2 to 3"))
        >>> numeric_columns(Table("t", ("rows", "name", "range"), rows))
        (True, False, False)
    """
    if not table.rows:
        return (False,) * len(table.columns)
    return tuple(all(map(_is_number, cells)) for cells in zip(*table.rows, strict=True))


_NUMBER = re.compile(
    rf"[+-]?[\d.,]*(\d|{MISSING})(e[+-]?\d+)?( %| points?)?( \*)?( \(.*\))?( \*)?", re.IGNORECASE
)
"""A number with its unit, its mark and its interval."""


def _is_number(cell: str) -> bool:
    return not cell or _NUMBER.fullmatch(cell.strip()) is not None
