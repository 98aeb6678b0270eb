"""Which points of a search are trained next."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.axes import asked_axes
from mldiag.steps.sweep.search.points import next_points, point_specs
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """Every repeat of the points that the method asks for next."""
    points = next_points(experiment, settings, asked_axes(experiment, settings), results)
    return [spec for point in points for spec in point_specs(experiment, settings, point)]
