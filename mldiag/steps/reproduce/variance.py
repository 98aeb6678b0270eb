"""How well a difference with a report is known, and how many runs would do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from mldiag.stats.distributions import spread_nodes, t_quantile
from mldiag.stats.power import WANTED_POWER

MOST_RUNS = 1000
"""More runs than this are not suggested: nobody makes them."""

FEWEST_RUNS = 3
"""Two runs tell their spread so badly that they are never suggested."""


@dataclass(frozen=True)
class Variance:
    """The parts of the variance of a difference between our mean and the report.

    Args:
        own: Variance of one of our runs.
        runs: How many runs there are.
        report: Variance of the reported number, as known from its own runs.
        report_runs: Runs behind it.
        report_like_own: Runs behind a report whose spread is not known: it is taken to be ours.
        test_set: Sampling variance of a test set that is not the report's.
    """

    own: float
    runs: int
    report: float = 0.0
    report_runs: int = 0
    report_like_own: int = 0
    test_set: float = 0.0

    def error_and_df(
        self, *, own: float | None = None, runs: int | None = None
    ) -> tuple[float, float]:
        """Standard error of the difference and its degrees of freedom (Welch and Satterthwaite).

        Args:
            own: Another variance of one run.
            runs: Another number of runs.
        """
        variance, count = self.own if own is None else own, self.runs if runs is None else runs
        share = 1 / count + (1 / self.report_like_own if self.report_like_own else 0.0)
        ours, theirs = variance * share, self.report / max(self.report_runs, 1)
        total = ours + theirs + self.test_set
        lost = ours**2 / (count - 1) if count > 1 else math.inf
        if theirs:
            lost += theirs**2 / (self.report_runs - 1)
        return math.sqrt(total), total**2 / lost if lost > 0 else math.inf

    def words(self) -> str:
        """Which uncertainty this is, for a person."""
        if self.report_like_own == 1:
            words = "over our runs, and the one run of the report, whose spread is taken to be ours"
        elif self.report_like_own:
            words = f"over our runs and the report's {self.report_like_own}, whose spread is taken to be ours"
        elif self.report:
            words = f"over our runs and the report's {self.report_runs}, each with its own spread"
        else:
            words = "over our runs; the reported score is taken as exact"
        return words + (" and over test rows that are not the report's" if self.test_set else "")


def runs_to_judge(variance: Variance, tolerance: float, *, level: float) -> int | None:
    """Fewest runs with which a process with no true difference is called reproduced 4 times in 5.

    Args:
        variance: As measured; it stands for the true one.
        tolerance: As in `judge_reproduction`.
        level: Level of the interval that is judged.

    Returns:
        None where `MOST_RUNS` do not suffice: the report's own uncertainty, or that of the test set, does
        not shrink with our runs.

    Example:
        >>> [runs_to_judge(Variance(own=s**2, runs=5), 1.0, level=0.9) for s in (0.5, 1, 2)]
        [4, 11, 36]
    """
    if _power(variance, tolerance, MOST_RUNS, level) < WANTED_POWER:
        return None
    low, high = FEWEST_RUNS - 1, MOST_RUNS
    while high - low > 1:
        middle = (low + high) // 2
        enough = _power(variance, tolerance, middle, level) >= WANTED_POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


def _power(variance: Variance, tolerance: float, runs: int, level: float) -> float:
    """Chance of "reproduced" with no true difference, over the spread that the runs may show."""
    true_error, _ = variance.error_and_df(runs=runs)
    shares, weights = spread_nodes(float(runs - 1))
    chance = 0.0
    for share, weight in zip(shares, weights, strict=True):
        error, df = variance.error_and_df(own=variance.own * share**2, runs=runs)
        room = tolerance - t_quantile((1 + level) / 2, df) * error
        if room > 0:
            chance += weight * (2 * float(special.ndtr(room / true_error)) - 1)
    return chance
