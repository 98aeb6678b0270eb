"""The answer of parameters that were moved alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis, Finding, Table, ranked
from mldiag.steps.sweep import next_step
from mldiag.steps.sweep.axes import asked_axes, grown_axis, sharers
from mldiag.steps.sweep.checks import (
    better_value,
    edge_of_range,
    parameter_ignored,
    unstable_region,
)
from mldiag.steps.sweep.measured import (
    Measured,
    MeasuredAxis,
    family_curves,
    family_scalars,
    measure_axis,
    plain_measured,
)
from mldiag.steps.sweep.one_at_a_time.order import by_role, by_spread, order_sentence
from mldiag.steps.sweep.one_at_a_time.walk import measured_state, state_of
from mldiag.steps.sweep.settings import Settings
from mldiag.steps.sweep.table_cells import cells, mark
from mldiag.trial_result import TrialResult
from mldiag.wording import gain_short, score, setting, setting_short


@dataclass(frozen=True)
class AxesDiagnosis(Diagnosis):
    """The findings, and what was measured on each axis."""

    axes: tuple[MeasuredAxis, ...] = ()

    def result(self) -> dict[str, Any]:
        """Values and scores as plain data."""
        return {
            "params": {
                found.axis.name: {
                    "values": found.axis.values,
                    "default": found.axis.values[found.axis.default],
                    "best_value": found.best_value,
                    "at_edge": found.edge,
                    **plain_measured(found.measured),
                }
                for found in self.axes
            }
        }

    def curves(self) -> dict[str, dict[int, float]]:
        """Mean, low and high by position on the grid."""
        series: dict[str, dict[int, float]] = {}
        for found in self.axes:
            series |= family_curves(found.axis.name, found.measured)
        return series

    def scalars(self) -> dict[str, float]:
        """Best score, best value where it is a number, its gain, and the noise."""
        if not self.axes:
            return {}
        top = max(self.axes, key=_score_or_worst)
        numbers = family_scalars(top.measured)
        if len(self.axes) == 1 and isinstance(top.best_value, (int, float)):
            numbers["best_value"] = float(top.best_value)
        return numbers


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> AxesDiagnosis:
    """Judge what the trials say of each parameter.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    measured, order = _measured(experiment, settings, results)
    findings = ranked([finding for found in measured for finding in _judge(found)])
    return AxesDiagnosis(
        findings,
        _headline(measured, findings[0]),
        findings[0].outcome,
        tables=tuple(_axis_table(found) for found in measured),
        next_step=_next_step(experiment, measured),
        notices=(order,) if order else (),
        axes=measured,
    )


def _measured(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> tuple[tuple[MeasuredAxis, ...], str]:
    """What was measured on each axis, and how the axes were ordered."""
    asked = asked_axes(experiment, settings)
    count = sharers(settings, asked)
    if settings.design == "full":
        axes = [grown_axis(experiment, settings, axis, results) for axis in asked]
        found = (measure_axis(experiment, settings, a, results, axes=count) for a in axes)
        return tuple(found), ""
    states = [state_of(experiment, settings, axis, results, axes=count) for axis in by_role(asked)]
    shown = (
        measured_state(experiment, settings, s, results, axes=count) for s in by_spread(states)
    )
    return tuple(shown), order_sentence(states)


def _judge(found: MeasuredAxis) -> list[Finding]:
    judged = [
        parameter_ignored.judge(found),
        better_value.judge(found),
        edge_of_range.judge(found),
        unstable_region.judge(found),
    ]
    return [finding for finding in judged if finding is not None]


def _next_step(experiment: Experiment, axes: Sequence[MeasuredAxis]) -> str:
    """Look beyond an edge first; else at the amount of data."""
    for found in axes:
        if found.edge is not None:
            wider = found.axis.suggested_range(low=found.edge == "low")
            return f"sweep --param {shlex.quote(wider)}"
    for found in axes:
        if better_value.looks_better(found.measured):
            return f"sweep --param {shlex.quote(found.axis.name)} --design full"
    return next_step.after(experiment)


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
        (
            setting(value) + mark(index, measured),
            _as_measured(measured, index),
            *cells(index, measured),
        )
        for index, value in enumerate(axis.values)
        if measured.not_run[index] < measured.scores.shape[1]
    )
    uneven = len({int(np.isfinite(scores).sum()) for scores in measured.scores}) > 1
    level = "; validation is estimated for the same repeats at every value" if uneven else ""
    legend = "; * surely better than the default" if measured.comparisons.claimed.any() else ""
    return Table(
        f"{measured.metric.name} by {axis.name}, 80 % intervals {measured.uncertainty}{level}{legend}",
        (axis.name, "measured (repeats)", "validation", "against the default", "without a score"),
        rows,
    )


def _as_measured(measured: Measured, index: int) -> str:
    """The plain mean of a value's own trials, which MLflow shows one by one."""
    own = measured.scores[index][np.isfinite(measured.scores[index])]
    return f"{score(measured.metric, float(own.mean()))} ({len(own)})" if len(own) else ""


def _score_or_worst(found: MeasuredAxis) -> float:
    best = found.measured.metric.sign * found.measured.valid[found.measured.best].estimate
    return best if np.isfinite(best) else -np.inf
