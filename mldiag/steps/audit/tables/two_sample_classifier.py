"""Can a classifier tell the test rows from the training rows, and by which columns?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.stats.two_samples import Shift, number_shift
from mldiag.steps.audit.tables.drift import Side, train_codes

Floats = NDArray[np.float64]

FOLDS = 3
TREES = 64
LEAF_ROWS = 4

MOST_COLUMNS = 60
"""A table with more columns gives its first ones and a seeded choice of the others."""

MOST_PAIRS = 30
"""Related pairs whose difference is a feature of its own: trees see a broken relation there at once."""

RELATED = 0.5
"""Rank correlation from which two columns count as related."""

MOST_LEVELS = 50


@dataclass(frozen=True)
class Told:
    """How well the two tables are told apart.

    Args:
        auc: Area under the ROC curve of rows that the classifier was not fitted on.
        low: Lower end of its 80 % interval.
        high: Upper end.
        p_value: Of no difference.
        drops: Loss of the area where a column is shuffled, the largest first; empty where nothing is told.
        columns: Number of columns looked at.
    """

    auc: float
    low: float
    high: float
    p_value: float
    drops: dict[str, float]
    columns: int


def told_apart(
    subject: TableAudit, sides: tuple[Side, Side], *, worth_naming: float
) -> Told | None:
    """Fit extremely randomised trees on both tables, and judge them on rows left out.

    Args:
        subject: Both tables.
        sides: The rows to use; rows of a group stay in one fold.
        worth_naming: Area from which the columns that tell are looked for.

    Returns:
        None where fewer than two columns can be used.
    """
    blocks = _blocks(subject, sides)
    if len(blocks) < 2:
        return None
    side = np.repeat([0, 1], [len(one.rows) for one in sides])
    pairs = _pairs(blocks, side)
    table = _table(blocks, pairs)
    folds = _folds(sides, side, subject.seed)
    scores = np.empty(len(side))
    fitted = []
    for fold in range(FOLDS):
        out = folds == fold
        model = _model(subject.seed).fit(table[~out], side[~out])
        scores[out] = model.predict_proba(table[out])[:, 1]
        fitted.append(model)
    shift = _shift(scores, side, sides)
    half = (shift.high - shift.low) / 2
    auc = (shift.direction + 1) / 2
    drops = {}
    if auc >= worth_naming and shift.p_value < 0.05:
        drops = _drops(blocks, pairs, folds, fitted, side, auc, subject.seed)
    return Told(auc, auc - half, auc + half, shift.p_value, drops, len(blocks))


def _model(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(
        TREES, min_samples_leaf=LEAF_ROWS, class_weight="balanced", random_state=seed, n_jobs=1
    )


def _blocks(subject: TableAudit, sides: tuple[Side, Side]) -> dict[str, Floats]:
    """Columns as ranks from -1 to 1 over both tables, gaps in the middle; categories as codes."""
    assert subject.test is not None
    names = list(subject.shared)
    if len(names) > MOST_COLUMNS:
        chosen = np.random.default_rng(subject.seed).permutation(len(names))[:MOST_COLUMNS]
        names = [names[i] for i in np.sort(chosen)]
    found: dict[str, Floats] = {}
    for name in names:
        own, other = subject.train[name], subject.test[name]
        if own.kind in ("number", "boolean") and other.is_numeric:
            values = np.concatenate([own.values[sides[0].rows], other.values[sides[1].rows]])
            column = _ranked(values)
        elif own.kind == "category" and own.n_unique <= MOST_LEVELS:
            codes = train_codes(subject, name)
            both = np.concatenate([codes[0][sides[0].rows], codes[1][sides[1].rows]])
            column = both.astype(float)
        else:
            continue
        if np.ptp(column) > 0:
            found[name] = column
    return found


def _ranked(values: Floats) -> Floats:
    finite = np.isfinite(values)
    found = np.zeros(len(values))
    if finite.any():
        ordered = np.sort(values[finite])
        places = np.searchsorted(ordered, values[finite], "left")
        places = places + np.searchsorted(ordered, values[finite], "right")
        found[finite] = places / len(ordered) - 1
    return found


def _pairs(blocks: dict[str, Floats], side: NDArray[np.int64]) -> list[tuple[str, str, float]]:
    """Pairs that are related on either side, with the sign of their relation."""
    names = list(blocks)
    table = np.column_stack(list(blocks.values()))
    related = np.zeros((len(names), len(names)))
    for one in (0, 1):
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.nan_to_num(np.corrcoef(table[side == one].T))
        related = np.where(np.abs(found) > np.abs(related), found, related)
    above = np.triu(np.abs(related), 1)
    order = np.argsort(-above, axis=None)[:MOST_PAIRS]
    places = [divmod(int(i), len(names)) for i in order]
    return [
        (names[i], names[j], float(np.sign(related[i, j])))
        for i, j in places
        if above[i, j] >= RELATED
    ]


def _table(blocks: dict[str, Floats], pairs: list[tuple[str, str, float]]) -> Floats:
    return np.column_stack(
        [*blocks.values(), *(blocks[one] - sign * blocks[other] for one, other, sign in pairs)]
    )


def _folds(sides: tuple[Side, Side], side: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A fold for every row, equal shares of both sides in each; the rows of a group together."""
    random = np.random.default_rng(seed)
    found = np.empty(len(side), dtype=np.int64)
    for number, one in enumerate(sides):
        units = (
            np.arange(len(one.rows))
            if one.groups is None
            else np.unique(one.groups, return_inverse=True)[1]
        )
        count = int(units.max()) + 1
        found[side == number] = random.permutation(np.arange(count) % FOLDS)[units]
    return found


def _shift(scores: Floats, side: NDArray[np.int64], sides: tuple[Side, Side]) -> Shift:
    return number_shift(
        scores[side == 0],
        scores[side == 1],
        first_groups=sides[0].groups,
        second_groups=sides[1].groups,
    )


def _drops(
    blocks: dict[str, Floats],
    pairs: list[tuple[str, str, float]],
    folds: NDArray[np.int64],
    fitted: list[Any],
    side: NDArray[np.int64],
    auc: float,
    seed: int,
) -> dict[str, float]:
    """How much of the area is lost where a column is shuffled among the rows left out."""
    random = np.random.default_rng(seed)
    weights = np.mean([model.feature_importances_ for model in fitted], axis=0)
    share = dict(zip(blocks, weights, strict=False))
    for (one, other, _), weight in zip(pairs, weights[len(blocks) :], strict=True):
        share[one] += weight
        share[other] += weight
    found = {}
    for name in sorted(share, key=lambda one: -share[one])[:20]:
        shuffled = blocks | {name: random.permutation(blocks[name])}
        table = _table(shuffled, pairs)
        scores = np.empty(len(side))
        for fold, model in enumerate(fitted):
            scores[folds == fold] = model.predict_proba(table[folds == fold])[:, 1]
        found[name] = auc - _auc(scores[side == 0], scores[side == 1])
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _auc(first: Floats, second: Floats) -> float:
    ordered = np.sort(first)
    below = np.searchsorted(ordered, second, "left") + np.searchsorted(ordered, second, "right")
    return float(below.mean() / 2 / len(ordered))
