"""Rows that are nearly equal: much nearer to one another than different cases of the table ever are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import AuditedTable, TableAudit, sampled_rows
from mldiag.steps.audit.tables.copied_cases import SAME, Copies, copied, side_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """When two rows are nearly equal.

    Args:
        rows: Rows compared of each table; more are sampled.
        expected: Pairs of different cases that may be so near by chance, over the whole table.
        closest: Never farther apart than this part of the usual distance to the nearest row.
        columns: Features of numbers with many values there must be.
        width: Columns compared; of more, those with the most values.
    """

    rows: int = 8_000
    expected: float = 0.3
    closest: float = 0.15
    columns: int = 3
    width: int = 60


LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Pairs of nearly equal rows.

    Args:
        first: Positions of the one, shape (k,).
        second: Positions of the other, shape (k,).
        usual: Usual distance of a row to its nearest, in standard deviations.
        within: Distance up to which rows count as nearly equal.
        looked_at: Rows compared.
        all_copied: Whether the rows are copies of cases that stand there several times, with one target.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    usual: float
    within: float
    looked_at: int
    all_copied: bool = False


def near_within(subject: TableAudit) -> NearPairs | None:
    """Nearly equal, not equal, rows of the training table; None where its features cannot tell."""
    names = _columns(subject)
    if names is None:
        return None
    rows = subject.sampled(LIMITS.rows)
    points = _points(subject.train, subject.train, names, rows)
    distance, nearest = _nearest(points, points, own=True)
    usual, within = _limits(distance, points)
    hit = (distance <= within) & (distance > 0)
    copies = _copies(subject, (points, rows))
    if copies is not None:
        hit, nearest, usual, within = copies.of >= 0, copies.of, copies.usual, copies.within
        if subject.group is not None:  # what a group keeps together is on one side of a split
            group = subject.train[subject.group].codes[rows]
            hit &= group != group[nearest]
    one, other = rows[hit], rows[nearest[hit]]
    return NearPairs(
        np.minimum(one, other), np.maximum(one, other), usual, within, len(rows), copies is not None
    )


def near_between(subject: TableAudit) -> NearPairs | None:
    """Test rows (`second`) nearly equal to a training row (`first`); None where the features cannot tell."""
    names = _columns(subject)
    if names is None or subject.test is None:
        return None
    names = [c for c in names if c in subject.test.columns]
    if len(names) < LIMITS.columns:
        return None
    rows = subject.sampled(LIMITS.rows)
    test_rows = sampled_rows(len(subject.test), LIMITS.rows, subject.seed)
    points = _points(subject.train, subject.train, names, rows)
    others = _points(subject.test, subject.train, names, test_rows)
    own, _ = _nearest(points, points, own=True)
    usual, within = _limits(own, points)
    distance, nearest = _nearest(points, others, own=False)
    hit = (distance <= within) & (distance > 0)
    copies = _copies(subject, (points, rows), (others, test_rows))
    if copies is not None:
        hit, nearest, usual, within = copies.of >= 0, copies.of, copies.usual, copies.within
    return NearPairs(
        rows[nearest[hit]], test_rows[hit], usual, within, len(test_rows), copies is not None
    )


Placed = tuple[Floats, NDArray[np.int64]]
"""Points, and the positions of the rows that they are."""


def _copies(subject: TableAudit, train: Placed, test: Placed | None = None) -> Copies | None:
    """Which points are copies of training points; None where rows are not copied."""
    table, name = subject.test if test is not None else None, subject.target
    if name is None or (test is not None and (table is None or name not in table.columns)):
        return None
    target = subject.train[name]
    own = side_of(train[0], target, train[1], target)
    others = None
    if test is not None and table is not None:
        others = side_of(test[0], table[name], test[1], target)
    return copied(own, others, classes=target.kind != "number")


def _columns(subject: TableAudit) -> list[str] | None:
    """Features that place a row: numbers with many values; None where there are too few rows or columns."""
    n = len(subject.train)
    many = [
        c
        for c in subject.features
        if subject.train[c].kind in ("number", "date")
        and subject.train[c].n_unique >= max(20, 0.05 * min(n, 5000))
    ]
    if n < 40 or len(many) < LIMITS.columns:
        return None
    return sorted(many, key=lambda c: -subject.train[c].n_unique)[: LIMITS.width]


def _points(
    table: AuditedTable, train: AuditedTable, names: list[str], rows: NDArray[np.int64]
) -> Floats:
    """Rows on the scale of the training table's middle half, so that gross values do not set it."""
    found = np.empty((len(rows), len(names)))
    for place, name in enumerate(names):
        low, middle, high = np.quantile(train[name].present, [0.16, 0.5, 0.84])
        spread = (high - low) / 2 or float(np.std(train[name].present)) or 1.0
        values = np.clip((table[name].values[rows] - middle) / spread, -50, 50)
        found[:, place] = np.nan_to_num(values, nan=-60.0)
    return found


def _nearest(points: Floats, others: Floats, *, own: bool) -> tuple[Floats, NDArray[np.int64]]:
    """Distance of each of `others` to its nearest row of `points` that differs from it, and which it is."""
    from sklearn.neighbors import NearestNeighbors

    k = min(3, len(points))
    model = NearestNeighbors(n_neighbors=k).fit(points)
    distance, index = model.kneighbors(others)
    # Equal rows are another check's: the first that differs, else the last one looked at.
    differs = distance > SAME
    if own:
        differs[:, 0] &= index[:, 0] != np.arange(len(points))
    place = np.where(differs.any(axis=1), differs.argmax(axis=1), k - 1)
    row = np.arange(len(others))
    chosen = np.where(differs[row, place], distance[row, place], 0.0)
    return chosen, index[row, place].astype(np.int64)


def _limits(distance: Floats, points: Floats) -> tuple[float, float]:
    """The usual distance, and the one that different cases would hardly ever fall below.

    Near a row, the number of others within r grows as r^d, with d the dimension that the rows fill
    (Levina and Bickel 2004, here by the distances to nearest rows alone): of n rows, n (r / usual)^d are
    expected within r of another one.
    """
    known = distance[distance > 0]
    if len(known) < 20:
        return float("nan"), 0.0
    usual = float(np.median(known))
    lower = known[known <= usual]
    lower = lower[lower >= np.quantile(lower, 0.2)]  # the nearest may be the copies looked for
    tail = float(np.mean(np.log(usual / lower)))
    dimension = min(float(points.shape[1]), max(1.0, 0.8 / max(tail, 1e-6)))
    share = (LIMITS.expected / len(distance)) ** (1 / dimension)
    return usual, usual * min(LIMITS.closest, share)
