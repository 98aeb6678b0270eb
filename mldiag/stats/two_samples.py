"""How far apart two samples of one column lie: an effect that does not grow with n, its interval, a test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import SHOWN_LEVEL
from mldiag.stats.distributions import t_quantile, t_upper_tail

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]

KOLMOGOROV_SQUARE = math.pi**2 / 12
"""Mean of the square of Kolmogorov's distribution: what D^2 is on average by chance, times n."""

LEAST_EXPECTED = 5.0
"""Expected rows below which levels are put together for a chi-square test (Cochran 1954)."""

MANY_GROUPS = 30
"""From so many groups on each side on, Kolmogorov's limit is taken to hold for them."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How one sample differs from another.

    Args:
        effect: Share of the rows that would have to move to make them equal, from 0 to 1, less what chance
            gives at this number of rows.
        low: Lower end of its interval.
        high: Upper end.
        p_value: Of no difference.
        direction: Cliff's delta from -1 (the second lies below) to 1; NaN for categories.
    """

    effect: float
    low: float
    high: float
    p_value: float
    direction: float = math.nan


def mean_variance(values: Floats, groups: Codes | None = None) -> tuple[float, float]:
    """Variance of the mean of rows, or of rows that come in groups, and its degrees of freedom.

    Args:
        values: Shape (n,).
        groups: Codes from 0 of the groups, shape (n,).

    Example:
        >>> mean_variance(np.array([0.0, 0.0, 2.0, 2.0]), np.array([0, 0, 1, 1]))
        (1.0, 1.0)
    """
    n = len(values)
    centred = values - values.mean()
    if groups is None:
        return float(centred @ centred) / (n * max(n - 1, 1)), float(max(n - 1, 1))
    held = np.bincount(groups) > 0
    count = int(held.sum())
    if count < 2:
        return math.inf, 1.0
    sums = np.bincount(groups, weights=centred)
    return float(sums @ sums) / n**2 * count / (count - 1), float(count - 1)


def number_shift(
    first: Floats,
    second: Floats,
    *,
    first_groups: Codes | None = None,
    second_groups: Codes | None = None,
) -> Shift:
    """Compare two samples of numbers.

    The effect is Kolmogorov and Smirnov's D. Three tests share the error: theirs, which sees any difference,
    and that of Mann and Whitney with the variance of DeLong et al. (1988), of the values and of their
    distances from the median, which see a shift of the location or of the spread with fewer rows; rows of
    a group count as a cluster (Obuchowski 1997).

    Args:
        first: Finite values, shape (n,).
        second: Finite values, shape (m,).
        first_groups: Codes of the groups of the first.
        second_groups: Codes of the groups of the second.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(2, 500))
        >>> number_shift(rows[0], rows[1]).effect < 0.1, number_shift(rows[0], rows[1] + 1).effect > 0.3
        (True, True)
    """
    n, m = len(first), len(second)
    ordered = np.sort(first), np.sort(second)
    places = _midranks(ordered[1], first) / m, _midranks(ordered[0], second) / n
    delta = float(2 * places[1].mean() - 1)
    variance, df = _sum_of_variances(places, (first_groups, second_groups))
    p_rank = _two_sided(delta / 2, variance, df)
    p_spread = _spread_test(first, second, (first_groups, second_groups))
    grid = np.concatenate(ordered)
    gaps = np.searchsorted(ordered[0], grid, "right") / n
    gaps -= np.searchsorted(ordered[1], grid, "right") / m
    widest = int(np.argmax(np.abs(gaps)))
    distance = float(abs(gaps[widest]))
    below = ((first <= grid[widest]).astype(float), (second <= grid[widest]).astype(float))
    variance, df = _sum_of_variances(below, (first_groups, second_groups))
    inflation = _inflation(below, variance, first_groups)
    rows = n * m / (n + m) / inflation
    effect = math.sqrt(max(distance**2 - KOLMOGOROV_SQUARE / rows, 0.0))
    p_value = min(1.0, 3 * min(p_rank, p_spread, _kolmogorov(distance, rows)))
    if first_groups is not None and df < MANY_GROUPS:
        p_value = min(1.0, 2 * min(p_rank, p_spread))
    return _shift(effect, variance, df, p_value, delta)


