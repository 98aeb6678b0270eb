"""Trainings that are cut short: what each must reach on its way, and fewer rows where none reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.steps.sweep.search.space import Point, Space
from mldiag.stop_rule import StopRule
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

FEWEST_CURVES = 5
"""Whole trainings of one repeat that are compared at a step before any is cut (as in Vizier)."""

FEWEST_REPORTS = 4
"""Reports below which a training is not worth cutting."""

MEDIAN_STEPS = (1 / 4, 1 / 2)
"""Where a training must be at least as good as the median of the others (Golovin et al. 2017, Vizier)."""

HYPERBAND_STEPS = (1 / 9, 1 / 3)
"""Where only the best third goes on (Li et al. 2018, Hyperband, with their reduction factor of 3)."""

FEWEST_ROWS = 60
"""Training rows of the smallest set on which points are compared."""


def stop_rule(
    experiment: Experiment, space: Space, curves: Sequence[TrialResult], *, hyperband: bool
) -> StopRule | None:
    """What the next trainings must reach; None where nothing speaks for cutting any.

    Args:
        experiment: The experiment.
        space: What is searched; where it is the length of training, steps cannot be compared.
        curves: Results of one repeat and seed, in any order, so that a step compares like with like.
        hyperband: Whether to keep the best third, earlier, instead of the better half.
    """
    if any(axis.parameter.role == "duration" for axis in space.axes):
        return None
    name, maximize = experiment.metric.name, experiment.metric.maximize
    whole = [reported(c, name) for c in curves if c.status == "ok"]
    whole = [curve for curve in whole if len(curve) >= FEWEST_REPORTS]
    if len(whole) < FEWEST_CURVES:
        return None
    steps = round(float(np.median([max(curve) + 1 for curve in whole])))
    parts = [reported(c, name) for c in curves if c.status == "cut"]
    thresholds = []
    for share in HYPERBAND_STEPS if hyperband else MEDIAN_STEPS:
        step = max(0, math.ceil(share * steps) - 1)
        known = [at(curve, step) for curve in [*whole, *parts] if max(curve, default=-1) >= step]
        known = [value if maximize else -value for value in known]
        kept = float(np.quantile(known, 2 / 3 if hyperband else 1 / 2))
        thresholds.append((step, kept if maximize else -kept))
    return StopRule(name, bool(maximize), tuple(thresholds), steps)


def reported(result: TrialResult, metric: str) -> dict[int, float]:
    """What a training reported of its metric, by step; numbers only."""
    return {
        step: values[metric]
        for step, values in result.history
        if metric in values and math.isfinite(values[metric])
    }


def at(curve: Mapping[int, float], step: int) -> float:
    """The score at a step, or at the first report after it."""
    return curve[min(one for one in curve if one >= step)]


def reports(results: Sequence[TrialResult], metric: str) -> bool:
    """Whether trainings tell enough on their way to be cut."""
    return any(len(reported(result, metric)) >= FEWEST_REPORTS for result in results)


def guessed_gains(
    experiment: Experiment,
    first: Sequence[TrialResult | None],
    gains: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Gains with a guess where a training was cut: that of the whole one that was nearest to it then.

    Args:
        experiment: The experiment.
        first: Result of the first repeat of every point.
        gains: Gains by point, NaN where there is none.
    """
    name = experiment.metric.name
    curves = {
        i: reported(r, name)
        for i, r in enumerate(first)
        if r is not None and r.status == "ok" and np.isfinite(gains[i])
    }
    guessed = gains.copy()
    for index, result in enumerate(first):
        if result is None or result.status != "cut" or not reported(result, name):
            continue
        mine = reported(result, name)
        step = max(mine)
        others = {i: at(c, step) for i, c in curves.items() if max(c, default=-1) >= step}
        if others:
            guessed[index] = gains[min(others, key=lambda i: abs(others[i] - mine[step]))]
    return guessed


def row_rungs(experiment: Experiment) -> tuple[int, ...]:
    """Sizes of the smaller training sets, ascending; none where rows cannot be varied or are few."""
    if experiment.fixed_rows:
        return ()
    rows = experiment.splits.train_size_of(0)
    sizes = [round(share * rows) for share in HYPERBAND_STEPS]
    return tuple(size for size in sizes if size >= FEWEST_ROWS)


def rung_specs(experiment: Experiment, points: Sequence[Point], size: int) -> list[TrialSpec]:
    """First repeats of points on fewer rows."""
    return [experiment.spec(point, repeat=0, size=size) for point in points]


def best_third(
    experiment: Experiment, points: Sequence[Point], results: Sequence[TrialResult]
) -> list[int]:
    """Positions of the points that go on, in their order."""
    sign, name = experiment.metric.sign, experiment.metric.name
    scores = np.array([sign * result.score(name) for result in results])
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    order = np.argsort(-scores, kind="stable")[: math.ceil(len(points) / 3)]
    return sorted(int(i) for i in order if np.isfinite(scores[i]))
