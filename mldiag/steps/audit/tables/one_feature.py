"""What one column alone tells of the target: every row predicted from the other rows with its value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit, sampled_rows

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

ROWS_A_BIN = 12
MOST_BINS = 256
LEAST_BINS = 4

SAMPLED_ROWS = 20_000
"""Rows that are looked at; what gives a target away shows in far fewer."""

REFINED_ROWS = 5000
FOLDS = 5
MOST_CLASSES = 200


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of single columns.

    Args:
        rows: Positions of rows with a target, ascending.
        target: Codes from 0, or quantities, shape (n,).
        classes: Number of classes; 0 for a regression.
        rows_in_all: Rows with a target.
    """

    rows: NDArray[np.int64]
    target: NDArray[np.float64] | Codes
    classes: int
    rows_in_all: int

    @property
    def is_classes(self) -> bool:
        """Whether the target is a class."""
        return self.classes > 0


def asked(subject: TableAudit) -> Question | None:
    """The question of a subject; None where the target is constant or has too many classes."""
    if subject.target is None or subject.task is None:
        return None
    column = subject.train[subject.target]
    if subject.task == "classification":
        usable = np.flatnonzero(column.codes >= 0)
    elif column.is_numeric:
        usable = np.flatnonzero(np.isfinite(column.values))
    else:
        return None
    rows = usable[sampled_rows(len(usable), SAMPLED_ROWS, subject.seed)].astype(np.int64)
    if not len(rows):
        return None
    if subject.task == "regression":
        values = np.asarray(column.values, dtype=np.float64)[rows]
        return Question(rows, values, 0, len(usable)) if np.ptp(values) > 0 else None
    there, codes = np.unique(column.codes[rows], return_inverse=True)
    if not 2 <= len(there) <= MOST_CLASSES:
        return None
    return Question(rows, codes.reshape(-1).astype(np.int64), len(there), len(usable))


def skill_of(column: Column, question: Question) -> float:
    """What one column alone tells of the target, from 0 to 1."""
    bins = binned(column, question.rows)
    if question.is_classes:
        labels = np.asarray(question.target, dtype=np.int64)
        return class_skill(bins, labels, question.classes)
    return quantity_skill(bins, np.asarray(question.target, dtype=np.float64))


def refined_skill(column: Column, question: Question) -> float:
    """The same with cuts placed by a tree, out of fold: bins blur a limit that lies within one.

    Args:
        column: Numeric, or 0 is returned.
        question: What is asked.
    """
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if not column.is_numeric:
        return 0.0
    some = sampled_rows(len(question.rows), REFINED_ROWS)
    values = np.asarray(column.values, dtype=np.float64)[question.rows[some]]
    there = np.isfinite(values)
    target = np.asarray(question.target)[some]
    if there.sum() < 10 * FOLDS:
        return 0.0
    kind = DecisionTreeClassifier if question.is_classes else DecisionTreeRegressor
    if not question.is_classes:
        target = np.argsort(np.argsort(target, kind="stable"), kind="stable").astype(np.float64)
    model = kind(min_samples_leaf=2, random_state=0)
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(model, values[there, None], target[there], cv=folds)
    if question.is_classes:
        common = int(np.bincount(target).argmax())
        wrong = int((found != target[there]).sum()) + int((target[~there] != common).sum())
        return max(0.0, 1 - wrong / max(int((target != common).sum()), 1))
    left = float(((found - target[there]) ** 2).sum())
    left += float(((target[~there] - target.mean()) ** 2).sum())
    return max(0.0, 1 - left / float(((target - target.mean()) ** 2).sum()))


def binned(column: Column, rows: NDArray[np.int64]) -> Codes:
    """Cells of some rows as bins: a category's values, or quantiles of numbers; -1 where missing.

    Args:
        column: Any column.
        rows: Positions.

    Example:
        >>> import pandas as pd
        >>> from mldiag.data.audited.guess import guessed_column
        >>> binned(guessed_column("x", pd.Series([3.0, None, 5.0, 3.0])), np.arange(4)).tolist()
        [0, -1, 1, 0]
    """
    if column.is_numeric:
        return bins_of_numbers(np.asarray(column.values, dtype=np.float64)[rows])
    return np.asarray(column.codes[rows], dtype=np.int64)


