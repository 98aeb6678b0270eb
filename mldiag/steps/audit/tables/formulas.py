"""Whether a quantity is a formula of the columns: a sum, a product or a share of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.steps.audit.tables.one_feature import Question

Floats = NDArray[np.float64]

ROWS = 4000
FOLDS = 4

ROWS_A_TERM = 5
"""Rows that each term of a formula takes: with fewer, anything can be fitted."""

MOST_COLUMNS = 60
PRODUCTS_UP_TO = 12
"""Products of two columns are tried among as many columns."""


@dataclass(frozen=True)
class Formula:
    """How much of a quantity a formula of some columns tells.

    Args:
        columns: The columns.
        skill: Share of the variance removed, each row predicted from others.
        rows: Rows looked at.
    """

    columns: tuple[str, ...]
    skill: float
    rows: int


def best_formula(
    subject: TableAudit, question: Question, levels: Sequence[float]
) -> Formula | None:
    """The columns that a formula of the quantity takes, as few as are enough.

    Sums of the columns, of their logarithms (products and shares) and of products of two are fitted by least
    squares, to the quantity and to its logarithm.

    Args:
        subject: The tables.
        question: What is asked: a quantity.
        levels: Skills in descending order: columns are left out as long as the rest reaches the same level.

    Returns:
        The formula; None where there are too few rows or no numbers.
    """
    rows = question.rows[sampled_rows(len(question.rows), ROWS)]
    target = np.asarray(question.target, dtype=np.float64)
    target = target[sampled_rows(len(question.rows), ROWS)]
    names, columns = _numbers(subject, rows)
    if not names:
        return None
    there = np.isfinite(np.column_stack(columns)).all(axis=1)
    columns, target = [column[there] for column in columns], target[there]
    varied = [i for i, column in enumerate(columns) if np.ptp(column) > 0] if there.any() else []
    if not varied or not np.ptp(target) > 0:
        return None
    kept = list(varied)
    skill = _skill([columns[i] for i in kept], target)
    enough = next((level for level in levels if skill >= level), None)
    if enough is not None:
        for leaving in varied:
            rest = [i for i in kept if i != leaving]
            without = _skill([columns[i] for i in rest], target) if rest else 0.0
            if without >= enough:
                kept, skill = rest, without
    return Formula(tuple(names[i] for i in kept), skill, len(target))


def _numbers(subject: TableAudit, rows: NDArray[np.int64]) -> tuple[list[str], list[Floats]]:
    """Columns of numbers that are nearly always there."""
    names, columns = [], []
    for name in subject.features:
        if subject.train[name].kind != "number":
            continue
        values = np.asarray(subject.train[name].values, dtype=np.float64)[rows]
        if np.isfinite(values).mean() > 0.95:
            names.append(name)
            columns.append(values)
    return (names, columns) if len(names) <= MOST_COLUMNS else ([], [])


def _skill(columns: Sequence[Floats], target: Floats) -> float:
    """The best of the fits that there are rows enough for, at least 0."""
    scaled = [_standard(column) for column in columns]
    logarithms = [_standard(np.log(column)) for column in columns if column.min() > 0]
    logarithms = [one for one in logarithms if one.any()]
    sets = [scaled, scaled + logarithms]
    if len(columns) <= PRODUCTS_UP_TO:
        sets.append([*scaled, *(a * b for a, b in combinations(scaled, 2))])
    targets = [_standard(target)]
    if target.min() > 0:
        targets.append(_standard(np.log(target)))
    skills = [
        _out_of_fold(np.column_stack([np.ones(len(target)), *terms]), wanted)
        for terms in sets
        for wanted in targets
        if (len(terms) + 1) * ROWS_A_TERM <= len(target)
    ]
    return max([*skills, 0.0])


def _standard(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)


def _out_of_fold(terms: Floats, target: Floats) -> float:
    fold = np.arange(len(target)) % FOLDS
    np.random.default_rng(0).shuffle(fold)
    left = 0.0
    for one in range(FOLDS):
        inside = fold != one
        weights = np.linalg.lstsq(terms[inside], target[inside], rcond=1e-10)[0]
        left += float(((target[~inside] - terms[~inside] @ weights) ** 2).sum())
    return 1 - left / float(((target - target.mean()) ** 2).sum())
