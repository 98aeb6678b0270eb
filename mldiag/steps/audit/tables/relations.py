"""How the mean target runs along a feature in two tables, and by how much that differs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.stats.distributions import t_quantile, t_upper_tail
from mldiag.stats.two_samples import Codes
from mldiag.steps.audit.tables.drift import Side, train_codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RANGES = 5
LEAST_ROWS = 8
"""Rows that a range has on each side at least, to count."""

MOST_CLASSES = 10
MOST_LEVELS = 12


@dataclass(frozen=True)
class Change:
    """What differs for one feature.

    Args:
        name: Of the feature.
        effect: Root mean square over the ranges of the difference of the mean targets, less what is equal in
            all of them and less what chance gives, in standard deviations of the target.
        low: Lower end of its 80 % interval.
        high: Upper end.
        p_value: Of no difference, over all classes.
        first: Mean standardised target in each range of the training rows.
        second: The same of the test rows.
    """

    name: str
    effect: float
    low: float
    high: float
    p_value: float
    first: tuple[float, ...]
    second: tuple[float, ...]


@dataclass(frozen=True)
class _Rows:
    """Ranges and targets of both sides."""

    ranges: tuple[Ints, Ints]
    groups: tuple[Codes | None, Codes | None]
    width: int


def changes(subject: TableAudit, sides: tuple[Side, Side]) -> list[Change]:
    """The change of every feature that has at least two ranges with rows enough."""
    targets = _targets(subject, sides)
    found = []
    for name in subject.shared:
        ranges = _ranges(subject, name, sides)
        if ranges is None:
            continue
        judged = [one for one in (_change(name, ranges, pair) for pair in targets) if one]
        if judged:
            best = min(judged, key=lambda one: one.p_value)
            p_value = min(best.p_value * len(judged), 1.0)
            found.append(
                Change(name, best.effect, best.low, best.high, p_value, best.first, best.second)
            )
    return found


def _targets(subject: TableAudit, sides: tuple[Side, Side]) -> list[tuple[Floats, Floats]]:
    """Targets of both sides, standardised together and cut off at four; an indicator for each class."""
    assert subject.test is not None
    assert subject.target is not None
    own, other = subject.train[subject.target], subject.test[subject.target]
    if subject.task == "regression" and own.is_numeric:
        pair = own.values[sides[0].rows], other.values[sides[1].rows]
        return [_standardised(pair[0], pair[1])]
    codes = train_codes(subject, subject.target)
    chosen = codes[0][sides[0].rows], codes[1][sides[1].rows]
    counts = np.bincount(chosen[0][chosen[0] >= 0], minlength=own.n_unique)
    frequent = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    frequent = frequent[:1] if own.n_unique == 2 else frequent
    found = []
    for code in frequent:
        own_flags, flags = (
            np.where(one >= 0, (one == code).astype(float), np.nan) for one in chosen
        )
        if np.nanstd(own_flags) > 0 and np.nanstd(flags) > 0:
            found.append(_standardised(own_flags, flags, cut=math.inf))
    return found


def _standardised(first: Floats, second: Floats, cut: float = 4.0) -> tuple[Floats, Floats]:
    present = first[np.isfinite(first)]
    middle, spread = float(present.mean()), float(present.std()) or 1.0
    return np.clip((first - middle) / spread, -cut, cut), np.clip(
        (second - middle) / spread, -cut, cut
    )


def _ranges(subject: TableAudit, name: str, sides: tuple[Side, Side]) -> _Rows | None:
    """The range of every row: fifths of a number over both sides, or categories; -1 for none."""
    assert subject.test is not None
    own, other = subject.train[name], subject.test[name]
    groups = sides[0].groups, sides[1].groups
    if own.kind == "number" and other.is_numeric and own.n_unique > 2:
        values = own.values[sides[0].rows], other.values[sides[1].rows]
        both = np.concatenate([_quantiles(one) for one in values if np.isfinite(one).any()])
        cuts = np.unique(both.reshape(-1, RANGES - 1).mean(axis=0))
        pair = tuple(np.where(np.isfinite(one), np.searchsorted(cuts, one), -1) for one in values)
        return _Rows((pair[0], pair[1]), groups, len(cuts) + 1)
    if own.kind in ("category", "boolean", "number") and 1 < own.n_unique <= MOST_LEVELS:
        codes = train_codes(subject, name)
        return _Rows((codes[0][sides[0].rows], codes[1][sides[1].rows]), groups, own.n_unique)
    return None


def _quantiles(values: Floats) -> Floats:
    finite = values[np.isfinite(values)]
    return np.asarray(np.quantile(finite, np.arange(1, RANGES) / RANGES))


def _change(name: str, rows: _Rows, targets: tuple[Floats, Floats]) -> Change | None:
    """Compare the ranges that both sides have rows in."""
    cells = [_cells(one, goal, rows.width) for one, goal in zip(rows.ranges, targets, strict=True)]
    counts = np.vstack([cell[0] for cell in cells])
    kept: NDArray[np.bool_] = np.all(counts >= LEAST_ROWS, axis=0)
    if int(kept.sum()) < 2:
        return None
    means = np.vstack([cell[1] for cell in cells])[:, kept]
    counts = counts[:, kept]
    pooled = (counts * means).sum(axis=0) / counts.sum(axis=0)
    parts = [
        _within(one, goal, kept, rows.width) for one, goal in zip(rows.ranges, targets, strict=True)
    ]
    spread = np.maximum(_by_range(targets, parts[0] + parts[1], pooled, counts), 1e-12)
    variances = spread * (1 / counts[0] + 1 / counts[1])
    gap = means[1] - means[0]
    centred = gap - (gap / variances).sum() / (1 / variances).sum()
    inflation = _inflation(rows, targets, kept, centred)
    variances = variances * inflation
    df = int(kept.sum()) - 1
    p_value = _chi_square(float((centred**2 / variances).sum()), df)
    shares = counts.sum(axis=0) / counts.sum()
    direction = _trend(centred, variances)
    chance = float((shares * variances).sum()) * df / (df + 1)
    square = float((shares * centred**2).sum())
    effect = math.sqrt(max(square - chance, 0.0))
    reach = t_quantile(0.9, 100) * math.sqrt(
        float((shares**2 * variances * centred**2).sum()) / max(square, 1e-12)
    )
    p_value = min(1.0, 2 * min(p_value, direction))
    return Change(
        name,
        effect,
        max(effect - reach, 0.0),
        effect + reach,
        p_value,
        tuple(means[0]),
        tuple(means[1]),
    )


def _cells(ranges: Ints, goal: Floats, width: int) -> tuple[Ints, Floats]:
    used = (ranges >= 0) & np.isfinite(goal)
    counts = np.bincount(ranges[used], minlength=width)[:width]
    sums = np.bincount(ranges[used], weights=goal[used], minlength=width)[:width]
    return counts, sums / np.maximum(counts, 1)


def _within(ranges: Ints, goal: Floats, kept: NDArray[np.bool_], width: int) -> Floats:
    """Sums of the squares inside each range."""
    used = (ranges >= 0) & np.isfinite(goal)
    _, means = _cells(ranges, goal, width)
    rest = np.square(goal[used] - means[ranges[used]])
    sums = np.bincount(ranges[used], weights=rest, minlength=width)[:width]
    return np.asarray(sums[kept])


def _by_range(
    targets: tuple[Floats, Floats], within: Floats, pooled: Floats, counts: Ints
) -> Floats:
    """Variance of the target inside each range, pulled towards that of all, as few rows say little of it."""
    total = counts.sum(axis=0)
    common = float(within.sum() / max(int(total.sum()) - 2 * len(total), 1))
    levels = np.unique(targets[0][np.isfinite(targets[0])][:1000])
    if (
        len(levels) == 2
    ):  # a class: its variance follows from its share, also where a range has none of it
        share = np.clip((pooled - levels[0]) / (levels[1] - levels[0]), 0, 1)
        share = (share * total + 1) / (total + 2)
        return np.asarray((levels[1] - levels[0]) ** 2 * share * (1 - share))
    return np.asarray((within + 10 * common) / (total - 2 + 10))


def _inflation(
    rows: _Rows, targets: tuple[Floats, Floats], kept: NDArray[np.bool_], centred: Floats
) -> float:
    """How many times larger groups make the variance of the difference."""
    if rows.groups[0] is None or rows.groups[1] is None:
        return 1.0
    weights = np.zeros(rows.width + 1)
    weights[:-1][kept] = centred
    together = alone = 0.0
    for ranges, goal, groups in zip(rows.ranges, targets, rows.groups, strict=True):
        assert groups is not None
        used = (ranges >= 0) & np.isfinite(goal)
        _, means = _cells(ranges, goal, rows.width)
        rest = (goal[used] - means[ranges[used]]) * weights[ranges[used]] / max(int(used.sum()), 1)
        together += float(np.square(np.bincount(groups[used], weights=rest)).sum())
        alone += float(np.square(rest).sum())
    return max(together / alone, 1.0) if alone > 0 else 1.0


def _chi_square(statistic: float, df: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))


def _trend(centred: Floats, variances: Floats) -> float:
    """P-value of a difference that grows from range to range: one degree of freedom sees it sooner."""
    weights = 1 / variances
    place = np.arange(len(centred)) - (weights * np.arange(len(centred))).sum() / weights.sum()
    error = math.sqrt(float((weights * place**2).sum()))
    return min(1.0, 2 * t_upper_tail(abs(float((weights * place * centred).sum())) / error, 200))
