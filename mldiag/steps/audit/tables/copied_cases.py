"""Cases that stand in a table several times, a little changed each time: nearly every row has copies.

How near is too near, `near_rows` tells from the rows that have no copy. Where rows were augmented before the
split there are none; but copies end at a gap. Within r of a point of d dimensions the number of rows grows as
r^d, so that the next row is hardly ever several times as far away as the one before it. Numbers that lie on a
grid show gaps too; copies also share their target, and those behind the gap do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column

Floats = NDArray[np.float64]

SAME = 1e-5
"""Up to this distance rows are equal: scikit-learn computes it from dot products, which are not exact."""


@dataclass(frozen=True)
class Limits:
    """When rows are copies of cases.

    Args:
        neighbours: Nearest rows among which the copies of a row are looked for.
        gap: The first row that is no copy is this many times as far away as the last copy.
        share: Share of the rows that must show such a gap.
        agree: Share of these rows that must have the target of their nearest.
        closest: Nearly all copies are nearer than this part of the usual distance to what is behind the gap.
        errors: Standard errors by which more of them agree with it than with the first behind the gap.
        equal: Two quantities are equal that differ by at most this part of their standard deviation.
    """

    neighbours: int = 12
    gap: float = 4.0
    share: float = 0.2
    agree: float = 0.95
    closest: float = 0.3
    errors: float = 4.0
    equal: float = 0.01


LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class Side:
    """Rows of one table, with the target of each.

    Args:
        points: What places a row, shape (n, columns).
        target: Codes of classes, or a quantity on the scale of its standard deviation, shape (n,); NaN where
            it is missing.
    """

    points: Floats
    target: Floats


def side_of(points: Floats, target: Column, rows: NDArray[np.int64], like: Column) -> Side:
    """Rows with their targets; classes are coded, and quantities scaled, as in another column.

    Args:
        points: What places the rows, shape (n, columns).
        target: The target column of the table that they are of.
        rows: Their positions in it, shape (n,).
        like: The target column of the training table.
    """
    if like.kind == "number":
        spread = float(np.std(like.present)) or 1.0
        values = target.values if target.is_numeric else np.full(len(target), np.nan)
        return Side(points, values[rows] / spread)
    code = {str(level): float(place) for place, level in enumerate(like.levels)}
    known = np.array([*(code.get(str(level), np.nan) for level in target.levels), np.nan])
    return Side(points, known[target.codes[rows]])  # the code of what is missing, -1, is the last


@dataclass(frozen=True, eq=False)
class Copies:
    """Which rows are copies.

    Args:
        of: The row of the training rows that each is a copy of, -1 for none, shape (n,).
        within: Distance up to which nearly all copies lie.
        usual: Usual distance to the nearest row that is no copy.
    """

    of: NDArray[np.int64]
    within: float
    usual: float


def copied(train: Side, others: Side | None = None, *, classes: bool) -> Copies | None:
    """Rows that are copies of training rows; None where rows are not copied.

    Args:
        train: The training rows.
        others: The rows that are looked at; None for the training rows themselves.
        classes: Whether the targets are classes.
    """
    from sklearn.neighbors import NearestNeighbors

    asked = train if others is None else others
    k = min(LIMITS.neighbours + 1, len(train.points))
    model = NearestNeighbors(n_neighbors=k).fit(train.points)
    distance, index = model.kneighbors(asked.points)
    distance = np.where(distance > SAME, distance, np.nan)  # itself, and equal rows
    ratio = np.nan_to_num(distance[:, 1:] / distance[:, :-1])
    last = np.where(ratio >= LIMITS.gap, np.arange(k - 1), -1).max(axis=1, initial=-1)
    row = np.arange(len(index))
    nearest = index[row, np.isfinite(distance).argmax(axis=1)]
    behind = index[row, last + 1]
    seen = (last >= 0) & np.isfinite(asked.target)
    if seen.sum() < max(3, LIMITS.share * len(index)):
        return None
    near = _equal(asked.target[seen], train.target[nearest[seen]], classes=classes)
    far = _equal(asked.target[seen], train.target[behind[seen]], classes=classes)
    gained = near.astype(float) - far
    error = float(np.std(gained)) / np.sqrt(len(gained))
    if near.mean() < LIMITS.agree or gained.mean() <= LIMITS.errors * error:
        return None
    found = np.full(len(index), -1)
    found[np.flatnonzero(seen)[near]] = nearest[seen][near]
    within = float(np.quantile(np.nanmin(distance[seen], axis=1)[near], 0.95))
    usual = float(np.median(distance[row, last + 1][seen]))
    return Copies(found, within, usual) if within <= LIMITS.closest * usual else None


def _equal(one: Floats, other: Floats, *, classes: bool) -> NDArray[np.bool_]:
    return one == other if classes else np.abs(one - other) <= LIMITS.equal
