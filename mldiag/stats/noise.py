"""The noise of a sweep's scores: which values tell it, and whether the default is noisier than they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mldiag.stats.layout import Residual, mean_differences, residual

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NoiseLimits:
    """When a value is left out of the pool; chosen by simulation (see `pooled_noise`)."""

    wide_range: float = 6.0
    """Standard errors: the means of nine equal values span more than this once in ten thousand sweeps."""
    fewest_values: int = 3
    noise_test: float = 0.02
    """Two-sided level of the F test of the lower values' noise."""
    default_test: float = 0.05
    """One-sided level of the F test of the default's own noise."""


LIMITS = NoiseLimits()


@dataclass(frozen=True, eq=False, slots=True)
class PooledNoise:
    """Noise of one score within a repeat.

    Args:
        sd: Of a value in the pool; NaN unknown, 0 where nothing varied.
        df: Degrees of freedom of `sd`.
        default_sd: Of the default: `sd`, or larger where its own noise is clearly larger.
        difference_df: Degrees of freedom of the sum of both variances (Satterthwaite 1946).
        pooled: The values (V,) in the pool.
    """

    sd: float
    df: int
    default_sd: float
    difference_df: float
    pooled: Mask


def pooled_noise(scores: Floats, default: int, *, complete: Mask) -> PooledNoise:
    """Pool the residual of values x repeats over the default and the values that compete with it.

    Useless values are often far noisier than good ones, or silent (one constant prediction), and both
    spoil a pool over everything. So where the noise of the lower half of the range of means differs from
    that of the upper half (F test), the lower half stays out. Means and residuals are independent under
    equal noise, so choosing by means costs degrees of freedom only. Simulated with 9 values, 5 repeats
    and error .05: four useless values five times as noisy leave a pool over all with power .01 at 3 sd
    (this one .95); four silent ones give it false claims in .105 of the sweeps (this one .03); where all
    are equal, this one has false claims in .05 and power .98 (a pool over all .99). Testing at 20 % would
    cost .08 power at 3 sd on redrawn splits and gain nothing.

    The default is in every comparison. Where an F test at 5 % finds it noisier than the others, or it does
    not compete at all, its own noise takes the pool's place: at twice the noise of the others the pool
    alone makes false claims in .105 of the sweeps, this in .06.

    Args:
        scores: Shape (V, R), NaN for empty cells.
        default: Position of the default.
        complete: Shape (V,), false for values with a failed trial, which stay out.
    """
    competing = _competing(scores, default, complete)
    pooled, others = competing.copy(), competing.copy()
    pooled[default] = bool(np.isfinite(scores[default]).any())
    if pooled.sum() < 2:  # all repeat the default, and so say that nothing varies
        pooled = complete & np.isfinite(scores).any(axis=1)
    others[default] = False
    found, rest = residual(scores[pooled]), residual(scores[others])
    plain = PooledNoise(found.sd, found.df, found.sd, float(found.df), pooled)
    count, gaps = int(others.sum()), _gaps_to_peers(scores, default, others)
    if rest.df < 1 or not rest.sd > 0 or gaps.size < 2:
        return plain
    df, spread = gaps.size - 1, float(gaps.var(ddof=1))
    limit = float(special.fdtri(df, rest.df, 1 - LIMITS.default_test)) if competing[default] else 1
    if spread <= rest.sd**2 * (1 + 1 / count) * limit:
        if competing[default]:
            return plain
        return PooledNoise(rest.sd, rest.df, rest.sd, float(rest.df), others)
    own = spread - rest.sd**2 / count
    joined = (own + rest.sd**2) ** 2 / (own**2 / df + rest.sd**4 / rest.df)
    return PooledNoise(rest.sd, rest.df, math.sqrt(own), joined, others)


def _gaps_to_peers(scores: Floats, default: int, others: Mask) -> Floats:
    """The default less the mean of the others, in each repeat that all of them have."""
    if not others.any():
        return np.empty(0)
    seen = np.isfinite(scores[others]).all(axis=0) & np.isfinite(scores[default])
    return np.asarray(scores[default, seen] - scores[np.ix_(others, seen)].mean(axis=0))


def _competing(scores: Floats, default: int, complete: Mask) -> Mask:
    """The values left after dropping the lower half of the range of means where its noise differs.

    It is dropped again only while the range is wide, else the pool could shrink to a plateau of values
    that nearly always agree, and their noise would stand for everything.
    """
    means = mean_differences(scores, default)
    kept = complete & np.isfinite(means) & ~_repeated(scores, default)
    for passed in range(len(scores)):
        inside, noise = means[kept], residual(scores[kept])
        if inside.size <= LIMITS.fewest_values or np.ptp(inside) == 0:
            break
        error = noise.sd / math.sqrt(scores.shape[1])
        if passed > 0 and not np.ptp(inside) > LIMITS.wide_range * error:
            break
        upper = kept & (means >= (inside.max() + inside.min()) / 2)
        # Two values are a thin pool, taken only where a third would spoil it (a short grid over a cliff).
        thin = upper.sum() < LIMITS.fewest_values
        if thin and (upper.sum() < 2 or _same_noise(noise, residual(scores[upper]))):
            upper = kept & (means >= np.sort(inside)[-LIMITS.fewest_values])
        if passed == 0 and _same_noise(noise, residual(scores[upper])):
            break
        kept = upper
    return _without_wild_losers(scores, means, default, np.asarray(kept, dtype=bool))


def _without_wild_losers(scores: Floats, means: Floats, default: int, kept: Mask) -> Mask:
    """Drop, one at a time, values that look worse than the default and whose own noise differs.

    No claim of being better rests on them, and one that sits on a cliff (a learning rate that sometimes
    diverges) is far noisier than all that compete.
    """
    kept = kept.copy()
    while kept.sum() > LIMITS.fewest_values:
        losers = np.flatnonzero(kept & (means < means[default]))
        without = [residual(scores[kept & (np.arange(len(scores)) != loser)]) for loser in losers]
        if not without:
            break
        wildest = int(np.argmin([rest.sd for rest in without]))
        if _same_noise(residual(scores[kept]), without[wildest]):
            break
        kept[losers[wildest]] = False
    return kept


def _repeated(scores: Floats, default: int) -> Mask:
    """Values that score exactly like an earlier one, the default first: they tell no noise of their own."""
    order = [default, *(value for value in range(len(scores)) if value != default)]
    _, first = np.unique(scores[order], axis=0, return_index=True)
    repeated = np.ones(len(scores), dtype=bool)
    repeated[[order[position] for position in first]] = False
    return repeated


def _same_noise(all_values: Residual, upper: Residual) -> bool:
    """Whether the noise that the lower values add agrees with that of the upper ones (two-sided F test)."""
    more = all_values.df - upper.df
    if upper.df < 1 or more < 1:
        return True
    squares = all_values.sd**2 * all_values.df - upper.sd**2 * upper.df
    if not upper.sd > 0:
        return not squares > 0
    tail = float(special.fdtr(more, upper.df, max(squares, 0.0) / more / upper.sd**2))
    return LIMITS.noise_test / 2 < tail < 1 - LIMITS.noise_test / 2
