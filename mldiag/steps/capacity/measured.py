"""What was measured on each line, and what it says after a first or a second look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.stats.gain import gain_of_best
from mldiag.stats.intervals import undetermined
from mldiag.stats.many import Comparisons
from mldiag.steps.capacity.lines import Line, line_grid, lines_of
from mldiag.steps.capacity.settings import Settings
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain

LineVerdict = Literal["gain", "no gain", "open", "ignored", "no score"]

FIRST_REPEATS = 3
"""Repeats of the first look."""

FIRST_SHARE = 0.4
"""Part of the error of a claim that the first look may spend, because a second one may follow."""


DUMMY_SHARE = 0.1
"""Part of the error that "a dummy is better" may spend; the other lines share the rest evenly."""


@dataclass(frozen=True, eq=False)
class MeasuredLine:
    """A line with its scores.

    Args:
        line: The line.
        metric: The metric.
        valid: Mean validation score with interval, by value, in the user's metric.
        train: Mean training score likewise; NaN where none was reported.
        scores: Validation score of every trial, shape (values, repeats), in the user's metric.
        comparisons: Every value against the model as it stands; positive is better.
        best: Position of the best value other than the default; the default where there is none.
        gain: Gain of the best value, corrected for having been chosen.
        worth: Smallest gain worth having.
        uncertainty: Which uncertainty the intervals state.
        failed: Trials without a score, by value.
        looks: Looks that it took.
        on_fixed_rows: Whether the intervals rest on the declared validation rows.
        valid_to_train: Scoring rows over training rows; 0 where they are fixed.
    """

    line: Line
    metric: Metric
    valid: tuple[Interval, ...]
    train: tuple[Interval, ...]
    scores: NDArray[np.float64]
    comparisons: Comparisons
    best: int
    gain: Interval
    worth: float
    uncertainty: str
    failed: tuple[int, ...]
    looks: int
    on_fixed_rows: bool
    valid_to_train: float

    @property
    def best_value(self) -> Plain:
        """The best value other than the default."""
        return self.line.values[self.best]

    @property
    def claimed(self) -> bool:
        """Whether the best value is surely better than the model as it stands."""
        return bool(self.comparisons.claimed[self.best])

    @property
    def verdict(self) -> LineVerdict:
        """What the line says."""
        found = self.comparisons
        if not np.isfinite(self.scores[found.default]).any() or not len(found.candidates):
            return "no score"
        others = len(found.difference) - 1
        if found.identical[found.candidates].all() and len(found.candidates) == others:
            return "ignored"
        if self.claimed:
            return "gain"
        if not found.determined:
            return "open"
        return "no gain" if all(self.high(i) < self.worth for i in found.candidates) else "open"

    def high(self, index: int) -> float:
        """Upper end of a value's gain; infinite where it is not known and the scores differ."""
        found = self.comparisons
        high = found.intervals[index].high
        if np.isfinite(high):
            return float(high)
        return 0.0 if found.identical[index] else float("inf")


def measure_lines(
    experiment: Experiment,
    settings: Settings,
    lines: Sequence[Line],
    results: Sequence[TrialResult],
    *,
    first_look: bool = False,
) -> tuple[MeasuredLine, ...]:
    """Judge every line; all lines and both looks share the error of a claim.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        lines: The lines.
        results: What came back, in any order.
        first_look: Only what the first look says, as `plan` asks.
    """
    families = _families(lines_of(experiment, settings))
    return tuple(
        _measured(experiment, settings, line, results, families[line.name], only_first=first_look)
        for line in lines
    )


def _families(lines: Sequence[Line]) -> dict[str, float]:
    """One over the part of a claim's error that each line may spend; a dummy is a small question."""
    dummy = DUMMY_SHARE if any(line.kind == "dummy" for line in lines) else 0.0
    others = sum(line.kind != "dummy" for line in lines)
    return {
        line.name: 1 / dummy if line.kind == "dummy" else others / (1 - dummy) for line in lines
    }


def _measured(
    experiment: Experiment,
    settings: Settings,
    line: Line,
    results: Sequence[TrialResult],
    families: float,
    *,
    only_first: bool,
) -> MeasuredLine:
    first = min(FIRST_REPEATS, settings.repeats)
    if first == settings.repeats:
        return _look(experiment, settings, line, results, repeats=first, families=families, look=1)
    one = _look(
        experiment, settings, line, results, repeats=first, families=families / FIRST_SHARE, look=1
    )
    if only_first or one.verdict != "open":
        return one
    rest = families / (1 - FIRST_SHARE)
    return _look(
        experiment, settings, line, results, repeats=settings.repeats, families=rest, look=2
    )


def _look(
    experiment: Experiment,
    settings: Settings,
    line: Line,
    results: Sequence[TrialResult],
    *,
    repeats: int,
    families: float,
    look: int,
) -> MeasuredLine:
    table = score_table(experiment, line_grid(experiment, line, repeats), results)
    found = table.compare(line.default, families=families)
    best = _best(found)
    valid = tuple(table.interval(i) for i in range(len(line.values)))
    chosen = best != line.default
    return MeasuredLine(
        line=line,
        metric=experiment.metric,
        valid=valid,
        train=tuple(table.interval(i, train=True) for i in range(len(line.values))),
        scores=table.metric.sign * table.scores,
        comparisons=found,
        best=best,
        gain=gain_of_best(found, chosen=best) if chosen else undetermined(float("nan")),
        worth=settings.gain or smallest_gain(experiment.metric, valid[line.default].estimate),
        uncertainty=table.uncertainty,
        failed=tuple((~table.not_run & ~np.isfinite(table.scores)).sum(axis=1).tolist()),
        looks=look,
        on_fixed_rows=table.resampled is not None,
        valid_to_train=table.valid_to_train,
    )


def _best(found: Comparisons) -> int:
    """The best candidate, one that is surely better first."""
    candidates = found.candidates
    if not len(candidates):
        return found.default
    sure = candidates[found.claimed[candidates]]
    among = sure if len(sure) else candidates
    return int(among[np.argmax(found.difference[among])])
