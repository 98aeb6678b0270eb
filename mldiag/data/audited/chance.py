"""How many pairs of equal rows are different cases that happen to be equal, told from rows equal in part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Limits:
    """How far rows equal in part are trusted.

    Args:
        agree: Columns in which more of the pairs agree than this say little of chance, and are not left out.
        cells: Cells that are looked at; of more, rows are drawn.
        least_rows: Rows that are looked at even so.
        bundles: More columns than this are taken together in bundles of neighbours.
        pairs: Pairs of rows that tell which columns agree together.
        errors: Standard errors (of a Poisson count) by which the pairs of a block are taken lower.
    """

    agree: float = 0.6
    cells: int = 2_000_000
    least_rows: int = 5_000
    bundles: int = 300
    pairs: int = 20_000
    errors: float = 1.5


LIMITS = Limits()


def chance_share(first: Sequence[Hashes], second: Sequence[Hashes] | None = None) -> float:
    """Share of the pairs of equal rows that are so by chance, from 0 to 1.

    Were no row a copy, those equal in all columns outside of a block would agree inside of it as often as
    any two rows do (q), so that for k pairs that differ in the block alone, k q / (1 - q) are equal in all.
    One column is too small a block where columns follow one another: a customer without a car has none in
    any column about cars, and whoever lives in one street shares all that is known of the street. The blocks
    are therefore those of a clustering of the columns by how often they agree in the same pairs of rows.
    Columns that go together across blocks make the true share larger, never smaller.

    Args:
        first: For each column, a number for each row that is equal where the cells are, shape (n,); the
            numbers of a row add up to one that no other row has by accident.
        second: The same of another table; None for pairs within the first.

    Example:
        >>> random = np.random.default_rng(0)
        >>> few = [random.integers(0, 3, 300).astype(np.uint64) * np.uint64(7**(5 + k)) for k in range(4)]
        >>> many = [random.integers(0, 2**60, 300).astype(np.uint64) for _ in range(4)]
        >>> chance_share(few) > 0.8, chance_share([np.tile(column, 2) for column in many])
        (True, 0.0)
    """
    if len(first) < 2:
        return 0.0
    sides = [_bundled(side) for side in (first, second) if side is not None]
    equal = _equal_pairs([reduce(np.add, side) for side in sides])
    if not equal:
        return 0.0
    drawn = [_drawn(side) for side in sides]
    n = [side.shape[1] for side in drawn]
    kept = float(np.prod([rows / len(side[0]) for rows, side in zip(n, sides, strict=True)]))
    in_all = n[0] * (n[0] - 1) / 2 if len(n) == 1 else float(n[0] * n[1])
    whole = [side.sum(axis=0, dtype=np.uint64) for side in drawn]
    both = _equal_pairs(whole)
    most = 0.0
    for inside in _blocks(drawn):
        agree = (_equal_pairs(inside) - both) / max(1.0, in_all - both)
        if 0 < agree <= LIMITS.agree:
            outside = [a - b for a, b in zip(whole, inside, strict=True)]
            apart = max(0, _equal_pairs(outside) - both)
            # The largest of many counts is too large by its noise: each is taken as low as it may well be.
            low = max(0.0, apart - LIMITS.errors * apart**0.5)
            most = max(most, low * agree / (1 - agree))
    # A sample holds the square of its share of the pairs within a table.
    return min(1.0, most / (kept**2 if len(n) == 1 else kept) / equal)


def _bundled(columns: Sequence[Hashes]) -> list[Hashes]:
    if len(columns) <= LIMITS.bundles:
        return list(columns)
    parts = np.array_split(np.arange(len(columns)), LIMITS.bundles)
    return [reduce(np.add, [columns[i] for i in part]) for part in parts]


def _drawn(columns: Sequence[Hashes]) -> Hashes:
    """Rows of all columns, shape (columns, rows)."""
    n, most = len(columns[0]), max(LIMITS.least_rows, LIMITS.cells // len(columns))
    if n <= most:
        return np.stack(columns)
    rows = np.sort(np.random.default_rng(0).choice(n, size=most, replace=False))
    return np.stack([column[rows] for column in columns])


def _equal_pairs(sides: Sequence[Hashes]) -> int:
    """Pairs of equal numbers: within one side, or between two."""
    values, counts = np.unique(sides[0], return_counts=True)
    if len(sides) == 1:
        return int((counts * (counts - 1) // 2).sum())
    others, theirs = np.unique(sides[1], return_counts=True)
    _, own, other = np.intersect1d(values, others, assume_unique=True, return_indices=True)
    return int((counts[own] * theirs[other]).sum())


def _blocks(sides: Sequence[Hashes]) -> list[list[Hashes]]:
    """The rows of each column, and of each cluster of columns that agree in the same pairs of rows."""
    from scipy.cluster.hierarchy import linkage

    width, n = sides[0].shape
    random = np.random.default_rng(0)
    one = random.integers(0, n, LIMITS.pairs)
    other = (one + random.integers(1, max(2, n), LIMITS.pairs)) % n
    agree = (sides[0][:, one] == sides[0][:, other]).astype(np.float32)
    spread = agree.std(axis=1, keepdims=True)
    agree = (agree - agree.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    apart = 1 - np.clip(agree @ agree.T / LIMITS.pairs, 0, 1)
    blocks = [[side[column] for side in sides] for column in range(width)]
    for left, right, *_ in linkage(apart[np.triu_indices(width, 1)], "average"):
        pair = zip(blocks[int(left)], blocks[int(right)], strict=True)
        blocks.append([a + b for a, b in pair])
    return blocks[:-1]  # the last one holds every column
