"""The judgement whether a reported score has come back: a pure function of the scores and the report.

"No significant difference" is no proof of equality: with few runs nothing is ever significant. So the
question is turned round (two one-sided tests, Schuirmann 1987): reproduced only where the interval of the
difference lies inside the tolerance, not reproduced only where it lies outside, inconclusive in between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from mldiag.errors import MldiagError
from mldiag.findings import CLAIM_ERROR
from mldiag.stats.distributions import t_quantile
from mldiag.stats.intervals import sample_sd
from mldiag.steps.reproduce.report_checks import check_report
from mldiag.steps.reproduce.variance import Variance, runs_to_judge

Verdict = Literal["reproduced", "not_reproduced", "inconclusive"]
Side = Literal["better", "worse"]


@dataclass(frozen=True)
class Reproduction:
    """Whether a report was reproduced.

    Args:
        verdict: `reproduced`, `not_reproduced` or `inconclusive`.
        side: Where the mean lies when it was not reproduced; None else.
        estimate: Mean of our runs minus the reported score, in the metric's unit.
        low: Lower end of the interval that was judged; NaN where there is none.
        high: Upper end.
        level: Level of that interval: 1 - 2 alpha, alpha shared among the looks.
        basis: Which uncertainty the interval states, for a person.
        reason: Why it is inconclusive; empty where it is not.
    """

    verdict: Verdict
    side: Side | None
    estimate: float
    low: float
    high: float
    level: float
    basis: str
    reason: str = ""
    tolerance: float = field(default=math.nan, repr=False)
    variance: Variance | None = field(default=None, repr=False)

    @cached_property
    def runs_needed(self) -> int | None:
        """Runs with which a process that does reproduce the report would be judged so 4 times in 5.

        None where the verdict is there, where no spread is known, or where no number of runs would do.
        """
        if self.verdict != "inconclusive" or self.variance is None:
            return None
        return runs_to_judge(self.variance, self.tolerance, level=self.level)


def judge_reproduction(
    scores: Sequence[float],
    expected: float,
    tolerance: float,
    *,
    reported_sd: float | None = None,
    reported_runs: int | None = None,
    test_rows: int | None = None,
    deterministic: bool = False,
    maximize: bool = True,
    looks: int = 1,
    alpha: float = CLAIM_ERROR,
) -> Reproduction:
    """Judge by two one-sided tests whether scores reproduce a report within a tolerance.

    The standard error is s / sqrt(n) where the report is taken as exact; with the report's own spread over
    several runs Welch's; with a report from so many runs of unknown spread, s sqrt(1/n + 1/runs).

    Args:
        scores: Score of each run, shape (n,), n at least 1.
        expected: The reported score.
        tolerance: Largest difference that still counts as the same, in the metric's unit.
        reported_sd: Standard deviation over the report's runs.
        reported_runs: Number of the report's runs; 1 for a single one of unknown spread.
        test_rows: Rows of our test set where it is not the report's: its sampling error is added. For
            scores that are a share of rows, such as accuracy.
        deterministic: Whether the process was verified to give the same score each time on the reported
            split: then the difference itself is judged, to the digits reported.
        maximize: Whether larger is better.
        looks: How many times the same question is asked as runs are added; each has alpha / looks.
        alpha: Error of each one-sided test over all looks.

    Raises:
        MldiagError: If there is no score, or the report contradicts itself.

    Example:
        >>> judge_reproduction([0.951, 0.955, 0.949, 0.953, 0.952], 0.952, 0.01).verdict
        'reproduced'
        >>> one = judge_reproduction([0.951], 0.952, 0.01)
        >>> one.verdict, one.reason
        ('inconclusive', 'One run says nothing of the noise.')
    """
    given = _checked_scores(scores)
    check_report(expected, tolerance, reported_sd, reported_runs, test_rows)
    estimate = float(given.mean()) - expected
    level = 1 - 2 * alpha / looks
    if deterministic:
        return _exact(given, expected, tolerance, estimate, level, maximize=maximize)
    spread = sample_sd(given)
    if not spread > 0:
        reason = (
            "One run says nothing of the noise."
            if given.size < 2
            else "All runs gave the same score: either the seed changes nothing, or it is not used."
        )
        basis = "no interval: no spread between runs"
        return Reproduction(
            "inconclusive", None, estimate, math.nan, math.nan, level, basis, reason, tolerance
        )
    variance = Variance(
        own=spread**2,
        runs=given.size,
        report=reported_sd**2 if reported_sd else 0.0,
        report_runs=reported_runs or 0,
        report_like_own=reported_runs or 0 if reported_sd is None else 0,
        test_set=expected * (1 - expected) / test_rows if test_rows else 0.0,
    )
    error, df = variance.error_and_df()
    half = t_quantile(1 - alpha / looks, df) * error
    low, high = estimate - half, estimate + half
    verdict, side = _verdict(low, high, tolerance, maximize=maximize)
    reason = "" if verdict != "inconclusive" else _why_open(low, high, tolerance)
    return Reproduction(
        verdict, side, estimate, low, high, level, variance.words(), reason, tolerance, variance
    )


def _verdict(
    low: float, high: float, tolerance: float, *, maximize: bool
) -> tuple[Verdict, Side | None]:
    if -tolerance < low and high < tolerance:
        return "reproduced", None
    if low > tolerance or high < -tolerance:
        return "not_reproduced", "better" if (low > tolerance) == maximize else "worse"
    return "inconclusive", None


def _exact(
    scores: np.ndarray,
    expected: float,
    tolerance: float,
    estimate: float,
    level: float,
    *,
    maximize: bool,
) -> Reproduction:
    """A process without noise: the difference is what it is, to the digits that were reported."""
    if np.ptp(scores) > 0:
        raise MldiagError(
            f"deterministic=True, but the scores differ: {scores.min():g} to {scores.max():g}",
            expected="the same score from every run of a deterministic process",
            hint="deterministic=False",
        )
    digits = _digits(expected)
    shown = round(round(float(scores[0]), digits) - expected, digits + 3)
    inside = abs(shown) <= tolerance
    side: Side | None = None
    if not inside:
        side = "better" if (shown > 0) == maximize else "worse"
    basis = f"the difference itself, to {digits} digits: the process has no noise"
    verdict: Verdict = "reproduced" if inside else "not_reproduced"
    return Reproduction(verdict, side, estimate, estimate, estimate, level, basis)


def _digits(value: float) -> int:
    """Digits behind the point as the number was written."""
    text = repr(float(value))
    if "e" in text:
        text = f"{value:.15f}".rstrip("0")
    return max(1, len(text.partition(".")[2]))


def _why_open(low: float, high: float, tolerance: float) -> str:
    if high - low >= 2 * tolerance:
        return "The interval is wider than the tolerance: what was run cannot tell."
    return "The interval lies across an end of the tolerance."


def _checked_scores(scores: Sequence[float]) -> np.ndarray:
    given = np.asarray(scores, dtype=np.float64).ravel()
    if not given.size or not np.isfinite(given).all():
        raise MldiagError(
            "no score to judge" if not given.size else "a score is not finite",
            expected="the score of each run, all of them numbers",
        )
    return given
