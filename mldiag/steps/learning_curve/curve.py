"""The numbers of a learning curve, from which its checks judge and its plot draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.stats.intervals import PairedDifference
from mldiag.steps.learning_curve.ahead import Ahead, look_ahead
from mldiag.steps.learning_curve.settings import Settings
from mldiag.steps.learning_curve.sizes import curve_grid, curve_sizes, half_of
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


@dataclass(frozen=True, eq=False)
class Curve:
    """Scores by training size, in the user's metric unless said otherwise.

    Args:
        metric: The metric.
        sizes: Training rows, ascending, shape (S,).
        valid: Mean validation score with interval, by size.
        train: Mean training score with interval, by size; NaN where none was reported.
        scores: Validation score of every trial, shape (S, R); NaN where it failed or was not run.
        train_scores: Training score of every trial likewise.
        failed: Trials of a size that gave no score, by size.
        half: Index of the size that is nearest to half of the largest one with scores.
        last: Index of the largest size with scores.
        doubling: Difference between them; positive is better.
        ahead: What more rows would give; None where it cannot be said.
        worth: Smallest gain worth having, in the metric's unit.
        uncertainty: Which uncertainty the intervals state.
        on_fixed_rows: Whether the intervals rest on the declared validation rows.
        valid_to_train: Scoring rows over training rows of the full split; 0 where they are fixed.
        results: What came back, by size and repeat; None where a trial was not run.
    """

    metric: Metric
    sizes: tuple[int, ...]
    valid: tuple[Interval, ...]
    train: tuple[Interval, ...]
    scores: NDArray[np.float64]
    train_scores: NDArray[np.float64]
    failed: tuple[int, ...]
    half: int
    last: int
    doubling: PairedDifference
    ahead: Ahead | None
    worth: float
    uncertainty: str
    on_fixed_rows: bool
    valid_to_train: float
    results: tuple[tuple[TrialResult | None, ...], ...]

    def train_rises(self, share: float) -> bool:
        """Whether the last doubling raised the train score by this share of what validation gained."""
        first, last = self.train[self.half].estimate, self.train[self.last].estimate
        risen = self.metric.sign * (last - first)
        return bool(risen > 0 and risen >= share * self.doubling.interval.estimate)


def measure_curve(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Curve | None:
    """Arrange the results as a curve; None where fewer than two sizes have a score."""
    sizes = curve_sizes(experiment, settings)
    grid = curve_grid(experiment, settings)
    table = score_table(experiment, grid, results)
    scored = np.flatnonzero(np.isfinite(table.scores).any(axis=1))
    if len(scored) < 2:
        return None
    last = int(scored[-1])
    half = int(scored[half_of([sizes[i] for i in scored])])
    found = {result.spec.digest: result for result in results}
    valid = tuple(table.interval(i) for i in range(len(sizes)))
    scores, train_scores = (table.metric.sign * s for s in (table.scores, table.train_scores))
    reached = _reached(sizes, grid, found)
    failed = (~table.not_run & ~np.isfinite(table.scores)).sum(axis=1)
    return Curve(
        metric=experiment.metric,
        sizes=reached,
        valid=valid,
        train=tuple(table.interval(i, train=True) for i in range(len(sizes))),
        scores=scores,
        train_scores=train_scores,
        failed=tuple(int(count) for count in failed),
        half=half,
        last=last,
        doubling=table.trend(half, last),
        ahead=look_ahead(
            experiment.metric, reached, scores, train_scores, valid_to_train=table.valid_to_train
        ),
        worth=settings.gain or smallest_gain(experiment.metric, valid[last].estimate),
        uncertainty=table.uncertainty,
        on_fixed_rows=table.resampled is not None,
        valid_to_train=table.valid_to_train,
        results=tuple(tuple(found.get(spec.digest) for spec in row) for row in grid),
    )


def with_repeats(curve: Curve, repeats: int) -> Curve:
    """The same curve as if it had so many repeats with the same means and spreads."""
    times = -(-repeats // curve.scores.shape[1])
    scores, train = (np.tile(s, times)[:, :repeats] for s in (curve.scores, curve.train_scores))
    ahead = look_ahead(
        curve.metric, curve.sizes, scores, train, valid_to_train=curve.valid_to_train
    )
    return replace(curve, scores=scores, train_scores=train, ahead=ahead)


def _reached(
    sizes: Sequence[int], grid: Sequence[Sequence[TrialSpec]], found: Mapping[str, TrialResult]
) -> tuple[int, ...]:
    """Rows that the trials of each size really trained on: whole groups rarely give the size asked for."""
    reached = []
    for size, row in zip(sizes, grid, strict=True):
        rows = [found[s.digest].train_rows for s in row if s.digest in found]
        rows = [count for count in rows if count]
        reached.append(round(sum(rows) / len(rows)) if rows else size)
    return tuple(reached)
