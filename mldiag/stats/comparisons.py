"""What a comparison of many values with the default says, and the one place where it is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mldiag.errors import MldiagError
from mldiag.findings import Interval
from mldiag.stats.distributions import largest_t_upper_tail
from mldiag.stats.intervals import finite_scores, t_interval
from mldiag.stats.noise import PooledNoise

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LARGEST_CORRELATION = 0.75  # too low a correlation errs on the safe side, and integrates precisely


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """The scores (V, R) of the trials, and what the empty cells mean.

    Args:
        scores: NaN where there is none.
        default: Position of the default.
        failed: Share of each value's trials (V,) that diverged or failed.
    """

    scores: Floats
    default: int
    failed: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Differences:
    """Mean differences with the default and how well they are known; one entry per value.

    Args:
        mean: Mean paired difference (V,).
        covariance: Of `mean` (V, V), for claims over all values; row and column of the default are 0.
        df: Degrees of freedom (V,) of its diagonal.
        interval_error: Standard error (V,) for the interval of one value.
        interval_df: Its degrees of freedom (V,).
        left_out: Differences (L, V) on parts of the data, each left out once.
        elsewhere: Differences (L, V) on all that was not left out.
    """

    mean: Floats
    covariance: Floats
    df: Floats
    interval_error: Floats
    interval_df: Floats
    left_out: Floats
    elsewhere: Floats


@dataclass(frozen=True, eq=False)
class Comparisons:
    """V values against the default; arrays have one entry per value, the default's own among them.

    Args:
        default: Position of the default.
        means: The default's mean plus the paired difference, so that a repeat that one value lacks does
            not shift its mean. NaN where a value shares no repeat with the default.
        repeats: Number of scores of each value.
        failed: Share of each value's trials that diverged or failed.
        difference: Mean paired difference with the default, 0 at the default.
        standard_error: Of the difference as claims use it, NaN where undetermined.
        df: Degrees of freedom of each standard error.
        intervals: Paired intervals of the difference, one value at a time.
        p_better: One-sided p-values of "better than the default", adjusted over all values.
        p_worse: The same for "worse".
        claimed: Better than the default at the one-sided family error, and never failed.
        claimed_worse: Worse at that error, or failed in every trial while the default did not.
        identical: Scored exactly like the default in every repeat: no effect at all there.
        pooled: Values whose noise was pooled.
        noise_sd: Standard deviation of one score within a repeat; 0 where nothing varied, NaN unknown.
        noise_df: Its degrees of freedom.
        error: One-sided family error of the claims.
        level: Level of the intervals.
        basis: The differences that all this was judged from.
    """

    default: int
    means: Floats
    repeats: NDArray[np.int64]
    failed: Floats
    difference: Floats
    standard_error: Floats
    df: Floats
    intervals: tuple[Interval, ...]
    p_better: Floats
    p_worse: Floats
    claimed: Mask
    claimed_worse: Mask
    identical: Mask
    pooled: Mask
    noise_sd: float
    noise_df: float
    error: float
    level: float
    basis: Differences = field(repr=False)

    @property
    def determined(self) -> bool:
        """Whether any value other than the default has an interval."""
        return bool(np.isfinite(self.standard_error[self.candidates]).any())

    @property
    def candidates(self) -> NDArray[np.intp]:
        """Positions of the values other than the default that never failed and have a difference."""
        usable = np.isfinite(self.difference) & (self.failed == 0)
        usable[self.default] = False
        return np.flatnonzero(usable)

    @property
    def best(self) -> int:
        """Position of the highest mean among default and candidates; the default wins a tie."""
        order = [self.default, *self.candidates.tolist()]
        return int(order[int(np.argmax(self.difference[order]))])


def read_cells(scores: ArrayLike, default: int, *, not_run: ArrayLike | None) -> Cells:
    """Check a table of scores and tell trials that failed from trials that were never run.

    Raises:
        MldiagError: `scores` is not a table, `default` none of its rows, or `not_run` of another shape.
    """
    table = finite_scores(scores, "scores", dimensions=2)
    if not 0 <= default < len(table):
        raise MldiagError(f"no value number {default}", expected=f"0 to {len(table) - 1}")
    empty = ~np.isfinite(table)
    absent = np.zeros_like(empty) if not_run is None else np.asarray(not_run, dtype=bool)
    if absent.shape != table.shape:
        raise MldiagError(f"not_run has shape {absent.shape}", expected=f"{table.shape}")
    absent = absent & empty
    failed = (empty & ~absent).sum(axis=1) / np.maximum((~absent).sum(axis=1), 1)
    return Cells(table, default, failed)


def judge(
    cells: Cells, differences: Differences, noise: PooledNoise, *, error: float, level: float
) -> Comparisons:
    """Turn differences and their covariance into intervals, and into claims over all values at once.

    A claim needs Dunnett's critical value and an interval on the same side of zero, so that a value whose
    own noise is large is not claimed on the strength of the others' small noise, and so that what is
    claimed never contradicts what is shown.
    """
    table, default = cells.scores, cells.default
    variance = np.diag(differences.covariance)
    standard_error = np.sqrt(np.where(variance > 0, variance, np.nan))
    intervals = tuple(
        t_interval(float(mean), float(spread), df=float(df), level=level)
        for mean, spread, df in zip(
            differences.mean, differences.interval_error, differences.interval_df, strict=True
        )
    )
    above, below = (np.array([side(i) for i in intervals]) for side in (_is_above, _is_below))
    p_better, p_worse = _family(differences, standard_error)
    repeats = np.isfinite(table).sum(axis=1)
    lost = (repeats == 0) & (cells.failed == 1) & (repeats[default] > 0)
    own = table[default][np.isfinite(table[default])]
    return Comparisons(
        default=default,
        means=differences.mean + (own.mean() if own.size else math.nan),
        repeats=repeats,
        failed=cells.failed,
        difference=differences.mean,
        standard_error=standard_error,
        df=differences.df,
        intervals=intervals,
        p_better=p_better,
        p_worse=p_worse,
        claimed=(p_better < error) & above & (cells.failed == 0),
        claimed_worse=((p_worse < error) & below) | lost,
        identical=_identical(table, default),
        pooled=noise.pooled,
        noise_sd=noise.sd,
        noise_df=float(noise.df),
        error=error,
        level=level,
        basis=differences,
    )


def _family(differences: Differences, standard_error: Floats) -> tuple[Floats, Floats]:
    """One-sided p-values (V,) of better and of worse, adjusted over all values (Dunnett 1955)."""
    compared = np.isfinite(standard_error) & np.isfinite(differences.mean)
    count = max(int(compared.sum()), 1)
    correlation = _mean_correlation(differences.covariance[np.ix_(compared, compared)])
    better, worse = (np.full(len(compared), np.nan) for _ in range(2))
    for value in np.flatnonzero(compared):
        t, df = differences.mean[value] / standard_error[value], float(differences.df[value])
        better[value], worse[value] = (
            largest_t_upper_tail(side, df, comparisons=count, correlation=correlation)
            for side in (t, -t)
        )
    return better, worse


def _mean_correlation(covariance: Floats) -> float:
    """Average correlation of the pairs, kept within 0 and .75; one half where there is no pair."""
    if len(covariance) < 2:
        return 0.5
    spread = np.sqrt(np.diag(covariance))
    pairs = (covariance / np.outer(spread, spread))[np.triu_indices(len(spread), 1)]
    return round(min(max(float(pairs.mean()), 0.0), _LARGEST_CORRELATION), 6)


def _identical(table: Floats, default: int) -> Mask:
    same = (table == table[default]) | (np.isnan(table) & np.isnan(table[default]))
    return np.asarray(same.all(axis=1) & np.isfinite(table).any(axis=1), dtype=bool)


def _is_above(interval: Interval) -> bool:
    return interval.low > 0


def _is_below(interval: Interval) -> bool:
    return interval.high < 0
