"""The numbers of a sweep, from which its checks judge and its plot draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.stats.gain import gain_of_best
from mldiag.stats.intervals import is_determined, undetermined
from mldiag.stats.many import Comparisons
from mldiag.steps.score_table import ScoreTable, score_table
from mldiag.steps.sweep.axes import Axis, axis_specs
from mldiag.steps.sweep.settings import Settings
from mldiag.steps.sweep.smooth_curve import SmoothCurve
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec

Verdict = Literal["better value", "default is best", "flat", "ignored", "inconclusive", "no score"]


@dataclass(frozen=True, eq=False)
class Measured:
    """One family of points compared with the default: the values of an axis, or the points of a search.

    Args:
        metric: The metric.
        valid: Mean validation score with interval, by point, in the user's metric.
        train: Mean training score likewise; NaN where none was reported.
        scores: Validation score of every trial, shape (points, repeats); NaN where it gave none.
        failed: Trials that gave no score, by point.
        not_run: Trials that were never run, by point.
        comparisons: Every point against the default; positive is better.
        best: Position of the best point, the default where nothing is better.
        gain: Gain of the best point, corrected for having been chosen; unknown if it is the default.
        worth: Smallest gain worth having, in the metric's unit.
        uncertainty: Which uncertainty the intervals state.
        on_fixed_rows: Whether the intervals rest on the declared validation rows.
        valid_to_train: Scoring rows over training rows; 0 where they are fixed.
        curve: The smooth curve through the scores, where the design made one.
    """

    metric: Metric
    valid: tuple[Interval, ...]
    train: tuple[Interval, ...]
    scores: NDArray[np.float64]
    failed: tuple[int, ...]
    not_run: tuple[int, ...]
    comparisons: Comparisons
    best: int
    gain: Interval
    worth: float
    uncertainty: str
    on_fixed_rows: bool
    valid_to_train: float
    curve: SmoothCurve | None = None

    @property
    def verdict(self) -> Verdict:
        """What the comparison says; a claim holds over all points at once."""
        found = self.comparisons
        others = np.delete(np.arange(len(found.difference)), found.default)
        if not np.isfinite(self.scores[found.default]).any() or not len(found.candidates):
            return "no score"
        if self.identical[found.candidates].all() and len(found.candidates) == len(others):
            return "ignored"
        if found.claimed[self.best]:
            return "better value"
        if not found.determined:
            return "inconclusive"
        if self.curve is not None:
            failed = np.flatnonzero(np.asarray(self.failed) > 0)
            return _by_intervals(self.curve.differences, self.worth, all_shown=not len(failed))
        shown = [found.intervals[i] for i in found.candidates]
        return _by_intervals(shown, self.worth, all_shown=True)

    @property
    def identical(self) -> NDArray[np.bool_]:
        """Points that score exactly like the default wherever both were run, in all repeats there are."""
        own = self.scores[self.comparisons.default]
        both = np.isfinite(self.scores) & np.isfinite(own)
        same = ((self.scores == own) | ~both).all(axis=1)
        wanted = min(2, self.scores.shape[1])
        return np.asarray((same & (both.sum(axis=1) >= wanted)) | self.comparisons.identical)


def _by_intervals(intervals: Sequence[Interval], worth: float, *, all_shown: bool) -> Verdict:
    """Flat, or default best, where no interval of a difference reaches what would be worth having."""
    if not all(interval.high < worth for interval in intervals):
        return "inconclusive"
    flat = all_shown and all(interval.low > -worth for interval in intervals)
    return "flat" if flat else "default is best"


@dataclass(frozen=True, eq=False)
class MeasuredAxis:
    """An axis with what was measured on it."""

    axis: Axis
    measured: Measured

    @property
    def best_value(self) -> Plain:
        """The best value; the default where nothing is better."""
        return self.axis.values[self.measured.best]

    @property
    def edge(self) -> str | None:
        """`low` or `high` where the best value stands at an end of the range, else None."""
        found = self.measured.comparisons
        slopes = found.claimed.any() or found.claimed_worse.any()
        open_ = self.measured.verdict not in ("flat", "default is best", "ignored")
        return self.axis.edge(self.measured.best) if slopes and open_ else None


def measure_axis(
    experiment: Experiment,
    settings: Settings,
    axis: Axis,
    results: Sequence[TrialResult],
    *,
    axes: int = 1,
) -> MeasuredAxis:
    """Compare the values of an axis; `axes` parameters moved in one step share the error of a claim."""
    grid = axis_specs(experiment, settings, axis)
    measured = measure(experiment, settings, grid, axis.default, results, families=axes)
    return MeasuredAxis(axis, measured)


def measure(
    experiment: Experiment,
    settings: Settings,
    grid: Sequence[Sequence[TrialSpec]],
    default: int,
    results: Sequence[TrialResult],
    *,
    families: float = 1,
    chosen: int | None = None,
) -> Measured:
    """Compare points with the default.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        grid: Specs by point and repeat.
        default: Position of the default among the points.
        results: What came back, in any order.
        families: Comparisons of this kind in the same step, over the share of the error that this look has.
        chosen: The point decided for; None for the one with the highest mean.
    """
    table = score_table(experiment, grid, results)
    comparisons = table.compare(default, families=families)
    valid = tuple(table.interval(i) for i in range(len(grid)))
    best = _best(table, comparisons) if chosen is None else chosen
    gain = gain_of_best(comparisons, chosen=best) if best != default else undetermined(0.0)
    return Measured(
        metric=experiment.metric,
        valid=valid,
        train=tuple(table.interval(i, train=True) for i in range(len(grid))),
        scores=table.metric.sign * table.scores,
        failed=tuple((~table.not_run & ~np.isfinite(table.scores)).sum(axis=1).tolist()),
        not_run=tuple(table.not_run.sum(axis=1).tolist()),
        comparisons=comparisons,
        best=best,
        gain=gain,
        worth=settings.gain or smallest_gain(experiment.metric, valid[default].estimate),
        uncertainty=table.uncertainty,
        on_fixed_rows=table.resampled is not None,
        valid_to_train=table.valid_to_train,
    )


def _best(table: ScoreTable, comparisons: Comparisons) -> int:
    """The best point; where the default itself gave no score, the best of the rest."""
    if np.isfinite(table.scores[comparisons.default]).any():
        return comparisons.best
    means = [row.mean() if np.isfinite(row).all() else -np.inf for row in table.scores]
    return int(np.argmax(means))


def plain_measured(measured: Measured) -> dict[str, Any]:
    """What was measured as plain data, for JSON."""
    found = measured.comparisons
    return {
        "verdict": measured.verdict,
        "validation": measured.valid,
        "train": measured.train,
        "scores": measured.scores,
        "failed": measured.failed,
        "difference_to_default": found.intervals,
        "claimed_better": found.claimed,
        "claimed_worse": found.claimed_worse,
        "noise_sd": found.noise_sd,
        "best": measured.best,
        "gain": measured.gain if is_determined(measured.gain) else None,
        "smallest_gain_worth_having": measured.worth,
        "uncertainty": measured.uncertainty,
        "curve": measured.curve,
    }


def family_curves(name: str, measured: Measured) -> dict[str, dict[int, float]]:
    """Mean, low and high by position among the points: MLflow's steps are whole numbers."""
    series = {
        f"sweep_{name}/{measured.metric.name}_{part}": {
            index: getattr(interval, field)
            for index, interval in enumerate(measured.valid)
            if np.isfinite(getattr(interval, field))
        }
        for part, field in (("mean", "estimate"), ("low", "low"), ("high", "high"))
    }
    return {series_name: points for series_name, points in series.items() if points}


def family_scalars(measured: Measured) -> dict[str, float]:
    """The best score, its gain and the noise."""
    return {
        f"best_{measured.metric.name}": measured.valid[measured.best].estimate,
        "gain": measured.gain.estimate,
        "noise_sd": measured.comparisons.noise_sd,
    }
