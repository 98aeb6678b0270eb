"""Is there an interaction at all? A test of the part of a table that is no sum of two effects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Additivity:
    """What the test says.

    Args:
        p: Probability of so much non-additivity where there is none; NaN where it cannot be told.
        statistic: F on redrawn splits; on fixed rows the sum of squared interactions, in scores.
        spread: Root mean square of the non-additive part without the noise, in scores; 0 where none is left.
    """

    p: float
    statistic: float
    spread: float


def additivity(scores: Floats, *, valid_to_train: float) -> Additivity:
    """F test of the interaction in the two-way layout, over repeats that share splits and seeds.

    The noise is the residual of cells x repeats. The mean square of the interaction is divided by
    1 + R valid_to_train, because the splits of the repeats overlap (Nadeau and Bengio 2003).

    Args:
        scores: Shape (A, B, R), complete.
        valid_to_train: As in `stats.intervals.mean_interval`.

    Example:
        >>> random = np.random.default_rng(0)
        >>> sums = np.add.outer(np.arange(4.0), np.arange(4.0))[:, :, None] + random.normal(0, 0.1, (4, 4, 5))
        >>> ridge = -np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))[:, :, None]
        >>> additivity(sums, valid_to_train=0).p > 0.05, additivity(sums + ridge, valid_to_train=0).p < 1e-6
        (True, True)
    """
    first, second, repeats = scores.shape
    df, noise_df = (first - 1) * (second - 1), (first * second - 1) * (repeats - 1)
    if df < 1 or noise_df < 1 or not np.isfinite(scores).all():
        return Additivity(math.nan, math.nan, math.nan)
    means = scores.mean(axis=2)
    part = interaction_part(means)
    left = scores - means[:, :, None] - scores.mean(axis=(0, 1)) + scores.mean()
    noise = float((left**2).sum()) / noise_df
    between = repeats * float((part**2).sum()) / df
    if not noise > 0:
        return Additivity(math.nan if between > 0 else 1.0, math.nan, math.sqrt(between / repeats))
    statistic = between / noise / (1 + repeats * valid_to_train)
    spread = max(between / repeats - noise * (1 / repeats + valid_to_train), 0.0) * df / part.size
    return Additivity(float(special.fdtrc(df, noise_df, statistic)), statistic, math.sqrt(spread))


def additivity_on_fixed_rows(measured: Floats, resampled: Floats) -> Additivity:
    """The same where the validation rows are fixed: the interactions of resampled rows around the measured.

    Args:
        measured: Shape (A, B, R).
        resampled: Shape (S, A, B, R): scores on resampled rows, the repeats drawn anew within.
    """
    repeats = measured.shape[2]
    part = interaction_part(measured.mean(axis=2))
    random = np.random.default_rng(0)
    if min(part.shape) < 2:
        return Additivity(math.nan, math.nan, math.nan)
    drawn = np.array(
        [
            interaction_part(table[:, :, random.integers(repeats, size=repeats)].mean(axis=2))
            for table in resampled
            if np.isfinite(table).all()
        ]
    )
    if len(drawn) < len(resampled) / 2:
        return Additivity(math.nan, math.nan, math.nan)
    seen = float((part**2).sum())
    chance = ((drawn - part) ** 2).sum(axis=(1, 2))
    p = (1 + int((chance >= seen).sum())) / (1 + len(chance))
    return Additivity(p, seen, math.sqrt(max(seen - float(chance.mean()), 0.0) / part.size))


def interaction_part(means: Floats) -> Floats:
    """What is left of a table without the means of its rows and columns.

    Example:
        >>> interaction_part(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """
    rows, columns = means.mean(axis=1, keepdims=True), means.mean(axis=0, keepdims=True)
    return np.asarray(means - rows - columns + means.mean(), dtype=np.float64)
