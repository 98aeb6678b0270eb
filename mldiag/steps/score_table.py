"""Scores of points x repeats, and the one way in which every step compares them.

Which uncertainty applies follows from the experiment: where each repeat draws its own validation rows, the
spread over repeats speaks; where the user fixed them, the validation rows are the sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import CLAIM_ERROR, Interval
from mldiag.metrics import Metric
from mldiag.scoring.scorer import scorer_of
from mldiag.stats.bootstrap import ResampledScores, resample_mean, resample_score
from mldiag.stats.fixed_rows import (
    compare_on_fixed_rows,
    fixed_rows_difference,
    fixed_rows_interval,
)
from mldiag.stats.intervals import PairedDifference, mean_interval, paired_difference
from mldiag.stats.many import Comparisons, compare_with_default
from mldiag.stats.trend import last_doubling
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Rows, TrialSpec

Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores oriented so that higher is better.

    Args:
        scores: Validation scores as comparisons take them (`Metric.judged`), shape (points, repeats); NaN
            where a trial gave none.
        reported: The same as the trials reported them.
        train_scores: Training scores likewise; NaN where none were reported.
        not_run: Cells that were never run, as opposed to failed, shape (points, repeats).
        valid_to_train: Scoring rows over training rows of the full split; 0 where they are fixed.
        resampled: Resampled scores where the validation rows are fixed and per-row output was kept.
        metric: The user's metric.
        uncertainty: Which uncertainty the intervals state, for a person.
    """

    scores: Scores
    reported: Scores
    train_scores: Scores
    not_run: NDArray[np.bool_]
    valid_to_train: float
    resampled: ResampledScores | None
    metric: Metric
    uncertainty: str

    def interval(self, point: int, *, train: bool = False) -> Interval:
        """Mean score of a point in the user's metric, with its 80 % interval."""
        if train:
            found = mean_interval(self.train_scores[point], valid_to_train=self.valid_to_train)
        elif self.resampled is not None:
            found = fixed_rows_interval(self.resampled, setting=point)
        else:
            found = mean_interval(self.reported[point], valid_to_train=self.valid_to_train)
        return _clipped(_flipped(found, self.metric.sign), self.metric)

    def difference(self, first: int, second: int) -> PairedDifference:
        """Paired difference second - first; positive where the second is better."""
        if self.resampled is not None:
            return fixed_rows_difference(self.resampled, first=first, second=second)
        return paired_difference(
            self.scores[first], self.scores[second], valid_to_train=self.valid_to_train
        )

    def trend(self, first: int, last: int) -> PairedDifference:
        """Difference between two sizes of one curve; positive where more rows are better."""
        if self.resampled is not None:
            return self.difference(first, last)
        return last_doubling(self.scores[[first, last]], valid_to_train=self.valid_to_train)

    def compare(self, default: int, *, families: float = 1) -> Comparisons:
        """Every point against the default.

        Args:
            default: Position of the default.
            families: Comparisons of this kind in the same step, which share the error of a claim.
        """
        error = CLAIM_ERROR / families
        if self.resampled is not None:
            # A trial that gave a score but kept no predictions is missing here, not failed.
            unkept = np.isfinite(self.scores) & ~np.isfinite(self.resampled.measured)
            return compare_on_fixed_rows(
                self.resampled, default, error=error, not_run=self.not_run | unkept
            )
        return compare_with_default(
            self.scores,
            default,
            valid_to_train=self.valid_to_train,
            error=error,
            not_run=self.not_run,
        )


def score_table(
    experiment: Experiment,
    grid: Sequence[Sequence[TrialSpec]],
    results: Sequence[TrialResult],
) -> ScoreTable:
    """Arrange results by point and repeat.

    Args:
        experiment: The experiment that was run.
        grid: Specs of the points, one row a point and one column a repeat.
        results: What came back, in any order; missing trials count as not run.
    """
    found = {result.spec.digest: result for result in results}
    cells = [[found.get(spec.digest) for spec in row] for row in grid]
    name, sign = experiment.metric.name, experiment.metric.sign
    reported = np.array([[_score(cell, name) for cell in row] for row in cells])
    scores = np.array([[experiment.metric.judged(value) for value in row] for row in reported])
    train = np.array([[_score(cell, f"train_{name}") for cell in row] for row in cells])
    resampled = _resample(experiment, cells) if _fixed(experiment) else None
    return ScoreTable(
        scores=sign * scores,
        reported=sign * reported,
        train_scores=sign * train,
        not_run=np.array([[cell is None for cell in row] for row in cells]),
        valid_to_train=_valid_to_train(experiment),
        resampled=resampled,
        metric=experiment.metric,
        uncertainty=_uncertainty(experiment, resampled),
    )


def _fixed(experiment: Experiment) -> bool:
    """Whether every trial is scored on the same rows: declared ones, or those a command keeps to itself."""
    return bool(experiment.fixed_rows) or experiment.splits.fixed_valid


def _valid_to_train(experiment: Experiment) -> float:
    if _fixed(experiment):
        return 0.0
    return experiment.splits.valid_size() / experiment.splits.train_size()


def _uncertainty(experiment: Experiment, resampled: ResampledScores | None) -> str:
    if resampled is not None:
        return "over the fixed validation rows and the seeds"
    if experiment.fixed_rows:
        return "over the seeds alone (the script chooses its rows by itself)"
    if experiment.splits.fixed_valid:
        return "over the seeds alone: the fixed validation rows gave no per-row predictions"
    return "over redrawn splits and seeds, corrected for their overlap"


def _score(cell: TrialResult | None, name: str) -> float:
    return cell.score(name) if cell is not None else float("nan")


def _flipped(interval: Interval, sign: float) -> Interval:
    if sign > 0:
        return interval
    return Interval(-interval.estimate, -interval.high, -interval.low, interval.level)


def _clipped(interval: Interval, metric: Metric) -> Interval:
    """The interval within what the metric can be; a t interval knows of no bounds."""
    least = -math.inf if metric.low is None else metric.low
    most = math.inf if metric.high is None else metric.high
    low, high = (min(max(end, least), most) for end in (interval.low, interval.high))
    return Interval(interval.estimate, low, high, interval.level)


def _resample(
    experiment: Experiment, cells: Sequence[Sequence[TrialResult | None]]
) -> ResampledScores | None:
    """Resample the fixed validation rows; None where no kept output gives the score that was reported."""
    scorer = scorer_of(experiment)
    if scorer is None:
        return None
    kept = [
        [c.predictions if c is not None and scorer.explains(c) else None for c in row]
        for row in cells
    ]
    first = next((p for row in kept for p in row if p is not None), None)
    if first is None or first.truth is None:
        return None
    truth, groups, sign = first.truth, _groups_of(experiment, first.rows), experiment.metric.sign
    if scorer.rows(truth, first.values) is not None:
        missing = np.full(len(first.rows), np.nan)
        by_row = [
            [missing if p is None else scorer.rows(truth, p.values) for p in row] for row in kept
        ]
        return resample_mean(sign * np.array(by_row, dtype=float), groups=groups)
    predictions = [[None if p is None else p.values for p in row] for row in kept]

    def score(some_truth: Any, some_values: Any) -> float:
        return sign * experiment.metric.judged(scorer(some_truth, some_values))

    return resample_score(truth, predictions, score, groups=groups)


def _groups_of(experiment: Experiment, rows: Rows) -> NDArray[Any] | None:
    """Groups of the scoring rows, where these are numbers of main rows and groups were declared."""
    splits = experiment.splits
    if splits.groups is None or rows.max() >= splits.n_rows:
        return None
    return splits.groups[rows]
