"""The two-way layout values x repeats: what is left of a score without its value's and its repeat's part."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.stats.intervals import sample_sd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Residual:
    """The noise of one score within a repeat, pooled over values.

    Args:
        sd: Standard deviation of one score, value and repeat removed; 0 where all scores agree.
        df: Cells minus the fitted effects.
        values: Number of values in the pool.
    """

    sd: float
    df: int
    values: int


def residual(scores: Floats) -> Residual:
    """Fit score = value + repeat + noise by least squares and pool the noise; NaN cells are left out.

    Args:
        scores: Shape (V, R).

    Returns:
        The residual; `sd` is NaN where no degree of freedom is left.

    Example:
        >>> pooled = residual(np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.5], [0.0, 1.0, np.nan]]))
        >>> round(pooled.sd, 3), pooled.df
        (0.167, 3)
    """
    value, repeat = np.nonzero(np.isfinite(scores))
    cells = scores[value, repeat]
    if cells.size == 0:
        return Residual(math.nan, 0, 0)
    design = np.zeros((cells.size, sum(scores.shape)))
    rows = np.arange(cells.size)
    design[rows, value] = 1.0
    design[rows, scores.shape[0] + repeat] = 1.0
    centred = cells - cells.mean()
    effects, _, rank, _ = np.linalg.lstsq(design, centred, rcond=None)
    noise = centred - design @ effects
    df = cells.size - int(rank)
    values = int(np.unique(value).size)
    if df <= 0:
        return Residual(math.nan, 0, values)
    sd = math.sqrt(float(noise @ noise) / df)
    # the squared residuals of equal scores are rounding, not noise
    spread = sample_sd(np.array([sd, -sd]), scale=float(np.abs(cells).max()))
    return Residual(sd if spread > 0 else 0.0, df, values)


def common_repeats(scores: Floats, default: int) -> NDArray[np.bool_]:
    """The cells (V, R) that have a score and whose repeat also has one for the default."""
    finite = np.isfinite(scores)
    return np.asarray(finite & finite[default], dtype=bool)


def mean_differences(scores: Floats, default: int) -> Floats:
    """Mean difference with the default over common repeats, shape (V,); NaN where there is none."""
    common = common_repeats(scores, default)
    gaps = np.where(common, scores - scores[default], 0.0)
    counts = common.sum(axis=1)
    return np.where(counts > 0, gaps.sum(axis=1) / np.maximum(counts, 1), np.nan)


def difference_covariance(
    scores: Floats, default: int, *, noise_sd: float, default_sd: float, valid_to_train: float
) -> Floats:
    """Covariance (V, V) of the mean differences under independent noise of the cells.

    Two mean differences share the default's noise in the repeats that both have, and the redrawn splits
    add `valid_to_train` (see `mean_interval`) to each 1 / repeats. Row and column of the default are 0.
    """
    common = common_repeats(scores, default).astype(np.float64)
    counts = common.sum(axis=1)
    shared = common @ common.T
    with np.errstate(divide="ignore", invalid="ignore"):
        overlap = shared / np.outer(counts, counts) + valid_to_train
    covariance = overlap * (default_sd**2 + noise_sd**2 * np.eye(len(scores)))
    covariance[:, counts == 0] = covariance[counts == 0] = np.nan
    covariance[default] = covariance[:, default] = 0.0
    return covariance
