"""The answer of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Finding, Outcome, Table, ranked
from mldiag.stats.intervals import is_determined
from mldiag.steps.sweep.axes import asked_axes, grown_axis
from mldiag.steps.sweep.checks import (
    better_value,
    edge_of_range,
    parameter_ignored,
    unstable_region,
)
from mldiag.steps.sweep.measured import (
    Measured,
    MeasuredAxis,
    SweepDiagnosis,
    measure,
    measure_axis,
)
from mldiag.steps.sweep.search import is_search, point_specs, tried_points
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain
from mldiag.wording import gain, gain_short, plural, score_interval, setting, setting_short


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> SweepDiagnosis:
    """Judge what the trials say of each parameter.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    if is_search(settings):
        return _diagnose_search(experiment, settings, results)
    axes = [grown_axis(experiment, settings, a, results) for a in asked_axes(experiment, settings)]
    measured = tuple(
        measure_axis(experiment, settings, axis, results, axes=len(axes)) for axis in axes
    )
    findings = ranked([finding for found in measured for finding in _judge(found)])
    return SweepDiagnosis(
        findings,
        _headline(measured, findings[0]),
        findings[0].outcome,
        tables=tuple(_axis_table(found) for found in measured),
        next_step=_next_step(measured),
        axes=measured,
    )


def _judge(found: MeasuredAxis) -> list[Finding]:
    judged = [
        parameter_ignored.judge(found),
        better_value.judge(found),
        edge_of_range.judge(found),
        unstable_region.judge(found),
    ]
    return [finding for finding in judged if finding is not None]


def _next_step(axes: Sequence[MeasuredAxis]) -> str:
    """Look beyond an edge first; else at the amount of data."""
    for found in axes:
        if found.edge is not None:
            return f"sweep --param {found.axis.suggested_range(low=found.edge == 'low')}"
    return "learning-curve"


def _headline(axes: Sequence[MeasuredAxis], first: Finding) -> str:
    """The first finding in few characters: MLflow's lists cut names after about 14."""
    found = next(found for found in axes if found.axis.name == first.evidence["param"])
    name, measured = found.axis.name, found.measured
    if measured.verdict == "better value":
        gained = gain_short(measured.metric, measured.gain.estimate)
        return f"TUNE {name}={setting_short(found.best_value)} {gained}"
    if measured.verdict == "ignored":
        return f"IGNORED {name}"
    if first.code == unstable_region.CHECK.code:
        return f"UNSTABLE {name}"
    if measured.verdict in ("inconclusive", "no score"):
        return f"OPEN {name}"
    return f"OK {name}={setting_short(found.axis.values[found.axis.default])}"


def _axis_table(found: MeasuredAxis) -> Table:
    measured, axis = found.measured, found.axis
    rows = tuple(
        (setting(value) + _mark(index, measured), *_cells(index, measured))
        for index, value in enumerate(axis.values)
        if measured.not_run[index] < measured.scores.shape[1]
    )
    legend = "; * surely better than the default" if measured.comparisons.claimed.any() else ""
    return Table(
        f"{measured.metric.name} by {axis.name}, 80 % intervals {measured.uncertainty}{legend}",
        (axis.name, "validation", "against the default", "without a score"),
        rows,
    )


def _mark(index: int, measured: Measured) -> str:
    default = " (default)" if index == measured.comparisons.default else ""
    return default + (" *" if measured.comparisons.claimed[index] else "")


def _cells(index: int, measured: Measured) -> tuple[str, str, str]:
    found = measured.comparisons
    against = "" if index == found.default else gain(measured.metric, found.intervals[index])
    failed = plural(measured.failed[index], "trial") if measured.failed[index] else ""
    return score_interval(measured.metric, measured.valid[index]), against, failed


def _diagnose_search(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> SweepDiagnosis:
    axes = asked_axes(experiment, settings)
    points, _ = tried_points(experiment, settings, axes, results)
    if len(points) < 2:
        finding = better_value.CHECK.finding(
            "inconclusive", "Too few points were tried to compare any"
        )
        return SweepDiagnosis((finding,), "OPEN search", "inconclusive")
    full = tuple(dict(point) for point in points)
    grid = [point_specs(experiment, settings, point) for point in points]
    measured = measure(experiment, settings, grid, 0, results)
    finding = better_value.judge_search(measured, full)
    return SweepDiagnosis(
        (finding,),
        _search_headline(measured, finding.outcome),
        finding.outcome,
        tables=(_search_table(measured, full),),
        next_step="learning-curve",
        search=measured,
        points=full,
        searched=axes,
    )


def _search_headline(measured: Measured, outcome: Outcome) -> str:
    if measured.verdict == "better value" and is_determined(measured.gain):
        return f"TUNE {gain_short(measured.metric, measured.gain.estimate)} by search"
    return "OPEN search" if outcome == "inconclusive" else "OK defaults"


def _search_table(measured: Measured, points: Sequence[dict[str, Plain]]) -> Table:
    """The ten best points and the defaults."""
    means = measured.metric.sign * np.array([interval.estimate for interval in measured.valid])
    order = [
        int(i) for i in np.argsort(-np.where(np.isfinite(means), means, -np.inf), kind="stable")
    ]
    shown = [index for index in order[:10] if index != 0]
    rows = tuple(
        (
            ", ".join(f"{n}={setting(v)}" for n, v in points[index].items())
            + _mark(index, measured),
            *_cells(index, measured),
        )
        for index in [*shown, 0]
    )
    return Table(
        f"the best of {plural(len(points), 'point')}, 80 % intervals {measured.uncertainty}",
        ("point", "validation", "against the defaults", "without a score"),
        rows,
    )
