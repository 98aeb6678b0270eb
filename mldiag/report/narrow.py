"""Tables in narrow terminals: intervals below their numbers, or a row as a few lines of its own."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from mldiag.findings import Table

GAP = 2
"""Blanks between two columns."""


def fitting(table: Table, width: int) -> Table | None:
    r"""The table with as few broken cells as it takes to fit; None where it cannot.

    Args:
        table: A table of ready text.
        width: Characters that a line may hold.

    Returns:
        The table as it is, or with intervals and the words of the header on lines of their own.

    Example:
        >>> table = Table("t", ("gain of it", "rows"), (("+1.8 points (+1.1 to +2.6)", "90"),))
        >>> fitting(table, 40) is table, fitting(table, 24).rows, fitting(table, 12)
        (True, (('+1.8 points\n(+1.1 to +2.6)', '90'),), None)
    """
    broken_header = Table(table.title, tuple(map(_by_words, table.columns)), table.rows)
    broken = Table(
        table.title,
        broken_header.columns,
        tuple(tuple(map(_before_the_interval, row)) for row in table.rows),
    )
    for candidate in (table, broken_header, broken):
        if sum(_widths(candidate)) + GAP * (len(table.columns) - 1) <= width:
            return candidate
    return None


def row_pairs(table: Table, width: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each row as its first cell, with the name of its column, and the other cells that say something.

    Args:
        table: A table of ready text.
        width: Characters that a label and its text may hold together.

    Example:
        >>> row_pairs(Table("t", ("lr", "accuracy", "failed"), (("0.1", "0.9", ""),)), 40)
        [('lr 0.1', [('accuracy', '0.9')])]
    """
    return [
        (f"{table.columns[0]} {row[0]}", _pairs(table.columns[1:], row[1:], width))
        for row in table.rows
    ]


def _pairs(names: Sequence[str], cells: Sequence[str], width: int) -> list[tuple[str, str]]:
    said = [(name, cell) for name, cell in zip(names, cells, strict=True) if cell]
    room = width - GAP - max((cell_len(name) for name, _ in said), default=0)
    return [
        (name, cell if cell_len(cell) <= room else _before_the_interval(cell))
        for name, cell in said
    ]


def _widths(table: Table) -> Sequence[int]:
    columns = zip(table.columns, *table.rows, strict=True)
    return [max(cell_len(line) for cell in cells for line in cell.split("\n")) for cells in columns]


def _by_words(name: str) -> str:
    return "\n".join(name.split())


def _before_the_interval(cell: str) -> str:
    number, space, interval = cell.partition(" (")
    return f"{number}\n({interval}" if space else cell
