"""Rows of a table as numbers that are equal where their cells are, and how many would be equal by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.chance import chance_share
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
    def mostly_chance(self) -> bool:
        """Whether half of them or more are different cases: then the others cannot be called copies for sure.

        What chance makes equal is reckoned as if columns were independent, so that it is a lower bound.
        """
        return self.by_chance >= 0.5 * self.count > 0

    @property
    def beyond_chance(self) -> bool:
        """Whether they are more than chance lets expect: by two standard errors of a Poisson count."""
        return bool(self.copies > 2 * self.by_chance**0.5)

    @property
    def copies(self) -> float:
        """How many of them are copies, not cases that happen to be equal."""
        return max(0.0, self.count - self.by_chance)


def repeats_within(table: AuditedTable, columns: Sequence[str]) -> Repeats:
    """Rows equal to an earlier one in all of the columns.

    Different cases may be equal by chance, where features take few values; how many is told by rows that
    are equal in a part of the columns (see `chance_share`).

    Args:
        table: The table.
        columns: The columns that count.
    """
    repeated = _seen_before(row_hashes(table, columns))
    count = int(repeated.sum())
    chance = chance_share(_varied(table, columns)) if count else 0.0
    return Repeats(repeated, chance * count)


def repeats_between(
    train: AuditedTable, test: AuditedTable, columns: Sequence[str]
) -> tuple[Repeats, NDArray[np.int64]]:
    """Test rows equal to a training row, and the positions of these training rows.

    Args:
        train: The training table.
        test: The test table.
        columns: The columns that count, of both.
    """
    first, second = row_hashes(train, columns), row_hashes(test, columns)
    repeated = np.isin(second, first)
    count = int(repeated.sum())
    chance = 0.0
    if count:
        # A column in which only one table varies tells its rows from those of the other.
        either = [c for c in columns if train[c].n_unique > 1 or test[c].n_unique > 1]
        chance = chance_share(_mixed_columns(train, either), _mixed_columns(test, either))
    partners = np.flatnonzero(np.isin(first, second[repeated])).astype(np.int64)
    return Repeats(repeated, chance * count), partners


def _seen_before(hashes: Hashes) -> NDArray[np.bool_]:
    return np.asarray(pd.Series(hashes).duplicated().to_numpy(dtype=bool))


def _varied(table: AuditedTable, columns: Sequence[str]) -> list[Hashes]:
    return _mixed_columns(table, [c for c in columns if table[c].n_unique > 1])


def _mixed_columns(table: AuditedTable, columns: Sequence[str]) -> list[Hashes]:
    return [mixed(cell_hashes(table[name]), place) for place, name in enumerate(columns)]
