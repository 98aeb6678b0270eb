"""Parts of a table that can be said in a sentence, and how a probe does in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import AuditedTable

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PARTS = 5
"""Quantile ranges of a number."""
MOST_LEVELS = 30
MOST_COLUMNS = 200
PAIRED = 8
"""Single conditions, the worst ones, that are combined in pairs."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Rows that fulfil one or two conditions.

    Args:
        conditions: As text, such as `age > 50`.
        columns: The columns that they are of.
        inside: Which rows, shape (n,).
    """

    conditions: tuple[str, ...]
    columns: tuple[str, ...]
    inside: Mask

    @property
    def text(self) -> str:
        """The conditions as one sentence."""
        return " and ".join(self.conditions)


def segments_of(
    table: AuditedTable, names: Sequence[str], rows: NDArray[np.int64], least: int
) -> list[Segment]:
    """Segments of single columns that hold at least `least` rows and leave out as many.

    Args:
        table: The table.
        names: Columns.
        rows: Positions of the rows looked at.
        least: Rows.

    Example:
        >>> import pandas as pd
        >>> table = AuditedTable.of(pd.DataFrame({"sex": ["f", "m", "m", "f"]}))
        >>> [s.text for s in segments_of(table, ["sex"], np.arange(4), 2)]
        ["sex is 'f'", "sex is 'm'"]
    """
    found: list[Segment] = []
    for name in list(names)[:MOST_COLUMNS]:
        for text, inside in _conditions(table[name], rows):
            if least <= inside.sum() <= len(rows) - least:
                found.append(Segment((text,), (name,), inside))
    return found


def _conditions(column: Column, rows: NDArray[np.int64]) -> list[tuple[str, Mask]]:
    name = column.name
    codes = column.codes[rows]
    found: list[tuple[str, Mask]] = [(f"{name} is missing", codes < 0)]
    few = column.n_unique <= PARTS
    if not column.is_numeric or few:
        for code in np.argsort(-column.counts, kind="stable")[:MOST_LEVELS]:
            level = column.levels[code]
            text = f"{level:.6g}" if column.is_numeric else repr(str(level)[:40])
            found.append((f"{name} is {text}", codes == code))
        return found
    values = np.asarray(column.values, dtype=np.float64)[rows]
    there = np.isfinite(values)
    if not there.any():
        return found
    cuts = np.unique(np.quantile(values[there], np.linspace(0, 1, PARTS + 1)[1:-1]))
    ends = [-np.inf, *cuts.tolist(), np.inf]
    for low, high in pairwise(ends):
        inside = there & (values > low) & (values <= high)
        found.append((_between(column, low, high), inside))
    return found


def _between(column: Column, low: float, high: float) -> str:
    def end(value: float) -> str:
        if column.kind == "date":
            return str(np.datetime64(int(value), "D"))
        return f"{value:.4g}"

    if low == -np.inf:
        return f"{column.name} up to {end(high)}"
    if high == np.inf:
        return f"{column.name} above {end(low)}"
    return f"{column.name} above {end(low)} and up to {end(high)}"


def worst_segments(
    singles: Sequence[Segment], losses: Floats, looked: Mask, *, most: int, least: int
) -> list[Segment]:
    """The segments with the largest excess of loss against its noise among some rows, pairs included.

    Args:
        singles: From `segments_of`.
        losses: Of every row, shape (n,).
        looked: The rows to find them on, shape (n,).
        most: Segments to return.
        least: Rows of `looked` that a pair holds at least.
    """
    ordered = sorted(singles, key=lambda s: -excess(s.inside, losses, looked)[0])
    pairs = [
        Segment((*a.conditions, *b.conditions), (*a.columns, *b.columns), a.inside & b.inside)
        for a, b in combinations(ordered[:PAIRED], 2)
        if a.columns != b.columns
    ]
    pairs = [pair for pair in pairs if (pair.inside & looked).sum() >= least]
    both = sorted(
        [*ordered[: 4 * most], *pairs], key=lambda s: -excess(s.inside, losses, looked)[0]
    )
    return both[:most]


def excess(inside: Mask, losses: Floats, looked: Mask) -> tuple[float, float, float]:
    """Standard errors by which the loss inside exceeds that outside, and both means."""
    a, b = losses[inside & looked], losses[~inside & looked]
    if len(a) < 5 or len(b) < 5:
        return -np.inf, float("nan"), float("nan")
    spread = float(losses[looked].var(ddof=1)) / len(b)
    error = np.sqrt(max(a.var(ddof=1), losses[looked].var(ddof=1)) / len(a) + spread)
    difference = float(a.mean() - b.mean())
    return (difference / error if error > 0 else 0.0), float(a.mean()), float(b.mean())
