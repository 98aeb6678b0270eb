"""What the other columns tell of a value: what it should be, and whether its row is another kind of case."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.stats.two_samples import adjusted, category_shift, number_shift

Floats = NDArray[np.float64]

FITTED_ON = 4000
"""Rows that a regression on the other columns is fitted on."""

MOST_PREDICTORS = 20

MOST_COLUMNS = 200
"""Columns that rows are compared in at most."""

MOST_RELATED = 60
"""A table with more columns is not looked at for related ones: the time grows with their square."""

TELLS = 0.75
"""Spread that a regression leaves at most, as a share of the spread before it, to tell anything."""

OTHER_KIND = 1e-3
"""Error of the claim that rows differ in another column, over all columns."""


def left_over(
    subject: TableAudit, name: str, rows: NDArray[np.int64], goal: Floats
) -> Floats | None:
    """What a robust regression of a column on the related ones leaves.

    Args:
        subject: The tables.
        name: The column.
        rows: Positions of training rows.
        goal: Its values there, on any scale, shape (len(rows),).

    Returns:
        Shape (len(rows),); None where the other columns tell little.
    """
    names = [one for one in subject.train.columns if one not in (name, subject.group)]
    if len(names) > MOST_RELATED:
        return None
    drawn = sampled_rows(len(rows), FITTED_ON, subject.seed)
    columns = [subject.train[one] for one in names]
    blocks = [_block(column, rows[drawn]) for column in columns]
    if not any(block.shape[1] for block in blocks):
        return None
    strength = np.concatenate([_strength(block, goal[drawn]) for block in blocks])
    owner = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
    best = np.argsort(-strength, kind="stable")[:MOST_PREDICTORS]
    used = np.unique(owner[best])
    some = np.column_stack([np.ones(len(drawn)), *(blocks[i] for i in used)])
    if len(drawn) < 5 * some.shape[1]:
        return None
    weights = _robust_weights(some, goal[drawn])
    before, after = _spread(goal[drawn]), _spread(goal[drawn] - some @ weights)
    if after > TELLS * before:
        return None
    if len(drawn) == len(rows):
        return np.asarray(goal - some @ weights)
    every = np.column_stack([np.ones(len(rows)), *(_block(columns[i], rows) for i in used)])
    return np.asarray(goal - every @ weights)


def is_another_kind(subject: TableAudit, name: str, rows: NDArray[np.int64]) -> bool:
    """Whether these rows differ from the others in the other columns of numbers, or in the target.

    Values that are merely written in another unit belong to rows like all others.
    """
    inside = np.zeros(len(subject.train), dtype=bool)
    inside[rows] = True
    own, others = rows[sampled_rows(len(rows), FITTED_ON)], np.flatnonzero(~inside)
    others = others[sampled_rows(len(others), FITTED_ON)]
    p_values = []
    for column in list(subject.train.columns.values())[:MOST_COLUMNS]:
        if column.name in (name, subject.group) or column.n_unique < 2:
            continue
        if column.kind == "number":
            values = column.values[others], column.values[own]
            kept = [one[np.isfinite(one)] for one in values]
            if min(map(len, kept)) >= 3:
                p_values.append(number_shift(kept[0], kept[1]).p_value)
        elif column.name == subject.target and column.kind in ("category", "boolean"):
            codes = column.codes[others], column.codes[own]
            present = [one[one >= 0] for one in codes]
            if min(map(len, present)) >= 3:
                p_values.append(category_shift(present[0], present[1]).p_value)
    return bool(p_values) and float(adjusted(np.array(p_values)).min()) < OTHER_KIND


def _block(column: Column, rows: NDArray[np.int64]) -> Floats:
    """A column as predictors: numbers standardised and cut off at four, small categories as indicators."""
    found: list[Floats] = []
    if column.kind in ("number", "boolean") and column.n_unique > 1:
        values = column.values[rows]
        found.append(_standardised(values))
        if column.kind == "number" and np.nanmin(values, initial=np.inf) > 0:
            found.append(_standardised(np.log(np.where(values > 0, values, np.nan))))
    elif column.kind == "category" and 1 < column.n_unique <= 8:
        codes = column.codes[rows]
        found += [(codes == level).astype(float) for level in range(column.n_unique - 1)]
    return np.column_stack(found) if found else np.zeros((len(rows), 0))


def _standardised(values: Floats) -> Floats:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(len(values))
    scale = _spread(finite) or float(finite.std()) or 1.0
    scaled: Floats = np.clip((values - np.median(finite)) / scale, -4, 4)
    return np.where(np.isfinite(scaled), scaled, 0.0)


def _strength(block: Floats, goal: Floats) -> Floats:
    """Absolute correlation of every predictor with the goal."""
    centred = block - block.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0)) * float(np.linalg.norm(goal - goal.mean()))
    return np.asarray(np.abs(centred.T @ (goal - goal.mean())) / np.where(norms > 0, norms, np.inf))


def _robust_weights(table: Floats, goal: Floats) -> Floats:
    """Least squares over the rows that do not lie outside, found in four rounds."""
    kept = np.abs(goal - np.median(goal)) < 3 * (_spread(goal) or 1.0)
    weights = np.zeros(table.shape[1])
    for _ in range(4):
        weights[:] = np.linalg.lstsq(table[kept], goal[kept], rcond=None)[0]
        rest = goal - table @ weights
        kept = np.abs(rest - np.median(rest)) <= 3 * _spread(rest)
    return weights


def _spread(values: Floats) -> float:
    low, high = np.quantile(values, (0.1587, 0.8413))
    return float(high - low) / 2
