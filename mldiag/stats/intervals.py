"""Intervals of a mean score and of a paired difference over repeats; higher scores are better throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mldiag.errors import MldiagError
from mldiag.findings import SHOWN_LEVEL, Interval
from mldiag.stats.distributions import t_quantile, t_upper_tail

_ROUNDING = 1e-12  # relative spread below which equal scores only differ by rounding


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much the second setting beats the first, repeat by repeat.

    Args:
        interval: The mean difference, second minus first; its ends are NaN where it is undetermined.
        sd: Standard deviation of the differences over repeats.
        n: Number of repeats that both settings finished.
        df: Degrees of freedom of the standard error.
        standard_error: Of the mean difference, overlap of the splits counted in.
        p_greater: One-sided p-value of "the second is better"; NaN where undetermined.
    """

    interval: Interval
    sd: float
    n: int
    df: float
    standard_error: float
    p_greater: float

    @property
    def p_less(self) -> float:
        """One-sided p-value of "the second is worse"."""
        return 1 - self.p_greater


def undetermined(estimate: float, *, level: float = SHOWN_LEVEL) -> Interval:
    """An estimate whose uncertainty the data cannot tell: both ends are NaN, so it excludes nothing."""
    return Interval(estimate, math.nan, math.nan, level)


def is_determined(interval: Interval) -> bool:
    """Whether the interval has two ends."""
    return math.isfinite(interval.low) and math.isfinite(interval.high)


def t_interval(
    estimate: float, standard_error: float, *, df: float, level: float = SHOWN_LEVEL
) -> Interval:
    """The central t interval; undetermined without a degree of freedom or without any spread.

    Example:
        >>> shown = t_interval(0.9, 0.01, df=4)
        >>> round(shown.low, 4), round(shown.high, 4)
        (0.8847, 0.9153)
    """
    if not (df > 0 and standard_error > 0 and math.isfinite(estimate)):
        return undetermined(estimate, level=level)
    half = t_quantile((1 + level) / 2, df) * standard_error
    return Interval(estimate, estimate - half, estimate + half, level)


def mean_interval(
    scores: ArrayLike, *, valid_to_train: float, level: float = SHOWN_LEVEL
) -> Interval:
    """The mean score over repeats, for new rows and a new training set of the same size.

    Repeats that redraw the split share rows, so the mean varies more than s / sqrt(R): its variance is
    taken as s^2 (1/R + n_valid/n_train) (Nadeau and Bengio 2003, Machine Learning 52, equation 9).

    Args:
        scores: One score per repeat, shape (R,); those that are not finite are left out.
        valid_to_train: Validation over training rows of the FULL split, also where a subset was trained
            on: it stands for the share of rows that two validation sets have in common. 0 where the
            validation rows are fixed; the interval then covers the variance of the seeds only.
        level: Probability that the interval covers.

    Returns:
        The interval; its ends are NaN with fewer than two scores or no spread between them.

    Example:
        >>> shown = mean_interval([0.90, 0.92, 0.91, 0.93, 0.89], valid_to_train=0.25)
        >>> round(shown.low, 3), round(shown.high, 3)
        (0.894, 0.926)
        >>> is_determined(mean_interval([0.9], valid_to_train=0.25))
        False
    """
    finite = finite_scores(scores, "scores")
    finite = finite[np.isfinite(finite)]
    mean = float(finite.mean()) if finite.size else math.nan
    spread = sample_sd(finite)
    error = spread * math.sqrt(variance_factor(finite.size, valid_to_train))
    return t_interval(mean, error, df=finite.size - 1, level=level)


def paired_difference(
    first: ArrayLike, second: ArrayLike, *, valid_to_train: float, level: float = SHOWN_LEVEL
) -> PairedDifference:
    """Second minus first over the repeats that both finished, with the variance of `mean_interval`.

    Args:
        first: One score per repeat, shape (R,).
        second: The scores of the same repeats, shape (R,).
        valid_to_train: As in `mean_interval`.
        level: Probability that the interval covers.

    Raises:
        MldiagError: The two differ in shape.

    Example:
        >>> gain = paired_difference([0.80, 0.82, 0.81], [0.84, 0.87, 0.84], valid_to_train=0.25)
        >>> round(gain.interval.estimate, 3), gain.n, round(gain.p_greater, 3)
        (0.04, 3, 0.017)
    """
    before, after = finite_scores(first, "first"), finite_scores(second, "second")
    if before.shape != after.shape:
        raise MldiagError(
            f"{before.size} scores are paired with {after.size}",
            expected="one score per repeat on both sides, NaN where a trial failed",
        )
    gains = after - before
    gains = gains[np.isfinite(gains)]
    spread = sample_sd(gains, scale=float(np.nanmax(np.abs(after), initial=0.0)))
    error = spread * math.sqrt(variance_factor(gains.size, valid_to_train))
    mean = float(gains.mean()) if gains.size else math.nan
    df = gains.size - 1
    tail = t_upper_tail(mean / error, df) if error > 0 else math.nan
    interval = t_interval(mean, error, df=df, level=level)
    return PairedDifference(interval, spread, gains.size, df, error, tail)


def variance_factor(repeats: int, valid_to_train: float) -> float:
    """By what the variance of one repeat is multiplied to give that of the mean; NaN for no repeat."""
    return 1 / repeats + valid_to_train if repeats else math.nan


def sample_sd(values: NDArray[np.float64], *, scale: float | None = None) -> float:
    """Standard deviation with n - 1; NaN below two values, exactly 0 where only rounding differs."""
    if values.size < 2:
        return math.nan
    spread = float(values.std(ddof=1))
    size = float(np.abs(values).max()) if scale is None else scale
    return spread if spread > _ROUNDING * size else 0.0


def finite_scores(scores: ArrayLike, name: str, *, dimensions: int = 1) -> NDArray[np.float64]:
    """Scores as floats of the wanted dimensions, infinities turned into NaN.

    Raises:
        MldiagError: Not an array of that many dimensions.
    """
    array = np.array(scores, dtype=np.float64)
    if array.ndim != dimensions:
        raise MldiagError(
            f"{name} has {array.ndim} dimensions", expected=f"an array with {dimensions}"
        )
    array[~np.isfinite(array)] = np.nan
    return array