def category_shift(
    first: Codes,
    second: Codes,
    *,
    first_groups: Codes | None = None,
    second_groups: Codes | None = None,
) -> Shift:
    """Compare two samples of categories: total variation and a chi-square test.

    Args:
        first: Codes from 0 in a common numbering, shape (n,).
        second: Shape (m,).
        first_groups: Codes of the groups of the first.
        second_groups: Codes of the groups of the second.

    Example:
        >>> same = category_shift(np.arange(300) % 3, np.arange(90) % 3)
        >>> same.effect, same.p_value > 0.9
        (0.0, True)
    """
    n, m = len(first), len(second)
    levels = int(max(first.max(), second.max())) + 1
    counts = np.vstack(
        [np.bincount(first, minlength=levels), np.bincount(second, minlength=levels)]
    )
    shares = counts / counts.sum(axis=1, keepdims=True)
    gap = shares[1] - shares[0]
    distance = float(np.abs(gap).sum() / 2)
    grown = gap > 0
    inside = grown[first].astype(float), grown[second].astype(float)
    variance, df = _sum_of_variances(inside, (first_groups, second_groups))
    inflation = _inflation(inside, variance, first_groups)
    rows = n * m / (n + m) / inflation
    pooled = counts.sum(axis=0) / counts.sum()
    chance = float(np.sqrt(pooled * (1 - pooled)).sum() / math.sqrt(2 * math.pi * rows))
    effect = math.sqrt(max(distance**2 - chance**2, 0.0))
    return _shift(effect, variance, df, _chi_square(counts, inflation), math.nan)


def share_shift(
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    *,
    first_groups: Codes | None = None,
    second_groups: Codes | None = None,
) -> Shift:
    """Compare two shares, such as those of missing cells: their absolute difference.

    Example:
        >>> round(share_shift(np.zeros(100, bool), np.arange(100) % 4 == 0).effect, 2)
        0.25
    """
    return category_shift(
        first.astype(np.int64),
        second.astype(np.int64),
        first_groups=first_groups,
        second_groups=second_groups,
    )


def adjusted(p_values: Floats) -> Floats:
    """Holm's p-values for a family of tests, in the order given.

    Example:
        >>> adjusted(np.array([0.01, 0.5, 0.03])).round(2).tolist()
        [0.03, 0.5, 0.06]
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    steps = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    found = np.empty(count)
    found[order] = np.minimum(steps, 1.0)
    return found


def _spread_test(first: Floats, second: Floats, groups: tuple[Codes | None, Codes | None]) -> float:
    """P-value of equal distances from the common median."""
    middle = np.median(np.concatenate([first, second]))
    far = np.abs(first - middle), np.abs(second - middle)
    places = (
        _midranks(np.sort(far[1]), far[0]) / len(second),
        _midranks(np.sort(far[0]), far[1]) / len(first),
    )
    variance, df = _sum_of_variances(places, groups)
    return _two_sided(float(places[1].mean()) - 0.5, variance, df)


def _midranks(ordered: Floats, values: Floats) -> Floats:
    """Numbers of `ordered` below each value, equals counted half."""
    return (
        np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    ) / 2


def _sum_of_variances(
    samples: tuple[Floats, Floats], groups: tuple[Codes | None, Codes | None]
) -> tuple[float, float]:
    parts = [mean_variance(values, codes) for values, codes in zip(samples, groups, strict=True)]
    return parts[0][0] + parts[1][0], min(parts[0][1], parts[1][1])


def _inflation(samples: tuple[Floats, Floats], variance: float, groups: Codes | None) -> float:
    """How many times larger groups make the variance."""
    if groups is None:
        return 1.0
    alone = sum(mean_variance(values)[0] for values in samples)
    return max(variance / alone, 1.0) if alone > 0 and math.isfinite(variance) else 1.0


def _two_sided(estimate: float, variance: float, df: float) -> float:
    if variance <= 0:
        return 0.0 if estimate and df >= 4 else 1.0
    if not math.isfinite(variance):
        return 1.0
    return min(1.0, 2 * t_upper_tail(abs(estimate) / math.sqrt(variance), df))


def _kolmogorov(distance: float, rows: float) -> float:
    from scipy.special import kolmogorov

    root = math.sqrt(rows)
    return float(kolmogorov((root + 0.12 + 0.11 / root) * distance))  # Stephens (1970)


def _chi_square(counts: NDArray[np.int64], inflation: float) -> float:
    """P-value; rare levels count together."""
    from scipy.special import chdtrc

    expected = counts.sum(axis=0) * min(counts.sum(axis=1)) / counts.sum()
    rare = expected < LEAST_EXPECTED
    table = counts[:, ~rare]
    if rare.any() and counts[:, rare].sum():
        table = np.column_stack([table, counts[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    means = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if table.shape[1] == 2 and means.min() < LEAST_EXPECTED:
        from scipy.stats import fisher_exact

        return min(1.0, float(fisher_exact(table)[1]) * (inflation if inflation > 1 else 1.0))
    statistic = float(((table - means) ** 2 / means).sum()) / inflation
    return float(chdtrc(table.shape[1] - 1, statistic))


def _shift(effect: float, variance: float, df: float, p_value: float, delta: float) -> Shift:
    if not math.isfinite(variance):
        return Shift(effect, 0.0, 1.0, 1.0, delta)
    reach = t_quantile((1 + SHOWN_LEVEL) / 2, df) * math.sqrt(variance)
    return Shift(effect, max(effect - reach, 0.0), min(effect + reach, 1.0), p_value, delta)
