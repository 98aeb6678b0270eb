"""Rows of a table as numbers that are equal where their cells are, and how many would be equal by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import AuditedTable

Hashes = NDArray[np.uint64]

_MISSING = np.uint64(0x9E3779B97F4A7C15)


def cell_hashes(column: Column) -> Hashes:
    """A number for each cell, shape (n,), equal in every table where the values are."""
    levels = column.levels
    if not len(levels):
        return np.full(len(column), _MISSING, dtype=np.uint64)
    if column.is_numeric:
        hashed = pd.util.hash_array(np.asarray(levels, dtype=np.float64) + 0.0)
    else:
        hashed = pd.util.hash_array(
            np.array([str(level).strip() for level in levels], dtype=object)
        )
    padded = np.append(hashed, _MISSING)  # code -1 takes the last
    return np.asarray(padded[column.codes], dtype=np.uint64)


def row_hashes(table: AuditedTable, columns: Sequence[str]) -> Hashes:
    """A number for each row, shape (n,): the sum of its cells' hashes, each mixed with its column's place.

    A sum, so that a column can be taken out again: `row_hashes(all) - mixed(cells of c)`.

    Example:
        >>> table = AuditedTable.of(pd.DataFrame({"a": [1, 2, 1], "b": ["x", "y", "x"]}))
        >>> rows = row_hashes(table, ["a", "b"])
        >>> bool(rows[0] == rows[2]), bool(rows[0] == rows[1])
        (True, False)
    """
    total = np.zeros(len(table), dtype=np.uint64)
    for place, name in enumerate(columns):
        total += mixed(cell_hashes(table[name]), place)
    return total


def mixed(cells: Hashes, place: int) -> Hashes:
    """Hashes of cells that depend on the column's place."""
    odd = np.uint64((2 * place + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        found = (cells ^ (cells >> np.uint64(29))) * odd
        return np.asarray(found ^ (found >> np.uint64(32)), dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class Repeats:
    """Rows that stand elsewhere too.

    Args:
        repeated: Which rows, shape (n,): those with an equal row before them, or in the other table.
        by_chance: How many of these would be there if no row were a copy.
    """

    repeated: NDArray[np.bool_]
    by_chance: float

    @property
    def count(self) -> int:
        """How many rows."""
        return int(self.repeated.sum())

    @property
    def copies(self) -> float:
        """How many of them are copies, not cases that happen to be equal."""
        return max(0.0, self.count - self.by_chance)


def repeats_within(table: AuditedTable, columns: Sequence[str], *, looked_at: int = 4) -> Repeats:
    """Rows equal to an earlier one in all of the columns.

    Different cases may be equal by chance, where features take few values. How many is told by rows that
    are equal in all columns but one: where rows are no copies, these agree in the last column as often as
    any two rows do (q), so that of k pairs equal in the others about k q are equal in all.

    Args:
        table: The table.
        columns: The columns that count.
        looked_at: Columns that are left out in turn.
    """
    whole = row_hashes(table, columns)
    repeated = _seen_before(whole)
    chance = 0.0
    for place in _telling_columns(table, columns, looked_at):
        column = table[columns[place]]
        others = whole - mixed(cell_hashes(column), place)
        chance = max(chance, _chance_share(_pairs(others), _pairs(whole), column))
    return Repeats(repeated, min(1.0, chance) * int(repeated.sum()))


def repeats_between(
    train: AuditedTable, test: AuditedTable, columns: Sequence[str], *, looked_at: int = 4
) -> tuple[Repeats, NDArray[np.int64]]:
    """Test rows equal to a training row, and the positions of these training rows.

    Args:
        train: The training table.
        test: The test table.
        columns: The columns that count, of both.
        looked_at: Columns that are left out in turn.
    """
    first, second = row_hashes(train, columns), row_hashes(test, columns)
    repeated = np.isin(second, first)
    chance = 0.0
    for place in _telling_columns(train, columns, looked_at):
        name = columns[place]
        a = first - mixed(cell_hashes(train[name]), place)
        b = second - mixed(cell_hashes(test[name]), place)
        chance = max(chance, _chance_share(_pairs(a, b), _pairs(first, second), train[name]))
    partners = np.flatnonzero(np.isin(first, second[repeated])).astype(np.int64)
    return Repeats(repeated, min(1.0, chance) * int(repeated.sum())), partners


def _seen_before(hashes: Hashes) -> NDArray[np.bool_]:
    return np.asarray(pd.Series(hashes).duplicated().to_numpy(dtype=bool))


def _pairs(first: Hashes, second: Hashes | None = None) -> int:
    """Pairs of equal rows: within one table, or between two."""
    ours = pd.Series(first).value_counts(sort=False)
    if second is None:
        return int((ours * (ours - 1) // 2).sum())
    theirs = pd.Series(second).value_counts(sort=False)
    return int((ours * theirs.reindex(ours.index, fill_value=0)).sum())


def _chance_share(in_others: int, in_all: int, column: Column) -> float:
    """Share of the pairs equal in all columns that are so by chance, from those equal in all but one."""
    counts = column.counts.astype(np.float64)
    rows = float(counts.sum())
    agree = float(
        (counts * (counts - 1)).sum() / max(1.0, rows * (rows - 1))
    )  # of two different rows
    if agree >= 0.9 or not in_all:
        return 0.0
    return max(0, in_others - in_all) * agree / (1 - agree) / in_all


def _telling_columns(table: AuditedTable, columns: Sequence[str], most: int) -> list[int]:
    """Places of the columns that tell most of chance: those that vary, with the fewest values first."""
    varied = [i for i, c in enumerate(columns) if table[c].n_unique > 1]
    return sorted(varied, key=lambda i: table[columns[i]].n_unique)[:most]
