"""Which columns of a table are worth showing, and which hold numbers."""

from __future__ import annotations

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
        >>> numeric_columns(Table("t", ("rows", "name"), (("1,150", "a"), ("-9 (-10 to -8)", "b"))))
        (True, False)
    """
    if not table.rows:
        return (False,) * len(table.columns)
    return tuple(all(map(_is_number, cells)) for cells in zip(*table.rows, strict=True))


def _is_number(cell: str) -> bool:
    text = cell.strip()
    return not text or text[0].isdigit() or (text[0] in f"+-.{MISSING}" and not text[1:2].isalpha())