def bins_of_numbers(values: Floats) -> Codes:
    """Numbers as their different values, or as quantiles where these are many; -1 where missing."""
    present = ~np.isnan(values)
    most = max(LEAST_BINS, min(MOST_BINS, int(present.sum()) // ROWS_A_BIN))
    there, places, counts = np.unique(values[present], return_inverse=True, return_counts=True)
    found = np.full(len(values), -1, dtype=np.int64)
    if len(there) <= most:
        found[present] = places
        return found
    middle = np.cumsum(counts) - counts / 2
    by_value = np.minimum((middle / counts.sum() * most).astype(np.int64), most - 1)
    found[present] = by_value[places]
    return found


def class_skill(bins: Codes, labels: Codes, classes: int) -> float:
    """Share of the errors of the commonest class that one column removes, leaving each row out.

    A row is given the commonest class of the other rows in its bin (half a hit where two are equal);
    a missing cell is given the commonest class of all.

    Args:
        bins: From `binned`, shape (n,).
        labels: Codes from 0, shape (n,).
        classes: Number of classes.

    Example:
        >>> labels = np.array([0, 0, 0, 1, 1, 1])
        >>> class_skill(np.array([4, 4, 4, 0, 0, 0]), labels, 2), class_skill(labels * 0, labels, 2)
        (1.0, 0.0)
    """
    n = len(labels)
    all_counts = np.bincount(labels, minlength=classes)
    guess = n - int(all_counts.max())
    if not guess:
        return 0.0
    present = bins >= 0
    errors = float((labels[~present] != all_counts.argmax()).sum())
    _, places = np.unique(bins[present], return_inverse=True)
    if len(places):
        errors += float(_errors_left_out(places.reshape(-1), labels[present], classes).sum())
    return max(0.0, 1 - errors / guess)


def _errors_left_out(
    places: NDArray[np.int64], labels: Codes, classes: int, sizes: Floats | None = None
) -> Floats:
    """1 where the other rows in a row's bin speak for another class, 0.5 where two are equal."""
    counts = np.bincount(places * classes + labels, minlength=(int(places.max()) + 1) * classes)
    inside = counts.reshape(-1, classes)[places].astype(np.float64)
    row = np.arange(len(places))
    inside[row, labels] -= 1
    if sizes is not None:
        inside /= sizes
        inside[row, labels] *= sizes[labels] / np.maximum(sizes[labels] - 1, 1)
    own = inside[row, labels].copy()
    inside[row, labels] = -1
    other = inside.max(axis=1)
    return np.where(own > other, 0.0, np.where(own == other, 0.5, 1.0))


def other_skill(column: Column, question: Question) -> float:
    """What one column alone tells of classes that count alike, however rare, or of a quantity in its scale.

    For classes a row is given the one that is most over-represented among the other rows of its bin, and
    the mean share of hits of the classes counts, over that of a guess; from 0 to 1.

    Args:
        column: Any column.
        question: What is asked.
    """
    if not question.is_classes:
        values = np.asarray(question.target, dtype=np.float64)
        return quantity_skill(binned(column, question.rows), values, ranked=False)
    labels = np.asarray(question.target, dtype=np.int64)
    sizes = np.bincount(labels, minlength=question.classes).astype(np.float64)
    bins = binned(column, question.rows)
    present = bins >= 0
    if not present.any():
        return 0.0
    _, places = np.unique(bins[present], return_inverse=True)
    errors = _errors_left_out(places.reshape(-1), labels[present], question.classes, sizes)
    hits = np.bincount(labels[present], 1 - errors, minlength=question.classes) / sizes
    guess = 1 / question.classes
    return max(0.0, float(hits.mean() - guess) / (1 - guess))


def quantity_skill(bins: Codes, target: Floats, *, ranked: bool = True) -> float:
    """Share of the variance of a quantity that one column removes, leaving each row out.

    Args:
        bins: From `binned`, shape (n,).
        target: Shape (n,), finite.
        ranked: Take the ranks of the quantity, whatever its scale; else the quantity itself.

    Example:
        >>> target = np.arange(40.0)
        >>> round(quantity_skill(np.arange(40) // 4, target), 2), quantity_skill(np.zeros(40, int), target)
        (0.98, 0.0)
    """
    ranks = target.astype(np.float64)
    if ranked:
        _, tied, counts = np.unique(target, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - counts / 2)[tied.reshape(-1)]
    ranks = ranks - ranks.mean()
    whole = float(ranks @ ranks)
    if not whole:
        return 0.0
    present = bins >= 0
    _, places = np.unique(bins[present], return_inverse=True)
    counts = np.bincount(places)[places].astype(np.float64)
    sums = np.bincount(places, ranks[present])[places] if len(places) else np.empty(0)
    alone = counts < 2
    mean = np.where(alone, 0.0, (sums - ranks[present]) / np.maximum(counts - 1, 1))
    left = float(((ranks[present] - mean) ** 2).sum()) + float((ranks[~present] ** 2).sum())
    return max(0.0, 1 - left / whole)
