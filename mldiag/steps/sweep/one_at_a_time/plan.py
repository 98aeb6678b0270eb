"""Which values of which parameters are trained next, each parameter alone."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.axes import asked_axes, axis_specs, grown_axis
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The grid of every axis, and what widening adds."""
    axes = [grown_axis(experiment, settings, a, results) for a in asked_axes(experiment, settings)]
    return [spec for axis in axes for row in axis_specs(experiment, settings, axis) for spec in row]
