"""The curve as it was given, checked: sizes in order, what is missing left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mldiag.errors import MldiagError

Floats = NDArray[np.float64]


def checked_level(level: float) -> float:
    """The level of an interval.

    Raises:
        MldiagError: If it is no probability.
    """
    if not 0 < level < 1:
        raise MldiagError(f"a level of {level:g}", expected="between 0 and 1, such as 0.8")
    return float(level)


def checked_targets(target_sizes: ArrayLike) -> Floats:
    """Target sizes, shape (T,).

    Raises:
        MldiagError: If one is not above 0, or they are not in one line.
    """
    targets = np.atleast_1d(np.asarray(target_sizes, dtype=np.float64))
    if targets.ndim != 1 or not (np.isfinite(targets) & (targets > 0)).all():
        raise MldiagError("target sizes that cannot be", expected="one-dimensional, above 0 rows")
    return targets


def checked_curve(
    sizes: ArrayLike, scores: ArrayLike, train_scores: ArrayLike | None
) -> tuple[Floats, Floats, Floats | None]:
    """Sizes ascending that have a score, their scores and train scores; what is not finite becomes NaN.

    Args:
        sizes: Shape (S,), in any order.
        scores: Shape (S, R) or (S,).
        train_scores: With a line for every size, or None.

    Raises:
        MldiagError: If the shapes do not fit, a size is not positive or twice there, or fewer than two
            sizes have a score.
    """
    rows = np.asarray(sizes, dtype=np.float64)
    table = _table(scores)
    train = None if train_scores is None else _table(train_scores)
    if rows.ndim != 1 or table.ndim != 2 or len(rows) != len(table):
        raise MldiagError(
            f"sizes of shape {rows.shape} with scores of shape {table.shape}",
            expected="sizes (S,) and scores (S, R) or (S,): one line of scores for every size",
        )
    if train is not None and (train.ndim != 2 or len(train) != len(rows)):
        raise MldiagError(
            f"train scores of shape {train.shape} with {len(rows)} sizes",
            expected="one line of train scores for every size",
        )
    if not (np.isfinite(rows) & (rows > 0)).all() or len(np.unique(rows)) < len(rows):
        raise MldiagError("sizes that cannot be", expected="row counts above 0, each of them once")
    order = np.argsort(rows)
    order = order[np.isfinite(table[order]).any(axis=1)]
    if len(order) < 2:
        raise MldiagError(
            f"scores at {len(order)} of the sizes", expected="a score at two sizes or more"
        )
    return rows[order], table[order], None if train is None else train[order]


def _table(scores: ArrayLike) -> Floats:
    table = np.array(scores, dtype=np.float64)
    table[~np.isfinite(table)] = np.nan
    return table[:, None] if table.ndim == 1 else table
