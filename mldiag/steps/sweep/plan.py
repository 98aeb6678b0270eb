"""Which trials a sweep runs next: the grid of every axis, what widening adds, or what a search asks for."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.axes import asked_axes, axis_specs, grown_axis
from mldiag.steps.sweep.search import is_search, next_points, point_specs
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """Trials that have no result yet; an empty list where the sweep is complete.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    if remaining_seconds is not None and remaining_seconds <= 0:
        return []
    wanted: list[TrialSpec] = []
    axes = asked_axes(experiment, settings)
    if is_search(settings):
        for point in next_points(experiment, settings, axes, results):
            wanted += point_specs(experiment, settings, point)
    else:
        for axis in axes:
            grown = grown_axis(experiment, settings, axis, results)
            wanted += [spec for row in axis_specs(experiment, settings, grown) for spec in row]
    known = {result.spec.digest for result in results}
    return [spec for spec in dict.fromkeys(wanted) if spec.digest not in known]
