"""Columns that number persons or things with several rows each, found by what they tell of the target.

A quantity tells much the same as its neighbours: who is 41 resembles who is 40. A number that is a name
tells of its own rows only: person 41 has nothing of person 40.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit
from mldiag.steps.audit.tables.one_feature import (
    Codes,
    Floats,
    Question,
    asked,
    class_skill,
    quantity_skill,
)


@dataclass(frozen=True)
class Naming:
    """What a column of whole numbers tells of the target, from 0 to 1.

    Args:
        column: Its name.
        values: Number of its values.
        own: From the other rows with the same value.
        beside: From the rows with the next smaller and the next larger value.
    """

    column: str
    values: int
    own: float
    beside: float

    @property
    def alone(self) -> float:
        """What only the rows with the same value tell."""
        return self.own - max(self.beside, 0.0)


def naming_columns(
    subject: TableAudit, *, least_values: int, most_rows: float, least_rows: float
) -> list[Naming]:
    """Columns of whole numbers with as many values and as few rows each as names of persons have.

    Args:
        subject: The tables.
        least_values: Different values that a column must have.
        most_rows: Rows of a value, at most, as the mean.
        least_rows: The same, at least.

    Returns:
        What each tells, the most telling first; empty where there is no target.
    """
    question = asked(subject)
    if question is None:
        return []
    found = []
    for name in subject.features:
        values = _whole(subject.train[name], question.rows)
        if values is None:
            continue
        there, places = np.unique(values, return_inverse=True)
        if len(there) >= least_values and least_rows <= len(values) / len(there) <= most_rows:
            places = places.reshape(-1).astype(np.int64)
            found.append(Naming(name, len(there), *_skills(places, question)))
    return sorted(found, key=lambda one: -one.alone)


def _whole(column: Column, rows: NDArray[np.int64]) -> Floats | None:
    """Numbers without fractions and without gaps; None where the column is something else."""
    if column.kind not in ("number", "id") or not column.is_numeric:
        return None
    values = np.asarray(column.values, dtype=np.float64)[rows]
    if not np.isfinite(values).all() or np.any(values != np.round(values)):
        return None
    return values


def _skills(places: Codes, question: Question) -> tuple[float, float]:
    if question.is_classes:
        labels = np.asarray(question.target, dtype=np.int64)
        counts = np.zeros((int(places.max()) + 3, question.classes))
        np.add.at(counts, (places + 1, labels), 1)
        beside = (counts[:-2] + counts[2:])[places].argmax(axis=1)
        guess = len(labels) - int(np.bincount(labels).max())
        near = 1 - float((beside != labels).sum()) / max(guess, 1)
        return class_skill(places, labels, question.classes), near
    target = np.asarray(question.target, dtype=np.float64)
    order = np.argsort(np.argsort(target, kind="stable"), kind="stable").astype(np.float64)
    order -= order.mean()
    counts = np.bincount(places + 1, minlength=int(places.max()) + 3).astype(np.float64)
    sums = np.bincount(places + 1, order, minlength=len(counts))
    mean = (sums[:-2] + sums[2:]) / np.maximum(counts[:-2] + counts[2:], 1)
    near = 1 - float(((order - mean[places]) ** 2).sum()) / float(order @ order)
    return quantity_skill(places, target), near
