"""Whether the winner of a search is better than the defaults, and by how much: pure functions of scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mldiag.findings import CLAIM_ERROR, Interval
from mldiag.stats.distributions import largest_t_upper_tail, t_upper_tail
from mldiag.stats.intervals import t_interval, undetermined, variance_factor
from mldiag.steps.sweep.checks.search_result import THRESHOLDS

FEWEST_REPEATS = 4
"""Repeats of the winner, two that chose and two fresh ones, below which its noise is not known."""

SHARED_DEFAULT = 0.5
"""Correlation of two differences with the same defaults."""


@dataclass(frozen=True)
class WinnerNumbers:
    """What is known of the winner against the defaults; positive is better.

    Args:
        chosen: Mean difference over the repeats that chose it: too high, because it was chosen.
        fresh: Difference over the fresh repeats, with its 80 % interval.
        p_fresh: One-sided p-value on the fresh repeats alone.
        p_family: One-sided p-value over all repeats, adjusted for every point that was tried.
        reserve: Difference on the reserve; None where it was not used.
        p_reserve: One-sided p-value on the reserve; NaN where it was not used or tells nothing.
        noise_sd: Noise of one repeat's difference.
        repeats: Repeats of both, fresh ones included.
        points: Points that were tried beside the defaults.
    """

    chosen: float
    fresh: Interval
    p_fresh: float
    p_family: float
    noise_sd: float
    repeats: int
    points: int
    reserve: Interval | None = None
    p_reserve: float = math.nan

    @property
    def p_better(self) -> float:
        """The p-value of "better": of the search, and where the reserve was used, of both together.

        The reserve knows nothing of the search, so both p-values are joined by the sum of their normal
        scores (Stouffer 1949), equally weighted.
        """
        if not math.isfinite(self.p_reserve):
            return self.p_family
        scores = [
            -special.ndtri(min(max(p, 1e-15), 1 - 1e-15)) for p in (self.p_family, self.p_reserve)
        ]
        return float(special.ndtr(-sum(scores) / math.sqrt(2)))

    @property
    def claimed(self) -> bool:
        """Whether "better than the defaults" holds with a one-sided error of 5 % over all points."""
        return self.p_better < CLAIM_ERROR and self.gain.estimate > 0

    @property
    def gain(self) -> Interval:
        """The gain: on the reserve where it was used, else on the fresh repeats."""
        return self.fresh if self.reserve is None else self.reserve

    @property
    def worth_confirming(self) -> bool:
        """Whether the fresh repeats agree so far that the reserve may be used."""
        return self.p_fresh < THRESHOLDS.worth_confirming and self.p_family < 0.5


def judge_winner(
    differences: NDArray[np.float64],
    winner: int,
    *,
    searched: int,
    points: int,
    valid_to_train: float,
) -> WinnerNumbers:
    """Compare the winner with the defaults.

    Whatever rule chose the winner and gave it repeats, its mean over all of them is at most the largest of
    what all points would have given, so that Dunnett's critical value over the points tried bounds the
    error of the claim. Fresh repeats alone would not: they share rows with those that chose, and simulated
    without any true difference (30 points, 5 repeats, splits that overlap as Nadeau and Bengio assume)
    they claim a winner in 15 % of searches; this in 2 %.

    Args:
        differences: Score less that of the defaults in the same repeat, shape (V, R); NaN where there is
            none. The winner has all R.
        winner: Its row.
        searched: Repeats that took part in the choice; the later ones are fresh.
        points: Points tried beside the defaults.
        valid_to_train: As in `stats.intervals.mean_interval`.

    Example:
        >>> table = np.array([[0.0] * 6, [.04, .05, .03, .05, .04, .045], [.01, np.nan, *[np.nan] * 4]])
        >>> found = judge_winner(table, 1, searched=3, points=2, valid_to_train=0.25)
        >>> found.claimed, round(found.fresh.estimate, 3)
        (True, 0.045)
    """
    own = differences[winner]
    repeats = int(np.isfinite(own).sum())
    variance, df = _pooled(differences, winner) if repeats >= FEWEST_REPEATS else (math.nan, 0.0)
    p_family = _upper_tail(float(np.nanmean(own)), variance, repeats, df, valid_to_train, points)
    fresh, p_fresh = _fresh(own[searched:], variance, df, valid_to_train)
    return WinnerNumbers(
        chosen=float(np.nanmean(own[:searched])),
        fresh=fresh,
        p_fresh=p_fresh,
        p_family=p_family,
        noise_sd=math.sqrt(variance) if variance >= 0 else math.nan,
        repeats=repeats,
        points=points,
    )


def on_reserve(
    difference: float, noise_sd: float, *, df: float, valid_rows: int, reserve_rows: int
) -> tuple[Interval, float]:
    """The difference on the reserve with its 80 % interval, and its p-value.

    One set of validation rows has shown, repeat by repeat, how much a difference varies; the reserve is
    another such set, and its variance goes with one over its rows.
    """
    error = noise_sd * math.sqrt(valid_rows / max(reserve_rows, 1))
    if not (error > 0 and df > 0):
        return undetermined(difference), math.nan
    return t_interval(difference, error, df=df), float(t_upper_tail(difference / error, df))


def _pooled(differences: NDArray[np.float64], winner: int) -> tuple[float, float]:
    """Variance of one repeat's difference over the points with several, and its degrees of freedom.

    The degrees of freedom are the winner's own: the pool steadies the estimate, but its points may differ.
    """
    squares, count = 0.0, 0
    for row in differences:
        values = row[np.isfinite(row)]
        if len(values) > 1 and np.ptp(values) > 0:
            squares += float(((values - values.mean()) ** 2).sum())
            count += len(values) - 1
    df = float(np.isfinite(differences[winner]).sum() - 1)
    return (squares / count if count else math.nan), df


def _fresh(
    values: NDArray[np.float64], variance: float, df: float, valid_to_train: float
) -> tuple[Interval, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return undetermined(math.nan), math.nan
    mean = float(known.mean())
    error = (
        math.sqrt(variance * variance_factor(known.size, valid_to_train)) if variance > 0 else 0.0
    )
    if not error > 0:
        return undetermined(mean), math.nan
    return t_interval(mean, error, df=df), float(t_upper_tail(mean / error, df))


def _upper_tail(
    mean: float, variance: float, repeats: int, df: float, valid_to_train: float, points: int
) -> float:
    if not (variance > 0 and df > 0):
        return math.nan
    t = mean / math.sqrt(variance * variance_factor(repeats, valid_to_train))
    return float(
        largest_t_upper_tail(t, df, comparisons=max(points, 1), correlation=SHARED_DEFAULT)
    )
