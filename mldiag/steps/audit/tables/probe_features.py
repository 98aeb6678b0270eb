"""Columns of a table as the numbers that a probe model takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import AuditedTable

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

USED_KINDS = ("number", "boolean", "date", "category")
"""Ids and free text are left to the checks that look at them."""

MOST_LEVELS = 16
"""Of a category so many frequent values get a column of their own."""

MOST_CODES = 250
"""Trees take so many different values of a category, by frequency; rarer ones are one."""

FARTHEST = 5.0
"""Standard deviations at which a number is cut, so that one outlier does not make all others equal."""

MARKED_SHARE = 0.01
"""Missing values have a column of their own from this share of the rows on."""

MOST_COLUMNS = 2000


@dataclass(frozen=True, eq=False)
class ProbeFeatures:
    """Features of some rows, in two forms.

    Args:
        scaled: For distances: numbers standardised, categories as flags, nothing missing; shape (n, d).
        plain: For trees: numbers as they are, NaN where missing, categories as codes by frequency;
            shape (n, columns).
        names: The columns of `plain`.
    """

    scaled: Floats
    plain: Floats
    names: tuple[str, ...]


def probe_features(
    table: AuditedTable, names: tuple[str, ...], rows: Positions
) -> ProbeFeatures | None:
    """The features of some rows; None where no column is of use.

    Args:
        table: The table.
        names: Columns to take; kinds that are not `USED_KINDS` and constant ones are passed over.
        rows: Positions of the rows.

    Example:
        >>> import pandas as pd
        >>> table = AuditedTable.of(pd.DataFrame({"age": [1.0, 2, 4], "city": ["Rome", "Bonn", "Rome"]}))
        >>> found = probe_features(table, ("age", "city"), np.arange(3))
        >>> found.names, found.plain.tolist(), found.scaled.shape
        (('age', 'city'), [[1.0, 0.0], [2.0, 1.0], [4.0, 0.0]], (3, 3))
    """
    scaled: list[Floats] = []
    plain: list[Floats] = []
    used: list[str] = []
    for name in names:
        column = table[name]
        if column.kind not in USED_KINDS or len(used) == MOST_COLUMNS:
            continue
        if column.is_numeric:
            values, blocks = _of_numbers(column, rows)
        else:
            values, blocks = _of_category(column, rows)
        if blocks:
            plain.append(values)
            scaled += blocks
            used.append(name)
    if not used:
        return None
    return ProbeFeatures(np.column_stack(scaled), np.column_stack(plain), tuple(used))


def _of_numbers(column: Column, rows: Positions) -> tuple[Floats, list[Floats]]:
    values = np.asarray(column.values, dtype=np.float64)[rows]
    values = np.where(np.isfinite(values), values, np.nan)
    gaps = np.isnan(values)
    blocks = []
    if not gaps.all():
        filled = np.where(gaps, np.median(values[~gaps]), values)
        spread = filled.std()
        if spread > 0:
            blocks.append(np.clip((filled - filled.mean()) / spread, -FARTHEST, FARTHEST))
    if MARKED_SHARE <= gaps.mean() < 1:
        blocks.append(_flag(gaps))
    return values, blocks


def _of_category(column: Column, rows: Positions) -> tuple[Floats, list[Floats]]:
    order = np.argsort(-column.counts, kind="stable")
    rank = np.empty(len(order) + 1)
    rank[order] = np.minimum(np.arange(len(order)), MOST_CODES)
    rank[-1] = np.nan  # code -1
    values = rank[column.codes[rows]]
    blocks = []
    for level in range(min(len(order), MOST_LEVELS)):
        here = values == level
        if here.any() and not here.all():
            blocks.append(_flag(here))
    gaps = np.isnan(values)
    if MARKED_SHARE <= gaps.mean() < 1:
        blocks.append(_flag(gaps))
    if not blocks and len(order) > 1 and np.unique(values[~gaps]).size > 1:
        blocks.append(_flag(values < np.nanmedian(values)))
    return values, blocks


def _flag(here: NDArray[np.bool_]) -> Floats:
    """A flag with a spread like that of a number, but no rare flag that outweighs all numbers."""
    share = float(here.mean())
    spread = max(np.sqrt(share * (1 - share)), 0.2)
    return np.asarray((here - share) / (spread * np.sqrt(2.0)), dtype=np.float64)
