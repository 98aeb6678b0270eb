"""How many repeats would settle a question, before anybody pays for them."""

from __future__ import annotations

import math

from scipy import special

from mldiag.errors import MldiagError
from mldiag.findings import CLAIM_ERROR
from mldiag.stats.distributions import largest_t_critical
from mldiag.stats.intervals import variance_factor

WANTED_POWER = 0.8
"""Chance that a true difference of the given size is claimed (Cohen 1988 takes .8)."""


def claim_power(
    difference: float,
    sd: float,
    *,
    repeats: int,
    valid_to_train: float,
    comparisons: int = 1,
    error: float = CLAIM_ERROR,
) -> float:
    """The chance that a true difference of this size is claimed with so many repeats.

    Args:
        difference: The true difference, in the metric's unit; its sign does not matter.
        sd: Standard deviation of the paired difference of ONE repeat: sqrt(2) times the noise of a score.
        repeats: Repeats of every value.
        valid_to_train: As in `intervals.mean_interval`.
        comparisons: Values compared with the default; their noise is pooled.
        error: One-sided family error of the claim.

    Returns:
        A probability; NaN below two repeats or without spread.

    Example:
        >>> round(claim_power(0.03, 0.014, repeats=5, valid_to_train=0.25, comparisons=8), 2)
        0.76
    """
    if repeats < 2 or not sd > 0:
        return math.nan
    df = float(comparisons * (repeats - 1))
    critical = largest_t_critical(error, df, comparisons=comparisons)
    shift = abs(difference) / (sd * math.sqrt(variance_factor(repeats, valid_to_train)))
    if shift > critical + 8:  # beyond the noncentral t's numerical range, and certain
        return 1.0
    return float(1 - special.nctdtr(df, shift, critical))


def repeats_to_settle(
    difference: float,
    sd: float,
    *,
    valid_to_train: float,
    comparisons: int = 1,
    error: float = CLAIM_ERROR,
    power: float = WANTED_POWER,
    limit: int = 200,
) -> int | None:
    """The fewest repeats with which a true difference of this size would be claimed, with chance `power`.

    Redrawn splits of the same rows share rows, so their variance has a floor of sd^2 * valid_to_train that
    no repeat lowers: a difference below about 2.5 sd sqrt(valid_to_train) cannot be settled on these rows.

    Args:
        difference: As in `claim_power`.
        sd: As in `claim_power`.
        valid_to_train: As in `intervals.mean_interval`.
        comparisons: As in `claim_power`.
        error: As in `claim_power`.
        power: Wanted chance of a claim.
        limit: Largest number of repeats that is considered.

    Returns:
        The number, at least 2; None where `limit` repeats do not suffice, or nothing is known of the sd.

    Raises:
        MldiagError: `limit` below 2.

    Example:
        >>> repeats_to_settle(0.02, 0.02, valid_to_train=0.0)
        8
        >>> repeats_to_settle(0.02, 0.02, valid_to_train=0.25) is None
        True
    """
    if limit < 2:
        raise MldiagError(f"a limit of {limit} repeats", expected="2 or more")

    def enough(repeats: int) -> bool:
        chance = claim_power(
            difference,
            sd,
            repeats=repeats,
            valid_to_train=valid_to_train,
            comparisons=comparisons,
            error=error,
        )
        return chance >= power

    if not (sd > 0 and difference != 0 and enough(limit)):
        return None
    low, high = 1, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def rows_to_settle(
    difference: float,
    standard_error: float,
    *,
    error: float = CLAIM_ERROR,
    power: float = WANTED_POWER,
) -> float:
    """How many times the present validation rows would settle a difference, where those are fixed.

    The rows' part of the variance falls as one over their number, and repeats do not lower it.

    Args:
        difference: As in `claim_power`.
        standard_error: Of the measured difference.
        error: One-sided error of the claim.
        power: Wanted chance of a claim.

    Returns:
        A factor, at least 1; NaN without a difference or a standard error.

    Example:
        >>> round(rows_to_settle(0.01, 0.01), 1)
        6.2
    """
    if not (standard_error > 0 and difference != 0):
        return math.nan
    wanted = float(special.ndtri(1 - error) + special.ndtri(power))
    return max(1.0, (wanted * standard_error / abs(difference)) ** 2)
