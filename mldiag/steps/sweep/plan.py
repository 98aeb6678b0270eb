"""Which trials a sweep runs next, whichever way it asks."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.modes import mode_of, part
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
    mode = part(mode_of(settings), "plan")
    wanted: list[TrialSpec] = mode.plan(experiment, settings, results, remaining_seconds)
    known = {result.spec.digest for result in results}
    return [spec for spec in dict.fromkeys(wanted) if spec.digest not in known]
