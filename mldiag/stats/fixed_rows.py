"""Intervals and claims on fixed validation rows: the variance of the rows joined with that of the seeds.

With a random part of the seed, of the row and of the two together, the mean over R seeds and n rows varies by
seed / R + row / n + both / (R n). The bootstrap of the mean over seeds gives the last two terms; the
variance between seeds, less what the rows of one seed put into it, gives the first.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mldiag.findings import CLAIM_ERROR, SHOWN_LEVEL, Interval
from mldiag.stats.bootstrap import ResampledScores
from mldiag.stats.comparisons import Comparisons, Differences, judge, read_cells
from mldiag.stats.distributions import t_upper_tail
from mldiag.stats.intervals import PairedDifference, sample_sd, t_interval, undetermined
from mldiag.stats.layout import common_repeats, difference_covariance, mean_differences
from mldiag.stats.noise import PooledNoise, pooled_noise

Floats = NDArray[np.float64]

_FEWEST_RESAMPLES = 0.9  # share of resamples on which a score must be defined to be trusted
_FEWEST_GROUPS = 5  # below five rows or groups a bootstrap says nothing


def fixed_rows_interval(
    scores: ResampledScores, *, setting: int = 0, level: float = SHOWN_LEVEL
) -> Interval:
    """The mean score of one setting over seeds, for new validation rows, with this training set.

    Args:
        scores: From `bootstrap.resample_mean` or `bootstrap.resample_score`.
        setting: Which of the V settings.
        level: Level of the interval.

    Returns:
        The interval; undetermined where the rows show no spread. With one trial it covers the rows only,
        which is all there is for a deterministic learner.

    Example:
        >>> from mldiag.stats.bootstrap import resample_mean
        >>> shown = fixed_rows_interval(resample_mean(np.array([[[1.0, 0.0, 1.0, 1.0] * 10]])))
        >>> round(shown.low, 2), round(shown.high, 2)
        (0.66, 0.84)
    """
    trials = scores.measured[setting]
    done = np.isfinite(trials)
    resampled = scores.resampled[:, setting, done]
    return _difference(trials[done], resampled, groups=scores.groups, level=level).interval


def fixed_rows_difference(
    scores: ResampledScores, *, first: int = 0, second: int = 1, level: float = SHOWN_LEVEL
) -> PairedDifference:
    """How much the second setting beats the first, paired by row and by repeat.

    Args:
        scores: From `bootstrap.resample_mean` or `bootstrap.resample_score`.
        first: Position of the setting that is compared with.
        second: Position of the other.
        level: Level of the interval.

    Example:
        >>> from mldiag.stats.bootstrap import resample_mean
        >>> rows = np.array([[[1.0, 0.0, 0.0, 1.0] * 10], [[1.0, 1.0, 0.0, 1.0] * 10]])
        >>> gain = fixed_rows_difference(resample_mean(rows))
        >>> gain.interval.estimate, gain.n, gain.p_greater < 0.01
        (0.25, 1, True)
    """
    gaps = scores.measured[second] - scores.measured[first]
    done = np.isfinite(gaps)
    resampled = (scores.resampled[:, second] - scores.resampled[:, first])[:, done]
    return _difference(gaps[done], resampled, groups=scores.groups, level=level)


def compare_on_fixed_rows(
    scores: ResampledScores,
    default: int,
    *,
    error: float = CLAIM_ERROR,
    level: float = SHOWN_LEVEL,
    not_run: ArrayLike | None = None,
) -> Comparisons:
    """`many.compare_with_default` where the validation rows are fixed and their predictions are known.

    Args:
        scores: From `bootstrap.resample_mean` or `bootstrap.resample_score`.
        default: Position of the default among the V settings.
        error: One-sided error of the claims, over all values.
        level: Level of each value's interval.
        not_run: As in `many.compare_with_default`.

    Example:
        >>> from mldiag.stats.bootstrap import resample_mean
        >>> rows = np.array([[[1.0, 0.0, 0.0, 1.0] * 10], [[1.0, 1.0, 0.0, 1.0] * 10]])
        >>> compare_on_fixed_rows(resample_mean(rows), 0).claimed.tolist()
        [False, True]
    """
    cells = read_cells(scores.measured, default, not_run=not_run)
    table = cells.scores
    noise = pooled_noise(table, default, complete=cells.failed == 0)
    rows, both = _row_covariance(scores, table, default)
    seeds = _seed_covariance(table, default, noise, both)
    row_variance, seed_variance = np.diag(rows), np.diag(seeds)
    df = _joined_df(row_variance, scores.groups - 1, seed_variance, noise.difference_df)
    left_out, elsewhere = _folds_and_repeats(scores, default)
    variance = row_variance + seed_variance
    differences = Differences(
        mean=mean_differences(table, default),
        covariance=rows + seeds,
        df=df,
        interval_error=np.sqrt(np.where(variance > 0, variance, np.nan)),
        interval_df=df,
        left_out=left_out,
        elsewhere=elsewhere,
    )
    return judge(cells, differences, noise, error=error, level=level)


def _seed_covariance(table: Floats, default: int, noise: PooledNoise, both: Floats) -> Floats:
    """Covariance (V, V) that the seeds add: their noise, less what the rows of one seed put into it."""
    pairs = noise.pooled & np.isfinite(both)
    pairs[default] = False
    of_rows = float(both[pairs].mean()) / 2 if pairs.any() else 0.0
    sd, default_sd = (
        math.sqrt(max(noise_sd**2 - of_rows, 0.0)) if noise.df > 0 else 0.0
        for noise_sd in (noise.sd, noise.default_sd)
    )
    return difference_covariance(
        table, default, noise_sd=sd, default_sd=default_sd, valid_to_train=0.0
    )


def _folds_and_repeats(scores: ResampledScores, default: int) -> tuple[Floats, Floats]:
    """Differences on each fold of rows in each repeat, and on the other rows in the other repeats (L, V)."""
    part = scores.left_out - scores.left_out[:, [default]]
    rest = scores.elsewhere - scores.elsewhere[:, [default]]
    finite = np.isfinite(rest)
    filled, counts = np.where(finite, rest, 0.0), finite.sum(axis=2, keepdims=True)
    others = counts - finite
    mean = np.where(
        others > 0, (filled.sum(axis=2, keepdims=True) - filled) / np.maximum(others, 1), np.nan
    )
    if rest.shape[2] == 1:  # a single trial: only the rows can be left out
        mean = rest
    values = part.shape[1]
    return (
        part.transpose(0, 2, 1).reshape(-1, values),
        np.asarray(mean).transpose(0, 2, 1).reshape(-1, values),
    )


def _difference(gaps: Floats, resampled: Floats, *, groups: int, level: float) -> PairedDifference:
    """One mean over repeats (R,) with its resamples (B, R)."""
    repeats = gaps.size
    mean = float(gaps.mean()) if repeats else math.nan
    rows, both = _row_variance(resampled, groups)
    if not rows > 0:
        return PairedDifference(
            undetermined(mean, level=level), sample_sd(gaps), repeats, 0, math.nan, math.nan
        )
    spread = sample_sd(gaps) if repeats > 1 else 0.0
    seeds = max(spread**2 - both, 0.0) / repeats
    df = float(_joined_df(np.array([rows]), groups - 1, np.array([seeds]), max(repeats - 1, 1))[0])
    error = math.sqrt(rows + seeds)
    interval = t_interval(mean, error, df=df, level=level)
    return PairedDifference(interval, spread, repeats, df, error, t_upper_tail(mean / error, df))


def _row_variance(resampled: Floats, groups: int) -> tuple[float, float]:
    """Variance over rows of the mean over repeats, and the part (seed x row) that one repeat alone shows."""
    usable = resampled[np.isfinite(resampled).all(axis=1)]
    if resampled.shape[1] == 0 or groups < _FEWEST_GROUPS:
        return math.nan, math.nan
    if len(usable) < _FEWEST_RESAMPLES * len(resampled):
        return math.nan, math.nan
    unbiased = groups / (groups - 1)  # the bootstrap's variance divides by n
    repeats = usable.shape[1]
    together = float(usable.mean(axis=1).var(ddof=1)) * unbiased
    alone = float(usable.var(axis=0, ddof=1).mean()) * unbiased
    both = (alone - together) / (1 - 1 / repeats) if repeats > 1 else 0.0
    return together, max(both, 0.0)


def _row_covariance(scores: ResampledScores, table: Floats, default: int) -> tuple[Floats, Floats]:
    """Covariance (V, V) over rows of the mean differences, and each difference's seed x row part (V,)."""
    common = common_repeats(table, default)
    count = len(table)
    means = np.full((len(scores.resampled), count), np.nan)
    within = np.full(count, np.nan)
    for value in np.flatnonzero(common.any(axis=1)):
        done = common[value]
        gaps = scores.resampled[:, value, done] - scores.resampled[:, default, done]
        variance, within[value] = _row_variance(gaps, scores.groups)
        if variance > 0:
            means[:, value] = gaps.mean(axis=1)
    complete = np.isfinite(means).any(axis=0)
    usable = means[np.isfinite(means[:, complete]).all(axis=1)][:, complete]
    covariance = np.full((count, count), np.nan)
    if complete.any() and len(usable) > 1:
        unbiased = scores.groups / (scores.groups - 1)
        covariance[np.ix_(complete, complete)] = np.atleast_2d(np.cov(usable.T)) * unbiased
    covariance[default] = covariance[:, default] = 0.0
    return covariance, within


def _joined_df(rows: Floats, rows_df: int, seeds: Floats, seeds_df: float) -> Floats:
    """Satterthwaite's degrees of freedom of the sum of two variances."""
    with np.errstate(invalid="ignore", divide="ignore"):
        joined = (rows + seeds) ** 2 / (rows**2 / rows_df + seeds**2 / max(seeds_df, 1))
    return np.asarray(np.where(np.isfinite(joined), joined, float(rows_df)), dtype=np.float64)
